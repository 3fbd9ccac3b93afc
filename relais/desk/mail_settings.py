"""Setting up mailboxes and the sending server: a connection is tried before it is relied upon."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _t
from django.utils.translation import ngettext

from relais.lib import imap, smtp
from relais.lib.mail_server import Account
from relais.lib.problem import Problem

from . import fetching
from .models import Mailbox, SendingServer


@dataclass(frozen=True)
class Tried:
    """What a test of a connection found: in one sentence, good or to be mended."""

    good: bool
    text: str


def try_mailbox(box: Mailbox) -> Tried:
    """Return what came of signing in and opening the folder; nothing is read nor marked."""
    try:
        with imap.opened(fetching.account_of(box), imap.PATIENT) as server:
            server.select(box.folder, read_only=True)
            waiting = len(server.numbers_after(0))
            pushes = server.can_push
    except Problem as problem:
        return Tried(False, told(problem))
    text = ngettext(
        "It works: %(n)s mail lies in %(folder)s.",
        "It works: %(n)s mails lie in %(folder)s.",
        waiting,
    ) % {"n": waiting, "folder": box.folder}
    how = _t("New ones are told at once.") if pushes else _t("It is looked at every minute.")
    return Tried(True, f"{text} {how}")


def try_sending(server: SendingServer) -> Tried:
    """Return what came of signing in to the sending server; nothing is sent."""
    try:
        account = Account(server.host, server.port, server.security, server.user, server.password())
        with smtp.opened(account, smtp.PATIENT_SECONDS) as line:
            code, said = line.mail(server.sender)
        if code >= 400:
            text = _t("The server refuses the sender %(sender)s: %(code)s %(said)s")
            words = said.decode("utf-8", "replace")[:200]
            return Tried(False, text % {"sender": server.sender, "code": code, "said": words})
    except Problem as problem:
        return Tried(False, told(problem))
    return Tried(True, _t("It works: the server takes letters of %s.") % server.sender)


def told(problem: Problem) -> str:
    """Return a problem in the reader's language."""
    return _t(str(problem.message)) % problem.values


def told_of(kept: dict | None) -> str:
    """Return in the reader's language a problem that was written down by `went_wrong`."""
    if not kept:
        return ""
    try:
        return _t(str(kept["message"])) % kept["values"]
    except (KeyError, TypeError, ValueError):  # of an older version
        return str(kept.get("message", ""))

"""Mails that a program wrote: letters that came back, automatic answers, receipts, lists.

Answering one would set two robots talking (RFC 3834). `kind` names what it is by what it bears, the
surest mark first; a subject alone counts only for words that people do not begin with.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message

from . import mail_parse

_AWAY = re.compile(
    r"^\s*(automatic reply|auto(matic)?[ -]?(reply|response)|out of (the )?office|away from"
    r"|réponse automatique|reponse automatique|absence (du bureau|automatique)|message d.absence"
    r"|automatische antwort|abwesenheit(snotiz|sassistent)?|abwesend|respuesta automática"
    r"|fuera de (la )?oficina|risposta automatica|fuori sede|automatisch antwoord|afwezig"
    r"|resposta automática|ausência|autosvar|automatiskt svar|automaattinen vastaus"
    r"|odpowiedź automatyczna|autoreply)\b",
    re.IGNORECASE,
)
_RETURNED = re.compile(
    r"(undeliver(ed|able)|delivery (status|failure|has failed)|mail delivery (failed|system)"
    r"|returned mail|failure notice|non remis|non distribu|unzustellbar|nicht zugestellt"
    r"|no se (ha )?pudo entregar|mancato recapito|onbestelbaar|não entregue)",
    re.IGNORECASE,
)
_DAEMONS = ("mailer-daemon", "postmaster", "mail-daemon", "mdaemon")
_IDS = re.compile(r"<[^<>\s]{1,990}>")


@dataclass(frozen=True)
class Robot:
    """What a program's mail is (bounce, auto_reply, receipt, list) and the mark that says so."""

    kind: str
    mark: str


@dataclass(frozen=True)
class Returned:
    """What a mail system says of a letter: whom it did not reach, why, and which letter it was."""

    recipients: tuple[str, ...]
    status: str
    reason: str
    failed: bool
    mail_ids: tuple[str, ...]


Header = Callable[[Message, str], str]


def kind(message: Message, sender: str, header: Header) -> Robot | None:
    """Return which program's mail it is, or None for what a human wrote."""
    report = _parameter(message, "report-type")
    subject = header(message, "subject")
    if message.get_content_type() == "multipart/report":
        if report == "disposition-notification":
            return Robot("receipt", "multipart/report")
        return Robot("bounce", "multipart/report")
    if sender.partition("@")[0] in _DAEMONS and _RETURNED.search(subject):
        return Robot("bounce", "subject")
    if header(message, "x-failed-recipients"):
        return Robot("bounce", "X-Failed-Recipients")
    submitted = header(message, "auto-submitted").lower().partition(";")[0].strip()
    if submitted not in ("", "no"):
        return Robot("auto_reply", "Auto-Submitted")
    for name in ("x-autoreply", "x-autorespond", "x-autoresponder"):
        if header(message, name).lower() not in ("", "no"):
            return Robot("auto_reply", name.title())
    if _AWAY.match(subject):
        return Robot("auto_reply", "subject")
    precedence = header(message, "precedence").lower()
    if precedence == "auto_reply":
        return Robot("auto_reply", "Precedence")
    if precedence in ("bulk", "junk", "list") or header(message, "list-id"):
        return Robot("list", "Precedence" if precedence else "List-Id")
    if header(message, "return-path") == "<>":
        return Robot("auto_reply", "Return-Path")
    return None


def returned(message: Message, header: Header) -> Returned:
    """Return what a delivery report says (RFC 3464), as far as it can be read."""
    recipients: list[str] = []
    actions: list[str] = []
    status = reason = ""
    ids: list[str] = []
    for part in mail_parse.parts(message):
        type_ = part.get_content_type()
        if type_ == "message/delivery-status":
            for block in _blocks(part):
                recipient = header(block, "final-recipient") or header(block, "original-recipient")
                if recipient:
                    recipients.append(recipient.rpartition(";")[2].strip().lower()[:320])
                actions.append(header(block, "action").lower())
                status = status or header(block, "status")
                reason = reason or header(block, "diagnostic-code").partition(";")[2].strip()
        elif type_ in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            ids += _ids_within(part, header)
    if not recipients:
        recipients = [header(message, "x-failed-recipients").lower()[:320]]
    said = [action for action in actions if action]
    return Returned(
        tuple(one for one in dict.fromkeys(recipients) if one),
        status[:20],
        (reason or status)[:250],
        not said or "failed" in said,
        tuple(dict.fromkeys(ids)),
    )


def _ids_within(part: Message, header: Header) -> list[str]:
    """Return the Message-ID of the mail that a report carries, whole or its headers."""
    try:
        if part.is_multipart():
            return _IDS.findall(header(part.get_payload(0), "message-id"))
        text = (part.get_payload(decode=True) or b"").decode("utf-8", "replace")
    except Exception:  # a report that carries no mail
        return []
    found = re.search(r"^message-id:\s*(<[^<>\s]+>)", text, re.IGNORECASE | re.MULTILINE)
    return [found[1]] if found else []


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _parameter(message: Message, name: str) -> str:
    try:
        return str(message.get_param(name) or "").lower()
    except Exception:  # a header that is none
        return ""

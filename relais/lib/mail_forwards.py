"""Who wrote a mail that somebody passed on: by the attached mail, else by headers in the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses

from . import mail_parse

_PASSED_ON = re.compile(
    r"^\s*(tr|fwd?|wg|rv|enc|i|vs|vl|doorst|tr\.|transf|fs)\s*(\[\d+\])?\s*:", re.I
)
_SEPARATOR = re.compile(
    r"^[\s>*_-]*(forwarded message|message transf[ée]r[ée]|weitergeleitete nachricht|mensaje "
    r"reenviado|messaggio inoltrato|doorgestuurd bericht|mensagem encaminhada|begin forwarded "
    r"message|début du message (réexpédié|transféré)|anfang der weitergeleiteten)",
    re.IGNORECASE | re.MULTILINE,
)
_FROM = re.compile(
    r"^[\s>*_]*(?:from|de|von|da|van|fra|från|od|от)[*_]*\s*:[*_\s]*(.{3,300})$",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"[^\s<>\"'(),;:\[\]]+@[^\s<>\"'(),;:\[\]]+\.[a-z]{2,}", re.IGNORECASE)


@dataclass(frozen=True)
class Forwarded:
    """Who wrote the mail passed on, and how that is known: "attached" or "headers"."""

    name: str
    address: str
    how: str


def is_passed_on(subject: str, text: str) -> bool:
    """Return whether subject or text say that the mail is somebody else's, passed on."""
    return bool(_PASSED_ON.match(subject) or _SEPARATOR.search(text[:20_000]))


def author(
    message: Message, subject: str, text: str, header: Callable[[Message, str], str]
) -> Forwarded | None:
    """Return who wrote what is passed on, or None when nothing is, or nobody can be told."""
    if (inner := _attached(message)) is not None:
        pairs = [p for p in getaddresses([header(inner, "from")]) if "@" in p[1]]
        if pairs:
            return Forwarded(pairs[0][0][:200], pairs[0][1].lower()[:320], "attached")
    if not is_passed_on(subject, text):
        return None
    beginning = _SEPARATOR.search(text[:20_000])
    for line in _FROM.finditer(text[:20_000], beginning.start() if beginning else 0):
        if found := _ADDRESS.search(line[1]):
            name = line[1][: found.start()].strip(" <\"'[*_(").removesuffix("mailto:").strip(" <[")
            return Forwarded(name[:200], found[0].lower()[:320], "headers")
    return None


def _attached(message: Message) -> Message | None:
    if message.get_content_type() == "multipart/report":
        return None
    try:
        for part in mail_parse.parts(message):
            if part.get_content_type() == "message/rfc822" and part.is_multipart():
                return part.get_payload(0)
    except Exception:  # a broken structure carries no mail
        return None
    return None

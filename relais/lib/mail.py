"""Reading mails as people and programs write them: any bytes give an answer, never a fault."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import getaddresses
from typing import Any

from charset_normalizer import from_bytes

from . import mail_forwards, mail_html, mail_invitations, mail_parse, mail_replies, mail_robots

LONGEST_TEXT = 200_000
LONGEST_ID = 300
_IDS = re.compile(r"<[^<>\s]{1,990}>")
_ANSWERS = re.compile(
    r"^\s*(re|aw|antw|antwort|ref|rép|sv|vs|odp|res|rif|r)\s*(\[\d+\])?\s*:", re.IGNORECASE
)


@dataclass(frozen=True)
class Mail:
    """What a mail says. `mail_id` is its Message-ID, or a digest of its bytes when it has none."""

    mail_id: str
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    references: tuple[str, ...]
    readable: bool
    attachments: list[dict[str, Any]] = field(default_factory=list)
    # What is new in it, where it is an answer; else the whole text.
    reply: mail_replies.Reply = field(default_factory=lambda: mail_replies.Reply(""))
    robot: mail_robots.Robot | None = None
    returned: mail_robots.Returned | None = None
    forwarded: mail_forwards.Forwarded | None = None
    invitation: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def read(raw: bytes, *, keep: tuple[str, ...] = (), marker: str = "") -> Mail:
    """Return what the mail says. Bytes that are no mail give one with `readable` false.

    `keep` names headers to hand on, `marker` stands in a line above which people answer.
    """
    digest = _digest(raw)
    try:
        message = mail_parse.parsed(raw)
    except Exception:  # the parser of the standard library still trips over some bytes
        return Mail(digest, "", "", (), "", clean(_decoded(raw, None)), (), False)
    senders = _addresses(message, "from") or _addresses(message, "sender")
    name, address = senders[0] if senders else ("", "")
    found = _IDS.findall(_header(message, "message-id"))
    mail_id = found[0] if found and len(found[0]) <= LONGEST_ID else digest
    recipients = [
        one
        for header in ("to", "cc", "delivered-to", "x-original-to")
        for _name, one in _addresses(message, header)
    ]
    subject = _header(message, "subject")[:300]
    text, page = _texts(message)
    forwarded = mail_forwards.author(message, subject, text, _header)
    robot = mail_robots.kind(message, address.lower(), _header)
    bounced = robot is not None and robot.kind == "bounce"
    earlier = _IDS.findall(f"{_header(message, 'references')} {_header(message, 'in-reply-to')}")
    return Mail(
        mail_id=mail_id,
        sender=address.lower()[:320],
        sender_name=name,
        recipients=tuple(dict.fromkeys(one.lower() for one in recipients)),
        subject=subject,
        text=text,
        references=tuple(dict.fromkeys(earlier))[-50:],
        readable=bool(message.keys()) and (bool(address) or bounced),
        attachments=_attachments(message),
        reply=_reply(text, page, marker, answers=bool(earlier) or bool(_ANSWERS.match(subject)))
        if forwarded is None and not mail_forwards.is_passed_on(subject, "")
        else mail_replies.Reply(text),
        robot=robot,
        returned=mail_robots.returned(message, _header) if bounced else None,
        forwarded=forwarded,
        invitation=mail_invitations.facts(message, _content),
        headers={name: found for name in keep if (found := _header(message, name))},
    )


def unread(raw: bytes) -> Mail:
    """Return a mail of which nothing is said but its digest: for bytes that cannot be handled."""
    return Mail(_digest(raw), "", "", (), "", "", (), False)


def _digest(raw: bytes) -> str:
    return f"<{hashlib.sha256(raw).hexdigest()}@digest>"


def clean(text: str) -> str:
    """Return the text without what PostgreSQL and browsers cannot hold, lines ended by one sign."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode()


def _header(message: Message, name: str) -> str:
    """Return a header on one line, read strictly, then leniently, then raw."""
    attempts: tuple[Callable[[], str], ...] = (
        lambda: str(message[name] or ""),
        lambda: str(make_header(decode_header(_raw_header(message, name)))),
        lambda: _raw_header(message, name),
    )
    for attempt in attempts:
        try:
            return " ".join(clean(attempt()).split())
        except Exception:  # noqa: S112 (each attempt is less strict than the one before)
            continue
    return ""


def _raw_header(message: Message, name: str) -> str:
    return next((str(value) for key, value in message.raw_items() if key.lower() == name), "")


def _addresses(message: Message, name: str) -> list[tuple[str, str]]:
    try:
        pairs = getaddresses([_header(message, name)])
    except Exception:  # a malformed list of addresses names nobody
        return []
    return [(clean(label), clean(one).strip()) for label, one in pairs if "@" in one]


def _texts(message: Message) -> tuple[str, str]:
    """Return the text, and that of the HTML part when it marks what it quotes (else empty)."""
    found: dict[str, str] = {}
    marked = ""
    for part in _parts(message):
        kind = part.get_content_type()
        if kind not in ("text/plain", "text/html") or kind in found or _is_attachment(part):
            continue
        said = _content(part)
        if kind == "text/html":
            said, marks = mail_html.text_of(said)
            marked = clean(said).strip()[:LONGEST_TEXT] if marks else ""
        elif _parameter(part, "format") == "flowed":
            said = unflowed(said, delete_space=_parameter(part, "delsp") == "yes")
        if text := clean(said).strip():
            found[kind] = text[:LONGEST_TEXT]
    return found.get("text/plain") or found.get("text/html", ""), marked


def _reply(text: str, page: str, marker: str, *, answers: bool) -> mail_replies.Reply:
    """Return what is new in an answer: by the marks of its HTML if it has some, else by its text.

    A first mail stays whole: what it quotes may be what it is about.
    """
    if not answers:
        return mail_replies.Reply(text)
    if page and (found := mail_replies.of_text(page, marker)).how:
        return found
    return mail_replies.of_text(text, marker)


def unflowed(text: str, *, delete_space: bool) -> str:
    """Return the text with the lines joined that were broken for the way (RFC 3676)."""
    lines: list[str] = []
    flows, before = False, ""
    for line in text.replace("\r\n", "\n").split("\n"):
        quoted = line[: len(line) - len(line.lstrip(">"))]
        line = line[len(quoted) :].removeprefix(" ")
        soft = line.endswith(" ") and line != "-- "
        same = flows and quoted == before
        kept = line[:-1] if soft and delete_space else line
        if same and line != "-- ":
            lines[-1] += kept
        else:
            lines.append(f"{quoted} {kept}" if quoted else kept)
        flows, before = soft, quoted
    return "\n".join(lines)


def _parameter(part: Message, name: str) -> str:
    try:
        return str(part.get_param(name) or "").lower()
    except Exception:  # a header that is none
        return ""


def _parts(message: Message) -> list[Message]:
    return [part for part in mail_parse.parts(message) if not part.is_multipart()]


def _content(part: Message) -> str:
    try:
        payload = part.get_payload(decode=True)
    except Exception:  # an encoding that is none: take what stands there
        payload = str(part.get_payload()).encode("utf-8", "replace")
    if not isinstance(payload, bytes):
        return ""
    try:
        charset = part.get_content_charset()
    except Exception:  # a header that is none
        charset = None
    return _decoded(payload, charset)


def _decoded(payload: bytes, charset: str | None) -> str:
    """Return the text: by its own word if that holds, else UTF-8, else as it looks."""
    for name in (charset, "utf-8"):
        try:
            if name:
                return payload.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    best = from_bytes(payload[:100_000]).best()
    return payload.decode(best.encoding if best else "latin-1", "replace")


def _is_attachment(part: Message) -> bool:
    try:
        return isinstance(part, EmailMessage) and part.is_attachment()
    except Exception:  # a disposition that is none
        return False


def _attachments(message: Message) -> list[dict[str, Any]]:
    """Return name, type and size in bytes of the files that the mail carries."""
    found = []
    for part in _parts(message):
        try:
            name = part.get_filename()
        except Exception:  # a name in no known alphabet
            name = "?"
        if not name and not _is_attachment(part):
            continue
        try:
            size = len(part.get_payload(decode=True) or b"")
        except Exception:  # an encoding that is none
            size = 0
        shown = clean(str(name or ""))[:200]
        found.append({"name": shown, "type": part.get_content_type(), "size": size})
    return found[:100]

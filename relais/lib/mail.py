"""Reading mails as people and programs write them: any bytes give an answer, never a fault."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import getaddresses
from html.parser import HTMLParser
from typing import Any

from charset_normalizer import from_bytes

LONGEST_TEXT = 200_000
LONGEST_ID = 300
_IDS = re.compile(r"<[^<>\s]{1,990}>")
_BLOCKS = {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote", "hr"}
_SILENT = {"style", "script", "head", "title"}


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
    automatic: bool
    readable: bool
    attachments: list[dict[str, Any]] = field(default_factory=list)


def read(raw: bytes) -> Mail:
    """Return what the mail says. Bytes that are no mail give one with `readable` false."""
    digest = f"<{hashlib.sha256(raw).hexdigest()}@digest>"
    try:
        message: Message = message_from_bytes(raw, policy=policy.default)
    except Exception:  # the parser of the standard library still trips over some bytes
        return Mail(digest, "", "", (), "", _decoded(raw, None), (), False, False)
    senders = _addresses(message, "from") or _addresses(message, "sender")
    name, address = senders[0] if senders else ("", "")
    found = _IDS.findall(_header(message, "message-id"))
    mail_id = found[0] if found and len(found[0]) <= LONGEST_ID else digest
    recipients = [
        one
        for header in ("to", "cc", "delivered-to", "x-original-to")
        for _name, one in _addresses(message, header)
    ]
    earlier = _IDS.findall(f"{_header(message, 'references')} {_header(message, 'in-reply-to')}")
    return Mail(
        mail_id=mail_id,
        sender=address.lower()[:320],
        sender_name=name,
        recipients=tuple(dict.fromkeys(one.lower() for one in recipients)),
        subject=_header(message, "subject")[:300],
        text=_text(message),
        references=tuple(dict.fromkeys(earlier))[-50:],
        automatic=_automatic(message),
        readable=bool(message.keys()) and bool(address),
        attachments=_attachments(message),
    )


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


def _automatic(message: Message) -> bool:
    """Return whether a program wrote it: answering would set two robots talking (RFC 3834)."""
    submitted = _header(message, "auto-submitted").lower()
    return (
        submitted not in ("", "no")
        or _header(message, "precedence").lower() in ("bulk", "junk", "auto_reply")
        or bool(_header(message, "x-autoreply"))
        or _header(message, "return-path") == "<>"
        or message.get_content_type() == "multipart/report"
    )


def _text(message: Message) -> str:
    for kind in ("text/plain", "text/html"):
        for part in _parts(message):
            if part.get_content_type() != kind or _is_attachment(part):
                continue
            said = _content(part)
            text = clean(_of_html(said) if kind == "text/html" else said).strip()
            if text:
                return text[:LONGEST_TEXT]
    return ""


def _parts(message: Message) -> list[Message]:
    try:
        return [part for part in message.walk() if not part.is_multipart()]
    except Exception:  # a broken structure has no parts that can be told apart
        return []


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


class _Reader(HTMLParser):
    """Collects the text of a page, a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in _SILENT:
            self.silent += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.pieces.append(re.sub(r"\s+", " ", data))


def _of_html(page: str) -> str:
    reader = _Reader()
    try:
        reader.feed(page)
        reader.close()
    except Exception:  # marked-up sections that are none; what was read before them is kept
        reader.pieces.append("…")
    lines = (line.strip() for line in "".join(reader.pieces).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

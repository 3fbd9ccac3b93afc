"""The files that a mail carries, whatever its bytes are."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage, Message

from . import mail_parse
from .mail import clean

MOST = 100


def files(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file; a mail that was attached whole comes as one `.eml`."""
    try:
        message = mail_parse.parsed(raw)
    except Exception:  # bytes that are no mail carry no files
        return
    for count, part in enumerate(_carried(message)):
        if count >= MOST:
            return
        yield part


def _carried(part: Message, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    if depth > 20:
        return
    if part.get_content_type() == "message/rfc822" and depth:
        yield _name(part) or "message.eml", _whole(part)
    elif part.is_multipart():
        for inner in part.get_payload()[: mail_parse.MOST_PARTS]:
            if isinstance(inner, Message):
                yield from _carried(inner, depth + 1)
    elif (name := _name(part)) or _is_attached(part):
        yield name or "file", _bytes(part)


def _name(part: Message) -> str:
    try:
        return clean(str(part.get_filename() or ""))
    except Exception:  # a name in no known alphabet
        return "file"


def _is_attached(part: Message) -> bool:
    try:
        return isinstance(part, EmailMessage) and part.is_attachment()
    except Exception:  # a disposition that is none
        return False


def _bytes(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except Exception:  # an encoding that is none: what stands there
        payload = str(part.get_payload()).encode("utf-8", "replace")
    return payload if isinstance(payload, bytes) else b""


def _whole(part: Message) -> bytes:
    try:
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, Message) else _bytes(part)
    except Exception:  # what cannot be written out again stands in the raw mail
        return b""

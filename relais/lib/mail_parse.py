"""The bytes of a mail taken apart, within bounds.

What was made to keep a parser busy (a header of a megabyte, fifty thousand parts) is read as far as
any honest mail goes; whoever looks closer finds all of it in the raw mail.
"""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from email.policy import EmailPolicy
from functools import lru_cache
from itertools import islice
from typing import Any

# The parsers of the standard library take the square of a header's length.
LONGEST_HEADER = 16_000
MOST_PARTS = 1_000


class _Bounded(EmailPolicy):
    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        # Of what a mail answers the last is named last.
        last = name.lower() == "references"
        return name, value[-LONGEST_HEADER:] if last else value[:LONGEST_HEADER]

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        # The parser asks for the kind of each part again and again.
        return _header(name, value) if isinstance(value, str) else value


_POLICY = _Bounded()
_PLAIN = EmailPolicy()


@lru_cache(maxsize=256)
def _header(name: str, value: str) -> Any:
    return _PLAIN.header_fetch_parse(name, value)


def parsed(raw: bytes) -> Message:
    """Return the mail. Raises whatever the standard library trips over."""
    return message_from_bytes(raw, policy=_POLICY)


def parts(message: Message) -> list[Message]:
    """Return the mail and its parts, from outside in; none of a structure that is broken."""
    try:
        return list(islice(message.walk(), MOST_PARTS))
    except Exception:  # nested too deep, or no structure at all
        return []

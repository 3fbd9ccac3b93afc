"""Types that every surface of the API shares: text that a database can hold, pages, keys."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import QuerySet
from ninja import Field, Path, Query, Schema
from pydantic import AfterValidator, AwareDatetime, StringConstraints

LARGEST_KEY = 2**63 - 1


def _storable(text: str) -> str:
    """Return the text; raise ValueError for what PostgreSQL cannot hold."""
    if "\x00" in text:
        raise ValueError("a text holds no NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text holds no half of a surrogate pair") from None
    return text


Key = Annotated[int, Field(ge=1, le=LARGEST_KEY)]
PathKey = Annotated[int, Path(ge=1, le=LARGEST_KEY)]
Line = Annotated[str, StringConstraints(max_length=300), AfterValidator(_storable)]
Text = Annotated[str, StringConstraints(max_length=100_000), AfterValidator(_storable)]
Said = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100_000, strip_whitespace=True),
    AfterValidator(_storable),
]
Moment = AwareDatetime


class PageOf(Schema):
    """Which part of a list is wanted."""

    limit: int = Query(50, ge=1, le=200)
    offset: int = Query(0, ge=0, le=1_000_000)

    def cut(self, rows: QuerySet[Any]) -> dict[str, Any]:
        """Return how many rows there are, and this page of them."""
        return {"count": rows.count(), "items": list(rows[self.offset : self.offset + self.limit])}


class Fault(Schema):
    """What is wrong, in the reader's language, and the mend."""

    detail: str


class FieldFaults(Schema):
    """What is wrong with which field, or what is wrong at all."""

    detail: str | list[Any]

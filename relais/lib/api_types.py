"""Types that every surface of the API shares: text that a database can hold, keys, parts of lists.

A list is read in parts, from a cursor on: rows that come or go meanwhile neither repeat a line nor
hide one, and the last part costs what the first one does.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from ninja import Field, Path, Query, Schema
from ninja.errors import ValidationError
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


def _place(cursor: str) -> str:
    """Return the cursor; raise ValueError when it is none that a list gave."""
    if cursor and _read(cursor) is None:
        raise ValueError("a cursor is what the former part of the list gave as `next`")
    return cursor


def _read(cursor: str) -> list[Any] | None:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError:
        return None
    if not isinstance(values, list) or not all(_is_place(value) for value in values):
        return None
    return values


def _is_place(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value
    return type(value) is int and abs(value) <= LARGEST_KEY


Key = Annotated[int, Field(ge=1, le=LARGEST_KEY)]
PathKey = Annotated[int, Path(ge=1, le=LARGEST_KEY)]
Line = Annotated[str, StringConstraints(max_length=300), AfterValidator(_storable)]
Text = Annotated[str, StringConstraints(max_length=100_000), AfterValidator(_storable)]
Said = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100_000, strip_whitespace=True),
    AfterValidator(_storable),
]
Cursor = Annotated[Line, AfterValidator(_place)]


def _near(moment: datetime) -> datetime:
    if not 1970 <= moment.year <= 2200:
        raise ValueError("give a year between 1970 and 2200")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_near)]


class PartOf(Schema):
    """Which part of a list is wanted: `limit` lines from `cursor` on."""

    limit: int = Query(50, ge=1, le=200)
    cursor: Cursor = Query("")

    def cut(self, rows: QuerySet[Any]) -> dict[str, Any]:
        """Return the lines of this part, and the cursor of the `next` one, if there is one.

        The rows' order names fields without nulls (keys or texts); the identifier settles ties.
        """
        order = [str(name) for name in (rows.query.order_by or rows.model._meta.ordering)]
        if order[-1].lstrip("-") not in ("id", "pk"):
            order.append("-id" if order[-1].startswith("-") else "id")
        names = [name.lstrip("-") for name in order]
        if self.cursor:
            rows = self._from_cursor(rows, order)
        found = list(rows.order_by(*order)[: self.limit + 1])
        items, more = found[: self.limit], len(found) > self.limit
        return {"items": items, "next": _written(items[-1], names) if more else None}

    def _from_cursor(self, rows: QuerySet[Any], order: list[str]) -> QuerySet[Any]:
        try:
            return rows.filter(_beyond(order, _read(self.cursor) or []))
        except (TypeError, ValueError):
            fault = {"loc": ("query", "cursor"), "msg": "this cursor belongs to another list"}
            raise ValidationError([fault]) from None


def _beyond(order: list[str], at: list[Any]) -> Q:
    """Return the rule for rows that follow the one at `at` in this order."""
    beyond, same = Q(), Q()
    for name, value in zip(order, at, strict=True):
        field = name.lstrip("-")
        step = "lt" if name.startswith("-") else "gt"
        beyond |= same & Q(**{f"{field}__{step}": value})
        same &= Q(**{field: value})
    return beyond


def _written(row: Any, names: list[str]) -> str:
    values = [getattr(row, name) for name in names]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


class FaultyField(Schema):
    """One thing that was sent and cannot be: where it stands, and the mend."""

    field: str
    message: str


class Fault(Schema):
    """What is wrong, in the reader's language, and the mend (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FaultyField] = []


FieldFaults = Fault

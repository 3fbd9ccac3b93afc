"""The API of preference sheets and limits of authority: read, written, confirmed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema

from relais.lib.api_types import Fault, FieldFaults, Line, Moment, PathKey, Text
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.models import Person

from . import sheets
from .models import PreferenceSheet, SheetVersion

router = Router(tags=["preferences"])
REFUSALS = {404: Fault, 403: Fault, 409: Fault, 422: FieldFaults}
Amount = Annotated[Decimal, Field(max_digits=12, decimal_places=2, ge=0)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]


class LimitIn(Schema):
    """`level`: alone, informs, proposes or never; `ceiling` in euros."""

    level: Line
    ceiling: Amount | None = None
    expires_on: Day | None = None


class SheetIn(Schema):
    """The whole sheet. `number`: of the version that was read, 0 for none; else refused (409)."""

    number: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    content: dict[str, Any] = {}
    reserved: list[Line] = []
    authority: dict[str, LimitIn] = {}
    note: Text = ""


class ConfirmIn(Schema):
    number: Annotated[int, Field(ge=1, le=2**31 - 1)]


class SheetOut(Schema):
    """What this reader may read of the last version; limits as last confirmed."""

    executive: NamedOut
    number: int
    confirmed_by_exec_at: Moment | None
    content: dict[str, str]
    authority: dict[str, LimitIn]


class SheetLineOut(Schema):
    """A sheet that may be read; `number` is empty where none was written yet and one may be."""

    executive: NamedOut
    company: NamedOut
    number: int | None
    confirmed_by_exec_at: Moment | None


@router.get("/preference_sheets", response={200: list[SheetLineOut], 404: Fault})
def preference_sheets(request: HttpRequest) -> list[SheetLineOut]:
    access = access_of(request)
    if not (access.led_company_ids or access.covered_site_ids):
        raise Http404
    rows, without = sheets.listed(access)
    return [
        SheetLineOut(
            executive=NamedOut(id=person.pk, name=person.name),
            company=NamedOut(id=person.company.pk, name=person.company.name),
            number=last.number if last else None,
            confirmed_by_exec_at=last.confirmed_by_exec_at if last else None,
        )
        for person, last in [
            *((sheet.person, last) for sheet, last in rows),
            *((person, None) for person in without),
        ]
        if person.company is not None
    ]


@router.get("/preference_sheets/{key}", response={200: SheetOut, 404: Fault})
def preference_sheet(request: HttpRequest, key: PathKey) -> SheetOut:
    return _sheet(access_of(request), key)


@router.post("/preference_sheets/{key}/write", response={200: SheetOut, **REFUSALS})
def preference_write(request: HttpRequest, key: PathKey, sent: SheetIn) -> SheetOut:
    access = access_of(request)
    executive: Person = _one(access.see(Person), pk=key)
    if not sheets.may_write(access, executive):
        raise Http404
    PreferenceSheet.write(
        executive,
        by=access.person,
        content=sent.content,
        authority={family: limit.dict() for family, limit in sent.authority.items()},
        reserved=sent.reserved,
        note=sent.note,
        seen=sent.number,
    )
    return _sheet(access, key)


@router.post("/preference_sheets/{key}/confirm", response={200: SheetOut, **REFUSALS})
def preference_confirm(request: HttpRequest, key: PathKey, sent: ConfirmIn) -> SheetOut:
    access = access_of(request)
    rows = access.see(SheetVersion).filter(sheet__person=key).select_related("sheet")
    found: SheetVersion = _one(rows, number=sent.number)
    found.confirm(by=access.person)
    return _sheet(access, key)


def _one(rows: Any, **where: Any) -> Any:
    found = rows.filter(**where).first()
    if found is None:
        raise Http404
    return found


def _sheet(access: Access, executive: int) -> SheetOut:
    rows = access.see(PreferenceSheet).select_related("person")
    found: PreferenceSheet = _one(rows, person=executive)
    shown = sheets.shown(access, found)
    if shown is None:
        raise Http404
    return SheetOut(
        executive=NamedOut(id=found.person_id, name=found.person.name),
        number=shown.version.number,
        confirmed_by_exec_at=shown.version.confirmed_by_exec_at,
        content={one.key: one.text for _title, answers in shown.groups for one in answers},
        authority={
            limit.family: LimitIn(
                level=limit.level, ceiling=limit.ceiling, expires_on=limit.expires_on
            )
            for limit in shown.limits
        },
    )

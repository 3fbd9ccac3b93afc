"""The API of what was: who changed an agreement, a service, a procedure, and what differs."""

from __future__ import annotations

from typing import Annotated

from django.http import Http404, HttpRequest
from ninja import Path, Router, Schema

from relais.engine.procedure import Content
from relais.lib.api_types import Fault, Moment, PathKey
from relais.people.api import NamedOut, access_of

from . import differences, history
from . import procedures as flow
from .catalogue_api import Code, keeps, one
from .models import (
    Agreement,
    AgreementVersion,
    OfferEvent,
    Procedure,
    ProcedureVersion,
    Service,
)

router = Router(tags=["agreements"])
FOUND = {404: Fault}
MOST_EVENTS = 200


class DifferenceOut(Schema):
    """What says otherwise, in words; `before` or `after` is empty where it is new or gone."""

    what: str
    of: str
    before: str
    after: str


class HistoryOut(Schema):
    """One event. `by` is a side's name where the reader does not know the person."""

    id: int
    at: Moment
    kind: str
    title: str
    by: str
    lines: list[str]
    changes: list[DifferenceOut]


class ComparedOut(Schema):
    """What changes from `before` (none: all is new) to this version."""

    before: NamedOut | None
    changes: list[DifferenceOut]


@router.get("/agreements/{key}/history", response={200: list[HistoryOut], **FOUND})
def agreement_history(request: HttpRequest, key: PathKey) -> list[HistoryOut]:
    access = access_of(request)
    shown = one(access.see(Agreement).select_related("company"), pk=key)
    told = history.of_agreement(access, shown)
    if not told:
        raise Http404
    return [
        HistoryOut(
            id=one.event.pk, at=one.event.at, kind=one.event.kind, title=one.title, by=one.by,
            lines=one.lines,
            changes=[_difference(each.what, each.before, each.after, each.of)
                     for each in one.changes],
        )
        for one in told
    ]  # fmt: skip


@router.get("/agreement_versions/{key}/compare", response={200: ComparedOut, **FOUND})
def agreement_compare(request: HttpRequest, key: PathKey) -> ComparedOut:
    access = access_of(request)
    rows = access.see(AgreementVersion).select_related("agreement__company")
    version = one(rows, pk=key)
    before = history.followed(access, version)
    changes = history.changed_since(access, before, version)
    return _compared(
        before, [_difference(each.what, each.before, each.after, each.of) for each in changes]
    )


@router.get("/catalogue/{code}/history", response={200: list[HistoryOut], **FOUND})
def service_history(request: HttpRequest, code: Annotated[Code, Path()]) -> list[HistoryOut]:
    access = keeps(request)
    found = one(access.see(Service), code=code)
    return [
        _event(event, [_difference(each.label, each.group, each.here) for each in changed])
        for event, changed in differences.of_service(access, found)
    ]


@router.get("/procedures/{key}/history", response={200: list[HistoryOut], **FOUND})
def procedure_history(request: HttpRequest, key: PathKey) -> list[HistoryOut]:
    access = keeps(request)
    found = one(access.see(Procedure), pk=key)
    rows = access.see(OfferEvent).filter(procedure=found).select_related("by")
    return [_event(event, []) for event in rows.order_by("-pk")[:MOST_EVENTS]]


@router.get("/procedure_versions/{key}/compare", response={200: ComparedOut, **FOUND})
def procedure_compare(request: HttpRequest, key: PathKey) -> ComparedOut:
    access = access_of(request)
    rows = access.see(ProcedureVersion)
    readable = rows if access.runs_pool else rows.filter(state="published")
    found = one(readable, pk=key)
    earlier = rows.filter(procedure=found.procedure_id, state="published", number__lt=found.number)
    before = earlier.order_by("-number").first()
    lines = flow.compare(before.told if before else Content(), found.told)
    return _compared(before, [_difference(one.what, one.before, one.after) for one in lines])


def _difference(what: str, before: str, after: str, of: str = "") -> DifferenceOut:
    return DifferenceOut(what=str(what), of=str(of), before=str(before), after=str(after))


def _compared(
    before: AgreementVersion | ProcedureVersion | None, changes: list[DifferenceOut]
) -> ComparedOut:
    named = NamedOut(id=before.pk, name=str(before.number)) if before else None
    return ComparedOut(before=named, changes=changes)


def _event(event: OfferEvent, changes: list[DifferenceOut]) -> HistoryOut:
    facts = event.facts
    told = [facts.get(name) for name in ("place", "version", "person", "reason")]
    return HistoryOut(
        id=event.pk,
        at=event.at,
        kind=event.kind,
        title=event.get_kind_display(),
        by=event.by.name if event.by else "",
        lines=[str(each) for each in told if each],
        changes=changes,
    )

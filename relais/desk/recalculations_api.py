"""The API of recalculations: how far they are, what each moved and why; stopped and resumed."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from relais.lib.api_types import Fault, Moment, PartOf, PathKey
from relais.offer.models import AgreementVersion
from relais.people.access import Access
from relais.people.api import NamedOut, access_of

from . import because
from .calendars_api import PreviewOut, previewed
from .models import DeadlineChange, Recalculation
from .recalculation import preview_version

router = Router(tags=["recalculations"])
REFUSALS = {403: Fault, 404: Fault, 409: Fault}


class RecalculationOut(Schema):
    """`total`, `seen`, `moved` … count deadlines; `percent` is how far it is."""

    id: int
    why: str
    by: NamedOut | None
    state: str
    fault: str
    created_at: Moment
    finished_at: Moment | None
    percent: int
    total: int
    seen: int
    moved: int
    became_late: int
    ceased_late: int


class RecalculationPage(Schema):
    items: list[RecalculationOut]
    next: str | None


class ChangeOut(Schema):
    """A deadline before and after; empty while it stood still."""

    id: int
    ticket: int
    clock: str
    at: Moment
    was: Moment | None
    now: Moment | None


class ChangePage(Schema):
    items: list[ChangeOut]
    next: str | None


@router.get("/recalculations", response=RecalculationPage)
def recalculations(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    cut = part.cut(_seen(access_of(request)))
    return cut | {"items": [_told(run) for run in cut["items"]]}


@router.get("/recalculations/{key}", response={200: RecalculationOut, 404: Fault})
def recalculation(request: HttpRequest, key: PathKey) -> RecalculationOut:
    return _told(_one(access_of(request), key))


@router.get("/recalculations/{key}/changes", response={200: ChangePage, 404: Fault})
def recalculation_changes(
    request: HttpRequest, key: PathKey, part: Query[PartOf]
) -> dict[str, Any]:
    access = access_of(request)
    rows = access.see(DeadlineChange).filter(because.MOVED, recalculation=_one(access, key))
    cut = part.cut(rows.select_related("clock").order_by("id"))
    return cut | {
        "items": [
            ChangeOut(
                id=row.pk,
                ticket=row.clock.ticket_id,
                clock=row.clock.kind,
                at=row.at,
                was=row.was,
                now=row.now,
            )
            for row in cut["items"]
        ]
    }


@router.post("/recalculations/{key}/stop", response={200: RecalculationOut, **REFUSALS})
def stop_recalculation(request: HttpRequest, key: PathKey) -> RecalculationOut:
    access = access_of(request)
    run = _one(access, key)
    run.stop(by=access.person)
    return _told(run)


@router.post("/recalculations/{key}/resume", response={200: RecalculationOut, **REFUSALS})
def resume_recalculation(request: HttpRequest, key: PathKey) -> RecalculationOut:
    access = access_of(request)
    run = _one(access, key)
    run.resume(by=access.person)
    return _told(run)


class PreviewPart(Schema):
    """`page`: which part of the moves."""

    page: Annotated[int, Field(ge=1, le=100_000)] = 1


@router.get("/agreement_versions/{key}/preview", response={200: PreviewOut, 404: Fault})
def agreement_preview(request: HttpRequest, key: PathKey, part: Query[PreviewPart]) -> PreviewOut:
    access = access_of(request)
    rows = access.see(AgreementVersion).select_related("agreement__company")
    version = rows.filter(pk=key).first() if access.runs_pool else None
    if version is None:
        raise Http404
    told = preview_version(access, version, timezone.now())
    return previewed(access, told, part.page)


def _seen(access: Access) -> QuerySet[Recalculation]:
    rows = Recalculation.told(access.see(Recalculation))
    return rows.select_related(*because.RELATED, "by").order_by("-id")


def _one(access: Access, key: int) -> Recalculation:
    run = _seen(access).filter(pk=key).first()
    if run is None:
        raise Http404
    return run


def _told(run: Recalculation) -> RecalculationOut:
    names = set(RecalculationOut.model_fields) - {"why", "by"}
    return RecalculationOut(
        **{name: getattr(run, name) for name in names},
        why=because.why(run),
        by=NamedOut(id=run.by.pk, name=run.by.name) if run.by else None,
    )

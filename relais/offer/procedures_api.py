"""The API of one procedure: with its versions, its owner, its drills."""

from __future__ import annotations

from typing import Annotated

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from pydantic import StringConstraints

from relais.lib.api_types import Fault, Key, PathKey
from relais.people.access import Access
from relais.people.api import access_of
from relais.people.models import Person

from .catalogue_api import (
    REFUSALS,
    ProcedureOut,
    ProcedureVersionLine,
    ProcedureVersionOut,
    draft_of,
    keeps,
    one,
    procedure_line,
    version_out,
)
from .models import Procedure, ProcedureVersion

router = Router(tags=["catalogue"])


class ProcedureAloneOut(ProcedureOut):
    """With the versions that this person may read, the newest first."""

    versions: list[ProcedureVersionLine]


class OwnIn(Schema):
    owner: Key


class DrillIn(Schema):
    """Who tried it, and how it went."""

    person: Key
    success: bool = False
    note: Annotated[str, StringConstraints(max_length=2000)] = ""


@router.get("/procedures/{key}", response={200: ProcedureAloneOut, 404: Fault})
def procedure(request: HttpRequest, key: PathKey) -> ProcedureAloneOut:
    access = access_of(request)
    found: Procedure = one(access.see(Procedure).select_related("owner"), pk=key)
    return _alone(access, found)


@router.post("/procedures/{key}/own", response={200: ProcedureAloneOut, **REFUSALS})
def procedure_own(request: HttpRequest, key: PathKey, sent: OwnIn) -> ProcedureAloneOut:
    access = keeps(request)
    found: Procedure = one(access.see(Procedure).select_related("owner"), pk=key)
    found.own(_colleague(access, sent.owner), by=access.person)
    return _alone(access, found)


@router.post("/procedure_versions/{key}/drill", response={200: ProcedureVersionOut, **REFUSALS})
def procedure_drill(request: HttpRequest, key: PathKey, sent: DrillIn) -> ProcedureVersionOut:
    access, found = draft_of(request, key, None)
    person = _colleague(access, sent.person)
    found.drill(person, by=access.person, success=sent.success, note=sent.note)
    return version_out(found)


def _colleague(access: Access, key: int) -> Person:
    found: Person = one(access.see(Person).filter(company=None, archived_at=None), pk=key)
    return found


def _alone(access: Access, found: Procedure) -> ProcedureAloneOut:
    """Return a procedure with the versions that may be read; without one it does not exist."""
    rows = access.see(ProcedureVersion).filter(procedure=found)
    if not access.runs_pool:
        rows = rows.filter(state=ProcedureVersion.State.PUBLISHED)
    names = ProcedureVersionLine.model_fields
    versions = [
        ProcedureVersionLine(**{name: getattr(each, name) for name in names})
        for each in rows.order_by("-number")
    ]
    if not versions:
        raise Http404
    return ProcedureAloneOut(**procedure_line(found), versions=versions)

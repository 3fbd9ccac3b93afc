"""The API of quality: checks, what they found, corrective actions, the grid. Internal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PartOf, PathKey, Said, Text
from relais.offer.models import Procedure
from relais.people.access import Access
from relais.people.api import NamedOut, access_of

from .models import CorrectiveAction, QualityCheck, QualityGrid
from .models.check import LONGEST, checks_quality
from .quality_forms import staff

router = Router(tags=["quality"])
REFUSALS = {403: Fault, 404: Fault, 409: Fault, 422: FieldFaults}
Short = Annotated[Text, Field(max_length=LONGEST)]
Why = Annotated[Said, Field(max_length=LONGEST)]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]


class CheckedLineOut(Schema):
    """A question of a check. `mark`: yes, no, na (does not apply), or empty."""

    key: str
    question: str
    critical: bool
    mark: str
    word: str


class QualityCheckOut(Schema):
    id: int
    ticket: int
    reference: str
    site: NamedOut
    assistant: NamedOut
    delivered: Moment
    month: date
    reasons: list[str]
    state: str
    version: int
    checker: NamedOut | None
    finished: Moment | None
    critical: int | None
    minor: int | None


class QualityCheckWholeOut(QualityCheckOut):
    lines: list[CheckedLineOut]
    reply: str
    replied: Moment | None
    action: int | None


class QualityChecksPage(Schema):
    items: list[QualityCheckOut]
    next: str | None


class CheckedLineIn(Schema):
    key: Annotated[Line, Field(max_length=40)]
    mark: Literal["yes", "no", "na", ""] = ""
    word: Short = ""


class CheckAnswersIn(Schema):
    """What is answered so far. `finish`: say what was found. `version`: as it was read."""

    lines: Annotated[list[CheckedLineIn], Field(max_length=100)]
    finish: bool = False
    version: Key | None = None


class CheckVersionIn(Schema):
    version: Key | None = None


class CheckWordIn(Schema):
    text: Why
    version: Key | None = None


class CorrectiveActionOut(Schema):
    id: int
    check: int
    reference: str
    state: str
    version: int
    owner: NamedOut
    opened: Moment
    due: Moment
    overdue: bool
    root_cause: str
    measure: str
    procedure: int | None
    mended_by: int | None
    done: Moment | None
    done_by: NamedOut | None
    verified: Moment | None
    verified_by: NamedOut | None


class CorrectiveActionsPage(Schema):
    items: list[CorrectiveActionOut]
    next: str | None


class CorrectiveActionIn(Schema):
    """The cause, what is done, by whom (as it is, if not given), and the procedure to mend."""

    root_cause: Why
    measure: Short = ""
    owner: Key | None = None
    procedure: Key | None = None
    version: Key | None = None


class OwnQuestion(Schema):
    """A question of the provider's own; one without a key is new."""

    key: Annotated[Line, Field(max_length=40)] = ""
    fr: Annotated[Line, Field(max_length=200)] = ""
    en: Annotated[Line, Field(max_length=200)] = ""
    critical: bool = False
    on: bool = True


class QualityGridOut(Schema):
    version: int
    questions: list[CheckedLineOut]
    own: list[OwnQuestion]


class QualityGridIn(Schema):
    """The provider's own questions; one left out is switched off. `version`: as it was read."""

    own: Annotated[list[OwnQuestion], Field(max_length=20)]
    version: Version | None = None


@router.get("/quality_checks", response={200: QualityChecksPage, 404: Fault})
def quality_checks(
    request: HttpRequest,
    part: Query[PartOf],
    state: Literal["drawn", "open", "finished", ""] = "",
    mine: bool = False,
) -> dict[str, Any]:
    """List checks, the longest waiting first. An assistant is told those of her own work."""
    access = _staff(request)
    rows = access.see(QualityCheck).select_related("ticket__site", "assistant", "checker")
    rows = rows.filter(state=state) if state else rows
    rows = rows.filter(assistant=access.person) if mine else rows
    cut = part.cut(rows.order_by("id"))
    return cut | {"items": [_check(one) for one in cut["items"]]}


@router.get("/quality_checks/{key}", response={200: QualityCheckWholeOut, 404: Fault})
def quality_check(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = _staff(request)
    return _whole(access, _one(access, key))


@router.post("/quality_checks/{key}/open", response={200: QualityCheckWholeOut, **REFUSALS})
def open_quality_check(request: HttpRequest, key: PathKey, sent: CheckVersionIn) -> dict[str, Any]:
    access = _staff(request)
    row = _one(access, key)
    row.open(by=access.person, seen=sent.version)
    return _whole(access, row)


@router.post("/quality_checks/{key}/answer", response={200: QualityCheckWholeOut, **REFUSALS})
def answer_quality_check(
    request: HttpRequest, key: PathKey, sent: CheckAnswersIn
) -> dict[str, Any]:
    access = _staff(request)
    row = _one(access, key)
    marks = {one.key: one.mark for one in sent.lines}
    words = {one.key: one.word for one in sent.lines}
    row.answer(marks, words, by=access.person, seen=sent.version)
    if sent.finish:
        row.finish(by=access.person)
    return _whole(access, row)


@router.post("/quality_checks/{key}/reopen", response={200: QualityCheckWholeOut, **REFUSALS})
def reopen_quality_check(request: HttpRequest, key: PathKey, sent: CheckWordIn) -> dict[str, Any]:
    access = _staff(request)
    row = _one(access, key)
    row.reopen(sent.text, by=access.person, seen=sent.version)
    return _whole(access, row)


@router.post("/quality_checks/{key}/respond", response={200: QualityCheckWholeOut, **REFUSALS})
def respond_to_quality_check(
    request: HttpRequest, key: PathKey, sent: CheckWordIn
) -> dict[str, Any]:
    """Answer what was found in one's own work."""
    access = _staff(request)
    row = _one(access, key)
    row.respond(sent.text, by=access.person, seen=sent.version)
    return _whole(access, row)


@router.get("/corrective_actions", response={200: CorrectiveActionsPage, 404: Fault})
def corrective_actions(
    request: HttpRequest,
    part: Query[PartOf],
    state: Literal["open", "done", "verified", "void", ""] = "",
) -> dict[str, Any]:
    access = _staff(request)
    rows = _actions(access)
    cut = part.cut((rows.filter(state=state) if state else rows).order_by("id"))
    return cut | {"items": [_action(one) for one in cut["items"]]}


@router.get("/corrective_actions/{key}", response={200: CorrectiveActionOut, 404: Fault})
def corrective_action(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    return _action(_act(_staff(request), key))


@router.post("/corrective_actions/{key}/plan", response={200: CorrectiveActionOut, **REFUSALS})
def plan_corrective_action(
    request: HttpRequest, key: PathKey, sent: CorrectiveActionIn
) -> dict[str, Any]:
    access = _staff(request)
    row = _act(access, key)
    owner = _found(staff(access), sent.owner) if sent.owner else None
    procedure = _found(access.see(Procedure), sent.procedure) if sent.procedure else None
    row.plan(
        sent.root_cause, sent.measure, by=access.person, owner=owner, procedure=procedure,
        seen=sent.version,
    )  # fmt: skip
    return _action(row)


@router.post("/corrective_actions/{key}/do", response={200: CorrectiveActionOut, **REFUSALS})
def do_corrective_action(
    request: HttpRequest, key: PathKey, sent: CheckVersionIn
) -> dict[str, Any]:
    access = _staff(request)
    row = _act(access, key)
    row.do(by=access.person, seen=sent.version)
    return _action(row)


@router.post("/corrective_actions/{key}/verify", response={200: CorrectiveActionOut, **REFUSALS})
def verify_corrective_action(
    request: HttpRequest, key: PathKey, sent: CheckVersionIn
) -> dict[str, Any]:
    access = _staff(request)
    row = _act(access, key)
    row.verify(by=access.person, seen=sent.version)
    return _action(row)


@router.post("/corrective_actions/{key}/reopen", response={200: CorrectiveActionOut, **REFUSALS})
def reopen_corrective_action(
    request: HttpRequest, key: PathKey, sent: CheckWordIn
) -> dict[str, Any]:
    access = _staff(request)
    row = _act(access, key)
    row.reopen(sent.text, by=access.person, seen=sent.version)
    return _action(row)


@router.get("/quality_grid", response={200: QualityGridOut, 404: Fault})
def quality_grid(request: HttpRequest) -> dict[str, Any]:
    access = _checker(request)
    return _grid(access.see(QualityGrid).first())


@router.post("/quality_grid", response={200: QualityGridOut, **REFUSALS})
def change_quality_grid(request: HttpRequest, sent: QualityGridIn) -> dict[str, Any]:
    access = _checker(request)
    own = [one.model_dump() for one in sent.own]
    return _grid(QualityGrid.change(own, by=access.person, seen=sent.version))


def _staff(request: HttpRequest) -> Access:
    access = access_of(request)
    if access.is_client or not access.is_staff:
        raise Http404
    return access


def _checker(request: HttpRequest) -> Access:
    access = access_of(request)
    if not checks_quality(access):
        raise Http404
    return access


def _found(rows: Any, key: int) -> Any:
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _one(access: Access, key: int) -> QualityCheck:
    rows = access.see(QualityCheck).select_related(
        "ticket__site", "ticket__service", "assistant", "checker", "grid"
    )
    found: QualityCheck = _found(rows, key)
    return found


def _actions(access: Access) -> Any:
    return access.see(CorrectiveAction).select_related(
        "check_made__ticket", "owner", "procedure", "done_by", "verified_by"
    )


def _act(access: Access, key: int) -> CorrectiveAction:
    found: CorrectiveAction = _found(_actions(access), key)
    return found


def _named(row: Any) -> NamedOut | None:
    return NamedOut(id=row.pk, name=str(row)) if row else None


def _at(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None


def _check(row: QualityCheck) -> dict[str, Any]:
    return {
        "id": row.pk, "ticket": row.ticket_id, "reference": row.ticket.reference,
        "site": _named(row.ticket.site), "assistant": _named(row.assistant),
        "delivered": _at(row.delivered_at), "month": row.month, "reasons": row.reasons,
        "state": row.state, "version": row.version, "checker": _named(row.checker),
        "finished": _at(row.finished_at), "critical": row.critical, "minor": row.minor,
    }  # fmt: skip


def _whole(access: Access, row: QualityCheck) -> dict[str, Any]:
    action = access.see(CorrectiveAction).filter(check_made=row).values_list("pk", flat=True)
    return _check(row) | {
        "lines": _lines(row), "reply": row.reply, "replied": _at(row.replied_at),
        "action": action.first(),
    }  # fmt: skip


def _lines(row: QualityCheck) -> list[dict[str, Any]]:
    return [
        {"key": one.key, "question": words, "critical": one.critical, "mark": mark, "word": word}
        for one, words, mark, word in row.lines
    ]


def _action(row: CorrectiveAction) -> dict[str, Any]:
    return {
        "id": row.pk, "check": row.check_made_id, "reference": row.check_made.ticket.reference,
        "state": row.state, "version": row.version, "owner": _named(row.owner),
        "opened": _at(row.opened_at), "due": _at(row.due_at),
        "overdue": row.is_overdue(timezone.now()), "root_cause": row.root_cause,
        "measure": row.measure, "procedure": row.procedure_id, "mended_by": row.mended_by_id,
        "done": _at(row.done_at), "done_by": _named(row.done_by),
        "verified": _at(row.verified_at), "verified_by": _named(row.verified_by),
    }  # fmt: skip


def _grid(held: QualityGrid | None) -> dict[str, Any]:
    return {
        "version": held.number if held else 0,
        "questions": _lines(QualityCheck(grid=held)),
        "own": held.own if held else [],
    }

"""Leave asked for and answered: the gate speaks first, an override is reported."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from relais.people.models import Person

from . import covering, declaring
from .continuity_errors import GateWarns, NotHers
from .models import LeaveRequest

State = LeaveRequest.State


def ask(
    person: Person,
    *,
    kind: str,
    starts: datetime,
    ends: datetime,
    by: Person,
    at: datetime | None = None,
) -> LeaveRequest:
    """Return the request; asked twice it is one. Raises `NotHers`, `BadPeriod`, `NotOfPool`."""
    at = at or timezone.now()
    if by.pk != person.pk:
        raise NotHers(person=str(by))
    declaring.check_assistant(person)
    declaring.check_period(starts, ends, at)
    asked = LeaveRequest.objects.filter(
        person=person, state=State.ASKED, starts_at=starts, ends_at=ends
    )
    try:
        return _asked(person, kind, starts, ends, at)
    except IntegrityError:
        # Answered or taken back since: then there is room for hers, and she asks again.
        return asked.first() or _asked(person, kind, starts, ends, at)


def _asked(
    person: Person, kind: str, starts: datetime, ends: datetime, at: datetime
) -> LeaveRequest:
    with transaction.atomic():
        return LeaveRequest.objects.create(
            provider_id=person.provider_id, person=person, kind=kind, starts_at=starts,
            ends_at=ends, asked_at=at,
        )  # fmt: skip


def accept(
    request: LeaveRequest, *, by: Person, why: str = "", at: datetime | None = None
) -> LeaveRequest:
    """Grant it: the absence is declared. What the gate says asks for a reason.

    Raises `GateWarns`, `NotHers`, `LeaveAnswered`, and what `declaring.declare` raises.
    """
    warnings = covering.gate(request.person, request.starts_at, request.ends_at)
    if warnings and not why.strip():
        raise GateWarns(why=" ".join(warnings))
    with transaction.atomic():
        request.answer(State.ACCEPTED, by=by, why=why, overridden=warnings, at=at)
        relief = declaring.declare(
            request.person, kind=request.kind, starts=request.starts_at, ends=request.ends_at,
            by=by, at=at, handed={},  # granted unread: what is begun is decided on the page
        )  # fmt: skip
        LeaveRequest.objects.filter(pk=request.pk).update(relief=relief)
        request.relief = relief
    return request


def refuse(
    request: LeaveRequest, why: str, *, by: Person, at: datetime | None = None
) -> LeaveRequest:
    """Decline it, and say why. Raises `Missing`, `NotHers`, `LeaveAnswered`."""
    with transaction.atomic():
        request.answer(State.REFUSED, by=by, why=why, at=at)
    return request

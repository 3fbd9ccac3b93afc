"""Recurring requests come in when their time has come: once each, late or twice asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from relais.lib import repeats
from relais.lib.problem import Problem
from relais.lib.tenancy import all_tenants, tenant

from . import intake
from .models import Occurrence, Recurrence, StandingEvent, StandingKind, Ticket
from .models.recurrence import Planned

AT_ONCE = 200
# A worker that slept for long catches up in steps, so that one request does not hold the others.
MOST_OF_ONE = 50


def run(at: datetime | None = None) -> int:
    """Return how many requests came in, of all providers."""
    at = at or timezone.now()
    with all_tenants("find the recurring requests whose time has come"):
        due = Recurrence.objects.filter(next_at__lte=at).order_by("next_at", "pk")
        found = list(due.values_list("provider_id", "pk")[:AT_ONCE])
    made = 0
    for provider, pk in found:
        with tenant(provider):
            made += create_due(pk, at)
    return made


def create_due(pk: int, at: datetime) -> int:
    """Return how many requests this one made: every date until `at` that is not done with."""
    rows = Recurrence.objects.select_for_update(of=("self",), skip_locked=True)
    related = ("site__calendar", "site__company", "requester", "service")
    mine = rows.select_related(*related).filter(pk=pk, state=Recurrence.State.ACTIVE).first()
    if mine is None:
        return 0  # another worker has it, or it was paused meanwhile
    made = 0
    for _time in range(MOST_OF_ONE):
        planned = _following(mine, at)
        # The calendar is asked again: it may have changed since the date was stored.
        mine.next_at = planned.at if planned else None
        if planned is None or planned.at > at:
            break
        made += _come(mine, planned, at)
        mine.done_until = planned.nominal
    fields = {"next_at": mine.next_at, "done_until": mine.done_until}
    if mine.next_at is None:
        fields["state"] = Recurrence.State.STOPPED
    Recurrence.objects.filter(pk=mine.pk).update(**fields)
    if mine.next_at is None:
        StandingEvent.tell(StandingKind.STOPPED, mine, None, at, {"rule": "ended"})
    return made


def refresh(at: datetime | None = None) -> int:
    """Return how many next dates moved because a calendar changed, of all providers."""
    at = at or timezone.now()
    with all_tenants("look again at the next dates of recurring requests"):
        active = Recurrence.objects.filter(state=Recurrence.State.ACTIVE)
        found = list(active.values_list("provider_id", "pk").order_by("provider_id", "pk"))
    moved = 0
    for provider, pk in found:
        with tenant(provider):
            rows = Recurrence.objects.select_for_update(of=("self",), skip_locked=True)
            mine = rows.select_related("site__calendar", "site__company").filter(pk=pk).first()
            if mine is None or mine.next_at is None or mine.next_at <= at:
                continue
            planned = _following(mine, at)
            if planned is not None and planned.at != mine.next_at:
                Recurrence.objects.filter(pk=pk).update(next_at=planned.at)
                moved += 1
    return moved


def _following(mine: Recurrence, at: datetime) -> Planned | None:
    """Return the next date; where none can be told, a fault is, and it is tried again tomorrow."""
    try:
        return mine.following(mine.begun_at)
    except (repeats.NoDay, repeats.BadRule, Problem) as fault:
        said = gettext("the site is closed for too long around a date")
        if isinstance(fault, Problem):
            said = gettext(str(fault.message)) % fault.values
        elif isinstance(fault, repeats.BadRule):
            said = gettext("its rule cannot be followed: write another one")
        _fault(mine, at, said)
        nominal = mine.done_until or mine.first_on
        return Planned(nominal, nominal, at + timedelta(days=1))


def _come(mine: Recurrence, planned: Planned, at: datetime) -> int:
    """Return 1 when the request of this date came in, 0 when it was there or could not come."""
    nominal = planned.nominal.isoformat()
    try:
        with transaction.atomic():
            date = Occurrence.objects.create(
                provider_id=mine.provider_id, recurrence=mine, nominal=planned.nominal
            )
            ticket = intake.receive(
                requester=mine.requester,
                site=mine.site,
                service=mine.service,
                subject=mine.subject,
                body=mine.body,
                channel=Ticket.Channel.RECURRENCE,
                confidentiality=mine.confidentiality,
                external_ref=f"recurrence:{mine.pk}:{nominal}",
                # Promised from its own time, however late the worker is.
                at=planned.at,
            )
            Occurrence.objects.filter(pk=date.pk).update(ticket=ticket)
            facts = {"nominal": nominal, "ticket": ticket.pk}
            StandingEvent.tell(StandingKind.CREATED, mine, None, at, facts)
    except IntegrityError:
        return 0
    except Problem as problem:
        said = gettext(str(problem.message)) % problem.values
        Occurrence.objects.create(
            provider_id=mine.provider_id,
            recurrence=mine,
            nominal=planned.nominal,
            fault=said[:300],
        )
        _fault(mine, at, said, nominal)
        return 0
    return 1


def _fault(mine: Recurrence, at: datetime, said: str, nominal: str = "") -> None:
    facts = {"fault": said[:300], "nominal": nominal}
    StandingEvent.tell(StandingKind.FAULTED, mine, None, at, facts)

"""What both referents agreed not to count, as figures read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Least

from relais.desk.models import Clock
from relais.engine import measures_facts
from relais.engine.measures_facts import Period
from relais.people.models import Company

from .models import Exclusion, Review


def agreed(company: Company) -> Mapping[tuple[int, str], measures_facts.Exclusion]:
    """Return the exclusions in force, by key of request and kind of promise."""
    rows = Exclusion.objects.filter(company=company, state=Exclusion.State.AGREED)
    return {
        (each.ticket_id, each.of): measures_facts.Exclusion(each.reason, each.decided_at)
        for each in rows
        if each.decided_at is not None
    }


def months_of(row: Exclusion, zone: ZoneInfo) -> set[date]:
    """Return the months that count the promise: of its breach if it was late, else of its end."""
    clocks = Clock.objects.filter(ticket=row.ticket_id, kind=row.of, due_at__isnull=False)
    ends = clocks.values_list(Least("due_at", "stopped_at"), flat=True)
    return {end.astimezone(zone).date().replace(day=1) for end in ends}


def since_counted(rows: QuerySet[Exclusion], review: Review, period: Period) -> QuerySet[Exclusion]:
    """Return those of `rows` agreed on after a closed month that counts them was counted last."""
    clocks = Clock.objects.filter(ticket=OuterRef("ticket"), kind=OuterRef("of"))
    ended = clocks.annotate(ended=Least(F("due_at"), F("stopped_at"))).filter(
        ended__gte=period.begin, ended__lt=period.end, due_at__isnull=False
    )
    agreed_on = rows.filter(company=review.company_id, state=Exclusion.State.AGREED)
    if review.is_open or review.latest.as_of is None:
        return agreed_on.none()
    return agreed_on.filter(Exists(ended), decided_at__gt=review.latest.as_of)

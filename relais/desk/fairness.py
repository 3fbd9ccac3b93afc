"""How work was shared between assistants over four weeks. For the pool lead: differences from a
fair share, in sentences; never a ranking, and never shown to a client.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.engine import fairness
from relais.engine.fairness import Counted, Share
from relais.people import calendars
from relais.people.access import Access
from relais.people.models import Absence, AssistantProfile, Calendar, Person, Site

from .models import Clock, Ticket

PERIOD = timedelta(weeks=4)
# Ended before, after, or at the weekend: late hours, by the provider's clock.
FROM, UNTIL, SATURDAY = 8, 18, 6


@dataclass(frozen=True)
class Told:
    """One share in words."""

    share: Share
    text: str
    own: str
    fair: str


@dataclass(frozen=True)
class Row:
    """Somebody's shares."""

    person: Person
    hours: float
    told: list[Told]

    @property
    def is_fair(self) -> bool:
        """Return whether nothing is beyond its limit."""
        return all(one.share.verdict in ("fair", "unknown") for one in self.told)


@dataclass(frozen=True)
class Report:
    """Four weeks of the pool, by name."""

    start: datetime
    end: datetime
    rows: list[Row]
    difficult: list[str]
    spread: float | None

    @property
    def beyond(self) -> int:
        """Return how many have something beyond its limit."""
        return sum(not row.is_fair for row in self.rows)


def shares_of(access: Any, people: list[Person], now: datetime) -> dict[int, tuple[Share, ...]]:
    """Return the shares of these people over the last four weeks, of who was there at all."""
    start = now - PERIOD
    done = _done(access, start, now)
    hours = _hours(access, people, start, now)
    there = [one for one in people if hours[one.pk] > 0]
    counted = _counted(done, there, hours, fairness.difficult(_by_site(done)))
    return fairness.shares(counted.values())


def report(access: Access, now: datetime) -> Report:
    """Return the last four weeks: eight queries whatever the pool."""
    start = now - PERIOD
    done = _done(access, start, now)
    hard = fairness.difficult(_by_site(done))
    people = list(
        access.see(Person).filter(assistant__isnull=False, archived_at=None).order_by("name_key")
    )
    hours = _hours(access, people, start, now)
    counted = _counted(done, people, hours, hard)
    shares = fairness.shares(counted.values())
    rows = [
        Row(one, hours[one.pk], [_told(share) for share in shares[one.pk]])
        for one in people
        if hours[one.pk] or counted[one.pk].work
    ]
    names = access.see(Site).filter(pk__in=hard).order_by("name")
    spread = fairness.spread(counted.values())
    return Report(start, now, rows, list(names.values_list("name", flat=True)), spread)


def _done(access: Access, start: datetime, end: datetime) -> QuerySet[Ticket]:
    rows = access.see(Ticket).filter(delivered_at__gte=start, delivered_at__lt=end)
    return rows.filter(holder__isnull=False).order_by()


def _by_site(done: QuerySet[Ticket]) -> dict[int, tuple[int, int]]:
    missed = Clock.objects.filter(
        ticket=OuterRef("pk"), verdict=Clock.Verdict.MISSED, kind__in=Clock.OWED
    )
    rows = (
        done.annotate(late=Exists(missed))
        .values("site")
        .annotate(count=Count("pk"), bad=Count("pk", filter=Q(late=True) | Q(reopened__gt=0)))
    )
    return {row["site"]: (row["count"], row["bad"]) for row in rows}


def _counted(
    done: QuerySet[Ticket], people: list[Person], hours: dict[int, float], hard: frozenset[int]
) -> dict[int, Counted]:
    zone = timezone.get_current_timezone()
    late = Q(hour__gte=UNTIL) | Q(hour__lt=FROM) | Q(weekday__gte=SATURDAY)
    rows = (
        done.annotate(
            hour=ExtractHour("delivered_at", tzinfo=zone),
            weekday=ExtractIsoWeekDay("delivered_at", tzinfo=zone),
        )
        .values("holder", "site")
        .annotate(minutes=Sum("service__standard_minutes"), late=Count("pk", filter=late))
    )
    sums: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        mine = sums[row["holder"]]
        mine["work"] += row["minutes"]
        mine["late_hours"] += row["late"]
        if row["site"] in hard:
            mine["difficult"] += row["minutes"]
    return {one.pk: Counted(one.pk, hours[one.pk], **sums[one.pk]) for one in people}


def _hours(
    access: Access, people: list[Person], start: datetime, end: datetime
) -> dict[int, float]:
    """Return how many hours each was there: her own hours without her absences."""
    profiles = access.see(AssistantProfile).filter(person__in=people, calendar__isnull=False)
    kept = dict(profiles.values_list("person", "calendar"))
    known = {one.pk: one for one in access.see(Calendar).filter(pk__in=set(kept.values()))}
    away: dict[int, list[Any]] = defaultdict(list)
    absences = access.see(Absence).filter(person__in=people, period__overlap=(start, end))
    for person, period in absences.values_list("person", "period"):
        begin = max(period.lower, start) if period.lower else start
        away[person].append((begin, min(period.upper, end) if period.upper else end))
    found = {}
    for one in people:
        calendar = known.get(kept.get(one.pk, 0))
        there = timedelta()
        if calendar is not None:
            hours = calendars.timetable(calendar)
            there = hours.between(start, end)
            there -= sum((hours.between(a, b) for a, b in away[one.pk]), timedelta())
        found[one.pk] = there / timedelta(hours=1)
    return found


# In words -----------------------------------------------------------------------------------------


def _told(share: Share) -> Told:
    return Told(share, sentence(share), _amount(share, share.own), _amount(share, share.fair))


def _amount(share: Share, number: float) -> str:
    return f"{number:.0f}" if share.what == "late_hours" else f"{number / 60:.0f} h"


def sentence(share: Share) -> str:
    """Return how a share stands beside the fair one, in words."""
    if share.difference is None:
        return _("too little in four weeks to say anything")
    told = {
        "percent": f"{abs(share.difference):.0%}".replace("%", "\u202f%"),
        "limit": f"{fairness.LIMITS[share.what]:.0%}".replace("%", "\u202f%"),
    }
    if abs(share.difference) < 0.05:
        return _("her fair share")
    text = {
        ("fair", True): _("%(percent)s more than her fair share, within the limit (%(limit)s)"),
        ("fair", False): _("%(percent)s less than her fair share, within the limit (%(limit)s)"),
        ("above", True): _("%(percent)s more than her fair share: beyond the limit (%(limit)s)"),
        ("below", False): _("%(percent)s less than her fair share: beyond the limit (%(limit)s)"),
    }[share.verdict, share.difference > 0]
    return text % told


def what_name(what: str) -> str:
    """Return what is shared out, in the reader's language."""
    return {
        "work": _("All work"),
        "difficult": _("Difficult sites"),
        "late_hours": _("Late hours"),
    }[what]

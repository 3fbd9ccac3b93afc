"""What a month cost and what the team could do: beside the lives, for the provider's own figures.

Never a person's: hours are added up over the team, and told of none too small to hide one in it.
Published hours may still be written anew, so that no closed month holds these: they are counted
for the pages of those who run the pool.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.db.models import Sum

from relais.desk.models import TimeEntry
from relais.engine.load import PRODUCTIVE
from relais.engine.measures_facts import Given, Life, Means, Period
from relais.offer.models import AgreementCredit, AgreementVersion
from relais.people.models import AssistantProfile, Company, Confidentiality
from relais.planning.working_time import Hours

from .lives import Places

# Of fewer people an occupation would be a person's.
TEAM = 3
POOL = "pool"


def of_client(given: Given, company: Company, period: Period) -> Given:
    """Return what is given, with what a client pays for the month by its agreements."""
    return _paid(given, period, company)


def of_pool(
    given: Given, lives: Sequence[Life], places: Places, period: Period, as_of: datetime
) -> Given:
    """Return what is given, with what all clients pay, the team's hours and what a day can do."""
    given = _paid(given, period, None)
    practical, days = _capacity(period, as_of)
    if not practical:
        return given
    used = _used(lives, places, period, as_of)
    team = Means(POOL, period.name, 0, used, practical)
    return replace(given, means=(*given.means, team), daily_minutes=round(practical / days))


def _paid(given: Given, period: Period, company: Company | None) -> Given:
    """Return what is given with the fees of the month, one a client that pays any."""
    begin = date.fromisoformat(f"{period.name}-01")
    after = date(begin.year + begin.month // 12, begin.month % 12 + 1, 1)
    rows = AgreementCredit.objects.filter(
        version__state=AgreementVersion.State.SIGNED, version__period__overlap=(begin, after)
    )
    if company is not None:
        rows = rows.filter(version__agreement__company=company)
    named = ("version__agreement", "version__agreement__company", "monthly_fee")
    # The first version of each agreement in the month, as its promises are judged by it.
    fees: dict[int, tuple[int, Decimal]] = {}
    for agreement, of, fee in rows.order_by("version__effective_from").values_list(*named):
        fees.setdefault(agreement, (of, fee))
    cents: dict[int, int] = defaultdict(int)
    for of, fee in fees.values():
        cents[of] += int(fee * 100)
    made = (
        Means(f"fee:{of}", period.name, amount, client=str(of))
        for of, amount in sorted(cents.items())
    )
    return replace(given, means=(*given.means, *made))


def _capacity(period: Period, as_of: datetime) -> tuple[int, int]:
    """Return the practical minutes of the team until now or the month's end, and their days.

    Hours published, or else usual, less absences; of each so much is work on requests (85 %).
    """
    end = min(period.end, as_of)
    rows = AssistantProfile.objects.filter(person__archived_at=None).order_by("person")
    people = list(rows.values_list("person", flat=True))
    if len(people) < TEAM or end <= period.begin:
        return 0, 0
    zone = period.begin.tzinfo
    assert isinstance(zone, ZoneInfo)
    hours, seconds, days = Hours(people, period.begin, end), 0, set()
    for person in people:
        for begin, stop in hours.worked(person):
            first, last = max(begin, period.begin), min(stop, end)
            if first < last:
                seconds += int((last - first).total_seconds())
                days.add(first.astimezone(zone).date())
    return int(Fraction(str(PRODUCTIVE)) * seconds / 60), len(days)


def _used(lives: Sequence[Life], places: Places, period: Period, as_of: datetime) -> int:
    """Return the minutes noted in the month, and the usual ones of what was done without any."""
    noted = TimeEntry.objects.filter(
        minutes__isnull=False, started_at__gte=period.begin, started_at__lt=period.end,
        stopped_at__lte=as_of, ticket__confidentiality__lt=Confidentiality.EXECUTIVE,
    )  # fmt: skip
    minutes = noted.aggregate(all=Sum("minutes"))["all"] or 0
    done = {int(each.key): each for each in lives if period.holds(each.delivered(as_of))}
    timed = set(
        TimeEntry.objects.filter(ticket__in=done, minutes__isnull=False).values_list(
            "ticket", flat=True
        )
    )
    usual = (
        places.services[int(life.service)].standard_minutes
        for key, life in done.items()
        if key not in timed
    )
    return minutes + sum(usual)

"""What is planned at the demo pool: on-site days, wishes, a roster to come and a draft after."""

from __future__ import annotations

import contextlib
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext, override

from relais.engine.roster import OFF
from relais.lib.problem import Problem
from relais.people.models import OnSiteDay, Person, Provider, Role, Site, Wish
from relais.planning import levering, peaks, publishing, roster_problem, rostering
from relais.planning.models import Lever, LoadOutlook, Roster
from relais.planning.working_time import pool_zone

# By turns, so that each has early, day and late weeks; Friday shorter for who has few hours.
TURNS = ("M", "J", "S")


def plan(
    provider: Provider, people: dict[str, Person], sites: dict[str, Site], today: date
) -> None:
    """Publish the roster of the fortnight that begins next Monday, and begin the one after it."""
    monday = today + timedelta(days=7 - today.weekday())
    lead = people["sarah"]
    _on_site(provider, people, sites, monday)
    _wishes(provider, people)
    fields = {"name": f"Planning du {monday:%d/%m}", "starts_on": monday, "weeks": 2}
    with override("fr"):
        first = rostering.draft(fields, by=lead, name=gettext)
    _fill(first)
    # A day on which the law would stop it leaves a draft to look at.
    with contextlib.suppress(Problem):
        publishing.publish(first, by=lead, zone=pool_zone(provider), tell=False)
    after = monday + timedelta(weeks=2)
    rostering.draft(
        {"name": f"Planning du {after:%d/%m}", "starts_on": after, "weeks": 2, "seconds": 30},
        by=lead,
    )
    peaks.ask(provider.pk)


def pull(now: datetime | None = None) -> None:
    """Let the lead pull the first lever that the weeks ahead offer, once."""
    outlook = LoadOutlook.objects.first()
    if outlook is None or Lever.objects.exists():
        return
    lead = Role.objects.filter(kind=Role.Kind.POOL_LEAD).select_related("person").earliest("pk")
    days = [date.fromisoformat(day) for day in outlook.report["weeks"]]
    offered = [
        (day, row["site"], cell["levers"][0][0])
        for row in outlook.report["sites"]
        for day, cell in zip(days, row["cells"], strict=True)
        if cell["levers"]
    ]
    if offered:
        week, site, code = min(offered)
        note = "Vu avec le référent du site."
        where = Site.objects.get(pk=site)
        levering.choose(outlook, where, code, week, note=note, by=lead.person, now=now)


def _on_site(
    provider: Provider, people: dict[str, Person], sites: dict[str, Site], monday: date
) -> None:
    OnSiteDay.objects.bulk_create(
        OnSiteDay(
            provider=provider, person=people[who], site=sites[site],
            day=monday + timedelta(days=7 * week + day),
        )
        for who, site, day in (("inès", "aix", 1), ("chloé", "lyon", 3))
        if who in people and site in sites
        for week in range(6)
    )  # fmt: skip


def _wishes(provider: Provider, people: dict[str, Person]) -> None:
    afternoon = {"starts": time(14), "ends": time(18)}
    wishes = [
        ("inès", {"kind": Wish.Kind.AVOIDS, "weekday": 3, **afternoon}),
        ("léa", {"kind": Wish.Kind.PREFERS, "weekday": 1}),
    ]
    Wish.objects.bulk_create(
        Wish(provider=provider, person=people[who], **what) for who, what in wishes if who in people
    )


def _fill(roster: Roster) -> None:
    """Give everybody her days by turns, within her hours; who is away is free."""
    problem = roster_problem.again(roster)
    assert problem is not None
    minutes = {duty.key: duty.minutes for duty in problem.duties}
    rows = {}
    for place, one in enumerate(problem.people):
        row = [OFF] * roster.days
        for week, (_least, most) in enumerate(one.minutes):
            left, code = most, TURNS[(place + week) % len(TURNS)]
            for day in range(7 * week, 7 * week + 5):
                if day not in one.away and minutes[code] <= left:
                    row[day] = code
                    left -= minutes[code]
        rows[str(one.key)] = row
    roster.change(Roster.CHANGEABLE, rows=rows)

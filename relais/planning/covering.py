"""Which work is covered by whom, by facts: the matrix, dependencies, what-ifs and the leave gate.

Somebody counts for an item who covers its site and is ready for it by proof: a declaration counts
for nothing, and no wall is crossed. Values for the engine are made here, and told in words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relais.desk import tools
from relais.desk.models import Approval, Delegation, Ticket
from relais.engine import continuity, worktime
from relais.engine.continuity import READY, Coverage, Item, Outcome, Standing, WhatIf
from relais.engine.readiness import Readiness
from relais.engine.standing_in import is_there
from relais.offer.models import Service
from relais.people.models import (
    AssistantProfile,
    Company,
    Confidentiality,
    Cover,
    Person,
    Role,
    Site,
    System,
)

from . import items, standing_in
from .models import Impact

# A critical hour counts as so many in rates.
CRITICAL_WEIGHT = 3.0
LONG = timedelta(days=2)
MOST_LINES = 300

DIMENSIONS = {
    "site": gettext_lazy("knows the site"),
    "executive": gettext_lazy("knows the executive"),
    "procedure": gettext_lazy("has read the procedure"),
    "practice": gettext_lazy("has practised lately"),
    "access": gettext_lazy("has a tested access"),
}
LEVELS = {
    0: gettext_lazy("unknown"),
    1: gettext_lazy("informed"),
    2: gettext_lazy("trained"),
    3: gettext_lazy("practised"),
    4: gettext_lazy("autonomous"),
    5: gettext_lazy("trains others"),
}


@dataclass(frozen=True)
class Fact:
    """How ready one person is for one item, and what keeps her down."""

    person: Person
    position: str
    level: int
    lacking: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        """Return whether she counts."""
        return self.level >= READY

    @property
    def text(self) -> str:
        """Return it in words."""
        level = str(LEVELS[self.level])
        if self.is_ready or not self.lacking:
            return level
        gaps = ", ".join(str(DIMENSIONS[name]) for name in self.lacking)
        return _("%(level)s; not proven: %(gaps)s") % {"level": level, "gaps": gaps}


@dataclass
class Line:
    """One item of the matrix, with everybody who covers its site."""

    item: Item
    site: Site
    work: items.Work
    standing: str
    facts: list[Fact] = field(default_factory=list)

    @property
    def factor(self) -> int:
        """Return how many are able: the bus factor."""
        return sum(one.is_ready for one in self.facts)


@dataclass
class Ground:
    """Items and people as the engine wants them, with what they are called."""

    lines: list[Line]
    people: list[continuity.Person]
    names: dict[int, Person]
    systems: dict[int, System]
    # How many of the least asked for, none of them critical, are not looked at.
    left_out: int = 0

    @property
    def items(self) -> list[Item]:
        """Return the items alone."""
        return [line.item for line in self.lines]

    @property
    def coverage(self) -> Coverage:
        """Return the shares of the work that are covered, fragile and uncovered."""
        return continuity.coverage(self.items, self.people)

    def dependencies(self) -> list[tuple[Person, float, bool]]:
        """Return what share of the work hangs on each person alone, the most first, flagged."""
        found = continuity.dependency(self.items, self.people)
        shares = [(self.names[key], share) for key, share in found.items() if share > 0]
        shares.sort(key=lambda one: (-one[1], one[0].pk))
        return [(person, share, share > continuity.FLAGGED) for person, share in shares]

    def line(self, key: int) -> Line:
        """Return the line of an item."""
        return self.lines[key]

    def title(self, key: int) -> str:
        """Return what an item is called."""
        line = self.lines[key]
        return f"{line.site.name} · {family_name(line.work)}"


def family_name(work: items.Work) -> str:
    """Return a family of services in the reader's language."""
    return str(work.service.get_family_display())


def read(at: datetime | None = None) -> Ground:
    """Return the work of the last weeks and who is able to do it: queries constant in number."""
    at = at or timezone.now()
    sites = Site.objects.filter(archived_at=None).select_related("company").in_bulk()
    critical = _critical(sites)
    works = items.read(sites, at)
    asked = {(one.site, one.family) for one in works}
    works += [
        items.Work(site, family, service, 0, 0.0, service.priority)
        for (site, family), service in critical.items()
        if (site, family) not in asked  # critical whether or not anybody asked for it lately
    ]
    works.sort(key=lambda one: (one.site, one.family) not in critical)  # none is cut off the list
    kept = max(MOST_LINES, len(critical))
    works, left_out = works[:kept], max(len(works) - kept, 0)
    ready = items.ready(works, at)
    needed = tools.of({work.pair: work.service for work in works})
    covers: dict[int, list[Cover]] = defaultdict(list)
    roles = Role.objects.in_force().filter(kind=Role.Kind.ASSISTANT)
    rows = Cover.objects.filter(
        site__in=sites, person__archived_at=None, person__in=roles.values("person")
    )
    for cover in rows.select_related("person"):
        covers[cover.site_id].append(cover)
    lines: list[Line] = []
    able: dict[int, set[int]] = defaultdict(set)
    names: dict[int, Person] = {}
    for key, work in enumerate(works):
        tool = needed.get(work.pair)
        is_critical = (work.site, work.family) in critical
        item = Item(
            key, work.site, work.hours, work.priority,
            CRITICAL_WEIGHT if is_critical else 1.0, is_critical,
            frozenset([tool.pk]) if tool is not None else frozenset(),
        )  # fmt: skip
        line = Line(item, sites[work.site], work, "")
        for cover in covers[work.site]:
            names[cover.person_id] = cover.person
            fact = _fact(cover, ready.get(cover.person_id, {}).get(work.pair))
            line.facts.append(fact)
            if fact.is_ready:
                able[cover.person_id].add(key)
        line.facts.sort(key=lambda one: (-one.level, one.person.pk))
        lines.append(line)
    hours = dict(
        AssistantProfile.objects.filter(person__in=names).values_list("person", "contract_hours")
    )
    people = [
        continuity.Person(key, float(hours.get(key, 0)), frozenset(able[key]))
        for key in sorted(names)
    ]
    for line in lines:
        line.standing = continuity.standing(line.item, people)
    systems = {one.pk: one for one in needed.values()}
    return Ground(lines, people, names, systems, left_out)


def _fact(cover: Cover, found: Readiness | None) -> Fact:
    if found is None:
        return Fact(cover.person, cover.position, 0, ("practice",))
    return Fact(cover.person, cover.position, int(found.level), found.lacking)


def _critical(sites: Collection[int]) -> dict[tuple[int, str], Service]:
    rows = Impact.objects.filter(site__in=sites).select_related("service").order_by("pk")
    return {(row.site_id, row.service.family): row.service for row in rows if row.is_critical}


# The leave gate -----------------------------------------------------------------------------------


def gate(
    person: Person, starts: datetime, ends: datetime, ground: Ground | None = None
) -> list[str]:
    """Return what would be left without anybody ready, in sentences; empty: nothing stands against.

    Of a leave shorter than two days nothing is asked (domain E.3). Who is away too is not counted.
    """
    if ends - starts < LONG:
        return []
    ground = ground or read()
    try:
        until = min(ends, starts + standing_in.LOOKED_AT)
        hours = standing_in.hours_of(ground.names, starts, until)
    except (worktime.OutOfReach, worktime.NeverOpens, OverflowError):  # a slip of the year
        return [_("No calendar reaches this period: check the year.")]
    there = [
        one
        for one in ground.people
        if one.key == person.pk or is_there(*hours.get(one.key, (0.0, 0.0)))
    ]
    found = []
    for item in continuity.gate(ground.items, there, {person.pk}):
        line = ground.line(item.key)
        others = [one for one in line.facts if one.person.pk != person.pk]
        names = ", ".join(f"{one.person.name} ({one.text})" for one in others[:3])
        text = _("%(what)s: critical, and nobody else is ready by proof in this period.")
        told = text % {"what": ground.title(item.key)}
        if names:
            told = f"{told} {_('To be trained:')} {names}."
        found.append(told)
    return found


# What if ------------------------------------------------------------------------------------------


def imagine(
    ground: Ground,
    *,
    people: Collection[int] = (),
    sites: Collection[int] = (),
    systems: Collection[int] = (),
    more: float = 0.0,
) -> Outcome:
    """Return what a case leads to: hours of a week by the most they can be served."""
    case = WhatIf(frozenset(people), frozenset(sites), frozenset(systems), more)
    return continuity.imagine(ground.items, ground.people, case, lessons=2)


# Who is not to be replaced ------------------------------------------------------------------------


@dataclass(frozen=True)
class Flow:
    """How an executive's requests are shared among assistants, and how ready the next one is."""

    requester: Person
    count: int
    index: float
    effective: float
    first: Person | None
    backup: int
    alarming: bool


def flows(ground: Ground, at: datetime | None = None, most: int = 30) -> list[Flow]:
    """Return the concentration of each executive's requests, the alarming first: two queries."""
    at = at or timezone.now()
    rows = (
        Ticket.objects.filter(
            received_at__gte=at - timedelta(weeks=items.WEEKS), holder__isnull=False
        )
        .exclude(confidentiality__gte=Confidentiality.EXECUTIVE)  # a count tells of a matter too
        .order_by()
        .values_list("requester", "site", "holder")
        .annotate(n=Count("pk"))
    )
    counts: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    places: dict[int, int] = {}
    for requester, site, holder, n in rows:
        counts[requester][holder] += n
        places[requester] = site
    people = Person.objects.in_bulk({*counts, *(k for each in counts.values() for k in each)})
    found = []
    for requester, shared in counts.items():
        index, effective = continuity.concentration(shared.values())
        first = max(shared, key=lambda key: (shared[key], -key))
        second = _second(ground, places[requester], first)
        found.append(
            Flow(
                people[requester], sum(shared.values()), index, effective, people.get(first),
                second, continuity.alarming(index, second),
            )
        )  # fmt: skip
    found.sort(key=lambda one: (not one.alarming, -one.index, -one.count, one.requester.pk))
    return found[:most]


def _second(ground: Ground, site: int, first: int) -> int:
    """Return how ready the best other person is for most of what is asked at a site."""
    levels = [
        max((one.level for one in line.facts if one.person.pk != first), default=0)
        for line in ground.lines
        if line.site.pk == site
    ]
    return sorted(levels)[len(levels) // 2] if levels else 0


@dataclass(frozen=True)
class Decider:
    """Somebody at a client on whom decisions hang, with the share that is hers alone."""

    company: Company
    person: Person
    share: float
    decisions: int
    has_delegate: bool

    @property
    def flagged(self) -> bool:
        """Return whether too much hangs on her."""
        return not self.has_delegate and self.share > continuity.FLAGGED


def deciders(at: datetime | None = None) -> list[Decider]:
    """Return on whom of the clients the decisions of a year hang: amounts to approve."""
    at = at or timezone.now()
    rows = (
        Approval.objects.filter(asked_at__gte=at - timedelta(days=365), approver__isnull=False)
        .exclude(ticket__confidentiality__gte=3)
        .order_by()
        .values_list("ticket__company", "approver")
        .annotate(n=Count("pk"))
    )
    told = list(rows)
    whole: dict[int, int] = defaultdict(int)
    for company, _approver, n in told:
        whole[company] += n
    day = timezone.localdate(at)
    giving = set(
        Delegation.objects.filter(starts_on__lte=day, ends_on__gte=day, ended_at=None).values_list(
            "giver", flat=True
        )
    )
    companies = Company.objects.in_bulk(whole)
    people = Person.objects.in_bulk({approver for _company, approver, _n in told})
    found = [
        Decider(companies[company], people[key], n / whole[company], n, key in giving)
        for company, key, n in told
    ]
    return sorted(found, key=lambda one: (not one.flagged, -one.share, one.person.pk))


TONES = {Standing.UNCOVERED: "bad", Standing.FRAGILE: "warn", Standing.COVERED: "good"}
WORDS = {
    Standing.UNCOVERED: gettext_lazy("uncovered"),
    Standing.FRAGILE: gettext_lazy("fragile"),
    Standing.COVERED: gettext_lazy("covered"),
}

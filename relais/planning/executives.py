"""Who could serve each executive tomorrow: by position, by proof, and who of them knows her.

Her work is what she asked for in the last weeks; of who asked nothing, that of her site. Somebody
counts for a work who is ready for it by proof; who never exchanged with her counts all the same,
and it is said (domain E.3: she may practise).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone

from relais.desk.models import Pairing, Ticket
from relais.engine import continuity
from relais.engine.continuity import Coverage, Item, Standing
from relais.engine.readiness import Bounds
from relais.offer.models import PreferenceSheet
from relais.people.models import Confidentiality, Cover, Person, Site

from . import items
from .covering import Ground, Line

MOST = 200
KNOWN_FROM = Bounds().exchanges


@dataclass(frozen=True)
class Place:
    """One who covers an executive: the works that she is ready for, and their exchanges."""

    person: Person
    position: str
    ready: int
    exchanges: int

    @property
    def knows(self) -> bool:
        """Return whether she and the executive know each other, by what both did."""
        return self.exchanges >= KNOWN_FROM


@dataclass
class ExecutiveLine:
    """An executive: her works, who covers her, and how many are ready for the weakest of them."""

    person: Person
    site: Site
    hours: float
    works: list[Line]
    asked: bool
    factor: int
    weakest: Line | None
    coverage: Coverage
    people: list[Place] = field(default_factory=list)
    reserved: Person | None = None

    @property
    def standing(self) -> Standing:
        """Return how she stands: as the weakest of her works does."""
        return (Standing.UNCOVERED, Standing.FRAGILE, Standing.COVERED)[min(self.factor, 2)]

    def at(self, position: str) -> list[Place]:
        """Return those in a position, the readiest first."""
        return [one for one in self.people if one.position == position]


Asked = dict[int, dict[tuple[int, str], float]]


def read(ground: Ground, at: datetime | None = None) -> list[ExecutiveLine]:
    """Return the executives, those with the fewest ready first: a handful of queries."""
    people = list(_executives())
    asked, met = _asked({one.pk for one in people}, at or timezone.now())
    covers: dict[int, list[Cover]] = defaultdict(list)
    rows = Cover.objects.filter(site__in={one.site_id for one in people}, person__in=ground.names)
    for cover in rows.select_related("person"):
        covers[cover.site_id].append(cover)
    pairs = Pairing.objects.filter(ended_at=None, requester__in=people).select_related("person")
    reserved = {pair.requester_id: pair.person for pair in pairs}
    lines = {(line.site.pk, line.work.family): line for line in ground.lines}
    found = []
    for person in people:
        line = _line(person, asked.get(person.pk, {}), lines, ground)
        line.reserved = reserved.get(person.pk)
        line.people = _places(line, covers[line.site.pk], met[person.pk])
        found.append(line)
    return sorted(found, key=lambda one: (one.factor, -one.hours, one.person.name, one.person.pk))


def _executives() -> Collection[Person]:
    """Return who wrote a sheet, or has people under her, as the coverage tells executives."""
    sheets = PreferenceSheet.objects.order_by().values("person")
    people = Person.objects.filter(archived_at=None, company__isnull=False, site__archived_at=None)
    people = people.filter(site__isnull=False)
    led = people.filter(pk__in=sheets) | people.filter(reports__isnull=False)
    return led.distinct().select_related("site").order_by("name_key", "pk")[:MOST]


def _asked(keys: Collection[int], at: datetime) -> tuple[Asked, dict[int, dict[int, int]]]:
    """Return the hours a week that each asked for by site and family, and with whom: one query."""
    rows = (
        Ticket.objects.filter(
            requester__in=keys, received_at__gte=at - timedelta(weeks=items.WEEKS),
            received_at__lte=at, confidentiality__lt=Confidentiality.EXECUTIVE,
        )
        .exclude(state__in=[Ticket.State.CANCELLED, Ticket.State.MERGED])
        .order_by()
        .values_list(
            "requester", "site", "service__family", "service__standard_minutes", "holder"
        )
        .annotate(n=Count("pk"))
    )  # fmt: skip
    asked: Asked = defaultdict(lambda: defaultdict(float))
    met: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for requester, site, family, minutes, holder, n in rows:
        asked[requester][site, family] += n * (minutes or 0) / 60 / items.WEEKS
        if holder is not None:
            met[requester][holder] += n
    return asked, met


def _line(
    person: Person,
    asked: dict[tuple[int, str], float],
    lines: dict[tuple[int, str], Line],
    ground: Ground,
) -> ExecutiveLine:
    works = [(lines[pair], hours) for pair, hours in asked.items() if pair in lines]
    if not works:
        works = [
            (line, line.item.hours) for (site, _f), line in lines.items() if site == person.site_id
        ]
    hers: list[Item] = [replace(line.item, hours=hours) for line, hours in works]
    weakest = min((line for line, _hours in works), key=lambda line: line.factor, default=None)
    site = person.site
    assert site is not None
    return ExecutiveLine(
        person, site, sum(asked.values()), [line for line, _hours in works], bool(asked),
        weakest.factor if weakest else 0, weakest, continuity.coverage(hers, ground.people),
    )  # fmt: skip


def _places(line: ExecutiveLine, covers: list[Cover], met: dict[int, int]) -> list[Place]:
    found = []
    for cover in covers:
        ready = sum(
            fact.is_ready
            for work in line.works
            for fact in work.facts
            if fact.person.pk == cover.person_id
        )
        found.append(Place(cover.person, cover.position, ready, met.get(cover.person_id, 0)))
    return sorted(found, key=lambda one: (-one.ready, -one.exchanges, one.person.pk))

"""How ready everybody is for a service at a site, from facts: what was done, read, trained, tried.

What is on no record counts as it should: nobody has met an executive in the product, so knowing
her is not asked for; the preference sheet is known to whoever worked for the site lately.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Protocol

from django.db.models import Max, Min

from relais.engine.readiness import Deed, Proof, Readiness, Result, readiness
from relais.lib.compiled import fetched
from relais.offer.models import Acknowledgement, Practice, ProcedureVersion
from relais.people.models import System, SystemAccess

Pair = tuple[int, int]  # site and service
EVER = datetime(2000, 1, 1, tzinfo=UTC)
# As many deeds tell the share of good ones: more are told in proportion.
MOST_DEEDS = 40

DEEDS = """
select t.holder_id, t.site_id, s.family,
       count(*) filter (where t.state = 'accepted' and t.reopened = 0),
       count(*) filter (where t.reopened > 0), count(*), max(t.delivered_at)
  from desk_ticket t join offer_service s on s.id = t.service_id
 where t.site_id = any(%(sites)s) and s.family = any(%(families)s) and t.delivered_at <= %(at)s
   and t.holder_id is not null and (%(only)s::bigint is null or t.holder_id = %(only)s)
 group by t.holder_id, t.site_id, s.family
"""


class Work(Protocol):
    """What is asked of a service."""

    @property
    def family(self) -> str:
        """Return the family, in which one deed is worth as much as another."""

    @property
    def procedure_id(self) -> int | None:
        """Return how it is done."""


def levels(
    pairs: Mapping[Pair, Work],
    at: datetime,
    tools: Mapping[Pair, System] | None = None,
    only: int | None = None,
) -> dict[int, dict[Pair, Readiness]]:
    """Return how ready each is for each of these services at these sites: four queries at most.

    Who has done nothing of the kind there is left out: her level is 0. `only`: of one person.
    """
    deeds = _deeds(pairs, at, only)
    people = sorted({person for person, _site, _family in deeds})
    procedures = {s.procedure_id for s in pairs.values() if s.procedure_id is not None}
    known, changed, trained = _known(procedures, people, at)
    tried = _tried(tools or {}, people)
    found: dict[int, dict[Pair, Readiness]] = defaultdict(dict)
    for pair, service in pairs.items():
        tool, procedure = (tools or {}).get(pair), service.procedure_id
        for person in people:
            done = deeds.get((person, pair[0], service.family), ())
            if not done:  # never was there: she does not know the site, whatever else she knows
                continue
            read = known.get((person, procedure)) if procedure else EVER
            proof = Proof(
                acknowledged=read,
                procedure_changed=changed.get(procedure or 0) if read is not EVER else None,
                trained=trained.get((person, procedure or 0)),
                deeds=done,
                asks_executive=False,
                asks_access=tool is not None,
                access_tested=tried.get((person, tool.pk)) if tool is not None else None,
            )
            found[person][pair] = readiness(proof, at)
    return dict(found)


def _deeds(
    pairs: Mapping[Pair, Work], at: datetime, only: int | None
) -> dict[tuple[int, int, str], tuple[Deed, ...]]:
    """Return what each did for each site and family, told by its last day: one query."""
    values = {
        "sites": sorted({site for site, _service in pairs}),
        "families": sorted({service.family for service in pairs.values()}),
        "at": at,
        "only": only,
    }
    found = {}
    for person, site, family, good, bad, done, last in fetched(DEEDS, values):
        counts = {
            Result.ACCEPTED: good, Result.REWORKED: bad, Result.OPEN: max(done - good - bad, 0),
        }  # fmt: skip
        scale = min(1.0, MOST_DEEDS / max(done, 1))
        found[person, site, family] = tuple(
            Deed(last, result)
            for result, number in counts.items()
            for _ in range(-int(-number * scale // 1))
        )
    return found


def _known(
    procedures: Collection[int], people: Collection[int], at: datetime
) -> tuple[dict[Pair, datetime], dict[int, datetime], dict[Pair, datetime]]:
    """Return who read which procedure when, its last major change, and who was trained when.

    What was read of a version older than the last major one is read before that change.
    """
    if not procedures:
        return {}, {}, {}
    majors = ProcedureVersion.objects.filter(
        procedure__in=procedures, state=ProcedureVersion.State.PUBLISHED, major=True
    )
    last: dict[int, Any] = {
        procedure: (number, published)
        for procedure, number, published in majors.order_by("number").values_list(
            "procedure", "number", "published_at"
        )
    }
    read: dict[Pair, datetime] = {}
    rows = Acknowledgement.objects.filter(
        version__procedure__in=procedures, person__in=people, at__lte=at
    )
    for person, procedure, number in rows.values_list("person", "version__procedure").annotate(
        newest=Max("version__number")
    ):
        newest, published = last.get(procedure, (0, EVER))
        read[person, procedure] = published if number >= newest else published - timedelta(1)
    drills = Practice.objects.filter(
        version__procedure__in=procedures, person__in=people, drill=True, success=True, at__lte=at
    )
    trained = {
        (person, procedure): first
        for person, procedure, first in drills.order_by()
        .values_list("person", "version__procedure")
        .annotate(first=Min("at"))
    }
    return read, {key: when for key, (_number, when) in last.items()}, trained


def _tried(tools: Mapping[Pair, System], people: Collection[int]) -> dict[Pair, datetime]:
    """Return when each last got into each tool."""
    if not tools:
        return {}
    rows = SystemAccess.objects.filter(
        system__in=tools.values(), person__in=people, ended_at=None, tested_on__isnull=False
    )
    found: dict[Pair, datetime] = defaultdict(lambda: EVER)
    for person, system, day in rows.values_list("person", "system", "tested_on"):
        assert day is not None
        found[person, system] = datetime.combine(day, time.min, UTC)
    return dict(found)

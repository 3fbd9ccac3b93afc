"""What is on record of the assistants of some sites, in two constant queries.

Written in SQL: the builder of queries would take longer over them than the database does, and
thousands of rows would become thousands of tuples where one text a person is enough.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from django.utils import timezone

from relais.engine.candidates import Queued, Waiting
from relais.lib.compiled import fetched

from .models import Clock

FACTS = """
with mine as (select distinct person_id from people_cover where site_id = any(%(sites)s))
select 'cover', person_id, site_id::text, position
  from people_cover where site_id = any(%(sites)s)
union all
select 'skill', p.person_id, s.skill_id::text, s.level::text
  from people_skilllevel s join people_assistantprofile p on p.id = s.profile_id
 where p.person_id in (select person_id from mine)
union all
select 'language', p.person_id, l.language, l.level
  from people_languagelevel l join people_assistantprofile p on p.id = l.profile_id
 where p.person_id in (select person_id from mine)
union all
select 'named', person_id, company_id::text, ''
  from people_clearance
 where starts_on <= %(day)s and (ends_on is null or ends_on >= %(day)s)
 order by 1, 2, 3
"""

# Those who could have such requests, with what counts of them at each decision.
PEOPLE = """
select p.id, p.first_name, p.last_name, p.language, a.clearance, a.calendar_id, a.capacity,
       coalesce(s.whole, 0)
  from people_person p
  left join people_assistantprofile a on a.person_id = p.id
  left join desk_dispatchshare s on s.person_id = p.id
 where p.company_id is null and p.archived_at is null
   and p.id in (select person_id from people_cover where site_id = any(%(sites)s))
   and p.id in (select person_id from people_role where kind = 'assistant'
                   and (starts_on is null or starts_on <= %(today)s)
                   and (ends_on is null or ends_on >= %(today)s))
 order by p.id
"""

STAMP = """
hash_record_extended(
    row(t.id, t.priority, s.standard_minutes, c.id, c.due_at, c.calendar_id), 0)
"""

# What everybody has in hand, as counts and as a stamp of all that is told of it: what waits is read
# only where the stamp is not that of the last time, which is hardly anywhere.
STAMPS = f"""
select t.holder_id, t.state, count(*), sum(s.standard_minutes), bit_xor({STAMP})
  from desk_ticket t
  join offer_service s on s.id = t.service_id
  left join desk_clock c on c.ticket_id = t.id and t.state = 'assigned'
       and c.stopped_at is null and c.due_at is not null and c.kind = any(%(owed)s)
 where t.state in ('assigned', 'taken', 'waiting', 'third')
 group by t.holder_id, t.state
"""  # noqa: S608 – the words are our own

# What waits in somebody's hands comes as one text a person, with the nearest promise of each, and
# with the stamp as it is at this statement: somebody may have written since the other.
WAITING = f"""
select holder_id, bit_xor(stamp),
       json_agg(json_build_array(id, priority, minutes, due, calendar_id) order by id)
               filter (where first)::text
  from (select t.id, t.holder_id, t.priority, s.standard_minutes as minutes, c.calendar_id,
               extract(epoch from c.due_at)::float8 as due, {STAMP} as stamp,
               row_number() over (partition by t.id order by c.due_at, c.id) = 1 as first
          from desk_ticket t
          join offer_service s on s.id = t.service_id
          left join desk_clock c on c.ticket_id = t.id
               and c.stopped_at is null and c.due_at is not null and c.kind = any(%(owed)s)
         where t.state = 'assigned' and t.holder_id = any(%(holders)s)) held
 group by holder_id
"""  # noqa: S608
# A minute late of an urgent request costs as many of a low one's.
WEIGHTS = {1: 8.0, 2: 4.0, 3: 2.0, 4: 1.0}
# What is left, on average, of a work that has been begun.
LEFT = 0.5

# What waits in each hand as this process read it last, by its stamp. The stamp speaks of every word
# of it, so that it serves whoever wrote meanwhile, in whatever process.
KEPT = 20_000
_kept: dict[int, tuple[int, Waiting]] = {}


@dataclass
class Facts:
    """What is written of the assistants: by person, then by site, skill, language, company."""

    covers: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    skills: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    languages: dict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    named: dict[int, frozenset[int]] = field(default_factory=dict)


class Member(NamedTuple):
    """Somebody of the pool, as her row says."""

    key: int
    first_name: str
    last_name: str
    language: str
    clearance: int | None
    calendar: int | None
    capacity: int | None
    share: float


def people(sites: Collection[int]) -> list[Member]:
    """Return the assistants of today who cover these sites: one query."""
    values = {"sites": list(sites), "today": timezone.localdate()}
    return [Member(*row) for row in fetched(PEOPLE, values)]


def facts(sites: Collection[int], day: date) -> Facts:
    """Return what is on record of those who cover these sites: one query."""
    found, named = Facts(), defaultdict(set)
    for kind, person, key, value in fetched(FACTS, {"sites": list(sites), "day": day}):
        if kind == "cover":
            found.covers[person][int(key)] = value
        elif kind == "skill":
            found.skills[person][int(key)] = int(value)
        elif kind == "language":
            found.languages[person][key] = value
        else:
            named[int(key)].add(person)
    found.named = {company: frozenset(people) for company, people in named.items()}
    return found


@dataclass
class Held:
    """What the assistants have in hand; `begun` are minutes left, `taken` how many were begun."""

    loads: Counter[int] = field(default_factory=Counter)
    taken: Counter[int] = field(default_factory=Counter)
    begun: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    waiting: dict[int, Waiting] = field(default_factory=dict)


def held() -> Held:
    """Return what everybody has in hand: one query, and one of whose hands have changed.

    What waits for the requester or a third party counts as held, not as work.
    """
    found = Held()
    stamps: dict[int, int] = {}
    owed = list(Clock.OWED)
    for holder, state, count, minutes, stamp in fetched(STAMPS, {"owed": owed}):
        if state == "assigned":
            stamps[holder] = stamp
            continue
        found.loads[holder] += count
        if state == "taken":
            found.taken[holder] = count
            found.begun[holder] = LEFT * minutes
    found.waiting = _waiting(stamps, owed)
    for holder, waiting in found.waiting.items():
        found.loads[holder] += len(waiting)
    return found


def _waiting(stamps: dict[int, int], owed: list[str]) -> dict[int, Waiting]:
    """Return what waits in the hands of these, read anew where it is not what was read last."""
    found, unknown = {}, []
    for holder, stamp in stamps.items():
        if (kept := _kept.get(holder)) is not None and kept[0] == stamp:
            found[holder] = kept[1]
        else:
            unknown.append(holder)
    if unknown:
        if len(_kept) > KEPT:
            _kept.clear()
        for holder, stamp, text in fetched(WAITING, {"owed": owed, "holders": unknown}):
            found[holder] = _read(text)
            _kept[holder] = stamp, found[holder]
    return found


def _read(waiting: str) -> Waiting:
    return Waiting(queued(*each) for each in json.loads(waiting))


def queued(
    key: int, priority: int, minutes: int, due: float | None, calendar: int | None
) -> Queued:
    """Return a request that waits, as the rules want to see it; `due` in seconds since 1970."""
    end = datetime.fromtimestamp(due, UTC) if due is not None else None
    return Queued(key, float(minutes), end, WEIGHTS.get(priority, 1.0), calendar)

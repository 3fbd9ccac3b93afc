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
from functools import lru_cache
from typing import Any

from django.db import connection

from relais.engine.candidates import Queued, Waiting

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

# What waits in somebody's hands comes as one text a person, with the nearest promise of each.
HELD = """
select holder_id, state, count(*), sum(minutes),
       case when state = 'assigned' then
            json_agg(json_build_array(id, priority, minutes, due, calendar_id) order by id)::text
       end
  from (select distinct on (t.id) t.id, t.holder_id, t.state, t.priority,
               s.standard_minutes as minutes, c.calendar_id,
               extract(epoch from c.due_at)::float8 as due
          from desk_ticket t
          join offer_service s on s.id = t.service_id
          left join desk_clock c on c.ticket_id = t.id and t.state = 'assigned'
               and c.stopped_at is null and c.due_at is not null and c.kind = any(%(owed)s)
         where t.state in ('assigned', 'taken', 'waiting', 'third')
         order by t.id, c.due_at, c.id) held
 group by holder_id, state
"""
# A minute late of an urgent request costs as many of a low one's.
WEIGHTS = {1: 8.0, 2: 4.0, 3: 2.0, 4: 1.0}
# What is left, on average, of a work that has been begun.
LEFT = 0.5


@dataclass
class Facts:
    """What is written of the assistants: by person, then by site, skill, language, company."""

    covers: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    skills: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    languages: dict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    named: dict[int, frozenset[int]] = field(default_factory=dict)


def facts(sites: Collection[int], day: date) -> Facts:
    """Return what is on record of those who cover these sites: one query."""
    found, named = Facts(), defaultdict(set)
    for kind, person, key, value in _rows(FACTS, {"sites": list(sites), "day": day}):
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
    """Return what everybody has in hand: one query.

    What waits for the requester or a third party counts as held, not as work.
    """
    found = Held()
    for holder, state, count, minutes, waiting in _rows(HELD, {"owed": list(Clock.OWED)}):
        found.loads[holder] += count
        if state == "taken":
            found.taken[holder] = count
            found.begun[holder] = LEFT * minutes
        elif waiting is not None:
            found.waiting[holder] = _read(waiting)
    return found


@lru_cache(maxsize=2048)
def _read(waiting: str) -> Waiting:
    """Return what waits in somebody's hands; the same words mean the same, whoever's they are."""
    return Waiting(queued(*each) for each in json.loads(waiting))


def queued(
    key: int, priority: int, minutes: int, due: float | None, calendar: int | None
) -> Queued:
    """Return a request that waits, as the rules want to see it; `due` in seconds since 1970."""
    end = datetime.fromtimestamp(due, UTC) if due is not None else None
    return Queued(key, float(minutes), end, WEIGHTS.get(priority, 1.0), calendar)


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows

"""What a request belongs to: its requester, its series, what it is linked with; who did the last.

Somebody who has done the last of the same file knows where it stands: dispatch prefers her.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from relais.lib.compiled import fetched

# For so long the same requester's work is one file, and the same series'.
LATELY, SERIES = timedelta(days=14), timedelta(days=100)


# In SQL, as in `known`: both are asked at every decision.
TICKETS = """
select t.id, t.site_id, t.requester_id, p.language, s.id, s.family, s.procedure_id, s.tool
  from desk_ticket t
  join people_person p on p.id = t.requester_id
  join offer_service s on s.id = t.service_id
 where t.id = any(%(keys)s)
"""
# Who did the last: by requester (its key below zero), by link, by series.
HANDS = """
select -r.requester_id, d.holder_id
  from (select distinct requester_id from desk_ticket where id = any(%(keys)s)) r
  join desk_ticket d on d.requester_id = r.requester_id
   and d.received_at >= %(received)s and d.delivered_at >= %(lately)s
   and d.delivered_at <= %(at)s and d.holder_id is not null
union
select l.ticket_id, o.holder_id
  from desk_link l join desk_ticket o on o.id = l.other_id
 where l.ticket_id = any(%(keys)s) and l.ended_at is null and o.holder_id is not null
union
select l.other_id, o.holder_id
  from desk_link l join desk_ticket o on o.id = l.ticket_id
 where l.other_id = any(%(keys)s) and l.ended_at is null and o.holder_id is not null
union
select mine.ticket_id, d.holder_id
  from desk_occurrence mine
  join desk_occurrence other on other.recurrence_id = mine.recurrence_id
  join desk_ticket d on d.id = other.ticket_id
 where mine.ticket_id = any(%(keys)s) and d.delivered_at >= %(series)s
   and d.delivered_at <= %(at)s and d.holder_id is not null
"""


class Done(NamedTuple):
    """What a ticket asks to be done, as far as a file of work goes."""

    pk: int
    family: str
    procedure_id: int | None
    tool: str


@dataclass(frozen=True)
class Context:
    """What a ticket asks that stands on other rows. `file` is what candidates may know."""

    site: int
    service: Done
    language: str
    file: int
    hands: frozenset[int]


def of(keys: Collection[int], at: datetime) -> dict[int, Context]:
    """Return the context of these tickets: two queries whatever their number."""
    values = {
        "keys": list(keys), "at": at, "lately": at - LATELY, "received": at - 2 * LATELY,
        "series": at - SERIES,
    }  # fmt: skip
    hands: dict[int, set[int]] = defaultdict(set)
    for key, hand in fetched(HANDS, values):
        hands[key].add(hand)
    found = {}
    for key, site, requester, language, *service in fetched(TICKETS, {"keys": list(keys)}):
        # One file for all that a requester asked lately; one of its own for what is tied to others.
        tied, lately = hands.get(key), hands.get(-requester, set())
        file = key if tied else -requester
        every = frozenset(lately | (tied or set()))
        found[key] = Context(site, Done(*service), language, file, every)
    return found


def done_by(contexts: Mapping[int, Context]) -> dict[int, frozenset[int]]:
    """Return the files that each has had a hand in."""
    found: dict[int, set[int]] = defaultdict(set)
    for one in contexts.values():
        for person in one.hands:
            found[person].add(one.file)
    return {person: frozenset(files) for person, files in found.items()}

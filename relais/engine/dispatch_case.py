"""All that a decision was taken on, as plain values: kept beside it, it gives it again.

Opening hours are kept as the open spans up to the reach of the rules, so that a calendar changed
since does not change what was decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

from relais.engine import worktime
from relais.engine.candidates import Assistant, Queued, Span, State, Ticket, Waiting
from relais.engine.decision import Decision
from relais.engine.dispatch import choose
from relais.engine.hours import Day, Interval
from relais.engine.matching import Weights
from relais.engine.timeline import REACH

# What is kept of somebody as pairs, as names, and as levels of a pair; nothing where nothing is.
PAIRS = ("covers", "skills", "familiarity", "pace")
SETS = ("accesses", "files")
LEVELS = ("readiness", "to_learn")
MIDNIGHT, SECOND = timedelta(days=1), timedelta(seconds=1)


def told(
    ticket: Ticket,
    people: Iterable[Assistant],
    state: State,
    now: datetime,
    weights: Weights | None = None,
) -> dict[str, Any]:
    """Return what `choose` was asked, for JSON; of the calendars those that count here."""
    pool = sorted(people, key=lambda one: one.key)
    used: dict[int, list[datetime]] = {}
    own = Queued(ticket.key, ticket.minutes, ticket.due, calendar=ticket.calendar)
    for waiting in chain([Waiting([own])], (one.waiting for one in pool)):
        for key, dues in waiting.reach.items():
            if key in state.calendars:
                used.setdefault(key, [now, now + REACH]).extend(dues)
    # Many have the same hours: they are written once, and each names hers by their place.
    hours: dict[tuple[Span, ...], int] = {}
    for one in pool:
        hours.setdefault(one.shifts, len(hours))
    return {
        "now": now.isoformat(),
        "weights": (weights or Weights()).told(),
        "ticket": _ticket(ticket),
        "people": [_assistant(one, hours[one.shifts]) for one in pool],
        "hours": [_spans(shifts) for shifts in hours],
        "state": {
            "calendars": {
                str(key): _spans(_open(state.calendars[key], min(times), max(times)))
                for key, times in sorted(used.items())
            },
            "planned": _only(state.planned, ticket.key),
            "announced": _only(state.announced, ticket.key),
            "strangers_need": state.strangers_need,
        },
    }


def replay(case: Mapping[str, Any]) -> Decision:
    """Return the decision on a case that was told."""
    state = case["state"]
    hours = [_read(spans) for spans in case.get("hours", ())]
    calendars = {int(key): _calendar(_read(spans)) for key, spans in state["calendars"].items()}
    return choose(
        _read_ticket(case["ticket"]),
        [_read_assistant(each, hours) for each in case["people"]],
        State(
            calendars=calendars,
            planned={int(key): who for key, who in state["planned"].items()},
            announced={int(key): who for key, who in state["announced"].items()},
            strangers_need=state["strangers_need"],
        ),
        datetime.fromisoformat(case["now"]),
        Weights(**case["weights"]),
    )


def _only(who: Mapping[int, int], key: int) -> dict[str, int]:
    return {str(key): who[key]} if key in who else {}


def _ticket(each: Ticket) -> dict[str, Any]:
    kept = {field.name: getattr(each, field.name) for field in fields(Ticket)}
    return kept | {
        "due": _moment(each.due),
        "named": sorted(each.named),
        "accesses": sorted(each.accesses),
        "skills": sorted(each.skills.items()),
    }


def _read_ticket(kept: Mapping[str, Any]) -> Ticket:
    return Ticket(
        **{
            **kept,
            "due": _instant(kept["due"]),
            "named": frozenset(kept["named"]),
            "accesses": frozenset(kept["accesses"]),
            "skills": dict(kept["skills"]),
        }
    )


def _assistant(one: Assistant, shifts: int) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "key": one.key, "name": one.name, "clearance": one.clearance, "shifts": shifts,
        "languages": dict(one.languages),
    }  # fmt: skip
    # What nothing is written of is left out: most of it, of most people.
    kept |= {name: sorted(pairs.items()) for name in PAIRS if (pairs := getattr(one, name))}
    kept |= {name: sorted(names) for name in SETS if (names := getattr(one, name))}
    kept |= {
        name: [[*pair, level] for pair, level in sorted(levels.items())]
        for name in LEVELS
        if (levels := getattr(one, name))
    }
    if one.absences:
        kept["absences"] = _spans(one.absences)
    if one.queue:
        kept["queue"] = one.waiting.told
    # Nothing left by the law, or full hands from the first request on, are no defaults.
    kept |= {name: value for name in ("in_hand", "begun", "share") if (value := getattr(one, name))}
    kept |= {
        name: value
        for name in ("capacity", "legal_minutes")
        if (value := getattr(one, name)) is not None
    }
    return kept


def _read_assistant(kept: Mapping[str, Any], hours: Sequence[tuple[Span, ...]]) -> Assistant:
    shifts = kept["shifts"]
    return Assistant(
        **{
            **kept,
            **{name: dict(kept.get(name, ())) for name in PAIRS},
            **{name: frozenset(kept.get(name, ())) for name in SETS},
            **{name: {(a, b): level for a, b, level in kept.get(name, ())} for name in LEVELS},
            # Older cases hold each one's own.
            "shifts": hours[shifts] if isinstance(shifts, int) else _read(shifts),
            "absences": _read(kept.get("absences", ())),
            "queue": Waiting.read(kept.get("queue", [])),
        }
    )


def _open(calendar: worktime.Calendar, start: datetime, end: datetime) -> tuple[Span, ...]:
    stretches = calendar.segments(start, end)
    return tuple((s.start, s.end) for s in stretches if s.kind == worktime.Kind.OPEN)


def _calendar(spans: tuple[Span, ...]) -> worktime.Calendar:
    """Return the calendar that is open in these spans and then never again."""
    hours: dict[date, list[Interval]] = {}
    for begin, end in spans:
        while begin < end:
            midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
            stop = min(end, midnight + MIDNIGHT)
            piece = Interval((begin - midnight) // SECOND, (stop - midnight) // SECOND)
            hours.setdefault(begin.date(), []).append(piece)
            begin = stop
    days = [Day(day, tuple(pieces)) for day, pieces in sorted(hours.items())]
    return worktime.compile(zone="UTC", weekly={}, exceptions=days)


def _spans(spans: Iterable[Span]) -> list[list[str]]:
    return [[begin.isoformat(), end.isoformat()] for begin, end in spans]


def _read(spans: Iterable[Iterable[str]]) -> tuple[Span, ...]:
    found = [tuple(datetime.fromisoformat(each) for each in span) for span in spans]
    return tuple((begin, end) for begin, end in found)


def _moment(at: datetime | None) -> float | None:
    """Return seconds since 1970: there are thousands, and they are exact to the microsecond."""
    return at.timestamp() if at is not None else None


def _instant(kept: float | None) -> datetime | None:
    return datetime.fromtimestamp(kept, UTC) if kept is not None else None

"""A roster becomes the pool's shifts in one transaction, and is taken back while it can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import override

from relais.engine.candidates import without
from relais.engine.roster import OFF
from relais.lib.later import later
from relais.people import letters
from relais.people.cover import REPLAN
from relais.people.models import Person, Rostered, Shift
from relais.people.organisation import record
from relais.people.working import Span

from .errors import AllWorked, CannotWithdraw, PublishedOver, UnknownKinds, Unlawful
from .models import Roster, ShiftKind
from .shifts import once
from .words import day_text, span_text
from .working_time import Hours, midnight, pool_zone, sentence

State = Roster.State
Times = list[list[str]]


def publish(roster: Roster, *, by: Person, zone: ZoneInfo, tell: bool = True) -> int:
    """Return how many shifts were written; days that have passed stay as they were.

    `tell`: those whose shifts change have a mail. Raises `NotInThisState`, `ChangedMeanwhile`,
    `Unlawful`, `Doubled`, `UnknownKinds`.
    """
    with transaction.atomic():
        people = _held(roster)
        now = timezone.now()
        first, last = _span(roster, zone, now)
        planned = _planned(roster, zone, first)
        before = _standing(people, first, last)
        _check(people, planned, before, first, last)
        former = _replace(roster, people, before, planned, first, last)
        roster.change(
            Roster.CHANGEABLE, state=State.PUBLISHED, published_by=by, published_at=now,
            former=former,
        )  # fmt: skip
        changed = [key for key in people if _spans(before[key]) != planned[key]]
        _tell(roster, [people[key] for key in changed] if tell else [], planned, by, zone)
        for key in changed:
            told = {"roster": roster.name, "shifts": len(planned[key])}
            record(people[key], "roster_published", by, **told)
            _replan(people[key])
    return sum(map(len, planned.values()))


def withdraw(roster: Roster, *, by: Person) -> int:
    """Return how many shifts stand again as before the roster was published.

    Days that have begun stay as they were worked. Only while nobody changed the published shifts,
    and before a later roster was published over them. Raises `NotInThisState`, `ChangedMeanwhile`,
    `CannotWithdraw`, `PublishedOver`, `AllWorked`, `Unlawful`, `Doubled`.
    """
    with transaction.atomic():
        people = _held(roster)
        roster.change((State.PUBLISHED,), state=State.WITHDRAWN)
        former = roster.former
        first, last = _still_ahead(roster, pool_zone(roster.provider))
        _check_last(roster, people, first, last)
        now = _standing(people, first, last)
        written = {key: _ahead(former["written"], key, first) for key in people}
        others = [key for key in people if sorted(_spans(now[key])) != written[key]]
        if others:
            names = ", ".join(people[key].name for key in others[:5])
            raise CannotWithdraw(name=roster.name, people=names)
        back = {key: _ahead(former["shifts"], key, first) for key in people}
        settled = {key: _clipped(_read(former["rostered"], key), first, last) for key in people}
        hours = Hours(list(people), first, last)
        for key, person in people.items():
            word = hours.judged(
                key, back[key], written[key], settled=settled[key], freed=[(first, last)]
            )
            if word.stops:
                raise Unlawful(person.name, map(sentence, word.stops))
        _write(roster, people, now, back, settled, first, last)
        for key, person in people.items():
            if back[key] != written[key]:
                record(person, "roster_withdrawn", by, roster=roster.name)
                _replan(person)
    return sum(map(len, back.values()))


def _still_ahead(roster: Roster, zone: ZoneInfo) -> Span:
    """Return from when until when a roster can still be taken back. Raises `AllWorked`."""
    first, last = (datetime.fromisoformat(at) for at in roster.former["span"])
    first = max(first, _tomorrow(timezone.now(), zone))
    if first >= last:
        raise AllWorked(name=roster.name)
    return first, last


def _check_last(roster: Roster, people: Iterable[int], first: datetime, last: datetime) -> None:
    """Raise `PublishedOver` where a later roster holds the days of one of these people."""
    later_ones = Roster.objects.filter(
        state=State.PUBLISHED, published_at__gt=roster.published_at
    ).only("name", "rows", "former")
    keys = set(map(str, people))
    for one in later_ones.order_by("-published_at"):
        begin, end = (datetime.fromisoformat(at) for at in one.former["span"])
        if begin < last and first < end and keys & one.rows.keys():
            raise PublishedOver(name=roster.name, later=one.name)


def _held(roster: Roster) -> dict[int, Person]:
    """Return the roster's people, locked: whoever plans one of them waits."""
    keys = [int(key) for key in roster.rows]
    rows = Person.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    return {person.pk: person for person in rows.filter(pk__in=keys)}


def _span(roster: Roster, zone: ZoneInfo, now: datetime) -> Span:
    """Return from when until when the roster speaks: not of today, which has begun."""
    first, last = midnight(roster.starts_on, zone), midnight(roster.ends_on, zone)
    tomorrow = _tomorrow(now, zone)
    return max(first, tomorrow), max(last + timedelta(days=1), tomorrow + timedelta(minutes=1))


def _tomorrow(now: datetime, zone: ZoneInfo) -> datetime:
    return midnight(now.astimezone(zone).date() + timedelta(days=1), zone)


def _planned(roster: Roster, zone: ZoneInfo, first: datetime) -> dict[int, list[Span]]:
    """Return the hours of each one's row. Raises `UnknownKinds` for a code that is none now."""
    kinds = {kind.code: kind for kind in ShiftKind.objects.all()}
    unknown = {code for row in roster.rows.values() for code in row} - {OFF, *kinds}
    if unknown:
        raise UnknownKinds(codes=", ".join(sorted(unknown)))
    found: dict[int, list[Span]] = defaultdict(list)
    for key, row in roster.rows.items():
        found[int(key)] = []
        for number, code in enumerate(row):
            if code != OFF:
                spans = kinds[code].spans(roster.day(number), zone)
                found[int(key)] += [span for span in spans if span[0] >= first]
    return found


def _standing(people: Iterable[int], first: datetime, last: datetime) -> dict[int, list[Shift]]:
    found: dict[int, list[Shift]] = {key: [] for key in people}
    rows = Shift.objects.filter(
        person__in=found, period__startswith__gte=first, period__startswith__lt=last
    )
    for shift in rows.order_by("person_id", "period"):
        found[shift.person_id].append(shift)
    return found


def _spans(shifts: Iterable[Shift]) -> list[Span]:
    return [(one.period.lower, one.period.upper) for one in shifts]


def _times(spans: Iterable[Span]) -> Times:
    return [[at.astimezone(UTC).isoformat() for at in span] for span in spans]


def _read(kept: dict[str, Times], key: int) -> list[Span]:
    times = [[datetime.fromisoformat(at) for at in each] for each in kept.get(str(key), [])]
    return [(begin, end) for begin, end in times]


def _ahead(kept: dict[str, Times], key: int, first: datetime) -> list[Span]:
    """Return the kept spans that begin from then on, in order."""
    return sorted(span for span in _read(kept, key) if span[0] >= first)


def _check(
    people: dict[int, Person],
    planned: dict[int, list[Span]],
    before: dict[int, list[Shift]],
    first: datetime,
    last: datetime,
) -> None:
    """Raise `Unlawful` with the first whose hours the law forbids."""
    hours = Hours(list(people), first, last)
    for key, person in people.items():
        word = hours.judged(key, planned[key], _spans(before[key]), settled=[(first, last)])
        if word.stops:
            raise Unlawful(person.name, map(sentence, word.stops))


def _replace(
    roster: Roster,
    people: dict[int, Person],
    before: dict[int, list[Shift]],
    planned: dict[int, list[Span]],
    first: datetime,
    last: datetime,
) -> dict[str, Any]:
    """Return what stood and what was written, once it is."""
    decided = _write(
        roster, people, before, planned, {key: [(first, last)] for key in people}, first, last
    )
    return {
        "span": [first.isoformat(), last.isoformat()],
        "shifts": {str(key): _times(_spans(each)) for key, each in before.items()},
        "written": {str(key): _times(sorted(spans)) for key, spans in planned.items()},
        # What lies outside stands on: it is not this roster's to put back.
        "rostered": {
            str(key): _times(_clipped(spans, first, last)) for key, spans in decided.items()
        },
    }


def _write(
    roster: Roster,
    people: dict[int, Person],
    before: dict[int, list[Shift]],
    after: dict[int, list[Span]],
    settled: dict[int, list[Span]],
    first: datetime,
    last: datetime,
) -> dict[int, list[Span]]:
    """Put other shifts and settled stretches in a span; return the stretches that met it."""
    stretches = Rostered.objects.filter(person__in=people, period__overlap=(first, last))
    met: dict[int, list[Span]] = defaultdict(list)
    for one in stretches:
        met[one.person_id].append((one.period.lower, one.period.upper))
    stretches.delete()
    Shift.objects.filter(pk__in=[one.pk for each in before.values() for one in each]).delete()
    shifts, decided = [], []
    for key in people:
        mine = {"provider_id": roster.provider_id, "person_id": key}
        shifts += [Shift(**mine, period=DateTimeTZRange(*span)) for span in after[key]]
        decided += [
            Rostered(**mine, period=DateTimeTZRange(*span))
            for span in (*settled[key], *without(tuple(met[key]), ((first, last),)))
        ]
    once(Shift, lambda: Shift.objects.bulk_create(shifts))
    once(Rostered, lambda: Rostered.objects.bulk_create(decided))
    return met


def _clipped(spans: Iterable[Span], first: datetime, last: datetime) -> list[Span]:
    pieces = [(max(a, first), min(b, last)) for a, b in spans]
    return [(a, b) for a, b in pieces if a < b]


def _tell(
    roster: Roster,
    people: Iterable[Person],
    planned: dict[int, list[Span]],
    by: Person,
    zone: ZoneInfo,
) -> None:
    """Write to everybody whose shifts change what hers are now."""
    for person in people:
        if not person.email:
            continue
        with override(person.language):
            lines = [
                f"{day_text(a.astimezone(zone).date())}, {span_text(a, b, zone)}"
                for a, b in sorted(planned[person.pk])
            ]
        letter = letters.write(
            "planning/letters/roster.txt", to=person.email, language=person.language,
            person=person, by=by, roster=roster, lines=lines,
        )  # fmt: skip
        letters.post(letter)


def _replan(person: Person) -> None:
    lock = f"replan:{person.provider_id}"
    later(REPLAN, lock=lock, provider_id=person.provider_id, person_id=person.pk)

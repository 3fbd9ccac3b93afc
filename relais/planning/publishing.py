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

from relais.engine.roster import OFF
from relais.lib.later import later
from relais.people import letters
from relais.people.cover import REPLAN
from relais.people.models import Person, Rostered, Shift
from relais.people.organisation import record
from relais.people.working import Span

from .errors import CannotWithdraw, Unlawful
from .models import Roster, ShiftKind
from .shifts import once
from .words import day_text, span_text
from .working_time import Hours, midnight, sentence

State = Roster.State
Times = list[list[str]]


def publish(roster: Roster, *, by: Person, zone: ZoneInfo, tell: bool = True) -> int:
    """Return how many shifts were written; days that have passed stay as they were.

    `tell`: those whose shifts change have a mail. Raises `NotInThisState`, `ChangedMeanwhile`,
    `Unlawful`, `Doubled`.
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

    Only while nobody changed the published ones. Raises `NotInThisState`, `ChangedMeanwhile`,
    `CannotWithdraw`, `Doubled`.
    """
    with transaction.atomic():
        people = _held(roster)
        roster.change((State.PUBLISHED,), state=State.WITHDRAWN)
        former = roster.former
        first, last = (datetime.fromisoformat(at) for at in former["span"])
        now = _standing(people, first, last)
        written = {int(key): times for key, times in former["written"].items()}
        others = [key for key in people if _times(_spans(now[key])) != written.get(key, [])]
        if others:
            names = ", ".join(people[key].name for key in others[:5])
            raise CannotWithdraw(name=roster.name, people=names)
        Shift.objects.filter(pk__in=[one.pk for each in now.values() for one in each]).delete()
        Rostered.objects.filter(person__in=people, period__overlap=(first, last)).delete()
        back = [
            Shift(provider_id=roster.provider_id, person_id=int(key), period=_range(times))
            for key, each in former["shifts"].items()
            for times in each
        ]
        once(Shift, lambda: Shift.objects.bulk_create(back))
        stretches = [
            Rostered(provider_id=roster.provider_id, person_id=int(key), period=_range(times))
            for key, each in former["rostered"].items()
            for times in each
        ]
        once(Rostered, lambda: Rostered.objects.bulk_create(stretches))
        for key, person in people.items():
            if former["shifts"].get(str(key), []) != former["written"].get(str(key), []):
                record(person, "roster_withdrawn", by, roster=roster.name)
                _replan(person)
    return len(back)


def _held(roster: Roster) -> dict[int, Person]:
    """Return the roster's people, locked: whoever plans one of them waits."""
    keys = [int(key) for key in roster.rows]
    rows = Person.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    return {person.pk: person for person in rows.filter(pk__in=keys)}


def _span(roster: Roster, zone: ZoneInfo, now: datetime) -> Span:
    """Return from when until when the roster speaks: not of today, which has begun."""
    first, last = midnight(roster.starts_on, zone), midnight(roster.ends_on, zone)
    tomorrow = midnight(now.astimezone(zone).date() + timedelta(days=1), zone)
    return max(first, tomorrow), max(last + timedelta(days=1), tomorrow + timedelta(minutes=1))


def _planned(roster: Roster, zone: ZoneInfo, first: datetime) -> dict[int, list[Span]]:
    kinds = {kind.code: kind for kind in ShiftKind.objects.all()}
    found: dict[int, list[Span]] = defaultdict(list)
    for key, row in roster.rows.items():
        found[int(key)] = []
        for number, code in enumerate(row):
            if code != OFF and code in kinds:
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


def _range(times: list[str]) -> DateTimeTZRange:
    return DateTimeTZRange(*(datetime.fromisoformat(at) for at in times))


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
    stretches = Rostered.objects.filter(person__in=people, period__overlap=(first, last))
    settled: dict[int, list[Span]] = defaultdict(list)
    for one in stretches:
        settled[one.person_id].append((one.period.lower, one.period.upper))
    stretches.delete()
    Shift.objects.filter(pk__in=[one.pk for each in before.values() for one in each]).delete()
    made, now_settled = [], []
    for key in people:
        made += [
            Shift(provider_id=roster.provider_id, person_id=key, period=DateTimeTZRange(*span))
            for span in planned[key]
        ]
        for a, b in [(first, last), *_outside(settled[key], first, last)]:
            now_settled.append(
                Rostered(
                    provider_id=roster.provider_id, person_id=key, period=DateTimeTZRange(a, b)
                )
            )
    once(Shift, lambda: Shift.objects.bulk_create(made))
    once(Rostered, lambda: Rostered.objects.bulk_create(now_settled))
    return {
        "span": [first.isoformat(), last.isoformat()],
        "shifts": {str(key): _times(_spans(each)) for key, each in before.items()},
        "written": {str(key): _times(sorted(spans)) for key, spans in planned.items()},
        "rostered": {str(key): _times(spans) for key, spans in settled.items()},
    }


def _outside(spans: Iterable[Span], first: datetime, last: datetime) -> list[Span]:
    pieces = [piece for a, b in spans for piece in ((a, min(b, first)), (max(a, last), b))]
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

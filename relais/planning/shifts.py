"""Shifts and on-site days, one by one or by a weekly pattern: written within the law, once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import IntegrityError, models, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from relais.lib.later import later
from relais.people.cover import REPLAN
from relais.people.models import OnSiteDay, Person, Shift, Site
from relais.people.organisation import record
from relais.people.working import Span

from .errors import ChangedMeanwhile, Doubled, NothingToPlan, Unlawful
from .words import day_text, span_text
from .working_time import Hours, Word, midnight, sentence

LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Pattern:
    """The same hours on some weekdays (1 is Monday), from a day until another, both included."""

    weekdays: frozenset[int]
    hours: tuple[tuple[time, time], ...]
    first: date
    last: date

    def spans(self, zone: ZoneInfo) -> dict[date, list[Span]]:
        """Return the hours of each day, as instants."""
        found: dict[date, list[Span]] = {}
        day = self.first
        while day <= self.last:
            if day.isoweekday() in self.weekdays:
                found[day] = [on(day, a, b, zone) for a, b in self.hours]
            day += timedelta(days=1)
        return found


@dataclass(frozen=True)
class Preview:
    """What a pattern would write, what it leaves out and why, and what the law says."""

    spans: tuple[Span, ...] = ()
    left_out: tuple[tuple[date, str], ...] = ()
    word: Word = field(default_factory=Word)


def on(day: date, starts: time, ends: time, zone: ZoneInfo) -> Span:
    """Return the hours of a day as instants."""
    return datetime.combine(day, starts, zone), datetime.combine(day, ends, zone)


def write(
    person: Person, spans: Iterable[Span], *, by: Person, series: UUID | None = None
) -> tuple[list[Shift], Word]:
    """Return the shifts written, and what the lead is told of them.

    Raises `Unlawful`, `Doubled`, `NothingToPlan`.
    """
    given = sorted(spans)
    if not given:
        raise NothingToPlan(why=_("no hours were given"))
    with transaction.atomic():
        _hold(person)
        word = _judged(person, given)
        shifts = [
            Shift(
                provider_id=person.provider_id, person=person, period=DateTimeTZRange(*span),
                series=series,
            )
            for span in given
        ]  # fmt: skip
        once(Shift, lambda: Shift.objects.bulk_create(shifts))
        _check(person, word)
        _tell(person, "shift_added", by, given)
    return shifts, word


def move(shift: Shift, span: Span, *, by: Person, seen: Span | None = None) -> Word:
    """Give a shift other hours. `seen`: its hours as they were read.

    Raises `ChangedMeanwhile`, `Unlawful`, `Doubled`.
    """
    person = shift.person
    with transaction.atomic():
        _hold(person)
        was = seen or (shift.period.lower, shift.period.upper)
        word = _judged(person, [span], [was])
        rows = Shift.objects.filter(pk=shift.pk, period=DateTimeTZRange(*was))
        moved = once(Shift, lambda: rows.update(period=DateTimeTZRange(*span)))
        if not moved:
            raise ChangedMeanwhile()
        _check(person, word)
        _tell(person, "shift_moved", by, [was, span])
    shift.period = DateTimeTZRange(*span)
    return word


def remove(shifts: Collection[Shift], *, by: Person) -> tuple[int, Word]:
    """Return how many of somebody's shifts were taken away, and what the lead is told of the rest.

    Who was first did it. On a day left without a shift her calendar holds again: raises
    `Unlawful` where its hours break the law.
    """
    if not shifts:
        return 0, Word()
    person = next(iter(shifts)).person
    with transaction.atomic():
        _hold(person)
        spans = [(one.period.lower, one.period.upper) for one in shifts]
        word = _judged(person, [], spans)
        count, _each = Shift.objects.filter(pk__in=[one.pk for one in shifts]).delete()
        if not count:
            return 0, Word()
        _check(person, word)
        _tell(person, "shift_removed", by, spans)
    return count, word


def foreseen(person: Person, pattern: Pattern, zone: ZoneInfo) -> Preview:
    """Return what a pattern would write: days with a shift, or away, are left out."""
    first, last = midnight(pattern.first, zone), midnight(pattern.last + timedelta(1), zone)
    hours = Hours([person.pk], first, last)
    shifts = hours.written.shifts.get(person.pk, ())
    gone = hours.written.absences.get(person.pk, ())
    spans: list[Span] = []
    left_out: list[tuple[date, str]] = []
    for day, wanted in pattern.spans(zone).items():
        if _touch(wanted, shifts):
            left_out.append((day, _("has a shift already")))
        elif _touch(wanted, gone):
            left_out.append((day, _("is away")))
        else:
            spans += wanted
    return Preview(tuple(spans), tuple(left_out), hours.judged(person.pk, spans))


def write_pattern(
    person: Person, pattern: Pattern, zone: ZoneInfo, *, by: Person
) -> tuple[list[Shift], Preview]:
    """Return the shifts of a pattern, written in one go and taken back in one go.

    Raises `NothingToPlan`, `Unlawful`, `Doubled`.
    """
    with transaction.atomic():
        _hold(person)
        preview = foreseen(person, pattern, zone)
        if not preview.spans:
            raise NothingToPlan(why=_why(preview))
        shifts, word = write(person, preview.spans, by=by, series=uuid4())
    return shifts, Preview(preview.spans, preview.left_out, word)


def _why(preview: Preview) -> str:
    if not preview.left_out:
        return _("none of these weekdays lies between the two dates")
    return "; ".join(f"{day_text(day)}: {why}" for day, why in preview.left_out[:5])


def _touch(wanted: Iterable[Span], others: Iterable[Span]) -> bool:
    known = list(others)
    return any(a < d and c < b for a, b in wanted for c, d in known)


def _hold(person: Person) -> None:
    """Wait for whoever plans the same person at this moment, and see what she did."""
    rows = Person.objects.select_for_update(of=("self",), no_key=True)
    rows.get(pk=person.pk)


def _judged(person: Person, more: list[Span], less: Iterable[Span] = ()) -> Word:
    every = [*more, *less]
    hours = Hours([person.pk], min(a for a, _b in every), max(b for _a, b in every))
    return hours.judged(person.pk, more, less)


def _check(person: Person, word: Word) -> None:
    """Raise what the law says; asked after the database, which says of doubles what they are."""
    if word.stops:
        raise Unlawful(person.name, map(sentence, word.stops))


def once(model: type[models.Model], do: Callable[[], Any]) -> Any:
    """Return what `do` returns; what the database refuses of a double is said in its words."""
    try:
        with transaction.atomic():
            return do()
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
        rule = next((one for one in model._meta.constraints if one.name == name), None)
        if rule is None:
            raise
        raise Doubled(text=str(rule.violation_error_message)) from None


def _tell(person: Person, kind: str, by: Person, spans: list[Span]) -> None:
    """Write down what changed; what she holds is weighed anew once it is true."""
    told = [[a.isoformat(), b.isoformat()] for a, b in spans[:20]]
    record(person, kind, by, spans=told, count=len(spans))
    lock = f"replan:{person.provider_id}"
    later(REPLAN, lock=lock, provider_id=person.provider_id, person_id=person.pk)


# On-site days -------------------------------------------------------------------------------------


def be_on_site(
    person: Person, site: Site, first: date, until: date | None = None, *, by: Person
) -> list[OnSiteDay]:
    """Return the days written: one, or the same weekday of every week until a day.

    Days on which she is somewhere already are left out of a series. Raises `Doubled`,
    `NothingToPlan`.
    """
    days = [first]
    while until is not None and days[-1] + timedelta(days=7) <= until:
        days.append(days[-1] + timedelta(days=7))
    with transaction.atomic():
        _hold(person)
        if until is not None:
            taken = set(
                OnSiteDay.objects.filter(person=person, day__in=days).values_list("day", flat=True)
            )
            days = [day for day in days if day not in taken]
            if not days:
                raise NothingToPlan(why=_("she is at a site on each of these days already"))
        series = uuid4() if until is not None else None
        rows = [
            OnSiteDay(
                provider_id=person.provider_id, person=person, site=site, day=day, series=series
            )
            for day in days
        ]
        once(OnSiteDay, lambda: OnSiteDay.objects.bulk_create(rows))
        told = [day.isoformat() for day in days[:20]]
        record(person, "on_site_added", by, site=site.name, days=told, count=len(days))
    return rows


def move_on_site(
    row: OnSiteDay, day: date, site: Site, *, by: Person, seen: date | None = None
) -> None:
    """Have somebody be at a site on another day, or at another site. The same again is nothing.

    `seen`: the day as it was read. Raises `Doubled`, `ChangedMeanwhile`.
    """
    with transaction.atomic():
        _hold(row.person)
        found = OnSiteDay.objects.filter(pk=row.pk).first()
        if found is None or (seen is not None and seen != found.day):
            raise ChangedMeanwhile()
        if (found.day, found.site_id) != (day, site.pk):
            rows = OnSiteDay.objects.filter(pk=row.pk)
            once(OnSiteDay, lambda: rows.update(day=day, site=site))
            told = [found.day.isoformat(), day.isoformat()]
            record(row.person, "on_site_moved", by, site=site.name, days=told)
    row.day, row.site = day, site


def leave_site(days: Collection[OnSiteDay], *, by: Person) -> int:
    """Return how many on-site days were taken away."""
    if not days:
        return 0
    one = next(iter(days))
    with transaction.atomic():
        count, _each = OnSiteDay.objects.filter(pk__in=[day.pk for day in days]).delete()
        if count:
            told = [day.day.isoformat() for day in list(days)[:20]]
            record(one.person, "on_site_removed", by, days=told, count=count)
    return count


def described(shift: Shift, zone: ZoneInfo) -> str:
    """Return a shift in words: "Tue 24 Nov, 09:00–12:30"."""
    begin, end = shift.period.lower, shift.period.upper
    return f"{day_text(begin.astimezone(zone).date())}, {span_text(begin, end, zone)}"

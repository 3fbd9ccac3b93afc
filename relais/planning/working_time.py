"""What the law says of somebody's hours: asked before a shift is written, told in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relais.desk import weighing
from relais.desk.models import DispatchSetting
from relais.engine import guard_rails, rota, worktime
from relais.engine.candidates import without
from relais.engine.guard_rails import Breach, Limits
from relais.people import calendars, working
from relais.people.models import AssistantProfile, Person, Provider
from relais.people.working import Span

from .words import day_text, hours_text

# What is averaged over twelve weeks looks as far back, and as far ahead.
AROUND = timedelta(weeks=12)
FULL_TIME = Decimal(35)
SENTENCES = {
    "day": gettext_noop("%(day)s: %(seen)s of work, more than %(limit)s"),
    "week": gettext_noop("Week of %(day)s: %(seen)s of work, more than %(limit)s"),
    "average": gettext_noop(
        "Twelve weeks up to the one of %(day)s: %(seen)s a week on average, more than %(limit)s"
    ),
    "pause": gettext_noop("%(day)s: %(seen)s without a real pause, more than %(limit)s"),
    "daily_rest": gettext_noop("%(day)s: only %(seen)s of rest until the next day of %(limit)s"),
    "weekly_rest": gettext_noop("Week of %(day)s: only %(seen)s of rest in a row of %(limit)s"),
    "days": gettext_noop("Week of %(day)s: work on %(seen)s days, more than %(limit)s"),
    "contract": gettext_noop(
        "Week of %(day)s: %(seen)s of work, more than the contract’s %(limit)s"
    ),
    "notice": gettext_noop(
        "%(day)s: a part-timer is told %(limit)s working days ahead, and these are %(seen)s"
    ),
}
COUNTED = ("notice", "days")  # in days, all others in minutes


@dataclass(frozen=True)
class Word:
    """What the law stops, and what the lead is only told."""

    stops: tuple[Breach, ...] = ()
    warns: tuple[Breach, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """Return what is only told, in words."""
        return [sentence(one) for one in self.warns]


def limits() -> tuple[Limits, int]:
    """Return the limits in force and the days of notice; weighing.py says what each means."""
    setting = DispatchSetting.in_force()
    n = weighing.complete(setting.values if setting else {})
    return Limits(
        n["day_minutes"], n["week_minutes"], n["average_minutes"], 12, n["daily_rest"],
        n["weekly_rest"], n["stretch_minutes"], n["pause_minutes"],
    ), int(n["notice_days"])  # fmt: skip


class Hours:
    """Everybody's hours over a span and around it, as they stand, and as they would."""

    def __init__(
        self,
        people: Sequence[int],
        first: datetime,
        last: datetime,
        around: timedelta = AROUND,
    ) -> None:
        self.people = list(people)
        self.first, self.last = first - around, last + around
        self.limits, self.notice = limits()
        rows = AssistantProfile.objects.filter(person__in=people).select_related("calendar")
        self.profiles = {row.person_id: row for row in rows}
        self.written = working.read(self.first, self.last, people)

    def usual(self, person: int) -> tuple[Span, ...]:
        """Return what her calendar says, whatever was published."""
        profile = self.profiles.get(person)
        if profile is None or profile.calendar is None:
            return ()
        hours = calendars.timetable(profile.calendar).segments(self.first, self.last)
        return tuple((s.start, s.end) for s in hours if s.kind == worktime.Kind.OPEN)

    def worked(self, person: int) -> tuple[Span, ...]:
        """Return when she works: published, else usual, less her absences."""
        hours = self.written.hours(person, self.usual(person), self.zone(person))
        return without(hours, self.written.absences.get(person, ()))

    def judged(
        self,
        person: int,
        more: Iterable[Span],
        less: Iterable[Span] = (),
        now: datetime | None = None,
        settled: Iterable[Span] = (),
        freed: Iterable[Span] = (),
    ) -> Word:
        """Return what the law says of her shifts with `more` and without `less`.

        `settled`: stretches in which her calendar will not hold any more; `freed`: in which it
        will hold again, but for those.
        """
        zone = self.zone(person)
        shifts = self.written.shifts.get(person, ())
        decided = self.written.rostered.get(person, ())
        gone = self.written.absences.get(person, ())
        usual, added, taken = self.usual(person), list(more), set(less)
        after_shifts = tuple(sorted([*(s for s in shifts if s not in taken), *added]))
        planned = [
            rota.worked(usual, those, free, zone)
            for those, free in (
                (shifts, decided),
                (after_shifts, [*without(tuple(decided), tuple(freed)), *settled]),
            )
        ]
        was, will = (without(each, gone) for each in planned)
        before, after = (
            guard_rails.breaches(
                left, zone, self.limits, _mondays(each, zone) - _mondays(left, zone)
            )
            for each, left in zip(planned, (was, will), strict=True)
        )
        stops = guard_rails.worse(before, after)
        warns = self._contract(person, was, will)
        if added or taken:
            warns += self._notice(person, [*added, *taken], now or timezone.now())
        return Word(tuple(stops), tuple(warns))

    def zone(self, person: int) -> ZoneInfo:
        """Return in which zone her days begin: her calendar's, else the pool's.

        Never the reader's: the law says the same whoever asks.
        """
        profile = self.profiles.get(person)
        if profile is None or profile.calendar is None:
            return self._pool
        return working.zone_of(profile.calendar)

    @cached_property
    def _pool(self) -> ZoneInfo:
        those = Person.objects.filter(pk__in=self.people)
        return ZoneInfo(those.values_list("provider__time_zone", flat=True).first() or "UTC")

    def _contract(self, person: int, was: Sequence[Span], will: Sequence[Span]) -> list[Breach]:
        profile = self.profiles.get(person)
        if profile is None:
            return []
        most = float(profile.contract_hours) * 60
        before, after = (self._weeks(person, spans) for spans in (was, will))
        return [
            Breach("contract", monday, minutes, most)
            for monday, minutes in sorted(after.items())
            if minutes > most and minutes > before.get(monday, 0.0)
        ]

    def _weeks(self, person: int, spans: Iterable[Span]) -> Mapping[date, float]:
        found: dict[date, float] = {}
        for begin, end in spans:
            day = begin.astimezone(self.zone(person)).date()
            monday = day - timedelta(day.weekday())
            found[monday] = found.get(monday, 0.0) + (end - begin) / guard_rails.MINUTE
        return found

    def _notice(self, person: int, spans: Iterable[Span], now: datetime) -> list[Breach]:
        profile = self.profiles.get(person)
        if profile is None or profile.contract_hours >= FULL_TIME:
            return []
        zone = self.zone(person)
        today = now.astimezone(zone).date()
        days = sorted({begin.astimezone(zone).date() for begin, _end in spans})
        told = [(day, working_days(today, day)) for day in days]
        return [
            Breach("notice", day, left, self.notice) for day, left in told if left < self.notice
        ]


def _mondays(spans: Iterable[Span], zone: ZoneInfo) -> set[date]:
    days = {begin.astimezone(zone).date() for begin, _end in spans}
    return {day - timedelta(day.weekday()) for day in days}


def working_days(first: date, last: date) -> int:
    """Return the weekdays from one day until the day before another."""
    return sum((first + timedelta(n)).weekday() < 5 for n in range(max(0, (last - first).days)))


def sentence(one: Breach) -> str:
    """Return a broken rule as its sentence, in the reader's language."""
    told = (lambda n: f"{n:.0f}") if one.code in COUNTED else hours_text
    facts = {"day": day_text(one.day), "seen": told(one.seen), "limit": told(one.limit)}
    return _(SENTENCES[one.code]) % facts


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day begins there."""
    return datetime.combine(day, time(), tzinfo=zone)


def person_zone(person: Person) -> ZoneInfo:
    """Return in which zone somebody's hours are typed and shown."""
    profile = AssistantProfile.objects.filter(person=person).select_related("calendar").first()
    if profile is None or profile.calendar is None:
        return pool_zone(person.provider)
    return working.zone_of(profile.calendar)


def pool_zone(provider: Provider) -> ZoneInfo:
    """Return in which zone the pool's days begin, whoever reads and wherever it is computed."""
    return ZoneInfo(provider.time_zone)

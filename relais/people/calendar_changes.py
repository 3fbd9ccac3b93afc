"""Changes of a calendar: each one whole or not at all, by one person, kept with before and after.

Whoever changes says which version of the calendar he or she has seen. When somebody else was
first, nothing is written and the later one is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relais.lib.later import later
from relais.lib.problem import Problem

from . import opening_hours
from .holidays import validate_holiday_zone
from .identifiers import validate_zone
from .models import (
    Calendar,
    CalendarChange,
    CalendarDay,
    Company,
    HolidayFeed,
    OpeningInterval,
    Person,
    Provider,
)
from .opening_hours import Pairs, Week

LONGEST = 366
# What a new calendar is given, to be edited next.
USUAL_WEEK: Week = {day: [["09:00", "12:30"], ["13:30", "18:00"]] for day in range(1, 6)}
RECALCULATE = "relais.desk.tasks.recalculate_calendar"
MOST_FEED_DAYS = 5000
SETTINGS = ("name", "time_zone", "holiday_zone", "holiday_eve", "whit_monday_worked")

KINDS = {
    "created": gettext_lazy("Calendar created"),
    "settings_changed": gettext_lazy("Settings changed"),
    "weekly_changed": gettext_lazy("Weekly hours changed"),
    "days_added": gettext_lazy("Exceptional days added"),
    "days_removed": gettext_lazy("Exceptional days removed"),
    "days_restored": gettext_lazy("Removal undone"),
    "feed_imported": gettext_lazy("Feed imported"),
    "feed_removed": gettext_lazy("Feed removed"),
}


class ChangedMeanwhile(Problem):
    """Somebody else changed the calendar since it was shown: look at it again, then repeat."""

    message = gettext_lazy(
        "%(who)s changed this calendar in the meantime (%(when)s). Nothing of yours was saved: "
        "look at the calendar as it stands now and save again."
    )

    def __init__(self, calendar: Calendar) -> None:
        last = calendar.changes.select_related("by").first()
        super().__init__(
            who=last.by.name if last and last.by else _("Somebody"),
            when=date_format(timezone.localtime(last.at), "DATETIME_FORMAT") if last else "",
        )


@contextmanager
def _change(calendar: Calendar, kind: str, *, by: Person | None, seen: int) -> Iterator[dict]:
    """Run one change: yields its facts to fill in, and leaves `calendar.version` at the new one."""
    with transaction.atomic():
        change = CalendarChange.objects.create(
            provider_id=calendar.provider_id, calendar=calendar, at=timezone.now(), by=by, kind=kind
        )
        # Taken from a sequence, so that no version comes twice, not even after a rollback: the
        # books kept in memory are known by it.
        version = change.pk + 1
        mine = Calendar.objects.filter(pk=calendar.pk, version=seen)
        if not mine.update(version=version):
            raise _Lost
        facts: dict[str, Any] = {}
        yield facts
        change.facts = facts
        change.save(update_fields=["facts"])
        calendar.version = version
        # Deadlines follow. The desk stands a floor above, so its job is called by name; in this
        # transaction, so that no change is ever without its recalculation.
        later(
            RECALCULATE,
            lock=f"recalculate:{calendar.provider_id}",
            provider_id=calendar.provider_id,
            change_id=change.pk,
        )


class _Lost(Exception):
    """The version seen is no longer the calendar's."""


@contextmanager
def _changing(calendar: Calendar, kind: str, *, by: Person | None, seen: int) -> Iterator[dict]:
    try:
        with _change(calendar, kind, by=by, seen=seen) as facts:
            yield facts
    except _Lost:
        # Outside the transaction just rolled back, or our own row would be the last change.
        raise ChangedMeanwhile(calendar) from None


# The calendar and its week ------------------------------------------------------------------


def create(
    provider: Provider,
    *,
    by: Person | None,
    name: str,
    company: Company | None,
    week: Week,
    overnight: bool = False,
    **settings: Any,
) -> Calendar:
    """Return a new calendar with its weekly hours. Raises ValidationError as the forms do."""
    calendar = Calendar(provider=provider, company=company, name=name, **settings)
    validate_settings(calendar)
    opening_hours.check_week(calendar.time_zone, week, overnight=overnight)
    with transaction.atomic():
        calendar.save(force_insert=True)
        _write_week(calendar, week)
        CalendarChange.objects.create(
            provider=provider,
            calendar=calendar,
            at=timezone.now(),
            by=by,
            kind="created",
            facts={"after": _week_facts(week) | _settings_facts(calendar)},
        )
    return calendar


def change_weekly(
    calendar: Calendar, week: Week, *, by: Person | None, seen: int, overnight: bool = False
) -> None:
    """Replace the weekly hours. Raises ValidationError, or `ChangedMeanwhile`."""
    opening_hours.check_week(calendar.time_zone, week, overnight=overnight)
    with _changing(calendar, "weekly_changed", by=by, seen=seen) as facts:
        facts["before"] = _week_facts(week_of(calendar))
        calendar.openings.all().delete()
        _write_week(calendar, week)
        facts["after"] = _week_facts(week)


def week_of(calendar: Calendar) -> dict[int, list[list[str]]]:
    """Return the weekly hours as they are typed: by ISO weekday, pairs of texts."""
    week: dict[int, list[list[str]]] = {weekday: [] for weekday in range(1, 8)}
    for opening in calendar.openings.order_by("weekday", "opens"):
        closes = f"{opening.closes:%H:%M}"
        week[opening.weekday].append(
            [f"{opening.opens:%H:%M}", "24:00" if closes == "00:00" else closes]
        )
    return week


def told_whole(calendar: Calendar) -> dict[str, Any]:
    """Return settings, week, exceptional days and every change of a calendar, to outlive it."""
    days = [_day_facts(row) | {"source": row.source} for row in calendar.days.all()]
    changes = [
        {
            "at": change.at.isoformat(),
            "by": change.by_id,
            "kind": change.kind,
            "facts": change.facts,
        }
        for change in calendar.changes.order_by("id")
    ]
    before = _week_facts(week_of(calendar)) | _settings_facts(calendar) | {"days": days}
    return {"before": before, "changes": changes}


def _write_week(calendar: Calendar, week: Week) -> None:
    rows = []
    for weekday, pairs in week.items():
        for each in opening_hours.read(pairs):
            opens, closes = opening_hours.as_times(each)
            rows.append(
                OpeningInterval(
                    provider_id=calendar.provider_id,
                    calendar=calendar,
                    weekday=weekday,
                    opens=opens,
                    closes=closes,
                )
            )
    OpeningInterval.objects.bulk_create(rows)


def _week_facts(week: Week) -> dict[str, Any]:
    written = {day: opening_hours.written(opening_hours.read(pairs)) for day, pairs in week.items()}
    return {"week": {str(day): hours for day, hours in sorted(written.items()) if hours}}


def change_settings(calendar: Calendar, *, by: Person | None, seen: int, **settings: Any) -> None:
    """Change name, zones and rules of a calendar. Raises ValidationError or `ChangedMeanwhile`."""
    before = _settings_facts(calendar)
    for name, value in settings.items():
        if name not in SETTINGS:
            raise TypeError(f"{name} is no setting of a calendar")
        setattr(calendar, name, value)
    validate_settings(calendar)
    with _changing(calendar, "settings_changed", by=by, seen=seen) as facts:
        after = _settings_facts(calendar)
        changed = [name for name in after if after[name] != before[name]]
        facts["before"] = {name: before[name] for name in changed}
        facts["after"] = {name: after[name] for name in changed}
        Calendar.objects.filter(pk=calendar.pk).update(
            **{n: getattr(calendar, n) for n in settings}
        )


def validate_settings(calendar: Calendar) -> None:
    """Raise ValidationError by field for what is wrong with the settings."""
    errors: dict[str, ValidationError] = {}
    checks = {"time_zone": validate_zone}
    if calendar.holiday_zone:
        checks["holiday_zone"] = validate_holiday_zone
    for name, check in checks.items():
        try:
            check(getattr(calendar, name))
        except ValidationError as error:
            errors[name] = error
    if errors:
        raise ValidationError(errors)
    calendar.full_clean(exclude=["provider", "version"], validate_constraints=False)
    calendar.validate_constraints(exclude=["version"])


def _settings_facts(calendar: Calendar) -> dict[str, Any]:
    return {name: getattr(calendar, name) for name in SETTINGS}


# Exceptional days ---------------------------------------------------------------------------


def add_days(
    calendar: Calendar,
    first: date,
    last: date | None = None,
    *,
    by: Person | None,
    seen: int,
    kind: str = CalendarDay.Kind.CLOSED,
    hours: Pairs = (),
    label: str = "",
    yearly: bool = False,
    overnight: bool = False,
) -> CalendarDay:
    """Return the new exception over these days. Raises ValidationError or `ChangedMeanwhile`."""
    row = CalendarDay(
        provider_id=calendar.provider_id,
        calendar=calendar,
        first_day=first,
        last_day=last or first,
        yearly=yearly,
        kind=kind,
        hours=[list(pair) for pair in hours] if kind == CalendarDay.Kind.HOURS else [],
        label=label.strip(),
        changed_by=by,
    )
    _check_days(row, overnight=overnight)
    with _changing(calendar, "days_added", by=by, seen=seen) as facts:
        row.save(force_insert=True)
        facts["after"] = {"days": [_day_facts(row)]}
    return row


def _check_days(row: CalendarDay, *, overnight: bool) -> None:
    if row.last_day < row.first_day:
        raise ValidationError(
            {"last_day": _("The last day comes before the first: exchange them.")}
        )
    if (row.last_day - row.first_day).days >= LONGEST:
        raise ValidationError(
            {"last_day": _("That is longer than a year: change the weekly hours instead.")}
        )
    if not 1900 < row.first_day.year <= row.last_day.year < 2200:
        raise ValidationError({"first_day": _("Give days between 1901 and 2199.")})
    if row.kind == CalendarDay.Kind.HOURS:
        opening_hours.check_day(row.hours, overnight=overnight)
    row.full_clean(
        exclude=["provider", "calendar", "feed", "changed_by"], validate_constraints=False
    )


def remove_days(
    calendar: Calendar, rows: Sequence[CalendarDay], *, by: Person | None, seen: int
) -> CalendarChange:
    """Remove exceptions that persons entered; the change returned can be undone."""
    with _changing(calendar, "days_removed", by=by, seen=seen) as facts:
        facts["before"] = {"days": [_day_facts(row) for row in rows]}
        gone, _by_model = calendar.days.filter(pk__in=[row.pk for row in rows], feed=None).delete()
        if gone != len(rows):
            raise ValidationError(_("One of these days is gone already, or belongs to a feed."))
    return calendar.changes.get(pk=calendar.version - 1)


def restore_days(
    calendar: Calendar, removal: CalendarChange, *, by: Person | None, seen: int
) -> None:
    """Undo a removal, once. Raises ValidationError when it was undone already."""
    if calendar.changes.filter(kind="days_restored", facts__undoes=removal.pk).exists():
        raise ValidationError(_("This removal was undone already."))
    with _changing(calendar, "days_restored", by=by, seen=seen) as facts:
        rows = [_day_of(calendar, fact, by) for fact in removal.facts["before"]["days"]]
        CalendarDay.objects.bulk_create(rows)
        facts["undoes"] = removal.pk
        facts["after"] = removal.facts["before"]


def _day_facts(row: CalendarDay) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "first": row.first_day.isoformat(),
        "last": row.last_day.isoformat(),
        "kind": str(row.kind),
    }
    more = {"yearly": row.yearly, "hours": row.hours, "label": row.label}
    return facts | {name: value for name, value in more.items() if value}


def _day_of(calendar: Calendar, fact: Mapping[str, Any], by: Person | None) -> CalendarDay:
    return CalendarDay(
        provider_id=calendar.provider_id,
        calendar=calendar,
        first_day=date.fromisoformat(fact["first"]),
        last_day=date.fromisoformat(fact["last"]),
        yearly=fact.get("yearly", False),
        kind=fact["kind"],
        hours=fact.get("hours", []),
        label=fact.get("label", ""),
        changed_by=by,
        changed_at=timezone.now(),
    )


# Feeds ----------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class FedDays:
    """Closed days as a feed tells them."""

    first: date
    last: date
    label: str = ""
    yearly: bool = False

    @property
    def count(self) -> int:
        """Return the number of days."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class FeedPreview:
    """What an import would change, against the feed of that name as it stands."""

    new: Sequence[FedDays]
    gone: Sequence[FedDays]
    same: int
    # Days of the feed on which a person's word stands and goes on standing.
    overridden: Sequence[date]

    @property
    def changes_something(self) -> bool:
        """Return whether the import would write anything."""
        return bool(self.new or self.gone)


def feed_named(calendar: Calendar, name: str) -> HolidayFeed | None:
    """Return the calendar's feed of that name, or None."""
    return calendar.feeds.filter(name=name).first()


def preview_feed(calendar: Calendar, name: str, days: Sequence[FedDays]) -> FeedPreview:
    """Return what importing these days under that name would change."""
    feed = feed_named(calendar, name)
    known = {_fed(row) for row in feed.entries.all()} if feed else set()
    told = set(days)
    typed = list(calendar.days.filter(feed=None))
    return FeedPreview(
        new=sorted(told - known),
        gone=sorted(known - told),
        same=len(told & known),
        overridden=sorted(
            {
                day.first + timedelta(n)
                for day in told
                for n in range(day.count)
                if any(r.first_day <= day.first + timedelta(n) <= r.last_day for r in typed)
            }
        ),
    )


def _fed(row: CalendarDay) -> FedDays:
    return FedDays(row.first_day, row.last_day, row.label, row.yearly)


def import_feed(
    calendar: Calendar,
    name: str,
    days: Sequence[FedDays],
    *,
    digest: str,
    by: Person | None,
    seen: int,
) -> FeedPreview:
    """Take a feed's days in, replacing those it gave before; what persons entered stays.

    Raises ValidationError for no or too many days, `ChangedMeanwhile` when somebody was first.
    """
    days = sorted(set(days))
    if not days:
        raise ValidationError(_("The feed has no day off."), code="no_days")
    if len(days) > MOST_FEED_DAYS:
        raise ValidationError(
            _("The feed has %(days)s entries; %(most)s at most are taken: split the file."),
            code="too_many",
            params={"days": len(days), "most": MOST_FEED_DAYS},
        )
    changes = preview_feed(calendar, name, days)
    with _changing(calendar, "feed_imported", by=by, seen=seen) as facts:
        feed, _created = HolidayFeed.objects.update_or_create(
            provider_id=calendar.provider_id,
            calendar=calendar,
            name=name,
            defaults={
                "digest": digest,
                "imported_at": timezone.now(),
                "imported_by": by,
                "days": sum(each.count for each in days),
            },
        )
        _write_feed(calendar, feed, changes, by)
        facts["feed"] = name
        facts["before"] = {"gone": len(changes.gone)}
        facts["after"] = {"new": len(changes.new), "same": changes.same, "digest": digest}
    return changes


def _write_feed(
    calendar: Calendar, feed: HolidayFeed, changes: FeedPreview, by: Person | None
) -> None:
    gone = set(changes.gone)
    feed.entries.filter(pk__in=[row.pk for row in feed.entries.all() if _fed(row) in gone]).delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(
            provider_id=calendar.provider_id,
            calendar=calendar,
            first_day=each.first,
            last_day=each.last,
            yearly=each.yearly,
            label=each.label,
            source=CalendarDay.Source.FEED,
            feed=feed,
            changed_by=by,
            changed_at=timezone.now(),
        )
        for each in changes.new
    )


def remove_feed(calendar: Calendar, feed: HolidayFeed, *, by: Person | None, seen: int) -> None:
    """Remove a feed with its days; what persons entered stays."""
    with _changing(calendar, "feed_removed", by=by, seen=seen) as facts:
        facts["feed"] = feed.name
        facts["before"] = {"days": [_day_facts(row) for row in feed.entries.all()]}
        feed.delete()

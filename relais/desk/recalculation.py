"""Deadlines dated anew after a change of a calendar or of an agreement: previewed, then applied.

Only the open clocks concerned are touched. Applying runs in the background in batches, each a
transaction of its own that moves the cursor on: stopped, killed or run twice, it ends the same.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from relais.engine import sla, worktime
from relais.lib.tenancy import tenant
from relais.offer.models import AgreementVersion
from relais.offer.promises import Book, Promise
from relais.people import calendars
from relais.people.access import Access
from relais.people.calendar_changes import KINDS
from relais.people.models import (
    Calendar,
    CalendarChange,
    Confidentiality,
    OrganisationChange,
)

from .models import Clock, DeadlineChange, Recalculation

BATCH = 2000
HOPELESS = _(
    "By these hours some open deadlines would never come: leave opening hours, or end the closure."
)
HOPELESS_PLACE = _(
    "By this calendar some open deadlines would never come: give it opening hours first."
)
FIELDS = (
    "pk",
    "kind",
    "started_at",
    "target",
    "days",
    "agreement_version_id",
    "pauses",
    "due_at",
    "calendar_id",
    "calendar_source",
    "ticket__confidentiality",
)
# Where the clocks of a place are found, by the table of the place.
OF_PLACE = {
    "people.Site": "ticket__site",
    "people.LegalEntity": "ticket__site__entity",
    "people.Company": "ticket__company",
}
# The sums leave out class C3, of which nobody but named persons may learn.
COUNTED = {"ticket__confidentiality__lt": Confidentiality.EXECUTIVE}
# What a clock holds the service to: a correction is a delivery.
PROMISED_AS = {Clock.Kind.CORRECTION: Clock.Kind.DELIVERY}


@dataclass(frozen=True, slots=True)
class Run:
    """What dating a clock anew needs of it."""

    pk: int
    kind: str
    started_at: datetime
    target: int
    days: int | None
    agreement_version_id: int | None
    pauses: list[list[str | None]]
    due_at: datetime | None
    calendar: int | None
    source: str
    confidentiality: int

    @property
    def is_counted(self) -> bool:
        """Return whether the sums may tell of it: class C3 is known to named persons only."""
        return self.confidentiality < Confidentiality.EXECUTIVE

    @property
    def seconds(self) -> int:
        """Return the start in Unix seconds, fractions dropped as the rules do."""
        return int(self.started_at.timestamp() // 1)


@dataclass(frozen=True, slots=True)
class Move:
    """A deadline that changes; `promise` and `hours` tell what else does, if anything.

    `hours` is the calendar that is followed from now on, with the level of its place.
    """

    clock: Run
    now: datetime | None
    promise: Promise | None = None
    hours: tuple[int, str] | None = None

    def became_late(self, at: datetime) -> bool:
        """Return whether it was in time and is not any more."""
        return not _late(self.clock.due_at, at) and _late(self.now, at)

    def ceased_late(self, at: datetime) -> bool:
        """Return whether it was late and is not any more."""
        return _late(self.clock.due_at, at) and not _late(self.now, at)


@dataclass(frozen=True)
class Preview:
    """What would move: `moves` are all of them, those that become late first."""

    seen: int
    moved: int
    became_late: int
    ceased_late: int
    moves: Sequence[Move]

    @property
    def sentence(self) -> str:
        """Return it as one reads it aloud."""
        return told_sums(self.moved, self.became_late, self.ceased_late)


NOTHING_MOVES = Preview(0, 0, 0, 0, ())


def told_sums(moved: int, became: int, ceased: int) -> str:
    """Return how many deadlines move, become late and cease to be late, as one reads it aloud."""
    parts = [
        ngettext("%(n)s deadline moves", "%(n)s deadlines move", moved) % {"n": moved},
        ngettext("%(n)s becomes late", "%(n)s become late", became) % {"n": became},
        ngettext("%(n)s ceases to be late", "%(n)s cease to be late", ceased) % {"n": ceased},
    ]
    return ", ".join(parts)


def _late(due: datetime | None, at: datetime) -> bool:
    return due is not None and due < at


# Preview --------------------------------------------------------------------------------------


def preview_calendar(
    access: Access,
    calendar: Calendar,
    change: Callable[[Calendar], object],
    at: datetime | None = None,
) -> Preview:
    """Return what `change` of the calendar would move; it is tried and taken back.

    `change` calls a verb of `calendar_changes` on the copy that it is given; what that refuses is
    raised here too, and `ValidationError` when an open deadline would never come.
    """
    clocks = access.see(Clock).filter(calendar=calendar, stopped_at=None)
    with transaction.atomic():
        # A copy, for a verb leaves the new version on it, which is about to be no more.
        tried = Calendar.objects.get(pk=calendar.pk)
        change(tried)
        try:
            found = _dated(_runs(clocks), calendars.timetable(tried))
        except (worktime.NeverOpens, worktime.OutOfReach):
            raise ValidationError(HOPELESS) from None
        transaction.set_rollback(True)
    return _preview(found, clocks.count(), at or timezone.now())


def preview_place(
    access: Access,
    place: models.Model,
    change: Callable[[], object],
    at: datetime | None = None,
) -> Preview:
    """Return what `change`, by which a place follows another calendar, would move; it is undone.

    Raises `ValidationError` when an open deadline would never come.
    """
    clocks = access.see(Clock).filter(
        stopped_at=None, **{OF_PLACE[type(place)._meta.label]: place.pk}
    )
    with transaction.atomic():
        change()
        try:
            found, seen = _followed(clocks), clocks.count()
        except (worktime.NeverOpens, worktime.OutOfReach):
            raise ValidationError(HOPELESS_PLACE) from None
        transaction.set_rollback(True)
    return _preview(found, seen, at or timezone.now())


def preview_version(
    access: Access, version: AgreementVersion, at: datetime | None = None
) -> Preview:
    """Return what the open clocks of the company would be if the version held for all of them.

    A comparison: signed, it will hold for the tickets that come in from its date on.
    """
    clocks = access.see(Clock).filter(stopped_at=None, ticket__company=version.agreement.company_id)
    company = version.agreement.company_id
    found = _under(clocks, Book.of(company).with_draft(version, date.min))
    return _preview(found, clocks.count(), at or timezone.now())


def _preview(found: list[Move], seen: int, at: datetime) -> Preview:
    moves = [move for move in found if move.now != move.clock.due_at]

    def rank(each: Move) -> tuple[bool, bool, bool, datetime, int]:
        became, ceased = each.became_late(at), each.ceased_late(at)
        return (not became, not ceased, each.now is None, each.now or at, each.clock.pk)

    return Preview(
        seen=seen,
        moved=len(moves),
        became_late=sum(each.became_late(at) for each in moves),
        ceased_late=sum(each.ceased_late(at) for each in moves),
        moves=sorted(moves, key=rank),
    )


# Dating anew ----------------------------------------------------------------------------------


def _runs(clocks: QuerySet[Clock]) -> list[Run]:
    return [Run(*row) for row in clocks.order_by("pk").values_list(*FIELDS)]


def _run(clock: Clock) -> Run:
    fields = [getattr(clock, name) for name in FIELDS[:-1]]
    return Run(*fields, clock.ticket.confidentiality)


def _dated(runs: Iterable[Run], hours: worktime.Calendar) -> list[Move]:
    """Return the clocks whose deadline by these hours is not the one they have."""
    plain, others = [], []
    for run in runs:
        (others if run.pauses or run.days is not None else plain).append(run)
    moves = []
    if plain:
        # Without pauses all are dated at once; the rules are those of `add`.
        due = hours.add_many([run.seconds for run in plain], [run.target for run in plain])
        for run, second in zip(plain, due.tolist(), strict=True):
            now = datetime.fromtimestamp(second, UTC)
            if now != run.due_at:
                moves.append(Move(run, now))
    for run in others:
        now = due_of(run, hours)
        if now != run.due_at:
            moves.append(Move(run, now))
    return moves


def _followed(clocks: QuerySet[Clock]) -> list[Move]:
    """Return the clocks whose site follows another calendar than they count by."""
    places = tuple(f"ticket__site__{name}" for name in calendars.PLACES)
    changed: dict[int, list[tuple[Run, tuple[int, str]]]] = defaultdict(list)
    by_key: dict[int, Calendar] = {}
    for clock in clocks.select_related(*places).order_by("pk").iterator(chunk_size=BATCH):
        try:
            found = calendars.of_site(clock.ticket.site)
        except calendars.NoCalendar:
            continue  # the hours it counts by stand: none are guessed
        now = (found.calendar.pk, found.level)
        if now != (clock.calendar_id, clock.calendar_source):
            by_key[found.calendar.pk] = found.calendar
            changed[found.calendar.pk].append((_run(clock), now))
    moves = []
    for key, held in changed.items():
        hours = calendars.timetable(by_key[key])
        dated = {move.clock.pk: move.now for move in _dated([was for was, _now in held], hours)}
        moves += [Move(was, dated.get(was.pk, was.due_at), hours=now) for was, now in held]
    return moves


def due_of(run: Run, hours: worktime.Calendar) -> datetime | None:
    """Return when the promise runs out by these hours; None while paused in time."""
    clock = Clock(started_at=run.started_at, target=run.target, days=run.days, pauses=run.pauses)
    return clock.due_by(hours)


def _under(clocks: QuerySet[Clock], book: Book) -> list[Move]:
    """Return the clocks for which the book promises something else, or another deadline."""
    changed: dict[int, list[tuple[Run, Run, Promise]]] = defaultdict(list)
    sites = ("ticket__site__entity", "ticket__service", "calendar")
    for clock in clocks.select_related(*sites).order_by("pk").iterator(chunk_size=BATCH):
        ticket = clock.ticket
        promises = book.promised(ticket.site, ticket.service, ticket.priority, ticket.received_at)
        promise = promises.get(PROMISED_AS.get(clock.kind, clock.kind))
        if promise is None or clock.calendar is None:
            continue
        was = _run(clock)
        now = replace(
            was,
            target=promise.seconds or 0,
            days=promise.days,
            agreement_version_id=promise.version,
        )
        if was != now:
            changed[clock.calendar_id].append((was, now, promise))
    moves = []
    for calendar in Calendar.objects.filter(pk__in=changed):
        hours = calendars.timetable(calendar)
        held = changed[calendar.pk]
        dated = {move.clock.pk: move.now for move in _dated([now for _was, now, _p in held], hours)}
        # Absent: its deadline stays, only the text that it stands under changes.
        moves += [Move(was, dated.get(was.pk, was.due_at), promise) for was, _now, promise in held]
    return moves


# Applying -------------------------------------------------------------------------------------


def begin_for_change(key: int) -> Recalculation | None:
    """Return the run for a change of a calendar, made once; None when no clock follows it."""
    change = CalendarChange.objects.select_related("calendar", "by").filter(pk=key).first()
    if change is None:  # the calendar was deleted meanwhile: no clock followed it
        return None
    if not Clock.objects.filter(calendar=change.calendar, stopped_at=None).exists():
        return None
    kind = KINDS.get(change.kind, change.kind)
    run, _made = Recalculation.objects.get_or_create(
        provider_id=change.provider_id,
        change=change,
        defaults={
            "calendar": change.calendar,
            "reason": f"{change.calendar.name} : {kind}"[:300],
            "by": change.by,
            "created_at": timezone.now(),
        },
    )
    return run


def begin_for_place(key: int) -> Recalculation | None:
    """Return the run for a place that follows another calendar, made once; None without clocks."""
    change = OrganisationChange.objects.select_related("by").get(pk=key)
    if not _of_place(change).exists():
        return None
    run, _made = Recalculation.objects.get_or_create(
        provider_id=change.provider_id,
        place_change=change,
        defaults={"reason": _name_of(change), "by": change.by, "created_at": timezone.now()},
    )
    return run


def _of_place(change: OrganisationChange) -> QuerySet[Clock]:
    return Clock.objects.filter(stopped_at=None, **{OF_PLACE[change.subject]: change.subject_id})


def _name_of(change: OrganisationChange) -> str:
    place = apps.get_model(change.subject)._base_manager.filter(pk=change.subject_id).first()
    return str(place or "")[:300]


def begin_for_version(key: int) -> Recalculation | None:
    """Return the run for a signed version, made once; None for what nobody signed."""
    version = AgreementVersion.objects.select_related("agreement", "provider_signer").get(pk=key)
    if version.state != AgreementVersion.State.SIGNED:
        return None
    run, _made = Recalculation.objects.get_or_create(
        provider_id=version.provider_id,
        agreement_version=version,
        defaults={
            "reason": str(version)[:300],
            "by": version.provider_signer,
            "created_at": timezone.now(),
        },
    )
    return run


def run(provider: int, key: int) -> None:
    """Do the whole run, a transaction a batch; leave when it is stopped, done or broken off."""
    more = True
    while more:
        with tenant(provider):
            more = step(key)


def step(key: int, size: int = BATCH) -> bool:
    """Do one batch; return whether there is more. Call inside `tenant(…)`."""
    # The lock lets no second worker take the same batch.
    told = Recalculation.objects.select_for_update().get(pk=key)
    if told.state not in Recalculation.OPEN:
        return False
    clocks = _concerned(told)
    if told.state == Recalculation.State.WAITING:
        left = clocks.filter(pk__gt=told.cursor, **COUNTED).count()
        told.state, told.total = Recalculation.State.RUNNING, told.seen + left
    ahead = clocks.filter(pk__gt=told.cursor)
    batch = list(ahead.values_list("pk", "ticket__confidentiality")[:size])
    if not batch:
        told.save(update_fields=["state", "total"])
        told.finish(Recalculation.State.DONE)
        _tell_pages(told)
        return False
    try:
        _apply(told, [key for key, _class in batch])
    except (worktime.NeverOpens, worktime.OutOfReach) as fault:
        # The old deadlines stand until the calendar opens again: none is guessed.
        told.save(update_fields=["state", "total"])
        told.finish(Recalculation.State.FAILED, fault=str(fault))
        return False
    told.cursor = batch[-1][0]
    told.seen += sum(level < Confidentiality.EXECUTIVE for _key, level in batch)
    told.save(
        update_fields=[
            "state",
            "total",
            "cursor",
            "seen",
            "moved",
            "became_late",
            "ceased_late",
        ]
    )
    return True


def _concerned(told: Recalculation) -> QuerySet[Clock]:
    """Return the open clocks that the change may move, in the order of their keys."""
    if told.place_change is not None:
        return _of_place(told.place_change).order_by("pk")
    clocks = Clock.objects.filter(stopped_at=None).order_by("pk")
    if told.calendar_id is not None:
        return clocks.filter(calendar=told.calendar_id)
    version = told.agreement_version
    # A day early: the first day begins before ours where the sun rises earlier.
    first = datetime.combine(version.effective_from, datetime.min.time(), UTC) - timedelta(days=1)
    return clocks.filter(
        ticket__company=version.agreement.company_id, ticket__received_at__gte=first
    )


def _apply(told: Recalculation, batch: list[int]) -> None:
    now = timezone.now()
    clocks = Clock.objects.filter(pk__in=batch, stopped_at=None)
    held = clocks.select_for_update(of=("self",)).order_by("pk")
    if told.calendar_id is not None:
        runs = [Run(*row) for row in held.values_list(*FIELDS)]
        # Read after the clocks are locked, so that no later change is overwritten by this one.
        moves = _dated(runs, calendars.timetable(Calendar.objects.get(pk=told.calendar_id)))
    elif told.place_change_id is not None:
        moves = _followed(held)
    else:
        version = told.agreement_version
        found = _under(held, Book.of(version.agreement.company_id))
        moves = [m for m in found if m.promise and m.promise.version == version.pk]
    if not moves:
        return
    _write(told, moves, now)
    counted = [move for move in moves if move.clock.is_counted]
    told.moved += sum(move.now != move.clock.due_at for move in counted)
    told.became_late += sum(move.became_late(now) for move in counted)
    told.ceased_late += sum(move.ceased_late(now) for move in counted)


UPDATE = """
update desk_clock as clock set due_at = new.due,
  target = coalesce(new.target, clock.target),
  days = case when new.target is null then clock.days else new.days end,
  agreement_version_id = case when new.target is null
    then clock.agreement_version_id else new.version end,
  calendar_id = coalesce(new.calendar, clock.calendar_id),
  calendar_source = coalesce(new.source, clock.calendar_source),
  breached_at = case when new.due < %s then clock.breached_at end,
  -- The sweep asks for the next warning; `acceptance` has none.
  warn_at = case when new.due > %s and clock.kind <> 'acceptance' and clock.warned < %s
    then %s::timestamptz end
from unnest(%s::bigint[], %s::timestamptz[], %s::integer[], %s::smallint[], %s::bigint[],
  %s::bigint[], %s::text[]) as new (id, due, target, days, version, calendar, source)
where clock.id = new.id
"""


def _write(told: Recalculation, moves: list[Move], now: datetime) -> None:
    """Keep the old deadlines, then write the new; one that lies ahead again may be missed anew."""
    DeadlineChange.objects.bulk_create(
        (
            DeadlineChange(
                provider_id=told.provider_id,
                recalculation=told,
                clock_id=move.clock.pk,
                at=now,
                was=move.clock.due_at,
                now=move.now,
                facts=_facts(move),
            )
            for move in moves
        ),
        batch_size=BATCH,
    )
    promises = [move.promise for move in moves]
    with connection.cursor() as cursor:
        cursor.execute(
            UPDATE,
            [
                now,
                now,
                sla.WARNINGS[-1],
                now,
                [move.clock.pk for move in moves],
                [move.now for move in moves],
                [(each.seconds or 0) if each else None for each in promises],
                [each.days if each else None for each in promises],
                [each.version if each else None for each in promises],
                [move.hours[0] if move.hours else None for move in moves],
                [move.hours[1] if move.hours else None for move in moves],
            ],
        )


def _facts(move: Move) -> dict[str, int | str | None]:
    was = move.clock
    if move.hours is not None:
        return {"calendar": was.calendar, "source": was.source}
    if move.promise is None:
        return {}
    return {"target": was.target, "days": was.days, "agreement": was.agreement_version_id}


def _tell_pages(told: Recalculation) -> None:
    """Have the open pages of the provider read again."""
    if told.moved:
        news = json.dumps({"provider": told.provider_id, "tickets": [-1]})
        with connection.cursor() as cursor:
            cursor.execute("select pg_notify('relais_live', %s)", [news])

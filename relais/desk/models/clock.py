"""The clocks of a ticket: what was promised, by whose calendar, and whether it was kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from relais.engine import sla, worktime
from relais.lib.tenancy import SameTenant
from relais.offer.models import AgreementVersion
from relais.people import calendars
from relais.people.models import Calendar, Person
from relais.people.models.tenant import TenantModel

from .event import Event


class Clock(TenantModel):
    """One promise. `due_at` is computed once and then stored; empty while it is paused in time.

    A deadline that had passed before the pause stays: waiting hides no breach.
    """

    class Kind(models.TextChoices):
        FIRST_RESPONSE = "first_response", _("First answer")
        NEXT_REPLY = "next_reply", _("Next answer")
        DELIVERY = "delivery", _("Delivery")
        CORRECTION = "correction", _("Correction")
        # What the client owes; and what the provider promised to nobody but itself.
        ACCEPTANCE = "acceptance", _("Acceptance by the client")
        HAND = "hand", _("Taken in hand by the assistant (internal)")

    # What the service owes its clients: its attainment is measured on these.
    OWED = (Kind.FIRST_RESPONSE, Kind.NEXT_REPLY, Kind.DELIVERY, Kind.CORRECTION)

    class Verdict(models.TextChoices):
        RUNNING = "", _("Running")
        MET = "met", _("In time")
        MISSED = "missed", _("Late")
        VOID = "void", _("No longer counts")

    ticket = models.ForeignKey("desk.Ticket", models.PROTECT, related_name="clocks")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    started_at = models.DateTimeField()
    # Open seconds of the calendar; 0 when the promise is in working days.
    target = models.PositiveIntegerField()
    days = models.PositiveSmallIntegerField(null=True)
    # The text under which the ticket was born; empty: the catalogue's own hours.
    agreement_version = models.ForeignKey(
        AgreementVersion, models.PROTECT, null=True, related_name="+"
    )
    calendar = models.ForeignKey(
        Calendar,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,  # the partial index below serves
    )
    # "site", "entity" or "company": whose calendar it is.
    calendar_source = models.CharField(max_length=20, blank=True)
    # [["2026-03-02T10:00:00+00:00", "2026-03-02T15:00:00+00:00" or null], …]
    pauses = models.JSONField(default=list)
    due_at = models.DateTimeField(null=True)
    # When the next warning comes, and the percentage of the last one; none once it is late.
    warn_at = models.DateTimeField(null=True)
    warned = models.PositiveSmallIntegerField(default=0)
    # Whose hand an internal clock is about.
    hand = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    breached_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)

    # As it was before the verb that is moving it, for an undo.
    was: dict[str, Any] | None = None

    class Meta(TenantModel.Meta):
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(stopped_at=None, verdict="")
                | Q(stopped_at__isnull=False) & ~Q(verdict=""),
                name="desk_clock_verdict",
            ),
            models.CheckConstraint(
                condition=Q(days=None) | Q(target=0), name="desk_clock_quantity"
            ),
            SameTenant(
                name="desk_clock_version_fk",
                field="agreement_version",
                to="offer_agreementversion",
            ),
            SameTenant(name="desk_clock_ticket_fk", field="ticket", to="desk_ticket"),
            # The year is counted in its index, request by request.
            models.UniqueConstraint(
                fields=["provider", "ticket"],
                condition=Q(kind="delivery"),
                include=["verdict"],
                name="desk_clock_one_delivery",
            ),
            models.CheckConstraint(
                condition=Q(kind="hand", hand__isnull=False) | ~Q(kind="hand") & Q(hand=None),
                name="desk_clock_hand",
            ),
            SameTenant(name="desk_clock_hand_fk", field="hand", to="people_person"),
            SameTenant(name="desk_clock_calendar_fk", field="calendar", to="people_calendar"),
        ]
        indexes = [
            models.Index(
                fields=["provider", "due_at"],
                include=["id", "ticket", "kind", "calendar"],
                name="desk_clock_running",
                condition=Q(stopped_at=None, due_at__isnull=False),
            ),
            models.Index(
                fields=["calendar", "id"],  # a change of calendar touches these alone
                name="desk_clock_of_calendar",
                condition=Q(stopped_at=None),
            ),
            models.Index(
                fields=["due_at"],  # the sweep asks across providers
                name="desk_clock_due",
                condition=Q(stopped_at=None, breached_at=None, due_at__isnull=False),
            ),
            models.Index(
                fields=["warn_at"],
                name="desk_clock_warn",
                condition=Q(stopped_at=None, warn_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.due_at:%Y-%m-%d %H:%M}" if self.due_at else ""

    @property
    def owed_by(self) -> str:
        """Return who owes it: the service, or the client (no matter for the service's figures)."""
        return "client" if self.kind == self.Kind.ACCEPTANCE else "service"

    @property
    def is_paused(self) -> bool:
        """Return whether the last pause still lasts."""
        return bool(self.pauses) and self.pauses[-1][1] is None

    @property
    def paused_at(self) -> datetime | None:
        """Return since when it stands still, or None."""
        return datetime.fromisoformat(self.pauses[-1][0]) if self.is_paused else None

    def due(self) -> datetime | None:
        """Return when the promise runs out, asked of the calendar; None while paused in time."""
        return self.due_by(calendars.timetable(self.calendar)) if self.calendar else None

    def due_by(self, hours: worktime.Calendar) -> datetime | None:
        """Return when the promise runs out by these hours; None while paused in time."""
        pauses = self.spans()
        if self.days is not None:
            due = hours.add_days(self.started_at, self.days, pauses)
        else:
            due = hours.add(self.started_at, timedelta(seconds=self.target), pauses)
        paused_at = self.paused_at
        return due if paused_at is None or due <= paused_at else None

    def date(self) -> None:
        """Compute the deadline anew, and the next warning."""
        self.due_at = self.due()
        self.warn_at = self.next_warning()

    def next_warning(self) -> datetime | None:
        """Return when the next percentage is used up; None when none is left, or while paused."""
        ahead = [each for each in sla.WARNINGS if each > self.warned]
        still = self.due_at is None or self.is_paused or self.calendar is None
        if still or self.kind == self.Kind.ACCEPTANCE or not ahead:
            return None
        return self._used_up(ahead[0])

    def passed(self, at: datetime) -> int:
        """Return the highest percentage that is used up at `at` and was not told; 0 for none."""
        ahead = [each for each in sla.WARNINGS if each > self.warned]
        return max((each for each in ahead if self._used_up(each) <= at), default=0)

    def _used_up(self, percent: int) -> datetime:
        """Return when so much of the promised time has passed."""
        assert self.calendar is not None
        hours, spans = calendars.timetable(self.calendar), self.spans()
        whole = timedelta(seconds=self.target)
        if self.days is not None and self.due_at is not None:
            whole = hours.between(self.started_at, self.due_at, spans)
        return hours.add(self.started_at, whole * percent / 100, spans)

    def warn(self, at: datetime) -> bool:
        """Tell that a percentage is used up, once each; return whether this was the time."""
        before, percent = self.warned, self.passed(at)
        self.warned = percent or before
        self.warn_at = self.next_warning()
        mine = Clock.objects.filter(pk=self.pk, stopped_at=None, warned=before)
        if not mine.update(warned=self.warned, warn_at=self.warn_at) or not percent:
            return False
        due = self.due_at.isoformat() if self.due_at else None
        facts = {"clock": self.kind, "percent": percent, "due_at": due}
        # The ticket is not held: verbs hold it first and the clock second.
        self.ticket._tell(Event.Kind.WARNED, None, at, facts)
        return True

    def pause(self, at: datetime) -> None:
        """Stand still from `at`; a deadline that has passed already stays what it was."""
        if not self.is_paused:
            self.pauses = [*self.pauses, [at.isoformat(), None]]
            self.warn_at = None
            if self.due_at is not None and self.due_at > at:
                self.due_at = None

    def resume(self, at: datetime) -> None:
        """Run again from `at`; the time of the pause is given back."""
        if self.is_paused:
            self._end_pause(at)
            self.date()

    def stop(self, at: datetime) -> None:
        """Keep the verdict at `at`; a promise kept exactly when due is kept."""
        if self.is_paused:
            self._end_pause(at)
            self.due_at = self.due()
        self.stopped_at = at
        late = self.due_at is not None and at > self.due_at
        self.verdict = self.Verdict.MISSED if late else self.Verdict.MET

    def void(self, at: datetime) -> None:
        """Stop without a verdict: the ticket was cancelled or refused."""
        if self.is_paused:
            self._end_pause(at)
        self.stopped_at, self.verdict = at, self.Verdict.VOID

    def keep(self) -> None:
        """Remember how it stands, before a verb moves it."""
        self.was = {
            "pk": self.pk,
            "pauses": self.pauses,
            "due_at": _iso(self.due_at),
            "breached_at": _iso(self.breached_at),
            "stopped_at": _iso(self.stopped_at),
            "verdict": self.verdict,
        }

    def put_back(self, was: dict[str, Any]) -> None:
        """Stand again as kept. A running deadline is asked of the calendar, which may have changed.

        A breach told meanwhile stays told.
        """
        self.pauses, self.verdict = was["pauses"], was["verdict"]
        self.stopped_at = _moment(was["stopped_at"])
        self.due_at = _moment(was["due_at"])
        if self.stopped_at is None and self.calendar is not None:
            self.due_at = self.due()

    def _end_pause(self, at: datetime) -> None:
        start = self.pauses[-1][0]
        end = max(at, datetime.fromisoformat(start))
        self.pauses = [*self.pauses[:-1], [start, end.isoformat()]]

    def spans(self) -> list[tuple[datetime, datetime]]:
        """Return the pauses that have ended."""
        return [
            (datetime.fromisoformat(start), datetime.fromisoformat(end))
            for start, end in self.pauses
            if end is not None
        ]


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

"""Deadlines dated anew because a calendar or an agreement changed: how far, and what moved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.desk.errors import NotNow, NotYours
from relais.lib.later import later
from relais.lib.tenancy import SameTenant
from relais.offer.models import AgreementVersion
from relais.people.access import Access
from relais.people.models import Calendar, CalendarChange, OrganisationChange, Person
from relais.people.models.tenant import TenantModel

from .clock import Clock


class Recalculation(TenantModel):
    """One run over the clocks concerned, in batches; after a stop it goes on at `cursor`."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits to begin")
        RUNNING = "running", _("Runs")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", pgettext_lazy("a recalculation", "Done")
        FAILED = "failed", _("Broke off")

    OPEN = (State.WAITING, State.RUNNING)
    STANDING = (State.STOPPED, State.FAILED)

    # Why: a calendar changed, a place follows another one, or an agreement was signed.
    change = models.OneToOneField(CalendarChange, models.PROTECT, null=True, related_name="+")
    calendar = models.ForeignKey(Calendar, models.PROTECT, null=True, related_name="+")
    agreement_version = models.OneToOneField(
        AgreementVersion, models.PROTECT, null=True, related_name="recalculation"
    )
    place_change = models.OneToOneField(
        OrganisationChange, models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    fault = models.TextField(blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # The last clock seen; clocks come in the order of their keys.
    cursor = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)
    became_late = models.PositiveIntegerField(default=0)
    ceased_late = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("recalculation")
        verbose_name_plural = _("recalculations")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(calendar__isnull=False, agreement_version=None, place_change=None)
                | Q(
                    calendar=None,
                    change=None,
                    agreement_version__isnull=False,
                    place_change=None,
                )
                | Q(
                    calendar=None,
                    change=None,
                    agreement_version=None,
                    place_change__isnull=False,
                ),
                name="desk_recalculation_why",
            ),
            SameTenant(
                name="desk_recalculation_change_fk", field="change", to="people_calendarchange"
            ),
            SameTenant(
                name="desk_recalculation_calendar_fk", field="calendar", to="people_calendar"
            ),
            SameTenant(
                name="desk_recalculation_version_fk",
                field="agreement_version",
                to="offer_agreementversion",
            ),
            SameTenant(
                name="desk_recalculation_place_fk",
                field="place_change",
                to="people_organisationchange",
            ),
            SameTenant(name="desk_recalculation_person_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} · {self.get_state_display()}"

    @classmethod
    def told(cls, rows: QuerySet[Recalculation]) -> QuerySet[Recalculation]:
        """Return the runs that are shown: one that counted nothing hides what it was about."""
        return rows.exclude(state=cls.State.DONE, total=0)

    @property
    def percent(self) -> int:
        """Return how far it is, 0 to 100."""
        if self.state == self.State.DONE:
            return 100
        return min(99, 100 * self.seen // self.total) if self.total else 0

    @property
    def is_open(self) -> bool:
        """Return whether it waits or runs: then it may be stopped."""
        return self.state in self.OPEN

    @property
    def may_resume(self) -> bool:
        """Return whether it stands and has more to do."""
        return self.state in self.STANDING

    def stop(self, *, by: Person) -> None:
        """Stop after the batch that runs; what is done stays done."""
        self._turn(by, self.OPEN, self.State.STOPPED)

    def resume(self, *, by: Person) -> None:
        """Go on where it was stopped or broke off."""
        with transaction.atomic():
            self._turn(by, self.STANDING, self.State.WAITING)
            later(
                "relais.desk.tasks.recalculate",
                lock=f"recalculate:{self.provider_id}",
                provider_id=self.provider_id,
                recalculation_id=self.pk,
            )

    def finish(self, state: str, *, fault: str = "", at: datetime | None = None) -> None:
        """Say that the work is over, well or not, unless it was stopped meanwhile."""
        self._write(self.OPEN, state=state, fault=fault, finished_at=at or timezone.now())

    def _turn(self, by: Person, when: tuple[str, ...], state: str) -> None:
        if by.provider_id != self.provider_id or not Access(by).runs_pool:
            raise NotYours(reference=str(self.reason), person=str(by))
        if not self._write(when, state=state, fault="", finished_at=None):
            self.refresh_from_db(fields=["state"])
            raise NotNow(reference=str(self.reason), state=self.get_state_display())

    def _write(self, when: tuple[str, ...], **fields: Any) -> bool:
        mine = Recalculation.objects.filter(pk=self.pk, state__in=when)
        written = bool(mine.update(**fields))
        if written:
            for name, value in fields.items():
                setattr(self, name, value)
        return written


class DeadlineChange(TenantModel):
    """A deadline before and after, and why. Append-only: the application's role changes no row."""

    recalculation = models.ForeignKey(
        Recalculation, models.PROTECT, related_name="changes", db_index=False
    )
    clock = models.ForeignKey(Clock, models.PROTECT, related_name="changes")
    at = models.DateTimeField()
    # Empty: paused in time, so that nobody knows.
    was = models.DateTimeField(null=True)
    now = models.DateTimeField(null=True)
    # What else was promised before, when the agreement changed: target, days, agreement_version.
    facts = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("changed deadline")
        verbose_name_plural = _("changed deadlines")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["recalculation", "clock"], name="desk_deadlinechange_once"
            ),
            SameTenant(
                name="desk_deadlinechange_run_fk",
                field="recalculation",
                to="desk_recalculation",
            ),
            SameTenant(name="desk_deadlinechange_clock_fk", field="clock", to="desk_clock"),
        ]

    def __str__(self) -> str:
        return f"{self.was} → {self.now}"

"""Time spent on tickets: the provider's own affair, which no client ever reads."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk import rules
from relais.desk.errors import BadValue, Missing, NotNow, NotYours, Overtaken
from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel

from .event import Event
from .ticket import Ticket

TOUCHES = (5, 15, 30, 60)
MOST_MINUTES = 24 * 60


class TimeEntry(TenantModel):
    """Some minutes of one assistant on one ticket; empty minutes: her timer runs."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="times")
    person = models.ForeignKey(Person, models.PROTECT, related_name="times")
    minutes = models.PositiveIntegerField(_("minutes"), null=True)
    started_at = models.DateTimeField(_("from"))
    stopped_at = models.DateTimeField(_("until"), null=True)
    timed = models.BooleanField(_("by the timer"), default=False)
    # The form's own token: a double click notes the minutes once.
    token = models.UUIDField(default=uuid.uuid4)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("time spent")
        verbose_name_plural = _("times spent")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider", "token"], name="desk_time_once"),
            models.UniqueConstraint(
                fields=["person"], condition=Q(minutes=None), name="desk_time_one_timer"
            ),
            models.CheckConstraint(
                condition=Q(minutes=None, stopped_at=None)
                | Q(minutes__isnull=False, stopped_at__isnull=False),
                name="desk_time_ended",
            ),
            SameTenant(name="desk_time_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_time_person_fk", field="person", to="people_person"),
        ]
        indexes = [models.Index(fields=["ticket"], name="desk_time_ticket")]

    def __str__(self) -> str:
        return f"{self.ticket.reference} · {self.minutes}"

    @property
    def runs(self) -> bool:
        """Return whether this is a timer that runs."""
        return self.minutes is None

    @classmethod
    def add(
        cls,
        ticket: Ticket,
        minutes: int,
        *,
        by: Person,
        token: uuid.UUID | None = None,
        at: datetime | None = None,
    ) -> TimeEntry:
        """Return the minutes noted; the same token again is the same note."""
        rules.check("add_time", ticket, by)
        at = at or timezone.now()
        _check_minutes(minutes, least=1)
        token = token or uuid.uuid4()
        try:
            with transaction.atomic():
                made = cls.objects.create(
                    provider_id=ticket.provider_id,
                    ticket=ticket,
                    person=by,
                    minutes=minutes,
                    started_at=at,
                    stopped_at=at,
                    token=token,
                )
                facts = {"entry": made.pk, "minutes": minutes}
                ticket.tell(Event.Kind.TIME_ADDED, by, at, facts)
        except IntegrityError:
            known = cls.objects.filter(token=token, person=by, ticket=ticket).first()
            if known is None:
                raise
            return known
        return made

    @classmethod
    def start(cls, ticket: Ticket, *, by: Person, at: datetime | None = None) -> TimeEntry:
        """Return the timer, which runs on this ticket; one on another ticket is stopped first."""
        rules.check("add_time", ticket, by)
        at = at or timezone.now()
        with transaction.atomic():
            # One after the other: two pages of one person start one timer.
            Person.objects.select_for_update().filter(pk=by.pk).first()
            running = cls.objects.filter(person=by, minutes=None).select_related("ticket").first()
            if running is not None and running.ticket_id == ticket.pk:
                return running
            if running is not None:
                running.stop(by=by, at=at)
            made = cls.objects.create(
                provider_id=ticket.provider_id,
                ticket=ticket,
                person=by,
                started_at=at,
                timed=True,
            )
            ticket.tell(Event.Kind.TIMER_STARTED, by, at, {"entry": made.pk})
        return made

    def stop(self, *, by: Person, at: datetime | None = None) -> None:
        """Stop the timer; begun minutes count whole."""
        self._check_mine(by)
        at = at or timezone.now()
        seconds = max(0, (at - self.started_at).total_seconds())
        minutes = max(1, -int(-seconds // 60))
        self._update(None, minutes=minutes, stopped_at=max(at, self.started_at))
        facts = {"entry": self.pk, "minutes": minutes}
        self.ticket.tell(Event.Kind.TIMER_STOPPED, by, at, facts)

    def correct(self, minutes: int, reason: str, *, by: Person, at: datetime | None = None) -> None:
        """Set the minutes right, with a reason; what stood before stays in the event."""
        self._check_mine(by, leads=True)
        _check_minutes(minutes, least=0)
        if not (reason := reason.strip()):
            raise Missing(field=_t("Reason"))
        if self.minutes is None:
            raise NotNow(reference=self.ticket.reference, state=_t("the timer runs"))
        at, before = at or timezone.now(), self.minutes
        self._update(before, minutes=minutes)
        facts = {"entry": self.pk, "from": before, "minutes": minutes, "reason": reason}
        self.ticket.tell(Event.Kind.TIME_CORRECTED, by, at, facts)

    def _check_mine(self, by: Person, *, leads: bool = False) -> None:
        mine = self.person_id == by.pk and not by.is_client
        if not mine and not (leads and rules.may("assign", self.ticket, by) and not by.is_client):
            raise NotYours(reference=self.ticket.reference, person=str(by))

    def _update(self, before: int | None, **fields: object) -> None:
        mine = TimeEntry.objects.filter(pk=self.pk, version=self.version, minutes=before)
        if not mine.update(version=F("version") + 1, **fields):
            raise Overtaken(reference=self.ticket.reference)
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1


def total(ticket: Ticket) -> int:
    """Return the minutes noted on a ticket, without a timer that runs."""
    return int(ticket.times.aggregate(sum=Sum("minutes"))["sum"] or 0)


def running_of(person: Person) -> TimeEntry | None:
    """Return this person's timer, if one runs."""
    found = TimeEntry.objects.filter(person=person, minutes=None)
    return found.select_related("ticket").first()


def _check_minutes(minutes: int, *, least: int) -> None:
    if not least <= minutes <= MOST_MINUTES:
        mend = _t("give between %(least)d and %(most)d minutes") % {
            "least": least,
            "most": MOST_MINUTES,
        }
        raise BadValue(field=_t("minutes"), mend=mend)

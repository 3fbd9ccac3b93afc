"""A delivery that awaits the client's word: reminded once, then accepted by itself."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from relais.engine import worktime
from relais.lib.tenancy import SameTenant
from relais.offer import promises
from relais.people import calendars
from relais.people.models import Calendar
from relais.people.models.tenant import TenantModel

from .event import Event
from .letter import Letter

if TYPE_CHECKING:
    from .ticket import Ticket


class Silence(TenantModel):
    """What happens if nobody answers: pinned to the text under which the ticket was born.

    `remind_at` and `close_at` are computed once and stored; the calendar is asked again before
    either is done. Each word of the client begins it anew.
    """

    ticket = models.ForeignKey("desk.Ticket", models.PROTECT, related_name="silences")
    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="+")
    since = models.DateTimeField()
    # Working days; empty: never.
    remind_after = models.PositiveSmallIntegerField(null=True)
    close_after = models.PositiveSmallIntegerField(null=True)
    remind_at = models.DateTimeField(null=True)
    close_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("wait for the client’s word")
        verbose_name_plural = _("waits for the client’s word")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(ended_at=None), name="desk_silence_one"
            ),
            SameTenant(name="desk_silence_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_silence_calendar_fk", field="calendar", to="people_calendar"),
        ]
        indexes = [
            models.Index(  # the sweep asks across providers
                fields=["remind_at"],
                name="desk_silence_remind",
                condition=Q(ended_at=None, reminded_at=None, remind_at__isnull=False),
            ),
            models.Index(
                fields=["close_at"],
                name="desk_silence_close",
                condition=Q(ended_at=None, close_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} · {self.since:%Y-%m-%d %H:%M}"

    @classmethod
    def begin(cls, ticket: Ticket, at: datetime) -> Silence | None:
        """Return the wait that begins; None where nothing is to happen, or nobody can say when."""
        terms = promises.silence(_version_of(ticket))
        if terms.remind_after is None and terms.close_after is None:
            return None
        try:
            calendar = calendars.of_site(ticket.site).calendar
        except calendars.NoCalendar:
            return None
        silence = cls(
            provider_id=ticket.provider_id,
            ticket=ticket,
            calendar=calendar,
            since=at,
            remind_after=terms.remind_after,
            close_after=terms.close_after,
        )
        silence.date()
        silence.save(force_insert=True)
        return silence

    @classmethod
    def end(cls, ticket: Ticket, at: datetime) -> None:
        """End the wait: the client has spoken, or it went its way."""
        cls.objects.filter(ticket=ticket, ended_at=None).update(ended_at=at)

    def date(self) -> None:
        """Ask the calendar when to remind and when to close; empty if it opens no more."""
        hours = calendars.timetable(self.calendar)

        def closing(days: int | None) -> datetime | None:
            try:
                return None if days is None else hours.add_days(self.since, days)
            except (worktime.NeverOpens, worktime.OutOfReach):
                return None

        self.remind_at, self.close_at = closing(self.remind_after), closing(self.close_after)

    def remind(self, at: datetime) -> bool:
        """Write to the requester, once; return whether this was the time."""
        mine = Silence.objects.filter(pk=self.pk, ended_at=None, reminded_at=None)
        if not mine.update(reminded_at=at):
            return False
        facts = {"close_at": self.close_at.isoformat() if self.close_at else None}
        self.ticket._tell(Event.Kind.REMINDED, None, at, facts)
        Letter.remind(self.ticket, self)
        return True

    def close(self, at: datetime) -> None:
        """Accept the delivery by itself: nobody objected in time. Raises `NotNow`, `Overtaken`."""
        self.ticket.accept(by=None, at=at)


def follow(ticket: Ticket, kind: str, at: datetime, *, client: bool) -> None:
    """Begin or end the wait as a verb asks for it; a log that is imported waits for nobody."""
    if ticket.batch is not None:
        return
    waits = ticket.state == ticket.State.DELIVERED
    spoke = kind == Event.Kind.DELIVERED or (kind == Event.Kind.REPLIED and client)
    if kind in (Event.Kind.ACCEPTED, Event.Kind.REOPENED, Event.Kind.MERGED) or (waits and spoke):
        Silence.end(ticket, at)
    if waits and spoke:
        Silence.begin(ticket, at)


def settle(ticket: Ticket, at: datetime) -> None:
    """Begin or end the wait as the state asks for, when it came about by no usual verb."""
    waiting = Silence.objects.filter(ticket=ticket, ended_at=None).exists()
    if ticket.state != ticket.State.DELIVERED:
        Silence.end(ticket, at)
    elif not waiting:
        Silence.begin(ticket, at)


def _version_of(ticket: Ticket) -> int | None:
    born = ticket.clocks.order_by("pk").first()
    return born.agreement_version_id if born else None

"""A meeting that is arranged: times held for those invited, one of them booked, or given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import NotNow, Overtaken
from relais.desk.models import Ticket
from relais.lib.problem import Problem
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person
from relais.people.models.assistant import IntPoint
from relais.people.models.tenant import TenantModel

Span = tuple[datetime, datetime]
HELD_FOR = timedelta(hours=24)


class TimeTaken(Problem):
    """Somebody else holds one of these times meanwhile: search again."""

    message = _("One of these times was taken meanwhile: search again.")


class Meeting(TenantModel):
    """A meeting asked for by a request. Its row is changed by the verbs below alone."""

    class State(models.TextChoices):
        HELD = "held", _("Times are held")
        BOOKED = "booked", _("Booked")
        GIVEN_UP = "given_up", _("Given up")

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="meetings", verbose_name=_("request")
    )
    subject = models.CharField(_("subject"), max_length=200)
    place = models.CharField(_("place"), max_length=200, blank=True)
    minutes = models.PositiveSmallIntegerField(_("length in minutes"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.HELD)
    version = models.PositiveIntegerField(default=1)
    # Of what was sent to those invited (iTIP): a later one takes the place of an earlier one.
    sequence = models.PositiveSmallIntegerField(default=0)
    held_until = models.DateTimeField(_("held until"))
    starts_at = models.DateTimeField(_("begins"), null=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(state="booked") | Q(starts_at__isnull=False),
                name="planning_meeting_booked_at",
            ),
            SameTenant(name="planning_meeting_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="planning_meeting_person_fk", field="by", to="people_person"),
        ]
        indexes = [models.Index(fields=["ticket"], name="planning_meeting_ticket")]

    def __str__(self) -> str:
        return self.subject

    @property
    def uid(self) -> str:
        """Return the name under which calendars know it."""
        return f"meeting-{self.provider_id}-{self.pk}@relais"

    @property
    def length(self) -> timedelta:
        """Return how long it lasts."""
        return timedelta(minutes=self.minutes)

    @classmethod
    def hold(
        cls, ticket: Ticket, times: list[Span], guests: list[Person], *, by: Person,
        subject: str, place: str = "", at: datetime | None = None,
    ) -> Meeting:  # fmt: skip
        """Return the meeting with its times held for everybody. Raises `TimeTaken`."""
        at = at or timezone.now()
        begin, end = times[0]
        try:
            with transaction.atomic():
                MeetingTime.objects.filter(person__in=guests, until__lte=at).delete()
                made = cls.objects.create(
                    provider_id=ticket.provider_id, ticket=ticket, subject=subject, place=place,
                    minutes=int((end - begin).total_seconds() // 60), by=by, made_at=at,
                    held_until=at + HELD_FOR,
                )  # fmt: skip
                MeetingGuest.objects.bulk_create(
                    MeetingGuest(provider_id=ticket.provider_id, meeting=made, person=one)
                    for one in guests
                )
                MeetingTime.objects.bulk_create(
                    MeetingTime(
                        provider_id=ticket.provider_id, meeting=made, person=one, period=span,
                        until=made.held_until,
                    )
                    for one in guests
                    for span in times
                )  # fmt: skip
        except IntegrityError as fault:
            raise TimeTaken from fault
        organisation.record(made, "meeting_held", by, times=[s.isoformat() for s, _e in times])
        return made

    @transaction.atomic
    def book(self, start: datetime, *, by: Person, at: datetime | None = None) -> None:
        """Keep one of the times held, and let the others go. Raises `NotNow`, `Overtaken`."""
        at = at or timezone.now()
        mine = MeetingTime.objects.filter(meeting=self, until__gt=at)
        past = start <= at
        if (
            past
            or self.state != self.State.HELD
            or not mine.filter(period__startswith=start).exists()
        ):
            raise NotNow(reference=self.subject, state=self.get_state_display())
        self._change(by, "meeting_booked", state=self.State.BOOKED, starts_at=start)
        mine.filter(period__startswith=start).update(until=None)
        MeetingTime.objects.filter(meeting=self, until__isnull=False).delete()

    @transaction.atomic
    def give_up(self, *, by: Person) -> None:
        """Let every time go. Raises `NotNow`, `Overtaken`."""
        if self.state == self.State.GIVEN_UP:
            raise NotNow(reference=self.subject, state=self.get_state_display())
        self._change(by, "meeting_given_up", state=self.State.GIVEN_UP, sequence=self.sequence + 1)
        MeetingTime.objects.filter(meeting=self).delete()

    def _change(self, by: Person, kind: str, **fields: Any) -> None:
        mine = type(self).objects.filter(pk=self.pk, version=self.version)
        if not mine.update(version=F("version") + 1, **fields):
            raise Overtaken(reference=self.subject)
        self.version += 1
        for name, value in fields.items():
            setattr(self, name, value)
        organisation.record(self, kind, by)


class MeetingTime(TenantModel):
    """A time that a meeting takes of somebody: until then, or for good once it is booked."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="times")
    person = models.ForeignKey(Person, models.CASCADE, related_name="meeting_times")
    period = DateTimeRangeField(_("period"))
    until = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("time of a meeting")
        verbose_name_plural = _("times of meetings")
        ordering = ["period", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            ExclusionConstraint(
                name="planning_meetingtime_no_overlap",
                expressions=[(IntPoint("person_id"), "&&"), (F("period"), "&&")],
            ),
            SameTenant(
                name="planning_meetingtime_meeting_fk", field="meeting", to="planning_meeting"
            ),
            SameTenant(name="planning_meetingtime_person_fk", field="person", to="people_person"),
        ]


class MeetingGuest(TenantModel):
    """Somebody who is invited, and what she answered."""

    class Answer(models.TextChoices):
        NONE = "", _("No answer yet")
        ACCEPTED = "accepted", _("Accepts")
        DECLINED = "declined", _("Declines")
        TENTATIVE = "tentative", _("Perhaps")

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="guests")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("guest")
        verbose_name_plural = _("guests")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["meeting", "person"], name="planning_guest_once"),
            SameTenant(name="planning_guest_meeting_fk", field="meeting", to="planning_meeting"),
            SameTenant(name="planning_guest_person_fk", field="person", to="people_person"),
        ]

"""Requests that come back by themselves: an RFC 5545 rule, an hour, the site's working days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk import rules
from relais.desk.errors import BadValue, Missing, NotNow, NotYours, Overtaken
from relais.lib import repeats
from relais.lib.tenancy import SameTenant
from relais.offer.models import Service
from relais.people import calendars
from relais.people.models import Company, Confidentiality, Person, Site
from relais.people.models.organisation import key_of
from relais.people.models.tenant import TenantModel

from .standing import StandingEvent, StandingKind
from .ticket import Ticket

PREVIEW = timedelta(days=366)
MOST_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Planned:
    """One date: the rule's own day, the working day it was moved to, and the instant there."""

    nominal: date
    day: date
    at: datetime


class Recurrence(TenantModel):
    """A request that comes back. Its row is changed by the verbs below and by nothing else."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        STOPPED = "stopped", _("Stopped")

    class Shift(models.TextChoices):
        PREVIOUS = "previous", _("the working day before")
        NEXT = "next", _("the working day after")
        NONE = "none", _("that day all the same")

    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    site = models.ForeignKey(
        Site, models.PROTECT, related_name="recurrences", verbose_name=_("site")
    )
    requester = models.ForeignKey(
        Person, models.PROTECT, related_name="recurrences", verbose_name=_("requester")
    )
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="+", verbose_name=_("service")
    )
    subject = models.CharField(_("subject"), max_length=300)
    subject_key = key_of("subject")
    body = models.TextField(_("text"), blank=True)
    confidentiality = models.PositiveSmallIntegerField(
        _("confidentiality"), choices=Confidentiality.choices, default=Confidentiality.INTERNAL
    )
    rule = models.CharField(_("rule"), max_length=repeats.LONGEST_RULE)
    first_on = models.DateField(_("from"))
    hour = models.TimeField(_("at"))
    shift = models.CharField(
        _("when the site is closed"), max_length=10, choices=Shift.choices, default=Shift.PREVIOUS
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ACTIVE)
    version = models.PositiveIntegerField(default=1)
    # The rule's own days up to here are done with.
    done_until = models.DateField(null=True)
    next_at = models.DateTimeField(_("next"), null=True)
    # Dates before this never come: it was set up, changed or resumed then.
    begun_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("recurring request")
        verbose_name_plural = _("recurring requests")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(state="active") | Q(next_at=None), name="desk_recurrence_next"
            ),
            SameTenant(name="desk_recurrence_company_fk", field="company", to="people_company"),
            SameTenant(name="desk_recurrence_site_fk", field="site", to="people_site"),
            SameTenant(name="desk_recurrence_asker_fk", field="requester", to="people_person"),
            SameTenant(name="desk_recurrence_service_fk", field="service", to="offer_service"),
            SameTenant(name="desk_recurrence_maker_fk", field="created_by", to="people_person"),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],  # the worker asks across providers
                name="desk_recurrence_due",
                condition=Q(next_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    # Dates ---------------------------------------------------------------------------------------

    def dates(self, after: date | None = None) -> Iterator[Planned]:
        """Yield the dates from the first one on, or those whose own day lies after `after`.

        Two that move to one working day are one. Raises `repeats.BadRule`, `repeats.NoDay`,
        `calendars.NoCalendar`.
        """
        found = calendars.of_site(self.site)
        book, zone = calendars.book_of(found.calendar), ZoneInfo(self.site.time_zone)
        last: date | None = None
        for nominal in repeats.days(self.rule, self.first_on):
            day = repeats.moved(nominal, self.shift, lambda each: book.day(each).is_open)
            fresh, last = day != last, day
            if fresh and (after is None or nominal > after):
                yield Planned(nominal, day, datetime.combine(day, self.hour, zone))

    def ahead(self, at: datetime, length: timedelta = PREVIEW) -> list[Planned]:
        """Return the dates from `at` on, for as long as that: what the page shows."""
        found: list[Planned] = []
        for each in self.dates(self.done_until):
            if each.at > at + length or len(found) >= MOST_SHOWN:
                break
            if each.at >= at:
                found.append(each)
        return found

    def following(self, at: datetime | None = None) -> Planned | None:
        """Return the next date that is not skipped (not before `at`), or None at the rule's end."""
        kept = self.occurrences.filter(ticket=None) if self.pk else Occurrence.objects.none()
        skipped = set(kept.values_list("nominal", flat=True))
        for each in self.dates(self.done_until):
            if each.nominal not in skipped and (at is None or each.at >= at):
                return each
        return None

    # Verbs ---------------------------------------------------------------------------------------

    @classmethod
    def drafted(
        cls,
        *,
        site: Site,
        requester: Person,
        service: Service,
        subject: str,
        rule: str,
        first_on: date,
        hour: time,
        shift: str,
        by: Person,
        body: str = "",
        confidentiality: int = 0,
        at: datetime | None = None,
    ) -> Recurrence:
        """Return what would be kept, for its dates to be shown. Raises `BadValue`, `NotYours`."""
        at = at or timezone.now()
        made = cls(
            provider_id=site.provider_id,
            company_id=site.company_id,
            site=site,
            requester=requester,
            service=service,
            subject=subject.strip()[:300],
            body=body,
            confidentiality=max(service.confidentiality, confidentiality),
            rule=_rule(rule, first_on),
            first_on=first_on,
            hour=hour,
            shift=shift,
            begun_at=at,
            created_at=at,
            created_by=by,
        )
        if not rules.may_ask(rules.access_of(requester), site) or not made.may_keep(by):
            raise NotYours(reference=made.subject, person=str(by))
        if not made.subject:
            raise Missing(field=_t("Subject"))
        made.next_at = made._next(at)
        if made.next_at is None:
            raise BadValue(field=_t("rule"), mend=_t("it names no date to come: choose another"))
        return made

    @classmethod
    def start(cls, *, by: Person, at: datetime | None = None, **drafted: Any) -> Recurrence:
        """Return the recurring request, its first date set. Raises as `drafted` does."""
        at = at or timezone.now()
        made = cls.drafted(by=by, at=at, **drafted)
        with transaction.atomic():
            made.save(force_insert=True)
            StandingEvent.tell(StandingKind.STARTED, made, by, at, made._facts())
        return made

    def expect(self, version: int | None) -> None:
        """Raise `Overtaken` unless this is the version that the person was shown."""
        if version is not None and version != self.version:
            raise Overtaken(reference=self.subject)

    def edit(self, *, by: Person, at: datetime | None = None, **fields: Any) -> None:
        """Change words, rule or hour from now on; what came already stays."""
        at = at or timezone.now()
        if "rule" in fields:
            fields["rule"] = _rule(fields["rule"], fields.get("first_on", self.first_on))
        if "subject" in fields and not fields["subject"].strip():
            raise Missing(field=_t("Subject"))
        before = self._facts()
        old = {name: getattr(self, name) for name in fields}
        for name, value in fields.items():
            setattr(self, name, value)
        try:
            next_at = self._next(at) if self.state == self.State.ACTIVE else None
            if self.state == self.State.ACTIVE and next_at is None:
                raise BadValue(
                    field=_t("rule"), mend=_t("it names no date to come: choose another")
                )
        except Exception:
            for name, value in old.items():
                setattr(self, name, value)
            raise
        facts = {"before": before, "after": self._facts()}
        states = [self.State.ACTIVE, self.State.PAUSED]
        fields |= {"next_at": next_at, "begun_at": at}
        self._change(StandingKind.EDITED, by, at, states, facts, **fields)

    def pause(self, *, by: Person, at: datetime | None = None) -> None:
        """Let nothing come until it is resumed."""
        at = at or timezone.now()
        states = [self.State.ACTIVE]
        self._change(StandingKind.PAUSED, by, at, states, state=self.State.PAUSED, next_at=None)

    def resume(self, *, by: Person, at: datetime | None = None) -> None:
        """Let it come again from now on; what the pause swallowed does not come."""
        at = at or timezone.now()
        states, next_at = [self.State.PAUSED], self._next(at)
        self._change(StandingKind.RESUMED, by, at, states, state=self.State.ACTIVE, next_at=next_at)

    def stop(self, *, by: Person, at: datetime | None = None) -> None:
        """Let it never come again."""
        at = at or timezone.now()
        states = [self.State.ACTIVE, self.State.PAUSED]
        self._change(StandingKind.STOPPED, by, at, states, state=self.State.STOPPED, next_at=None)

    def skip(self, nominal: date, *, by: Person, at: datetime | None = None) -> None:
        """Leave one date out."""
        at = at or timezone.now()
        if nominal not in {each.nominal for each in self.ahead(at)}:
            raise BadValue(field=_t("date"), mend=_t("choose one of the dates shown"))
        with transaction.atomic():
            made, fresh = Occurrence.objects.get_or_create(
                provider_id=self.provider_id, recurrence=self, nominal=nominal
            )
            if not fresh:
                raise BadValue(field=_t("date"), mend=_t("this one is skipped already"))
            next_at = self._next(at) if self.state == self.State.ACTIVE else None
            states = [self.State.ACTIVE, self.State.PAUSED]
            facts = {"nominal": made.nominal.isoformat()}
            self._change(StandingKind.SKIPPED, by, at, states, facts, next_at=next_at)

    def may_keep(self, person: Person) -> bool:
        """Return whether this person may set it up, change and stop it."""
        if person.pk == self.requester_id:
            return True
        access = rules.access_of(person)
        if not rules.may_ask(access, self.site):
            return False
        named = self.confidentiality >= Confidentiality.EXECUTIVE
        if named and self.site.company_id not in access.cleared_company_ids:
            return False
        return not person.is_client or self.site.company_id in access.steered_company_ids

    def _next(self, at: datetime) -> datetime | None:
        try:
            found = self.following(at)
        except repeats.NoDay:
            mend = _t("the site is closed for too long around a date: choose “that day”")
            raise BadValue(field=_t("when the site is closed"), mend=mend) from None
        except (repeats.BadRule, OverflowError, ValueError):
            raise BadValue(field=_t("rule"), mend=_t("it cannot be followed")) from None
        return found.at if found else None

    def _facts(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "first_on": self.first_on.isoformat(),
            "hour": self.hour.isoformat(),
            "shift": self.shift,
        }

    def _change(
        self,
        kind: str,
        by: Person,
        at: datetime,
        states: Sequence[str],
        facts: dict[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        if not self.may_keep(by):
            raise NotYours(reference=self.subject, person=str(by))
        if self.state not in states:
            raise NotNow(reference=self.subject, state=self.get_state_display())
        with transaction.atomic():
            mine = Recurrence.objects.filter(pk=self.pk, version=self.version)
            if not mine.update(version=F("version") + 1, **fields):
                raise Overtaken(reference=self.subject)
            for name, value in fields.items():
                setattr(self, name, value)
            self.version += 1
            StandingEvent.tell(kind, self, by, at, facts)


class Occurrence(TenantModel):
    """One date that is done with: its request, or none when it was skipped or could not come."""

    recurrence = models.ForeignKey(Recurrence, models.PROTECT, related_name="occurrences")
    nominal = models.DateField()
    ticket = models.OneToOneField(Ticket, models.PROTECT, null=True, related_name="occurrence")
    fault = models.CharField(max_length=300, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("date of a recurring request")
        verbose_name_plural = _("dates of recurring requests")
        ordering = ["nominal"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["recurrence", "nominal"], name="desk_occurrence_once"),
            SameTenant(name="desk_occurrence_rec_fk", field="recurrence", to="desk_recurrence"),
            SameTenant(name="desk_occurrence_ticket_fk", field="ticket", to="desk_ticket"),
        ]

    def __str__(self) -> str:
        return f"{self.nominal}"


def _rule(text: str, first_on: date) -> str:
    try:
        return repeats.followed(text, first_on)
    except repeats.TooFar as fault:
        raise BadValue(field=_t("rule"), mend=too_far(fault)) from None
    except repeats.BadRule as fault:
        mend = _t("%(part)s is no part of a rule by whole days (RFC 5545)") % {"part": fault}
        raise BadValue(field=_t("rule"), mend=mend) from None


def too_far(fault: repeats.TooFar) -> str:
    """Return in words that the dates of a rule lie too far apart, and the mend."""
    return _t(
        "two of its dates lie more than %(years)d years apart (%(part)s): choose a smaller interval"
    ) % {"years": repeats.SEARCHED_YEARS, "part": fault}

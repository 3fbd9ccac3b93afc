"""Feedback both ways: how satisfied the requester is, how clear the request was."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk import rules
from relais.desk.errors import BadValue, NotNow, Overtaken, TooLate
from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel

from .event import Event
from .ticket import Ticket

# How long a rating may be changed after it was first given.
CHANGEABLE = timedelta(days=14)
FIVE = [MinValueValidator(1), MaxValueValidator(5)]


class Rating(TenantModel):
    """One requester's word on one delivered request: 5 is best in both."""

    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="rating")
    score = models.PositiveSmallIntegerField(_("satisfaction"), validators=FIVE)
    # "It was easy to ask": empty when not answered.
    effort = models.PositiveSmallIntegerField(_("ease"), validators=FIVE, null=True, blank=True)
    comment = models.TextField(_("a word"), blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="ratings")
    at = models.DateTimeField(_("given"))
    changed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("satisfaction")
        verbose_name_plural = _("satisfaction")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(score__range=(1, 5)) & (Q(effort=None) | Q(effort__range=(1, 5))),
                name="desk_rating_scale",
            ),
            SameTenant(name="desk_rating_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_rating_person_fk", field="by", to="people_person"),
        ]
        indexes = [models.Index(fields=["provider", "at"], name="desk_rating_at")]

    def __str__(self) -> str:
        return f"{self.ticket.reference} · {self.score}"

    @classmethod
    def rate(
        cls,
        ticket: Ticket,
        score: int,
        effort: int | None = None,
        comment: str = "",
        *,
        by: Person,
        at: datetime | None = None,
    ) -> Rating:
        """Return the rating: one a request, changed as long as `CHANGEABLE` lasts.

        Nothing is told when nothing changed. Raises `TooLate`.
        """
        rules.check("rate", ticket, by)
        at = at or timezone.now()
        for value, name in ((score, _t("satisfaction")), (effort, _t("ease"))):
            if value is not None and not 1 <= value <= 5:
                raise BadValue(field=name, mend=_t("choose between 1 and 5"))
        if ticket.state not in (Ticket.State.DELIVERED, Ticket.State.ACCEPTED):
            raise NotNow(reference=ticket.reference, state=ticket.get_state_display())
        with transaction.atomic():
            Ticket.objects.select_for_update().filter(pk=ticket.pk).first()
            known = cls.objects.filter(ticket=ticket).first()
            fields: dict[str, object] = {
                "score": score,
                "effort": effort,
                "comment": comment.strip(),
            }
            if known is None:
                known = cls.objects.create(
                    provider_id=ticket.provider_id, ticket=ticket, by=by, at=at, **fields
                )
            elif not known._changed(fields, at):
                return known
            # The score stays in its row: events are read by colleagues too.
            ticket.tell(Event.Kind.RATED, by, at, {"rating": known.pk, "time": known.version})
        return known

    @property
    def changeable_until(self) -> datetime:
        """Return until when the requester may change it."""
        return self.at + CHANGEABLE

    def _changed(self, fields: dict[str, object], at: datetime) -> bool:
        if all(getattr(self, name) == value for name, value in fields.items()):
            return False
        if at > self.changeable_until:
            raise TooLate(reference=self.ticket.reference)
        mine = Rating.objects.filter(pk=self.pk, version=self.version)
        if not mine.update(version=F("version") + 1, changed_at=at, **fields):
            raise Overtaken(reference=self.ticket.reference)
        self.refresh_from_db()
        return True


class ClarityMark(TenantModel):
    """Whether a request could be done as it came. For colleagues; the requester gets a hint."""

    class Missing(models.TextChoices):
        DATE = "date", _("a date or a deadline")
        PEOPLE = "people", _("who is concerned")
        PLACE = "place", _("the place")
        AMOUNT = "amount", _("a budget or an amount")
        DOCUMENT = "document", _("a document")
        RESULT = "result", _("the result expected")

    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="clarity")
    clear = models.BooleanField(_("clear"))
    missing = models.JSONField(_("what was missing"), default=list)
    note = models.CharField(_("note for colleagues"), max_length=300, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("clarity of the request")
        verbose_name_plural = _("clarity of requests")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_clarity_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_clarity_person_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket.reference} · {self.clear}"

    @classmethod
    def mark(
        cls,
        ticket: Ticket,
        missing: list[str],
        note: str = "",
        *,
        by: Person,
        at: datetime | None = None,
    ) -> ClarityMark:
        """Return the mark: clear when nothing was missing. The last word stands."""
        rules.check("mark_clarity", ticket, by)
        at = at or timezone.now()
        if unknown := set(missing) - set(cls.Missing.values):
            raise BadValue(
                field=_t("what was missing"),
                mend=_t("choose among %(known)s, not %(unknown)s")
                % {"known": ", ".join(cls.Missing.values), "unknown": ", ".join(sorted(unknown))},
            )
        chosen = [code for code in cls.Missing.values if code in missing]
        note = note.strip()[:300]
        fields = {"clear": not chosen and not note, "missing": chosen, "note": note}
        with transaction.atomic():
            Ticket.objects.select_for_update().filter(pk=ticket.pk).first()
            known = cls.objects.filter(ticket=ticket).first()
            if known is None:
                known = cls.objects.create(
                    provider_id=ticket.provider_id, ticket=ticket, by=by, at=at, **fields
                )
            elif all(getattr(known, name) == value for name, value in fields.items()):
                return known
            else:
                cls.objects.filter(pk=known.pk).update(
                    by=by, at=at, version=F("version") + 1, **fields
                )
                known.refresh_from_db()
            told = {"clear": known.clear, "lacks": chosen}
            ticket.tell(Event.Kind.CLARITY_MARKED, by, at, told)
        return known

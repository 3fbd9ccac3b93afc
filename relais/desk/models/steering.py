"""What happens at the steering wall: attempts that were refused, wishes that need a decision."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as _noop

from relais.desk import rules
from relais.desk.errors import CannotArbitrate, Missing, NotNow, NotYours, Overtaken
from relais.lib.tenancy import SameTenant
from relais.people.models import Company, Person
from relais.people.models.tenant import TenantModel

from .event import Event
from .letter import Letter
from .ticket import Ticket


class SteeringAttempt(TenantModel):
    """Somebody tried to change priority, scope or person without being a lead. Append-only."""

    class Way(models.TextChoices):
        PAGE = "page", _("Page")
        API = "api", _("API")
        MAIL = "mail", _("Mail")

    class Verb(models.TextChoices):
        REPRIORITISE = "reprioritise", _("Change the priority")
        RESCOPE = "rescope", _("Change the scope")
        RECLASSIFY = "reclassify", _("Lower the confidentiality")
        ASSIGN = "assign", _("Name the assistant")
        HAND_OVER = "hand_over", _("Hand over to another assistant")

    company = models.ForeignKey(
        Company, models.PROTECT, null=True, related_name="+", verbose_name=_("company")
    )
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, null=True, related_name="attempts", verbose_name=_("request")
    )
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("person"))
    verb = models.CharField(_("wish"), max_length=20, choices=Verb.choices)
    asked = models.JSONField(default=dict)
    way = models.CharField(_("way"), max_length=10, choices=Way.choices)
    at = models.DateTimeField(_("when"))

    class Meta(TenantModel.Meta):
        verbose_name = _("refused attempt")
        verbose_name_plural = _("refused attempts")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_attempt_company_fk", field="company", to="people_company"),
            SameTenant(name="desk_attempt_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_attempt_person_fk", field="by", to="people_person"),
        ]
        indexes = [models.Index(fields=["provider", "-at"], name="desk_attempt_at")]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} · {self.at:%Y-%m-%d %H:%M}"


class Arbitration(TenantModel):
    """Wishes of two managers that contradict each other: the client's lead decides, and says why.

    `other` is empty when both speak of one and the same request.
    """

    class State(models.TextChoices):
        OPEN = "open", _("To be decided")
        DECIDED = "decided", _("Decided")

    class Choice(models.TextChoices):
        FIRST = "first", _("The first request comes first")
        OTHER = "other", _("The other request comes first")
        NEITHER = "neither", _("Both stay as they are")

    company = models.ForeignKey(
        Company, models.PROTECT, related_name="arbitrations", verbose_name=_("company")
    )
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="arbitrations", verbose_name=_("request")
    )
    other = models.ForeignKey(
        Ticket, models.PROTECT, null=True, related_name="+", verbose_name=_("other request")
    )
    question = models.TextField(_("what contradicts what"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    # Empty: the product itself noticed.
    asked_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    choice = models.CharField(_("decision"), max_length=10, choices=Choice.choices, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("arbitration")
        verbose_name_plural = _("arbitrations")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(state="open", choice="", decided_at=None)
                | Q(state="decided", decided_at__isnull=False, decided_by__isnull=False)
                & ~Q(choice="")
                & ~Q(reason=""),
                name="desk_arbitration_decided",
            ),
            models.UniqueConstraint(
                fields=["ticket", "other"],
                condition=Q(state="open"),
                nulls_distinct=False,
                name="desk_arbitration_once",
            ),
            SameTenant(name="desk_arbitration_company_fk", field="company", to="people_company"),
            SameTenant(name="desk_arbitration_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_arbitration_other_fk", field="other", to="desk_ticket"),
            SameTenant(name="desk_arbitration_asker_fk", field="asked_by", to="people_person"),
            SameTenant(name="desk_arbitration_judge_fk", field="decided_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket.reference} · {self.get_state_display()}"

    @property
    def tickets(self) -> list[Ticket]:
        """Return the one or two requests that it is about."""
        return [self.ticket, self.other] if self.other else [self.ticket]

    @classmethod
    def ask(
        cls,
        ticket: Ticket,
        other: Ticket | None,
        question: str,
        *,
        by: Person | None,
        at: datetime | None = None,
    ) -> Arbitration:
        """Return the question put to the client's lead; each request is told.

        Asked twice it is the same question. Raises `CannotArbitrate`.
        """
        at = at or timezone.now()
        both = [ticket, other] if other else [ticket]
        for one in both:
            if by is not None:
                rules.check("arbitrate", one, by)
        _check_pair(ticket, other)
        if not (question := question.strip()):
            raise Missing(field=_t("What contradicts what"))
        with transaction.atomic():
            # The rows are held in the order of their keys, whichever was named first.
            keys = sorted(one.pk for one in both)
            list(Ticket.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
            pair = Q(ticket=ticket, other=other)
            pair |= Q(ticket=other, other=ticket) if other else Q()
            if known := cls.objects.filter(pair, state=cls.State.OPEN).first():
                return known
            asked = cls.objects.create(
                provider_id=ticket.provider_id,
                company_id=ticket.company_id,
                ticket=ticket,
                other=other,
                question=question,
                asked_by=by,
                asked_at=at,
            )
            for one in both:
                one.tell(Event.Kind.ARBITRATION_ASKED, by, at, {"arbitration": asked.pk})
            engagement = ticket.company.engagement
            if engagement is not None:
                msgid = _noop("Two wishes contradict each other (%(reference)s). You decide, here:")
                key, path = f"arbitration:{asked.pk}", f"/arbitrations/{asked.pk}/"
                Letter.lead(ticket, engagement.client_lead, key, msgid, path)
        return asked

    def expect(self, version: int | None) -> None:
        """Raise `Overtaken` unless this is the version that the person was shown."""
        if version is not None and version != self.version:
            raise Overtaken(reference=self.ticket.reference)

    def decide(
        self,
        choice: str,
        reason: str,
        *,
        by: Person,
        priorities: dict[int, int] | None = None,
        at: datetime | None = None,
    ) -> None:
        """Decide, as the client's lead, and say why; `priorities` are set by key of request."""
        at = at or timezone.now()
        if not self.may_decide(by):
            raise NotYours(reference=self.ticket.reference, person=str(by))
        if choice not in self.Choice.values or (choice == self.Choice.OTHER and not self.other):
            raise Missing(field=_t("Decision"))
        if not (reason := reason.strip()):
            raise Missing(field=_t("Reason"))
        if self.state != self.State.OPEN:
            raise NotNow(reference=self.ticket.reference, state=self.get_state_display())
        fields: dict[str, Any] = {
            "state": self.State.DECIDED,
            "choice": choice,
            "reason": reason,
            "decided_by": by,
            "decided_at": at,
        }
        with transaction.atomic():
            mine = Arbitration.objects.filter(pk=self.pk, version=self.version)
            if not mine.update(version=F("version") + 1, **fields):
                raise Overtaken(reference=self.ticket.reference)
            for one in self.tickets:
                facts = {"arbitration": self.pk, "choice": choice, "reason": reason}
                one.tell(Event.Kind.ARBITRATED, by, at, facts)
                wanted = (priorities or {}).get(one.pk, one.priority)
                if wanted != one.priority and one.state in Ticket.AT_WORK:
                    one.reprioritise(wanted, reason, by=by, at=at)
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1

    def may_decide(self, person: Person) -> bool:
        """Return whether this person leads for the client and may read what it is about."""
        engagement = self.company.engagement
        if engagement is None or person.pk not in engagement.client_side:
            return False
        return all(rules.may("reprioritise", one, person) for one in self.tickets)


def _check_pair(ticket: Ticket, other: Ticket | None) -> None:
    """Raise `CannotArbitrate` where no lead of the client could decide."""
    engagement = ticket.company.engagement
    if other is not None and (other.company_id != ticket.company_id or other.pk == ticket.pk):
        raise CannotArbitrate(why=_t("choose two requests of one company"))
    both = [ticket, other] if other else [ticket]
    if engagement is None:
        raise CannotArbitrate(why=_t("the company has no engagement in force"))
    leads = [engagement.client_lead, engagement.client_deputy]
    if not any(
        lead is not None and all(rules.may("reprioritise", one, lead) for one in both)
        for lead in leads
    ):
        raise CannotArbitrate(why=_t("its lead may not read both requests"))

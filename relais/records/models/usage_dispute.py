"""A line of a statement that the client contests, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import Missing
from relais.desk.models import Ticket
from relais.desk.rules import access_of
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Company, Person
from relais.people.models.tenant import TenantModel
from relais.records.usage_errors import DisputeNotNow, NotForUsage, UsageOvertaken

LONGEST = 2000


class UsageDispute(TenantModel):
    """One request of one month's statement, contested once. Only the verbs below change it."""

    class State(models.TextChoices):
        OPEN = "open", _("Contested")
        UPHELD = "upheld", _("Not counted")
        REJECTED = "rejected", _("Counted after all")
        WITHDRAWN = "withdrawn", _("Taken back")

    company = models.ForeignKey(Company, models.PROTECT, related_name="usage_disputes")
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="usage_disputes", verbose_name=_("request")
    )
    month = models.DateField(_("month"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    reason = models.TextField(_("why it is contested"))
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("contested"))
    answer_text = models.TextField(_("answer"), blank=True)
    answered_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("contested line")
        verbose_name_plural = _("contested lines")
        ordering = ["-at", "-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["ticket", "month"], condition=~Q(state="withdrawn"),
                name="records_dispute_once",
            ),
            SameTenant(name="records_dispute_company_fk", field="company", to="people_company"),
            SameTenant(name="records_dispute_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="records_dispute_by_fk", field="by", to="people_person"),
            SameTenant(name="records_dispute_answer_fk", field="answered_by", to="people_person"),
            SameTenant(name="records_dispute_settled_fk", field="settled_by", to="people_person"),
        ]  # fmt: skip
        indexes = [models.Index(fields=["company", "month"], name="records_dispute_month")]

    def __str__(self) -> str:
        return f"{self.ticket.reference} · {self.get_state_display()}"

    @classmethod
    def dispute(
        cls, ticket: Ticket, month: date, reason: str, *, by: Person, at: datetime | None = None
    ) -> UsageDispute:
        """Return the line contested by the client's lead or deputy, who read the request.

        Raises `NotForUsage`, `Missing`, `DisputeNotNow` when it was contested before.
        """
        if not _contests(ticket.company, by) or not _reads(ticket, by):
            raise NotForUsage(person=str(by))
        if not (reason := reason.strip()[:LONGEST]):
            raise Missing(field=_t("why it is contested"))
        try:
            with transaction.atomic():
                made = cls.objects.create(
                    provider_id=ticket.provider_id, company=ticket.company, ticket=ticket,
                    month=month, reason=reason, by=by, at=at or timezone.now(),
                )  # fmt: skip
                organisation.record(made, "line_disputed", by, ticket=ticket.pk)
        except IntegrityError:
            stands = cls.objects.exclude(state=cls.State.WITHDRAWN)
            known = stands.filter(ticket=ticket, month=month).first()
            if known is None:
                raise
            raise DisputeNotNow(state=known.get_state_display()) from None
        return made

    def answer(
        self, text: str, *, by: Person, at: datetime | None = None, seen: int | None = None
    ) -> None:
        """Say what the provider makes of it. Raises `NotForUsage`, `Missing`, `DisputeNotNow`."""
        self._leads(by)
        if not (text := text.strip()[:LONGEST]):
            raise Missing(field=_t("answer"))
        self._change(
            "line_answered", by, seen, answer_text=text, answered_by=by,
            answered_at=at or timezone.now(),
        )  # fmt: skip

    def settle(
        self, *, upheld: bool, by: Person, at: datetime | None = None, seen: int | None = None
    ) -> None:
        """Decide: not counted, or counted after all, which needs an answer first."""
        self._leads(by)
        if not upheld and not self.answer_text:
            raise Missing(field=_t("answer"))
        state = self.State.UPHELD if upheld else self.State.REJECTED
        self._change(
            "line_settled", by, seen, state=state, settled_by=by, settled_at=at or timezone.now()
        )

    def withdraw(self, *, by: Person, at: datetime | None = None, seen: int | None = None) -> None:
        """Take it back: the client's lead or deputy."""
        if not _contests(self.company, by):
            raise NotForUsage(person=str(by))
        self._change(
            "line_withdrawn", by, seen, state=self.State.WITHDRAWN, settled_by=by,
            settled_at=at or timezone.now(),
        )  # fmt: skip

    def _leads(self, by: Person) -> None:
        if not access_of(by).runs_pool or not _reads(self.ticket, by):
            raise NotForUsage(person=str(by))

    def _change(self, kind: str, by: Person, seen: int | None, **fields: Any) -> None:
        if self.state != self.State.OPEN:
            raise DisputeNotNow(state=self.get_state_display())
        version = self.version if seen is None else seen
        mine = UsageDispute.objects.filter(pk=self.pk, state=self.State.OPEN, version=version)
        with transaction.atomic():
            if not mine.update(version=F("version") + 1, **fields):
                raise UsageOvertaken()
            self.version = version + 1
            for name, value in fields.items():
                setattr(self, name, value)
            organisation.record(self, kind, by, ticket=self.ticket_id)


def _contests(company: Company, person: Person) -> bool:
    """Return whether this is the client's lead or deputy of the engagement in force."""
    engagement = company.engagement
    return person.is_client and engagement is not None and person.pk in engagement.client_side


def _reads(ticket: Ticket, person: Person) -> bool:
    return access_of(person).see(Ticket).filter(pk=ticket.pk).exists()

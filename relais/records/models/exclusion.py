"""A promise that does not count: proposed by one side with its evidence, agreed by the other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import Missing
from relais.desk.models import Ticket
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Company, Person
from relais.people.models.tenant import TenantModel
from relais.records.review_errors import AskedAlready, NotInThisState, NotReferent

from .review import check_steers, side_of


class Exclusion(TenantModel):
    """One promise of one request left out of the targets, once both referents had agreed."""

    class Of(models.TextChoices):
        DELIVERY = "delivery", _("Delivery")
        FIRST_RESPONSE = "first_response", _("First answer")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        AGREED = "agreed", _("Agreed by both")
        REFUSED = "refused", _("Refused by the other side")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+", verbose_name=_("request"))
    of = models.CharField(_("promise"), max_length=20, choices=Of.choices, default=Of.DELIVERY)
    reason = models.CharField(_("reason"), max_length=300)
    evidence = models.TextField(_("evidence"), max_length=4000)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PROPOSED
    )
    side = models.CharField(max_length=10)
    proposed_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    word = models.CharField(_("word"), max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("exclusion")
        verbose_name_plural = _("exclusions")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["ticket", "of"], condition=Q(state__in=["proposed", "agreed"]),
                name="records_exclusion_once",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at=None)
                | ~Q(state="proposed") & Q(decided_at__isnull=False),
                name="records_exclusion_decided",
            ),
            SameTenant(name="records_exclusion_company_fk", field="company", to="people_company"),
            SameTenant(name="records_exclusion_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="records_exclusion_by_fk", field="proposed_by", to="people_person"),
            SameTenant(name="records_exclusion_decider_fk", field="decided_by", to="people_person"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.ticket.reference} · {self.get_of_display()}"

    @classmethod
    def propose(
        cls, ticket: Ticket, of: str, reason: str, evidence: str, *, by: Person,
        at: datetime | None = None,
    ) -> Exclusion:  # fmt: skip
        """Return what one side asks to leave out. Raises `NotReferent`, `Missing`, `AskedAlready`.

        Without evidence the other side has nothing to agree on.
        """
        check_steers(ticket.company, by)
        for name, text in ((_t("Reason"), reason), (_t("Evidence"), evidence)):
            if not text.strip():
                raise Missing(field=name)
        try:
            with transaction.atomic():
                made = cls.objects.create(
                    provider_id=ticket.provider_id, company_id=ticket.company_id, ticket=ticket,
                    of=of, reason=reason.strip()[:300], evidence=evidence.strip()[:4000],
                    side=side_of(ticket.company, by), proposed_by=by,
                    proposed_at=at or timezone.now(),
                )  # fmt: skip
                organisation.record(made, "exclusion_proposed", by, of=of)
        except IntegrityError:
            raise AskedAlready(what=ticket.reference) from None
        return made

    def agree(self, *, by: Person, word: str = "", at: datetime | None = None) -> None:
        """Agree for the other side: from now on it does not count. Raises `NotReferent`."""
        self._decide(self.State.AGREED, "exclusion_agreed", by, word, at, other=True)

    def refuse(self, word: str, *, by: Person, at: datetime | None = None) -> None:
        """Refuse for the other side, with a word. Raises `Missing` without one."""
        if not word.strip():
            raise Missing(field=_t("Reason"))
        self._decide(self.State.REFUSED, "exclusion_refused", by, word, at, other=True)

    def withdraw(self, *, by: Person, at: datetime | None = None) -> None:
        """Take the proposal back, for the side that made it."""
        self._decide(self.State.WITHDRAWN, "exclusion_withdrawn", by, "", at, other=False)

    def may_decide(self, person: Person) -> bool:
        """Return whether this person speaks for the side that is asked."""
        side = side_of(self.company, person)
        return bool(side) and side != self.side and self.state == self.State.PROPOSED

    def may_withdraw(self, person: Person) -> bool:
        """Return whether this person speaks for the side that asked."""
        return side_of(self.company, person) == self.side and self.state == self.State.PROPOSED

    def _decide(
        self, state: str, kind: str, by: Person, word: str, at: datetime | None, *, other: bool
    ) -> None:
        side = side_of(self.company, by)
        if not side or (side != self.side) is not other:
            who = _t("the lead of the other side") if other else _t("the side that proposed it")
            raise NotReferent(what=str(self), who=who)
        fields: dict[str, Any] = {
            "state": state, "decided_by": by, "decided_at": at or timezone.now(),
            "word": word.strip()[:500],
        }  # fmt: skip
        with transaction.atomic():
            mine = Exclusion.objects.filter(pk=self.pk, state=self.State.PROPOSED)
            if not mine.update(version=F("version") + 1, **fields):
                now = Exclusion.objects.get(pk=self.pk)
                raise NotInThisState(what=str(self), state=now.get_state_display())
            organisation.record(self, kind, by, word=fields["word"])
        for name, value in fields.items():
            setattr(self, name, value)

"""What an assistant commits to by a date of her own: "I call back by Thursday 15:00"."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk import rules
from relais.desk.errors import BadValue, LaterThanPromised, Missing, NotNow, Overtaken
from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel

from .event import Event
from .ticket import Ticket
from .ticket_steering import promised_by


class Commitment(TenantModel):
    """One dated word to the requester: kept or broken, told by the sweep."""

    class Kind(models.TextChoices):
        CALL = "call", _("Call back")
        ANSWER = "answer", _("Give an answer")
        DELIVERY = "delivery", _("Deliver")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        OPEN = "open", _("Made")
        KEPT = "kept", _("Kept")
        BROKEN = "broken", _("Broken")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="commitments", verbose_name=_("request")
    )
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    text = models.CharField(_("in words"), max_length=300, blank=True)
    due_at = models.DateTimeField(_("by"))
    # Said to the requester where a delivery is committed later than the promise.
    beyond = models.CharField(_("why later than promised"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    by = models.ForeignKey(Person, models.PROTECT, related_name="commitments")
    made_at = models.DateTimeField(_("made"))
    settled_at = models.DateTimeField(_("settled"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        ordering = ["due_at", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(state="open", settled_at=None)
                | ~Q(state="open") & Q(settled_at__isnull=False),
                name="desk_commitment_settled",
            ),
            SameTenant(name="desk_commitment_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_commitment_person_fk", field="by", to="people_person"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],  # the sweep asks across providers
                name="desk_commitment_open",
                condition=Q(state="open"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.due_at:%Y-%m-%d %H:%M}"

    @classmethod
    def promise(
        cls,
        ticket: Ticket,
        kind: str,
        due_at: datetime,
        text: str = "",
        *,
        by: Person,
        beyond: str = "",
        at: datetime | None = None,
    ) -> Commitment:
        """Return the commitment, which the requester reads. The same twice is once.

        Raises `LaterThanPromised` for a delivery after its deadline without a word about it.
        """
        rules.check("promise", ticket, by)
        at = at or timezone.now()
        if kind not in cls.Kind.values:
            raise Missing(field=_t("what"))
        if due_at <= at:
            raise BadValue(field=_t("by"), mend=_t("choose a moment that is still to come"))
        if kind == cls.Kind.OTHER and not text.strip():
            raise Missing(field=_t("in words"))
        if ticket.state not in Ticket.AT_WORK:
            raise NotNow(reference=ticket.reference, state=ticket.get_state_display())
        promised = promised_by(ticket)
        late = kind == cls.Kind.DELIVERY and promised is not None and due_at > promised
        if late and not beyond.strip():
            raise LaterThanPromised(reference=ticket.reference)
        same = {"ticket": ticket, "kind": kind, "due_at": due_at, "state": cls.State.OPEN}
        with transaction.atomic():
            Ticket.objects.select_for_update().filter(pk=ticket.pk).first()
            if known := cls.objects.filter(by=by, text=text.strip()[:300], **same).first():
                return known
            made = cls.objects.create(
                provider_id=ticket.provider_id,
                text=text.strip()[:300],
                beyond=beyond.strip()[:300] if late else "",
                by=by,
                made_at=at,
                **same,
            )
            ticket.tell(Event.Kind.PROMISED, by, at, made._facts() | {"beyond": made.beyond})
        return made

    def keep(self, *, by: Person, at: datetime | None = None) -> None:
        """Say that it is done: kept in time, broken if later."""
        rules.check("promise", self.ticket, by)
        at = at or timezone.now()
        self._settle(at, self.State.KEPT if at <= self.due_at else self.State.BROKEN, by)

    def withdraw(self, reason: str, *, by: Person, at: datetime | None = None) -> None:
        """Take the word back before its time, and say why."""
        rules.check("promise", self.ticket, by)
        at = at or timezone.now()
        if not (reason := reason.strip()):
            raise Missing(field=_t("Reason"))
        if at > self.due_at:
            raise NotNow(reference=self.ticket.reference, state=_t("past its time"))
        self._settle(at, self.State.WITHDRAWN, by, reason=reason)

    def settle(self, *, at: datetime | None = None) -> bool:
        """Return whether it could be told by itself: delivered in time, time passed, not wanted."""
        at = at or timezone.now()
        ticket = self.ticket
        if ticket.state in (Ticket.State.CANCELLED, Ticket.State.REFUSED):
            self._settle(at, self.State.WITHDRAWN, None, reason=ticket.get_state_display())
        elif self.kind == self.Kind.DELIVERY and ticket.delivered_at is not None:
            kept = ticket.delivered_at <= self.due_at
            self._settle(at, self.State.KEPT if kept else self.State.BROKEN, None)
        elif at > self.due_at:
            self._settle(at, self.State.BROKEN, None)
        else:
            return False
        return True

    def _settle(self, at: datetime, state: str, by: Person | None, **facts: Any) -> None:
        kind = {
            self.State.KEPT: Event.Kind.PROMISE_KEPT,
            self.State.BROKEN: Event.Kind.PROMISE_BROKEN,
            self.State.WITHDRAWN: Event.Kind.PROMISE_WITHDRAWN,
        }[self.State(state)]
        if self.state != self.State.OPEN:
            raise NotNow(reference=self.ticket.reference, state=self.get_state_display())
        with transaction.atomic():
            mine = Commitment.objects.filter(
                pk=self.pk, version=self.version, state=self.State.OPEN
            )
            if not mine.update(version=F("version") + 1, state=state, settled_at=at):
                raise Overtaken(reference=self.ticket.reference)
            self.state, self.settled_at, self.version = state, at, self.version + 1
            self.ticket.tell(kind, by, at, self._facts() | facts)

    def _facts(self) -> dict[str, Any]:
        return {
            "commitment": self.pk,
            "what": self.kind,
            "text": self.text,
            "due_at": self.due_at.isoformat(),
        }

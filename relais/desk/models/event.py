"""What happened to a ticket: the spine that reports, signals, evidence and billing read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel

if TYPE_CHECKING:
    from .ticket import Ticket


class Event(TenantModel):
    """One fact, with who and when. Append-only: the application's role may not change a row."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("Received")
        ASSIGNED = "assigned", _("Assigned")
        UNASSIGNED = "unassigned", _("Nobody to assign")
        HELD = "held", _("Held")
        UNHELD = "unheld", _("Released for dispatch")
        PROPOSED = "proposed", _("Proposed")
        PROPOSAL_EXPIRED = "proposal_expired", _("Proposal expired")
        PINNED = "pinned", _("Reserved for somebody")
        UNPINNED = "unpinned", _("No longer reserved")
        TAKEN = "taken", _("Taken in hand")
        REPLIED = "replied", _("Answered")
        ASKED = "asked", _("Asked the requester")
        RESUMED = "resumed", _("Resumed")
        WAITED_THIRD = "waited_third", _("Waits for a third party")
        DELIVERED = "delivered", _("Delivered")
        ACCEPTED = "accepted", pgettext_lazy("request", "Accepted")
        REOPENED = "reopened", _("Reopened")
        HANDED_OVER = "handed_over", _("Handed over")
        CANCELLED = "cancelled", _("Cancelled")
        REFUSED = "refused", pgettext_lazy("request", "Refused")
        NOTED = "noted", _("Internal note")
        WARNED = "warned", _("Deadline comes near")
        BREACHED = "breached", _("Deadline passed")
        REMINDED = "reminded", _("Reminded")
        LINKED = "linked", _("Linked")
        UNLINKED = "unlinked", _("Link removed")
        MERGED = "merged", _("Merged into another")
        ABSORBED = "absorbed", _("Took in another")
        PARTED = "parted", _("Parted again")
        RELEASED = "released", _("Gave back another")
        UNDONE = "undone", _("Undone")
        STEP_DONE = "step_done", _("Step done")
        STEP_UNDONE = "step_undone", _("Step open again")
        STEPS_WAIVED = "steps_waived", _("Delivered without some steps")
        REPRIORITISED = "reprioritised", _("Priority changed")
        RESCOPED = "rescoped", _("Scope changed")
        RECLASSIFIED = "reclassified", _("Confidentiality changed")
        POSTPONED = "postponed", _("Wished for later")
        ARBITRATION_ASKED = "arbitration_asked", _("Arbitration asked for")
        ARBITRATED = "arbitrated", _("Arbitrated")
        AMOUNT_STATED = "amount_stated", _("Amount stated")
        APPROVAL_ASKED = "approval_asked", _("Approval asked for")
        APPROVAL_REMINDED = "approval_reminded", _("Approval asked for again")
        APPROVAL_DELEGATED = "approval_delegated", _("Approval passed on")
        APPROVED = "approved", pgettext_lazy("approval", "Approved")
        APPROVAL_REFUSED = "approval_refused", _("Approval refused")
        PROMISED = "promised", _("Commitment made")
        PROMISE_KEPT = "promise_kept", _("Commitment kept")
        PROMISE_BROKEN = "promise_broken", _("Commitment broken")
        PROMISE_WITHDRAWN = "promise_withdrawn", _("Commitment withdrawn")
        TIME_ADDED = "time_added", _("Time noted")
        TIMER_STARTED = "timer_started", _("Timer started")
        TIMER_STOPPED = "timer_stopped", _("Timer stopped")
        TIME_CORRECTED = "time_corrected", _("Time corrected")
        RATED = "rated", _("Satisfaction given")
        CLARITY_MARKED = "clarity_marked", _("Clarity of the request marked")
        SETTLED = "settled", _("Triage settled")

    # What clients never learn of: who was chosen and why, notes between colleagues.
    INTERNAL = (
        Kind.ASSIGNED,
        Kind.UNASSIGNED,
        Kind.SETTLED,
        Kind.HELD,
        Kind.UNHELD,
        Kind.PROPOSED,
        Kind.PROPOSAL_EXPIRED,
        Kind.PINNED,
        Kind.UNPINNED,
        Kind.HANDED_OVER,
        Kind.NOTED,
        Kind.WARNED,
        Kind.LINKED,
        Kind.UNLINKED,
        Kind.ABSORBED,
        Kind.RELEASED,
        Kind.STEP_DONE,
        Kind.STEP_UNDONE,
        Kind.STEPS_WAIVED,
        Kind.TIME_ADDED,
        Kind.TIMER_STARTED,
        Kind.TIMER_STOPPED,
        Kind.TIME_CORRECTED,
        Kind.CLARITY_MARKED,
    )

    ticket = models.ForeignKey("desk.Ticket", models.PROTECT, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    # Empty: the product itself.
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    internal = models.BooleanField(default=False)
    facts = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("event")
        verbose_name_plural = _("events")
        # Verbs hold the ticket's row, so the identifiers of one ticket's events are in order.
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_event_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_event_person_fk", field="by", to="people_person"),
        ]
        indexes = [
            models.Index(fields=["provider", "at"], name="desk_event_at"),
            models.Index(
                fields=["provider", "at"],
                include=["id", "ticket", "kind"],
                name="desk_event_dispatch",
                condition=models.Q(kind__in=["assigned", "unassigned"]),
            ),
        ]

    @classmethod
    def of(
        cls,
        ticket: Ticket,
        kind: str,
        by: Person | None,
        at: datetime,
        facts: dict[str, Any],
        *,
        internal: bool = False,
    ) -> Event:
        """Return what happens to a ticket, to be written."""
        return cls(
            provider_id=ticket.provider_id,
            ticket=ticket,
            kind=kind,
            at=at,
            by=by,
            internal=internal or kind in cls.INTERNAL or "via" in facts,
            facts={"state": ticket.state, "version": ticket.version, **facts},
        )

    @property
    def told(self) -> dict[str, Any]:
        """Return the facts for those who read; what was before is kept for an undo alone."""
        return {name: fact for name, fact in self.facts.items() if name != "was"}

    @property
    def author(self) -> str:
        """Return who did it, by name; empty for the product itself.

        What came by a merged request names nobody: who reads this one may not know of her.
        """
        if "via" in self.facts:
            return _t("The requester of a merged request")
        return self.by.name if self.by else ""

    def __str__(self) -> str:
        return f"{self.kind} · {self.at:%Y-%m-%d %H:%M}"

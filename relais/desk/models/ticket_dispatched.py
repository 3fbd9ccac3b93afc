"""What the lead says to dispatch about one request: held, reserved, a proposal confirmed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.utils import timezone
from django.utils.translation import gettext as _t

from relais.desk import rules
from relais.desk.errors import BadValue, Missing, NotNow, Unchanged

from .event import Event

if TYPE_CHECKING:
    from relais.people.models import Person

    from .ticket import Ticket

# Whoever has it has it: nothing is proposed or held any more.
FREE: dict[str, Any] = {"held_why": "", "held_until": None, "proposed": None}
LONGEST = 300


class Dispatched:
    """The verbs by which a request is kept from dispatch, bound to somebody, or confirmed."""

    # What was told last of it in this transaction.
    last_event: Event | None = None

    if TYPE_CHECKING:
        State: ClassVar[Any]
        _change: Callable[..., None]

    def hold(
        self, why: str, *, by: Person, until: datetime | None = None, at: datetime | None = None
    ) -> None:
        """Keep it out of dispatch, until then or until released. The clocks go on.

        Raises `NotYours`, `NotNow`, `Missing`, `BadValue` (a date that is past).
        """
        ticket, at = cast("Ticket", self), at or timezone.now()
        rules.check("hold", ticket, by)
        if until is not None and until <= at:
            raise BadValue(field=_t("held until"), mend=_t("give a date to come"))
        if ticket.held_why:
            raise Unchanged(reference=ticket.reference)
        why = _said(why)
        facts = {"reason": why, "until": until.isoformat() if until else None}
        self._change(
            Event.Kind.HELD, by, at, when=[self.State.OPEN], facts=facts,
            held_why=why, held_until=until, proposed=None,
        )  # fmt: skip

    def unhold(self, *, by: Person | None, at: datetime | None = None) -> None:
        """Let dispatch have it again; `by` is empty when its date has come."""
        ticket = cast("Ticket", self)
        rules.check("unhold", ticket, by)
        if not ticket.held_why:
            raise NotNow(reference=ticket.reference, state=_t("not held"))
        self._change(
            Event.Kind.UNHELD, by, at, when=[self.State.OPEN], held_why="", held_until=None
        )

    def propose(self, to: Person, *, reasons: dict[str, Any], at: datetime | None = None) -> None:
        """Say to whom dispatch would give it: the lead confirms, or takes another."""
        ticket = cast("Ticket", self)
        rules.check("propose", ticket, None)
        rules.check_fit(ticket, to)
        facts = {"holder": to.pk, "decision": reasons}
        self._change(
            Event.Kind.PROPOSED, None, at, when=[self.State.OPEN], facts=facts, proposed=to
        )

    def expire_proposal(self, why: str, *, at: datetime | None = None) -> None:
        """Take a proposal back: its person is "absent" or "gone"."""
        ticket = cast("Ticket", self)
        rules.check("expire_proposal", ticket, None)
        facts = {"holder": ticket.proposed_id, "why": why}
        self._change(
            Event.Kind.PROPOSAL_EXPIRED, None, at, when=[self.State.OPEN], facts=facts,
            proposed=None,
        )  # fmt: skip

    def confirm(
        self, to: Person | None = None, why: str = "", *, by: Person, at: datetime | None = None
    ) -> None:
        """Give it to whom dispatch proposed, or (with a reason) to somebody else.

        Raises `NotYours`, `NotNow` without a proposal, `Missing` without a reason, `Unfit`.
        """
        ticket = cast("Ticket", self)
        rules.check("confirm", ticket, by)
        proposed = ticket.proposed
        if proposed is None:
            raise NotNow(reference=ticket.reference, state=_t("nobody is proposed"))
        chosen = to or proposed
        if chosen.pk != proposed.pk:
            why = _said(why)
        rules.check_fit(ticket, chosen)
        facts = {"holder": chosen.pk, "proposed": proposed.pk}
        self._change(
            Event.Kind.ASSIGNED, by, at, when=[self.State.OPEN],
            facts=facts | ({"why": why.strip()} if why.strip() else {}),
            **FREE, state=self.State.ASSIGNED, holder=chosen,
        )  # fmt: skip

    def pin(self, to: Person, why: str, *, by: Person, at: datetime | None = None) -> None:
        """Reserve it for somebody: whoever else is free, it waits for her."""
        ticket = cast("Ticket", self)
        rules.check("pin", ticket, by)
        rules.check_fit(ticket, to)
        if ticket.pinned_id == to.pk:
            raise Unchanged(reference=ticket.reference)
        facts = {"holder": to.pk, "reason": _said(why)}
        self._change(
            Event.Kind.PINNED, by, at, when=[self.State.OPEN, self.State.ASSIGNED], facts=facts,
            pinned=to, proposed=None,
        )  # fmt: skip

    def unpin(self, *, by: Person, at: datetime | None = None) -> None:
        """Let anybody have it again."""
        ticket = cast("Ticket", self)
        rules.check("unpin", ticket, by)
        if ticket.pinned_id is None:
            raise NotNow(reference=ticket.reference, state=_t("not reserved"))
        states = [self.State.OPEN, self.State.ASSIGNED]
        facts = {"holder": ticket.pinned_id}
        self._change(Event.Kind.UNPINNED, by, at, when=states, facts=facts, pinned=None)


def _said(text: str) -> str:
    if text := text.strip()[:LONGEST]:
        return text
    raise Missing(field=_t("Reason"))

"""In words: steering, amounts, commitments, time and feedback."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from relais.people.models import Confidentiality
from relais.people.templatetags.ui import absolute_text

from .models import Arbitration, Commitment, Event, Ticket


def beside_sentences() -> dict[str, str]:
    """Return the sentence of each kind of event; the words come from `beside_words`."""
    kind = Event.Kind
    return {
        kind.REPRIORITISED: _("%(who)s changed the priority from %(before)s to %(after)s: %(why)s"),
        kind.RESCOPED: _("%(who)s changed the scope: %(why)s"),
        kind.RECLASSIFIED: _(
            "%(who)s changed the confidentiality from %(before)s to %(after)s: %(why)s"
        ),
        kind.POSTPONED: _("%(who)s wishes for it later."),
        kind.ARBITRATION_ASKED: _("Two wishes contradict each other: the client lead decides."),
        kind.ARBITRATED: _("%(who)s decided: %(choice)s. %(why)s"),
        kind.AMOUNT_STATED: _("%(who)s stated an amount of %(amount)s: no approval is needed."),
        kind.APPROVAL_ASKED: _("%(who)s asked %(to)s to approve %(amount)s."),
        kind.APPROVAL_REMINDED: _("%(to)s was asked again to approve."),
        kind.APPROVAL_DELEGATED: _("%(who)s passed the approval on to %(to)s: %(why)s"),
        kind.APPROVED: _("%(who)s approved %(amount)s. %(why)s"),
        kind.APPROVAL_REFUSED: _("%(who)s did not approve %(amount)s: %(why)s"),
        kind.PROMISED: _("%(who)s committed: %(what)s by %(when)s."),
        kind.PROMISE_KEPT: _("Commitment kept: %(what)s by %(when)s."),
        kind.PROMISE_BROKEN: _("Commitment broken: %(what)s by %(when)s."),
        kind.PROMISE_WITHDRAWN: _("Commitment withdrawn: %(what)s. %(why)s"),
        kind.TIME_ADDED: _("%(who)s noted %(minutes)s min."),
        kind.TIMER_STARTED: _("%(who)s started a timer."),
        kind.TIMER_STOPPED: _("%(who)s stopped the timer: %(minutes)s min."),
        kind.TIME_CORRECTED: _("%(who)s set %(before)s min right to %(minutes)s min: %(why)s"),
        kind.RATED: _("%(who)s said how satisfied he or she is."),
        kind.CLARITY_MARKED: _("%(who)s said how clear the request was."),
    }


def beside_words(event: Event) -> dict[str, Any]:
    """Return the words that the sentence of this event may name."""
    facts = event.facts
    before, after = facts.get("from"), facts.get("to")
    labels = {Event.Kind.REPRIORITISED: Ticket.Priority, Event.Kind.RECLASSIFIED: Confidentiality}
    scale: Any = labels.get(Event.Kind(event.kind))
    amount = facts.get("amount")
    what = facts.get("what", "")
    named = str(Commitment.Kind(what).label) if what in Commitment.Kind.values else ""
    choice = facts.get("choice", "")
    return {
        "before": scale(before).label if scale and before in scale.values else before,
        "after": scale(after).label if scale and after in scale.values else after,
        "why": facts.get("reason", ""),
        "amount": (
            f"{number_format(Decimal(amount), 2, force_grouping=True)}\u202f€"
            if amount
            else _("it")
        ),
        "what": facts.get("text") or named,
        "when": _when(event, facts.get("due_at")),
        "minutes": facts.get("minutes", ""),
        "choice": (
            str(Arbitration.Choice(choice).label) if choice in Arbitration.Choice.values else ""
        ),
    }


def _when(event: Event, text: str | None) -> str:
    if not text:
        return ""
    return absolute_text(datetime.fromisoformat(text), ZoneInfo(event.ticket.site.time_zone))

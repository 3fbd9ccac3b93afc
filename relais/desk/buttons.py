"""Which verbs a person is offered on a ticket: those that its state and her rights allow.

The verbs themselves decide again; a test holds this table to what they say.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from relais.people.models import Person

from . import rules
from .models import Ticket

State = Ticket.State


@dataclass(frozen=True)
class Button:
    """One verb as it is offered. `words`: it is sent with a text, which `hint` explains."""

    verb: str
    label: str | Promise
    icon: str
    states: tuple[str, ...]
    words: bool = False
    hint: str | Promise = ""


EVERY = tuple(State.values)

BUTTONS = (
    Button("take", _("Take"), "player-play", (State.OPEN, State.ASSIGNED)),
    Button(
        "reply",
        _("Reply"),
        "message",
        Ticket.LIVE,
        words=True,
        hint=_("Seen by the client and sent by mail."),
    ),
    Button(
        "ask",
        _("Ask"),
        "help-circle",
        (State.TAKEN,),
        words=True,
        hint=_("Sent by mail; the deadline stands still until the answer."),
    ),
    Button(
        "deliver",
        _("Deliver"),
        "send",
        (State.TAKEN, State.WAITING, State.THIRD),
        words=True,
        hint=_("The result goes out; the requester accepts it or asks for a correction."),
    ),
    Button(
        "note",
        _("Internal note"),
        "lock",
        EVERY,
        words=True,
        hint=_("For colleagues only: the client never sees it."),
    ),
    Button("resume", _("Resume"), "player-play", (State.WAITING, State.THIRD)),
    Button(
        "wait_third",
        _("Waits for a third party"),
        "clock-pause",
        (State.TAKEN,),
        words=True,
        hint=_("Whom or what does it wait for? The deadline runs on."),
    ),
    Button("hand_over", _("Hand over"), "transfer", Ticket.HELD),
    Button("assign", _("Assign"), "user-check", (State.OPEN, State.ASSIGNED)),
    Button("accept", _("Accept"), "circle-check", (State.DELIVERED,)),
    Button(
        "reopen",
        _("Ask for a correction"),
        "rotate",
        (State.DELIVERED, State.ACCEPTED),
        words=True,
        hint=_("What is missing or wrong?"),
    ),
    Button(
        "cancel",
        _("Cancel the request"),
        "x",
        Ticket.AT_WORK,
        words=True,
        hint=_("Why is it not wanted any more?"),
    ),
    Button(
        "refuse",
        _("Decline"),
        "circle-x",
        Ticket.AT_WORK,
        words=True,
        hint=_("Tell the requester why it cannot be done."),
    ),
)
BY_VERB = {button.verb: button for button in BUTTONS}
# Written in the box under the thread; the others have a place of their own.
IN_THE_BOX = ("reply", "ask", "deliver", "note")


def offered(ticket: Ticket, person: Person) -> dict[str, Button]:
    """Return the buttons of this person on this ticket now, by verb."""
    # Her answer resumes the work by itself: a button beside it would only raise a question.
    hidden = {"resume"} if person.is_client else set()
    return {
        button.verb: button
        for button in BUTTONS
        if (ticket.state in button.states or _follows(ticket, button.verb))
        and button.verb not in hidden
        and rules.may(button.verb, ticket, person)
    }


def _follows(ticket: Ticket, verb: str) -> bool:
    """What is said on a merged ticket is said to the live one."""
    return verb == "reply" and ticket.state == State.MERGED and ticket.is_live

"""One thing done to several requests: each by its own verb, with its own event, or refused by name.

What one request refuses does not stop the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import OperationalError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from relais.lib.problem import Problem
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.models import Person

from .errors import BadValue, Missing, Unchanged
from .models import Event, Ticket
from .models.ticket_undoing import UNDOABLE

MOST = 200


@dataclass(frozen=True)
class Wish:
    """What is to be done, and with what."""

    verb: str
    person: Person | None = None
    priority: int | None = None
    service: Service | None = None
    text: str = ""


@dataclass(frozen=True)
class Refusal:
    """A request that stayed as it was, and why."""

    ticket: Ticket
    why: str


@dataclass
class Outcome:
    """What became of each request; `unseen` were not found."""

    verb: str
    done: list[Ticket] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    unseen: int = 0

    @property
    def undoable(self) -> bool:
        """Return whether what was done can be taken back for a moment."""
        return EVENTS.get(self.verb) in UNDOABLE


def _assign(ticket: Ticket, wish: Wish, by: Person) -> None:
    """Give it to somebody; what is being worked on is handed over, with the word."""
    assert wish.person is not None
    if ticket.holder_id == wish.person.pk:
        raise Unchanged(reference=ticket.reference)
    if ticket.state in (Ticket.State.TAKEN, Ticket.State.WAITING, Ticket.State.THIRD):
        ticket.hand_over(wish.person, wish.text, by=by)
    else:
        ticket.assign(wish.person, by=by, why=wish.text)


def _reprioritise(ticket: Ticket, wish: Wish, by: Person) -> None:
    ticket.reprioritise(wish.priority or 0, wish.text, by=by)


def _rescope(ticket: Ticket, wish: Wish, by: Person) -> None:
    ticket.rescope(wish.text, service=wish.service, by=by)


@dataclass(frozen=True)
class Action:
    """A verb that may be done to several; `needs` names what must be given with it."""

    label: str | Promise
    act: Callable[[Ticket, Wish, Person], object]
    needs: tuple[str, ...] = ()


ACTIONS: dict[str, Action] = {
    "assign": Action(_("Give to"), _assign, ("person",)),
    "wait_third": Action(
        _("Set aside: waits for a third party"),
        lambda ticket, wish, by: ticket.wait_third(wish.text, by=by),
        ("text",),
    ),
    "hold": Action(
        _("Hold: keep out of dispatch"),
        lambda ticket, wish, by: ticket.hold(wish.text, by=by),
        ("text",),
    ),
    "unhold": Action(_("Release for dispatch"), lambda ticket, wish, by: ticket.unhold(by=by)),
    "resume": Action(_("Resume"), lambda ticket, wish, by: ticket.resume(by=by)),
    "reprioritise": Action(_("Change the priority"), _reprioritise, ("priority", "text")),
    "rescope": Action(_("Move to another service"), _rescope, ("service", "text")),
    "undo": Action(_("Undo"), lambda ticket, wish, by: ticket.undo(by=by)),
}
# Chosen from the list; undoing is offered beside what was done.
CHOSEN = tuple(verb for verb in ACTIONS if verb != "undo")
EVENTS = {
    "assign": Event.Kind.ASSIGNED,
    "wait_third": Event.Kind.WAITED_THIRD,
    "resume": Event.Kind.RESUMED,
}
NAMES = {
    "person": _("Assistant"),
    "priority": _("Priority"),
    "service": _("Service"),
    "text": _("In words"),
}


def do(wish: Wish, chosen: Iterable[tuple[int, int | None]], access: Access) -> Outcome:
    """Return what became of each; `chosen`: keys with the versions that were seen.

    Raises `Missing` and `BadValue` before anything is touched.
    """
    versions = dict(chosen)
    _check(wish, versions)
    rows = access.see(Ticket).filter(pk__in=versions)
    # By key, so that two such lists at once never wait for each other.
    found = list(
        rows.select_related("company", "site", "service", "requester", "holder").order_by("pk")
    )
    outcome = Outcome(wish.verb, unseen=len(versions) - len(found))
    for ticket in found:
        why = _one(ticket, wish, versions[ticket.pk], access.person)
        if why:
            outcome.refused.append(Refusal(ticket, why))
        else:
            outcome.done.append(ticket)
    return outcome


def _one(ticket: Ticket, wish: Wish, version: int | None, by: Person) -> str:
    """Return why a request stayed as it was; nothing once it is done."""
    try:
        with transaction.atomic():  # what breaks off here undoes none of the others
            try:
                ticket.expect(version)
                ACTIONS[wish.verb].act(ticket, wish, by)
            except Problem as refusal:  # kept within: a refused attempt to steer is written down
                return gettext(refusal.message) % refusal.values
    except OperationalError as fault:
        if not _is_in_the_way(fault):
            raise
        return gettext("Somebody was at it at the same moment: try it again.")
    return ""


def _is_in_the_way(fault: OperationalError) -> bool:
    """Return whether two held what the other one wanted, or a lock was not had in time."""
    return (getattr(fault.__cause__, "sqlstate", None) or "") in ("40P01", "55P03")


def _check(wish: Wish, versions: dict[int, int | None]) -> None:
    if wish.verb not in ACTIONS:
        raise Missing(field=gettext("What to do"))
    if not versions:
        raise BadValue(field=gettext("Requests"), mend=gettext("select at least one"))
    if len(versions) > MOST:
        mend = gettext("at most %(count)d at once") % {"count": MOST}
        raise BadValue(field=gettext("Requests"), mend=mend)
    for name in ACTIONS[wish.verb].needs:
        value = getattr(wish, name)
        if value is None or (isinstance(value, str) and not value.strip()):
            raise Missing(field=str(NAMES[name]))

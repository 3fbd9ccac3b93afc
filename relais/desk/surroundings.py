"""What stands around a ticket on its page: merged threads, links, what can be undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from relais.people.access import Access

from . import rules, telling
from .handing_out import files_of
from .models import Event, Link, Message, Ticket
from .models.ticket_joining import active, merged_into
from .models.ticket_undoing import undoable, until


@dataclass(frozen=True)
class Tie:
    """A link as one side of it reads it."""

    link: Link
    other: Ticket
    text: str


def around(access: Access, ticket: Ticket) -> dict[str, Any]:
    """Return what the page shows beside the ticket itself."""
    merged = merged_into(ticket, access)
    merge = active(ticket) if ticket.state == ticket.State.MERGED else None
    live = access.see(Ticket).filter(pk=merge.into_id).first() if merge else None
    slip = undoable(ticket, access.person)
    return {
        "merged": merged,
        "merge": merge,
        "live": live,
        "may_part": merge is not None and rules.may("part", ticket, access.person),
        "may_join": rules.may("merge", ticket, access.person),
        "ties": ties(access, ticket),
        "slip": slip,
        "slip_name": telling.kind_name(slip.kind) if slip else "",
        "slip_until": until(slip) if slip else None,
        "kinds_of_link": Link.Kind.choices,
    }


def thread(access: Access, ticket: Ticket, merged: list[Ticket]) -> QuerySet[Message]:
    """Return the ticket's thread with those of the tickets merged into it, in the order of time."""
    keys = [ticket.pk, *(one.pk for one in merged)]
    found = access.see(Message).filter(ticket__in=keys)
    if merged:
        found = found.exclude(copy_of__ticket__in=keys)  # its original is shown
    related = found.select_related("sender", "ticket").defer("raw")
    return related.prefetch_related(files_of(access)).order_by("at", "id")


def ties(access: Access, ticket: Ticket) -> list[Tie]:
    """Return the links of the ticket with what is at their other end, where that is seen."""
    found = access.see(Link).filter(Q(ticket=ticket) | Q(other=ticket), ended_at=None)
    return [_tie(link, ticket) for link in found.select_related("ticket", "other")]


def _tie(link: Link, ticket: Ticket) -> Tie:
    if link.ticket_id == ticket.pk:
        return Tie(link, link.other, str(link.get_kind_display()))
    backwards = {
        Link.Kind.RELATES: _("has to do with"),
        Link.Kind.BLOCKS: _("waits for"),
        Link.Kind.DUPLICATES: _("is the same as"),
        Link.Kind.FOLLOWS: _("is followed by"),
    }
    return Tie(link, link.ticket, backwards[Link.Kind(link.kind)])


def meanwhile(told: list[telling.Told], version: int | None) -> list[telling.Told]:
    """Return what happened since the version that the person was shown."""
    if version is None:
        return []
    return [one for one in told if one.event.facts.get("version", 0) > version]


def undone_in_words(event: Event) -> str:
    """Return what became of the letters of an event that was undone."""
    facts = event.facts
    what = telling.kind_name(facts.get("undone", ""))
    said = [_("Undone: %(what)s. All is as before.") % {"what": what}]
    if facts.get("withheld"):
        said.append(_("The mail had not left yet and will not."))
    if facts.get("sent"):
        said.append(_("The mail had left already: it cannot be called back; write another one."))
    return " ".join(said)

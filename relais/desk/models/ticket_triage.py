"""Settling what triage was unsure of: a person says which service it is, in one touch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from relais.desk import rules
from relais.desk.errors import NotNow

from .event import Event

if TYPE_CHECKING:
    from relais.offer.models import Service
    from relais.people.models import Person

    from .ticket import Ticket


class Triaged:
    """What becomes of a guess. A requester's own choice is no guess: it moves by `rescope`."""

    if TYPE_CHECKING:
        _change: Callable[..., None]

    def settle(self, service: Service, *, by: Person, at: datetime | None = None) -> None:
        """Say which service an unsure request is for; the deadlines follow the service.

        The answer is what the model learns from. Raises `NotNow` unless triage is still unsure.
        """
        ticket = cast("Ticket", self)
        rules.check("settle", ticket, by)
        if not is_unsure(ticket):
            # Who was faster has settled it: that is another answer than "it never was unsure".
            ticket.expect(type(ticket).objects.values_list("version", flat=True).get(pk=ticket.pk))
            raise NotNow(reference=ticket.reference, state=ticket.get_state_display())
        fields: dict[str, Any] = {"service": service}
        if service.confidentiality > ticket.confidentiality:
            fields["confidentiality"] = service.confidentiality
        self._change(
            Event.Kind.SETTLED,
            by,
            at,
            when=ticket.AT_WORK,
            facts={"from": ticket.service_id, "to": service.pk},
            redate=service.pk != ticket.service_id,
            **fields,
        )


def is_unsure(ticket: Ticket) -> bool:
    """Return whether triage left the service to a person, who has not said yet."""
    told = ticket.events.filter(kind=Event.Kind.RECEIVED, facts__triage__sure=False)
    said = ticket.events.filter(kind__in=(Event.Kind.SETTLED, Event.Kind.RESCOPED))
    return told.exists() and not said.exists()

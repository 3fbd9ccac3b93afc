"""What a verb says: a message of the thread, its files, its letter, its copies."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import ticket_joining
from .attachment import send_along
from .letter import Letter
from .message import Message

if TYPE_CHECKING:
    from relais.people.models import Person

    from .ticket import Ticket


def first(ticket: Ticket, fields: dict[str, Any]) -> Message:
    """Return the first message of the thread, to be written: what was asked, in its own words."""
    return Message(
        provider_id=ticket.provider_id,
        ticket=ticket,
        direction=Message.Direction.IN,
        at=ticket.received_at,
        sender=ticket.requester,
        **(fields or {"subject": ticket.subject, "body": ticket.body}),
    )


def write(
    ticket: Ticket,
    text: str,
    by: Person | None,
    at: datetime,
    internal: bool,
    mail: bool,
    more: dict[str, Any],
) -> Message | None:
    """Return the message of the thread; a public one of the service goes out by mail too."""
    if ticket.batch is not None:
        return None  # a log holds no words
    client = by is not None and by.is_client
    told = {
        "provider_id": ticket.provider_id,
        "ticket": ticket,
        "direction": Message.Direction.IN if client else Message.Direction.OUT,
        "internal": internal,
        "at": at,
        "sender": by,
        "body": text,
    }
    message = Message.objects.create(**told | more)
    ticket.carried = send_along(ticket.carried, message)
    if mail:
        Letter.write(ticket, message)
    if not client and not internal:
        reached = frozenset({ticket.requester_id})
        ticket_joining.pass_on(ticket, message, mail=mail, reached=reached)
    return message

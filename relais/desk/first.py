"""The lead's word that something is done first: a note to its holder, and the head of her day."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.people.models import Person

from . import rules
from .errors import NotNow, NotYours
from .models import DayOrder, Ticket

STATES = (Ticket.State.ASSIGNED, Ticket.State.TAKEN, Ticket.State.THIRD)


def put_first(ticket: Ticket, *, by: Person, at: datetime | None = None) -> None:
    """Put it at the head of its holder's day and tell her by a note; asked twice, once done.

    Raises `NotYours`, `NotNow`.
    """
    at = at or timezone.now()
    if not (rules.access_of(by).runs_pool and rules.may("hand_over", ticket, by)):
        raise NotYours(reference=ticket.reference, person=str(by))
    if ticket.state not in STATES or ticket.holder_id is None:
        raise NotNow(reference=ticket.reference, state=ticket.get_state_display())
    with transaction.atomic():
        # Two at once: the second one waits here, and sees what the first one did.
        Person.objects.select_for_update(of=("self",)).get(pk=ticket.holder_id)
        kept = DayOrder.objects.filter(person=ticket.holder_id).first()
        before = kept.tickets if kept is not None else []
        if before[:1] == [ticket.pk]:
            return
        order = [ticket.pk, *(key for key in before if key != ticket.pk)]
        fresh = {"tickets": order, "at": at}
        DayOrder.objects.update_or_create(
            person_id=ticket.holder_id,
            defaults=fresh,
            create_defaults=fresh | {"provider_id": ticket.provider_id},
        )
        ticket.note(_("To be done first, please: it may be late."), by=by, at=at)

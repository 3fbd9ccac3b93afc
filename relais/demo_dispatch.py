"""What the demo's lead says to dispatch: who gives what, who is reserved for whom, what is held.

Only of services and of somebody that no story of the past is about: it is lived later, and stays.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from relais.desk import dispatching, intake
from relais.desk.models import DispatchMode, Letter, Pairing, Ticket
from relais.offer.models import Service
from relais.people.models import Person

Mode = DispatchMode.Mode
MODES = {"room": Mode.AUTOMATIC, "event": Mode.ASSISTED, "recruitment": Mode.MANUAL}
HELD_FOR = timedelta(days=3)


def live(now: datetime, people: dict[str, Person]) -> None:
    """Let it be said, and let one request be held and another one be proposed, up to `now`."""
    services, lead = {one.code: one for one in Service.objects.all()}, people["sarah"]
    for code, mode in MODES.items():
        DispatchMode.set(mode, by=lead, service=services[code], at=now)
    why = "Les registres ne sont ouverts qu’à elle."
    Pairing.lock(people["julie"], why, by=lead, requester=people["denis"], at=now)
    held = _event(people["nathalie"], "Séminaire de Lille", services, now - timedelta(minutes=35))
    why = "La date est confirmée jeudi : rien à réserver avant."
    held.hold(why, by=lead, until=now + HELD_FOR, at=now - timedelta(minutes=30))
    other = _event(people["camille"], "Stand au salon de Lyon", services, now)
    dispatching.dispatch_one(other.pk, now)
    # As in the weeks before: the past needs no mail.
    Letter.objects.filter(state=Letter.State.WAITING).update(
        state=Letter.State.SENT, sent_at=now, next_try_at=None
    )


def _event(asks: Person, subject: str, services: dict[str, Service], at: datetime) -> Ticket:
    return intake.receive(
        requester=asks,
        subject=subject,
        body="Une quarantaine de personnes ; le budget et les dates possibles sont joints.",
        channel=Ticket.Channel.FORM,
        service=services["event"],
        at=at,
    )

"""What a drill showed: what was due that day, and what others delivered in time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from relais.desk.models import Clock, Ticket
from relais.people.models import Confidentiality, Cover

from .models import Drill


def measured(drill: Drill) -> tuple[int, int]:
    """Return how many requests were due that day at the sites, and how many were kept without her.

    Kept: the promise stopped in time, and somebody else had it in hand.
    """
    zone = ZoneInfo(drill.person.provider.time_zone)
    start = datetime.combine(drill.day, time(), tzinfo=zone)
    sites = Cover.objects.filter(person=drill.person).values("site")
    ended = [Ticket.State.CANCELLED, Ticket.State.MERGED]
    clocks = (
        Clock.objects.filter(
            kind=Clock.Kind.DELIVERY, due_at__gte=start, due_at__lt=start + timedelta(days=1),
            **({"ticket__site": drill.site_id} if drill.site_id else {"ticket__site__in": sites}),
        )
        .exclude(ticket__state__in=ended)
        .exclude(ticket__confidentiality__gte=Confidentiality.EXECUTIVE)  # a count tells too
    )  # fmt: skip
    told = list(clocks.values_list("due_at", "stopped_at", "ticket__holder"))
    kept = sum(
        stopped is not None and due is not None and stopped <= due and holder != drill.person_id
        for due, stopped, holder in told
    )
    return len(told), kept

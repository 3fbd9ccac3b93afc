"""Who could do what nobody who covers the site can: people of other sites, free and fit now.

Somebody on leave is never among them. The lead has one cover the site and gives it to her at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from relais.engine.candidates import excluded
from relais.people import cover
from relais.people.models import Cover, Person, Site

from . import rules

if TYPE_CHECKING:
    from .models import Ticket
    from .pool import Pool

MOST = 5
# Of whom nothing else keeps her than that she does not cover the site: or that her hours begin.
ONLY = ({"wall"}, {"wall", "off_duty"})


def elsewhere(ticket: Ticket, pool: Pool) -> list[dict[str, Any]]:
    """Return who of other sites could have it: those who are there first, then by name."""
    sites = set(Site.objects.filter(archived_at=None).values_list("pk", flat=True))
    wide = type(pool).read(pool.at, sites)
    wide.read_deadlines([ticket.pk])
    asked, found = wide.asks(ticket), []
    for key, one in wide.assistants.items():
        hard = excluded(asked, one, wide.state(), wide.at)
        if {each.code for each in hard} in ONLY:
            until = next((each.until for each in hard if each.code == "off_duty"), None)
            found.append((until is not None, one.name, key, until))
    return [
        {"person": key, "name": name, "until": until.isoformat() if until else None}
        for _later, name, key, until in sorted(found, key=lambda each: each[:3])[:MOST]
    ]


def call_in(ticket: Ticket, person: Person, *, by: Person, at: datetime | None = None) -> None:
    """Have her cover the site, if she does not yet, and give her the ticket: both or neither."""
    rules.check("call_in", ticket, by)
    with transaction.atomic():
        if not Cover.objects.filter(site=ticket.site_id, person=person).exists():
            rules.check_fit(ticket, person)
            cover.set_cover(ticket.site, person, Cover.Position.FLOAT, by=by)
        ticket.assign(person, by=by, at=at)

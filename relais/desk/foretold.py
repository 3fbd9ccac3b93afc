"""What an override would do, in words: when it is done with her, and who else becomes late."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from relais.people.access import Access
from relais.people.models import Person

from . import foreseeing, telling
from .models import Ticket

SHOWN = 8


@dataclass(frozen=True)
class Delay:
    """Another request that becomes late, and by how much in words. No ticket: not hers to read."""

    ticket: Ticket | None
    minutes: float

    @property
    def by(self) -> str:
        """Return by how much working time."""
        return telling.duration(timedelta(minutes=max(self.minutes, 1)))


@dataclass(frozen=True)
class Told:
    """An override as it is shown before it is done."""

    possible: bool
    finish: datetime | None
    summary: str
    late: str = ""
    delays: list[Delay] = field(default_factory=list)
    saved: int = 0
    planned: Person | None = None


def override(access: Access, ticket: Ticket, to: Person, at: datetime | None = None) -> Told:
    """Return what giving the ticket to `to` would do; nothing is done."""
    found = foreseeing.simulate(ticket, to.pk, at)
    planned = access.see(Person).filter(pk=found.chosen or 0).first()
    if found.finish is None:
        text = _("%(name)s cannot have it: see the reasons in the last decision.")
        return Told(False, None, text % {"name": to.name}, planned=planned)
    keys = [one.ticket for one in found.become_late]
    seen = {one.pk: one for one in access.see(Ticket).filter(pk__in=keys)}
    worst = sorted(found.become_late, key=lambda one: (-one.minutes, one.ticket))
    delays = [Delay(seen.get(one.ticket), one.minutes) for one in worst[:SHOWN]]
    late = telling.duration(timedelta(minutes=found.late)) if found.late else ""
    return Told(True, found.finish, _summary(len(keys)), late, delays, found.saved, planned)


def _summary(others: int) -> str:
    if not others:
        return _("No other request becomes late.")
    text = ngettext("%(n)s other becomes late:", "%(n)s others become late:", others)
    return text % {"n": others}

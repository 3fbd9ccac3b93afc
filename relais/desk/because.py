"""Why a deadline moved, in words: for the ticket's page, the recalculation's, and the API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import F, Q
from django.utils.translation import gettext as _

from relais.people.access import Access
from relais.people.calendar_year import told
from relais.people.templatetags.ui import absolute_text

from .models import Clock, DeadlineChange, Recalculation

# What the words below ask of a run.
RELATED = ("change__calendar", "place_change", "agreement_version__agreement")


@dataclass(frozen=True)
class Moved:
    """A deadline that moved: when, from where to where, and why."""

    at: datetime
    was: datetime | None
    now: datetime | None
    because: str
    run: int

    def sentence(self, zone: str) -> str:
        """Return it as one reads it, in the time of the site."""
        text = _("The deadline moved from %(was)s to %(now)s: %(because)s.")
        if self.was is None:
            text = _("The deadline, which stood still, is now %(now)s: %(because)s.")
        elif self.now is None:
            text = _("The deadline (%(was)s) stands still: %(because)s.")
        place = ZoneInfo(zone)
        return text % {
            "was": absolute_text(self.was, place) if self.was else "",
            "now": absolute_text(self.now, place) if self.now else "",
            "because": self.because,
        }


def why(run: Recalculation) -> str:
    """Return why deadlines were dated anew, in the reader's language."""
    if run.change is not None:
        change = told(run.change, set())
        what = ", ".join(change.lines) or change.title
        text = _("the hours of “%(calendar)s” changed (%(what)s)")
        return text % {"calendar": run.change.calendar.name, "what": what}
    if run.place_change is not None:
        changes = run.place_change.facts.get("changes", {})
        pairs = [changes[name] for name in ("calendar", "entity") if name in changes]
        what = ", ".join(f"{old or '–'} → {new or '–'}" for old, new in pairs)
        if not what:
            return _("%(place)s follows other hours") % {"place": run.reason}
        return _("%(place)s follows other hours (%(what)s)") % {"place": run.reason, "what": what}
    if run.agreement_version is not None:
        version = run.agreement_version
        text = _("version %(n)s of the agreement “%(name)s” holds for it")
        return text % {"n": version.number, "name": version.agreement.name}
    return run.reason


def moves_of(access: Access, clocks: Iterable[Clock]) -> dict[int, list[Moved]]:
    """Return what moved the deadlines of these clocks, the newest first, by clock: one query."""
    rows = (
        access.see(DeadlineChange)
        .filter(clock__in=[clock.pk for clock in clocks])
        .filter(MOVED)
        .select_related(*(f"recalculation__{name}" for name in RELATED))
        .order_by("-id")
    )
    found: dict[int, list[Moved]] = defaultdict(list)
    for row in rows:
        run = row.recalculation
        found[row.clock_id].append(Moved(row.at, row.was, row.now, why(run), run.pk))
    return found


# A change of the agreement or of whose hours count may leave the deadline where it was.
MOVED = ~Q(was=F("now")) | Q(was=None, now__isnull=False) | Q(was__isnull=False, now=None)

"""What a year of another tool's work comes to: volumes, answers, deliveries, hand-offs, lateness.

Counted from the tickets that an import made, against what their company was promised, or against
an agreement that is only being considered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from django.db.models import Count, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relais.engine import worktime
from relais.lib.problem import Problem
from relais.offer.models import Agreement, AgreementVersion, Service
from relais.offer.promises import Book, Promise
from relais.people import calendars
from relais.people.models import Calendar, Site

from .models import Clock, Event, Ticket

FIRST, DELIVERY = Clock.Kind.FIRST_RESPONSE, Clock.Kind.DELIVERY
SHOWN = 10
HOUR = 3600


class WhichAgreement(Problem):
    """No agreement, or several, go by what was said."""

    message = gettext_noop(
        "No agreement is called “%(name)s”, or several are. There are: %(known)s"
    )


@dataclass
class Line:
    """One site, or all of them. Times are medians in open hours of the site's calendar."""

    name: str
    came: int = 0
    delivered: int = 0
    first_response: float | None = None
    delivery: float | None = None
    handed_over: int = 0
    reopened: int = 0
    answered_late: int = 0
    delivered_late: int = 0
    site: int | None = None

    @property
    def hand_offs(self) -> float:
        """Return how often a request changed hands, on average."""
        return self.handed_over / self.came if self.came else 0.0

    @property
    def late_share(self) -> float | None:
        """Return the share delivered late, 0 to 100; late too is what is overdue to this day."""
        return 100 * self.delivered_late / self.came if self.came else None


@dataclass
class Figures:
    """All sites together, then each of them, most requests first."""

    total: Line
    sites: list[Line] = field(default_factory=list)
    agreement: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return asdict(self)

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> Figures:
        """Return what was kept."""
        return cls(Line(**kept["total"]), [Line(**s) for s in kept["sites"]], kept["agreement"])

    def __str__(self) -> str:
        against = self.agreement or _("what the catalogue and the signed agreements promise")
        lines = [_("  against        %(agreement)s") % {"agreement": against}]
        head = (_("requests"), _("answer h"), _("delivery h"), _("hand-offs"), _("late %%") % {})
        lines.append(f"    {'':<24}" + "".join(f"{word:>12}" for word in head))
        for line in [self.total, *self.sites[:SHOWN]]:
            cells = (
                str(line.came),
                _number(line.first_response),
                _number(line.delivery),
                f"{line.hand_offs:.2f}",
                _number(line.late_share),
            )
            lines.append(f"    {line.name[:24]:<24}" + "".join(f"{cell:>12}" for cell in cells))
        if (more := len(self.sites) - SHOWN) > 0:
            lines.append(_("      and %(n)s more") % {"n": more})
        return "\n".join(lines)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


@dataclass
class _Gathered:
    came: int = 0
    answers: list[float] = field(default_factory=list)
    deliveries: list[float] = field(default_factory=list)
    handed_over: int = 0
    reopened: int = 0
    late: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def line(self, name: str, site: int | None = None) -> Line:
        return Line(
            name,
            came=self.came,
            delivered=len(self.deliveries),
            first_response=median(self.answers) if self.answers else None,
            delivery=median(self.deliveries) if self.deliveries else None,
            handed_over=self.handed_over,
            reopened=self.reopened,
            answered_late=self.late[FIRST],
            delivered_late=self.late[DELIVERY],
            site=site,
        )


def figures(log: str, agreement: str | int | None = None) -> Figures:
    """Return the figures of the requests of a log. Call inside the provider's `tenant`.

    `agreement` names one of the provider's (its name or key): lateness is then counted against its
    latest version, signed or not. Raises `WhichAgreement`.
    """
    version = chosen(agreement)
    mine = Ticket.objects.filter(
        channel=Ticket.Channel.LOG, external_ref__startswith=f"{log}:"
    ).order_by()
    end = Event.objects.filter(ticket__in=mine).order_by().aggregate(end=Max("at"))["end"]
    sites: dict[int, _Gathered] = defaultdict(_Gathered)
    for row in mine.values("site").annotate(n=Count("pk")):
        sites[row["site"]].came = row["n"]
    for kind, name in ((Event.Kind.HANDED_OVER, "handed_over"), (Event.Kind.REOPENED, "reopened")):
        told = Event.objects.filter(ticket__in=mine, kind=kind).order_by()
        for row in told.values("ticket__site").annotate(n=Count("pk")):
            setattr(sites[row["ticket__site"]], name, row["n"])
    _clocks(mine, sites, version, end)
    names = dict(Site.objects.filter(pk__in=sites).values_list("pk", "name"))
    lines = [gathered.line(names[pk], pk) for pk, gathered in sites.items()]
    lines.sort(key=lambda line: (-line.came, line.name))
    told_name = f"{version.agreement.name} ({version.number})" if version else ""
    return Figures(_sum(sites.values()).line(_("All sites")), lines, told_name)


def _clocks(
    mine: Any, sites: dict[int, _Gathered], version: AgreementVersion | None, end: datetime | None
) -> None:
    services = {each.pk: each for each in Service.objects.all()}
    book = Book(version.agreement.company_id, []) if version else None
    promises: dict[tuple[int, int], Any] = {}
    tables: dict[int, worktime.Calendar] = {}
    clocks = Clock.objects.filter(ticket__in=mine, kind__in=(FIRST, DELIVERY)).order_by()
    judged = clocks.exclude(verdict=Clock.Verdict.VOID).exclude(calendar=None)
    asked = ("kind", "started_at", "pauses", "due_at", "stopped_at", "calendar")
    of_ticket = ("ticket__site", "ticket__service", "ticket__priority")
    for row in judged.values_list(*asked, *of_ticket).iterator(chunk_size=2000):
        kind, started_at, pauses, due_at, stopped_at, calendar, site, service, priority = row
        gathered = sites[site]
        if calendar not in tables:
            tables[calendar] = calendars.timetable(Calendar.objects.get(pk=calendar))
        hours = tables[calendar]
        clock = Clock(kind=kind, started_at=started_at, pauses=pauses, due_at=due_at)
        if stopped_at is not None:
            spent = hours.between(started_at, stopped_at, clock.spans() if pauses else ())
            kept = gathered.answers if kind == FIRST else gathered.deliveries
            kept.append(spent.total_seconds() / HOUR)
        if version is not None and book is not None:
            if (service, priority) not in promises:
                told = book.of_version(version.pk, services[service], priority)
                promises[service, priority] = told
            due_at = _due(clock, promises[service, priority].get(kind), hours)
        until = stopped_at or end
        if due_at is not None and until is not None and until > due_at:
            gathered.late[kind] += 1


def _due(clock: Clock, promise: Promise | None, hours: worktime.Calendar) -> datetime | None:
    """Return when the clock would have run out by this promise; None without any."""
    if promise is None:
        return None
    clock.target, clock.days = promise.seconds or 0, promise.days
    return clock.due_by(hours)


def _sum(parts: Iterable[_Gathered]) -> _Gathered:
    total = _Gathered()
    for part in parts:
        total.came += part.came
        total.answers += part.answers
        total.deliveries += part.deliveries
        total.handed_over += part.handed_over
        total.reopened += part.reopened
        for kind, count in part.late.items():
            total.late[kind] += count
    return total


def chosen(agreement: str | int | None) -> AgreementVersion | None:
    """Return the latest version of the agreement that is meant. Raises `WhichAgreement`."""
    if agreement in (None, ""):
        return None
    known = Agreement.objects.select_related("company")
    if isinstance(agreement, int):
        found = list(known.filter(pk=agreement))
    else:
        wanted = str(agreement).casefold()
        found = [
            each
            for each in known
            if wanted in (each.name.casefold(), f"{each.company.name}: {each.name}".casefold())
        ]
    if len(found) != 1:
        told = "; ".join(f"{each.company.name}: {each.name}" for each in known) or "–"
        raise WhichAgreement(name=agreement, known=told)
    versions = found[0].versions.exclude(state=AgreementVersion.State.WITHDRAWN)
    return versions.select_related("agreement").order_by("-number").first()

"""Living a log of past requests through: the same verbs, at the log's own times, no mail sent.

Each row is one request. Sites, persons, services and assistants come into being as the log names
them, under a company named after the log. A row that cannot be is refused and reported; a row that
was taken before is not taken twice.
"""

from __future__ import annotations

import itertools
import resource
import sys
import time as stopwatch
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relais.lib.problem import Problem
from relais.lib.tenancy import all_tenants, tenant
from relais.people.models import Provider

from .batch import Batch
from .log_cast import Cast
from .log_rows import BadRow, Row, read
from .models import Ticket

AT_ONCE = 2000
SHOWN = 20


class WhoseLog(Problem):
    """Several providers are here and none was named."""

    message = gettext_noop("Say for which provider the log is imported: there are %(count)s here.")


@dataclass
class Report:
    """What became of a log. Rows read are taken, known from before, or refused."""

    name: str
    company: str = ""
    read: int = 0
    taken: int = 0
    known: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    # row number, reference in the log, reason
    refused_rows: list[tuple[int, str, str]] = field(default_factory=list)
    sites: Counter[str] = field(default_factory=Counter)
    assumed: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    peak_mb: int = 0

    def refuse(self, number: int, ref: str, why: str) -> None:
        """Count a row that could not be taken."""
        self.refused[why] += 1
        self.refused_rows.append((number, ref, why))

    def __str__(self) -> str:
        lines = [
            f"{self.name} → {self.company}",
            _("  rows read      %(n)s") % {"n": self.read},
            _("  taken          %(n)s") % {"n": self.taken},
            _("  known before   %(n)s") % {"n": self.known},
            _("  refused        %(n)s") % {"n": self.refused.total()},
        ]
        lines += [f"    {count:>6} {_(why)}" for why, count in self.refused.most_common()]
        shown = self.refused_rows[:SHOWN]
        lines += [f"      {_('row')} {number} ({ref}): {_(why)}" for number, ref, why in shown]
        if more := len(self.refused_rows) - len(shown):
            lines.append(_("      and %(n)s more") % {"n": more})
        lines += [f"  {count:>7} {_(what)}" for what, count in self.assumed.most_common()]
        lines.append(_("  sites          %(n)s") % {"n": len(self.sites)})
        lines += [f"    {count:>6} {site}" for site, count in self.sites.most_common(10)]
        told = {"seconds": round(self.seconds, 1), "mb": self.peak_mb}
        lines.append(_("  %(seconds)s s, at most %(mb)s MB of memory") % told)
        return "\n".join(lines)


def run(
    path: str | Path,
    provider: Provider | None = None,
    company: str | None = None,
    zone: str | None = None,
    report: Callable[[str], None] | None = None,
) -> Report:
    """Return what became of each row of a log (CSV, or CSV in gzip). Call outside a transaction.

    `company` is the name of the company that the log is put under (default: the log's own name);
    `zone` is the time zone of times written without one (default: the provider's). `report` is
    told of the progress. Raises `log_rows.BadLog` for a file that is no log, `WhoseLog`.
    """
    path = Path(path)
    start = stopwatch.monotonic()
    provider = provider or _only_provider()
    rows = read(path, ZoneInfo(zone or provider.time_zone))
    first = next(rows, None)
    result = Report(path.name)
    if first is not None:
        log = first.log or path.name.split(".")[0]
        cast = Cast(provider, company or log, zone or provider.time_zone)
        result.company = cast.name
        _live_through(itertools.chain([first], rows), log, cast, result, report or _show)
    result.seconds = stopwatch.monotonic() - start
    result.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return result


def _live_through(
    rows: Iterable[Row | BadRow],
    log: str,
    cast: Cast,
    result: Report,
    report: Callable[[str], None],
) -> None:
    with tenant(cast.provider.pk):
        known = _known(log)
    seen: set[str] = set()
    for chunk in _chunks(rows):
        good = list(_sorted_out(chunk, known, seen, result))
        with tenant(cast.provider.pk):
            cast.come_in(good)
            batch = Batch()
            for row in good:
                live(row, cast, batch, result.assumed, f"{log}:{row.ref}")
                result.sites[cast.site(row).code] += 1
            result.taken += batch.flush()
        report(_("%(n)s rows read, %(taken)s taken") % {"n": result.read, "taken": result.taken})


def live(row: Row, cast: Cast, batch: Batch, assumed: Counter[str], ref: str) -> Ticket:
    """Return the ticket of a row after all that happened to it, each verb at its own time."""
    ticket = Ticket.receive(
        site=cast.site(row),
        requester=cast.requester(row),
        service=cast.service(row),
        subject=row.subject,
        channel=Ticket.Channel.LOG,
        priority=row.priority,
        external_ref=ref,
        at=row.opened_at,
        facts={"log": {"row": row.number, "channel": row.channel}},
        batch=batch,
    )
    delivered_at = row.resolved_at or row.closed_at
    taken_at = row.taken_at or delivered_at
    first, last = cast.handlers(row)
    if taken_at is not None:
        if row.taken_at is None:
            assumed[gettext_noop("taken in hand at an unknown time: counted when resolved")] += 1
        _breaches(ticket, taken_at)
        ticket.assign(first, at=taken_at)
        ticket.take(by=first, at=taken_at)
    elif row.handler_first:
        ticket.assign(first, at=row.opened_at)
    if delivered_at is not None:
        if row.resolved_at is None:
            assumed[gettext_noop("resolved at an unknown time: counted when closed")] += 1
        _breaches(ticket, delivered_at)
        if last != first:
            ticket.hand_over(last, "", by=first, at=delivered_at)
            ticket.take(by=last, at=delivered_at)
        ticket.deliver(row.ref, by=last, at=delivered_at)
        if row.closed_at is not None:
            ticket.accept(by=None, at=row.closed_at)
    elif row.last_at is not None:
        _breaches(ticket, row.last_at)
    return ticket


def _breaches(ticket: Ticket, until: datetime) -> None:
    """Tell the deadlines that passed before the next thing happened, as the sweep would have."""
    assert ticket.batch is not None
    late = [
        (clock.due_at, clock.kind, clock)
        for clock in ticket.batch.of(ticket)
        if clock.breached_at is None and clock.due_at is not None and clock.due_at < until
    ]
    for due_at, _kind, clock in sorted(late, key=lambda one: one[:2]):
        ticket.breach(clock, at=due_at)


def _sorted_out(
    chunk: Iterable[Row | BadRow], known: set[str], seen: set[str], result: Report
) -> Iterator[Row]:
    for row in chunk:
        result.read += 1
        if isinstance(row, BadRow):
            result.refuse(row.number, row.ref, row.why)
        elif row.ref in seen:
            result.refuse(row.number, row.ref, gettext_noop("a reference that came before"))
        elif row.ref in known:
            seen.add(row.ref)
            result.known += 1
        else:
            seen.add(row.ref)
            yield row


def _known(log: str) -> set[str]:
    mark = f"{log}:"
    refs = Ticket.objects.filter(channel=Ticket.Channel.LOG, external_ref__startswith=mark)
    return {ref.removeprefix(mark) for ref in refs.values_list("external_ref", flat=True)}


def _chunks(rows: Iterable[Row | BadRow]) -> Iterator[list[Row | BadRow]]:
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, AT_ONCE)):
        yield chunk


def _only_provider() -> Provider:
    with all_tenants("see whose log it can be"):
        providers = list(Provider.objects.all()[:2])
        if len(providers) != 1:
            raise WhoseLog(count=Provider.objects.count())
    return providers[0]


def _show(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

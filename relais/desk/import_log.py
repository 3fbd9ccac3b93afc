"""Living a log of past requests through: the same verbs, at the log's own times, no mail sent.

Each row is one request, or one event of a request; both files together give every moment. Sites,
persons, services and assistants come into being as the log names them, under a company named after
the log. A row that cannot be is refused and reported; what was taken before is not taken twice, so
that a run which was cut off goes on where it was.
"""

from __future__ import annotations

import itertools
import resource
import sys
import time as stopwatch
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relais.lib.problem import Problem
from relais.lib.streams import Stream
from relais.lib.tables import TableProblem
from relais.lib.tenancy import all_tenants, tenant
from relais.people.models import Provider

from . import log_events, log_mapping, log_rows
from .batch import Batch
from .log_cast import NOBODY, Cast
from .log_events import Events, Step
from .log_figures import Figures, figures
from .log_life import Life, breaches, steps_of
from .log_mapping import EVENTS, BadMapping, Mapping
from .log_rows import NO_REQUEST, TWICE, BadLog, BadRow, Reader, Row
from .models import Ticket

AT_ONCE = 2000
SHOWN = 20

# Rows read so far, and how many of them were taken.
Progress = Callable[[int, int], None]


class WhoseLog(Problem):
    """Several providers are here and none was named."""

    message = gettext_noop("Say for which provider the log is imported: there are %(count)s here.")


@dataclass
class Report:
    """What became of a log. Rows read are taken, known from before, or refused."""

    name: str
    company: str = ""
    log: str = ""
    read: int = 0
    taken: int = 0
    known: int = 0
    events: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    refused_rows: list[BadRow] = field(default_factory=list)
    # Of the file of events, which has rows and numbers of its own.
    refused_events: list[BadRow] = field(default_factory=list)
    sites: Counter[str] = field(default_factory=Counter)
    assumed: Counter[str] = field(default_factory=Counter)
    figures: Figures | None = None
    seconds: float = 0.0
    peak_mb: int = 0

    def refuse(self, row: BadRow) -> None:
        """Count a row that could not be taken."""
        self.refused[row.why] += 1
        self.refused_rows.append(row)

    def refuse_event(self, row: BadRow) -> None:
        """Count an event that could not be taken."""
        self.refused[row.why] += 1
        self.refused_events.append(row)

    def __str__(self) -> str:
        lines = [
            f"{self.name} → {self.company}",
            _("  rows read      %(n)s") % {"n": self.read},
            _("  taken          %(n)s") % {"n": self.taken},
            _("  known before   %(n)s") % {"n": self.known},
            *([_("  events read    %(n)s") % {"n": self.events}] if self.events else []),
            _("  refused        %(n)s") % {"n": self.refused.total()},
        ]
        lines += [f"    {count:>6} {_(why)}" for why, count in self.refused.most_common()]
        refused = [*self.refused_rows, *self.refused_events]
        lines += [
            f"      {_('row')} {row.number} ({row.ref}): {_(row.why)}" for row in refused[:SHOWN]
        ]
        if more := len(refused) - SHOWN:
            lines += [_("      and %(n)s more") % {"n": more}] if more > 0 else []
        lines += [f"  {count:>7} {_(what)}" for what, count in self.assumed.most_common()]
        lines.append(_("  sites          %(n)s") % {"n": len(self.sites)})
        lines += (
            [str(self.figures)]
            if self.figures
            else [f"    {count:>6} {site}" for site, count in self.sites.most_common(10)]
        )
        told = {"seconds": round(self.seconds, 1), "mb": self.peak_mb}
        lines.append(_("  %(seconds)s s, at most %(mb)s MB of memory") % told)
        return "\n".join(lines)


@dataclass
class File:
    """One file of a log: its name, its rows, and what its columns mean."""

    name: str
    stream: Stream
    mapping: Mapping
    sample: list[list[str]] = field(default_factory=list)

    @classmethod
    def at(cls, path: Path, mapping: Mapping | None = None) -> File:
        """Return the file at a path. Raises `BadLog`."""
        try:
            stream = Stream.of_path(path)
        except (OSError, TableProblem) as fault:
            raise BadLog(path=path.name, detail=f"{fault}") from fault
        return cls.of(path.name, stream, mapping)

    @classmethod
    def of(cls, name: str, stream: Stream | bytes, mapping: Mapping | None = None) -> File:
        """Return what was given; its mapping is guessed unless one is given. Raises `BadLog`."""
        try:
            rows = stream if isinstance(stream, Stream) else Stream.of_bytes(stream)
            guessed, sample = log_mapping.guess(rows)
        except TableProblem as fault:
            raise BadLog(path=name, detail=f"{fault}") from fault
        if mapping is not None:
            mapping.header = guessed.header
        return cls(name, rows, mapping or guessed, sample)

    @property
    def stem(self) -> str:
        """Return the name without its endings."""
        return self.name.split(".")[0]

    @property
    def log(self) -> str:
        """Return what the log calls itself, or an empty text."""
        heading = self.mapping.columns.get("log")
        if heading is None or not self.sample or heading not in self.mapping.header:
            return ""
        place = self.mapping.header.index(heading)
        return self.sample[0][place].strip() if place < len(self.sample[0]) else ""

    def check(self) -> None:
        """Raise `BadLog` for a mapping by which nothing could be taken."""
        try:
            self.mapping.places(self.mapping.header)
            self.mapping.check()
        except BadMapping as fault:
            raise BadLog(path=self.name, detail=f"{fault}") from fault


def pairs(files: Iterable[File]) -> list[tuple[File | None, File | None]]:
    """Return each file of requests with the file of events of the same log, if there is one."""
    requests, events = [], []
    for file in files:
        (events if file.mapping.kind == EVENTS else requests).append(file)
    found: list[tuple[File | None, File | None]] = []
    for file in requests:
        own = [e for e in events if e.log and e.log == file.log]
        if not own and len(requests) == 1 and len(events) == 1:
            own = events[:]
        found.append((file, own[0] if own else None))
        events = [e for e in events if e not in own[:1]]
    return found + [(None, file) for file in events]


def run(
    path: str | Path,
    provider: Provider | None = None,
    company: str | None = None,
    zone: str | None = None,
    report: Callable[[str], None] | None = None,
    *,
    events: str | Path | None = None,
    agreement: str | None = None,
) -> Report:
    """Return what became of each row of a log, its mapping guessed. Call outside a transaction.

    `company` is the name of the company that the log is put under (default: the log's own name);
    `zone` is the time zone of times written without one (default: the provider's); `events` the
    file of its events. `report` is told of the progress. Raises `BadLog`, `WhoseLog`,
    `log_figures.WhichAgreement`.
    """
    files = [File.at(Path(each)) for each in (path, events) if each is not None]
    [(requests, own)] = pairs(files)[:1]
    show = report or _show

    def tell(read: int, taken: int) -> None:
        show(_("%(n)s rows read, %(taken)s taken") % {"n": read, "taken": taken})

    return live_through(
        requests, own, provider or only_provider(), company, zone, tell, agreement=agreement
    )


def live_through(
    requests: File | None,
    events: File | None,
    provider: Provider,
    company: str | None = None,
    zone: str | None = None,
    progress: Progress = lambda read, taken: None,
    *,
    agreement: str | int | None = None,
) -> Report:
    """Return what became of the rows of a log: its requests, its events, or both together.

    Each lot of rows is committed by itself. Raises `BadLog`.
    """
    start = stopwatch.monotonic()
    main = requests or events
    assert main is not None
    clock_zone = zone or provider.time_zone
    result = Report(" + ".join(file.name for file in (requests, events) if file))
    for file in (requests, events):
        if file:
            file.check()
    try:
        told = _gather(events, requests is None, clock_zone, result, progress)
        rows = _requests(requests, told, clock_zone, result)
        result.log = (main.log or company or main.stem)[:80]
        cast = Cast(provider, company or result.log, clock_zone)
        result.company = cast.name
        _live_through(rows, told, cast, result, progress)
    except TableProblem as fault:
        raise BadLog(path=result.name, detail=f"{fault}") from fault
    with tenant(provider.pk):
        result.figures = figures(result.log, agreement)
    result.seconds = stopwatch.monotonic() - start
    result.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return result


def _gather(
    events: File | None, alone: bool, zone: str, result: Report, progress: Progress
) -> Events | None:
    if events is None:
        return None
    said = {*events.mapping.columns, *events.mapping.defaults}
    if alone and (missing := [name for name in log_mapping.ALONE if name not in said]):
        detail = _("the events do not say %(fields)s: give the file with one row a request too")
        raise BadLog(path=events.name, detail=detail % {"fields": ", ".join(missing)})
    reader = Reader(events.mapping, ZoneInfo(zone), result.assumed)
    told = log_events.gather(
        events.stream, reader, alone=alone, progress=lambda read: progress(read, 0)
    )
    result.events = told.read
    for row in told.bad:
        result.refuse_event(row)
    return told


def _requests(
    requests: File | None, told: Events | None, zone: str, result: Report
) -> Iterator[Row | BadRow]:
    if requests is not None:
        reader = Reader(requests.mapping, ZoneInfo(zone), result.assumed)
        return log_rows.read(requests.stream, reader)
    assert told is not None
    return told.requests()


def _live_through(
    rows: Iterable[Row | BadRow],
    told: Events | None,
    cast: Cast,
    result: Report,
    progress: Progress,
) -> None:
    with tenant(cast.provider.pk):
        known = _known(result.log)
    seen: set[str] = set()
    for chunk in _chunks(rows):
        lives = [
            (row, steps_of(row, told.of(row.ref) if told else ()))
            for row in _sorted_out(chunk, known, seen, result)
        ]
        with tenant(cast.provider.pk):
            names = {n for _row, steps in lives for step in steps for n in step[3:]}
            cast.come_in([row for row, _steps in lives], {*names, NOBODY} if lives else ())
            batch = Batch()
            for row, steps in lives:
                live(row, steps, cast, batch, result.assumed, f"{result.log}:{row.ref}")
                result.sites[cast.site(row).code] += 1
            result.taken += batch.flush()
        progress(result.read + result.events, result.taken)
    if told is not None:
        for ref, count in log_events.strangers(told, seen | _refused(result)).items():
            for _event in range(count):
                result.refuse_event(BadRow(told.first_rows[ref], ref, NO_REQUEST))


def _refused(result: Report) -> set[str]:
    return {row.ref for row in result.refused_rows}


def live(
    row: Row,
    steps: list[Step],
    cast: Cast,
    batch: Batch,
    assumed: Counter[str],
    ref: str,
) -> Ticket:
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
    Life(ticket, cast, assumed).live(steps)
    if ticket.is_live and row.last_at is not None:
        breaches(ticket, row.last_at)
    return ticket


def _sorted_out(
    chunk: Iterable[Row | BadRow], known: set[str], seen: set[str], result: Report
) -> Iterator[Row]:
    for row in chunk:
        result.read += 1
        if isinstance(row, BadRow):
            result.refuse(row)
        elif row.ref in seen:
            result.refuse(BadRow(row.number, row.ref, TWICE, "ref", row.log))
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


def only_provider() -> Provider:
    """Return the provider where there is one alone. Raises `WhoseLog`."""
    with all_tenants("see whose log it can be"):
        providers = list(Provider.objects.all()[:2])
        if len(providers) != 1:
            raise WhoseLog(count=Provider.objects.count())
    return providers[0]


def _show(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

"""A log that somebody uploads: understood, corrected by the reader, lived through by the worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relais.lib.later import later
from relais.lib.problem import Problem
from relais.lib.tenancy import tenant
from relais.people.models import Person, Provider

from . import import_log
from .import_log import File, Report
from .log_mapping import Mapping
from .log_rows import BadLog, BadRow
from .models import LogImport, LogRefusal

# By name: the module of the jobs imports this one.
IMPORT = "relais.desk.tasks.import_log"
REQUESTS, EVENTS = "requests", "events"
State = LogImport.State
MAX_BYTES = 40 * 2**20
MOST_REFUSALS = 20_000
BROKE_OFF = gettext_noop(
    "The work broke off on a fault of Relais's own; what was taken stays. Begin again: it goes on "
    "where it was."
)


class NotReady(Problem):
    message = gettext_noop("This import is running or done already.")


class TooLarge(Problem):
    message = gettext_noop(
        "The file is larger than %(limit)s MB. Pack it as .gz, or split it by year."
    )


def open_import(
    files: Sequence[tuple[str, bytes]], *, provider: int, by: Person | None
) -> LogImport:
    """Return what one or two files of a log are taken for. Raises `BadLog`, `TooLarge`."""
    found: dict[str, File] = {}
    contents: dict[str, bytes] = {}
    for name, content in files:
        if len(content) > MAX_BYTES:
            raise TooLarge(limit=MAX_BYTES // 2**20)
        file = File.of(name[-200:], content)
        if file.mapping.kind in found:
            detail = _("both files hold one row a request: import one after the other")
            raise BadLog(path=name, detail=detail)
        found[file.mapping.kind], contents[file.mapping.kind] = file, content
    requests, events = found.get(REQUESTS), found.get(EVENTS)
    main = requests or events
    assert main is not None
    made = LogImport(
        provider_id=provider,
        file_name=requests.name if requests else "",
        content=contents.get(REQUESTS, b""),
        events_name=events.name if events else "",
        events_content=contents.get(EVENTS, b""),
        mapping={kind: asdict(file.mapping) for kind, file in found.items()},
        samples=[[cell[:60] for cell in row] for row in main.sample],
        company_name=(main.log or main.stem)[:200],
        rows=sum(_rows(file) for file in found.values()),
        uploaded_by=by,
    )
    made.save()
    return made


def take_in(files: Sequence[Any], *, by: Person) -> LogImport:
    """Return what one or two uploaded files are taken for. Raises `BadLog`, `TooLarge`."""
    for file in files:
        if file.size > MAX_BYTES:
            raise TooLarge(limit=MAX_BYTES // 2**20)
    read = [(file.name or "", file.read()) for file in files]
    return open_import(read, provider=by.provider_id, by=by)


def _rows(file: File) -> int:
    return max(0, sum(1 for _row in file.stream.rows()) - 1)


def main_kind(made: LogImport) -> str:
    """Return which of its mappings the reader is shown."""
    return REQUESTS if made.file_name else EVENTS


def mapping_of(made: LogImport, kind: str) -> Mapping:
    """Return how one of its files is understood."""
    return Mapping(**made.mapping[kind])


def remap(made: LogImport, mapping: Mapping, **options: Any) -> None:
    """Understand the file as the reader says. Raises `BadMapping`, `NotReady`."""
    if made.state not in (State.READY, State.FAILED):
        raise NotReady
    mapping.places(mapping.header)
    mapping.check()
    made.mapping = {**made.mapping, mapping.kind: asdict(mapping)}
    for name, value in options.items():
        setattr(made, name, value)
    made.save(update_fields=["mapping", *options])


def claim(made: LogImport) -> None:
    """Hand an import to the worker. Raises `NotReady` for all but the first who asks."""
    waiting = LogImport.objects.filter(pk=made.pk, state__in=(State.READY, State.FAILED))
    if not waiting.update(state=State.RUNNING, rows_done=0, problem=""):
        raise NotReady


def hand_over(made: LogImport) -> None:
    """Have the worker live the log through as it is understood. Raises `NotReady`."""
    claim(made)
    later(IMPORT, lock="import", provider_id=made.provider_id, import_id=made.pk)


def again(made: LogImport) -> None:
    """Hand the log to the worker anew, should the worker have been stopped at it."""
    if made.state == State.RUNNING:
        later(IMPORT, lock="import", provider_id=made.provider_id, import_id=made.pk)


def told(row: LogRefusal) -> dict[str, Any]:
    """Return a refused row in the reader's words: of which file, why, and what to do."""
    kind = _("events") if row.of_events else _("requests")
    mend = _(row.mend) if row.mend else ""
    return {"row": row, "file": kind, "why": _(row.why), "mend": mend}


def run(provider: int, pk: int) -> None:
    """Live an uploaded log through; may run twice, and goes on where it was cut off."""
    with tenant(provider):
        made = LogImport.objects.filter(pk=pk, state=State.RUNNING).first()
        if made is None:
            return
        owner = Provider.objects.get(pk=provider)

    def tell(read: int, taken: int) -> None:
        with tenant(provider):
            LogImport.objects.filter(pk=pk).update(rows_done=read, taken=taken)

    try:
        report = import_log.live_through(
            _file(made, REQUESTS),
            _file(made, EVENTS),
            owner,
            made.company_name or None,
            made.zone or None,
            tell,
            agreement=made.agreement_id,
        )
    except Problem as problem:
        _fail(provider, pk, str(problem))
    except Exception:
        # Without this it would say for ever that it is running.
        _fail(provider, pk, BROKE_OFF)
        raise
    else:
        with tenant(provider):
            _keep(made, report)


def _file(made: LogImport, kind: str) -> File | None:
    if kind not in made.mapping:
        return None
    name, content = (
        (made.file_name, made.content)
        if kind == REQUESTS
        else (made.events_name, made.events_content)
    )
    return File.of(name, bytes(content), mapping_of(made, kind))


def _fail(provider: int, pk: int, problem: str) -> None:
    with tenant(provider):
        LogImport.objects.filter(pk=pk).update(state=State.FAILED, problem=problem[:1000])


def _keep(made: LogImport, report: Report) -> None:
    """Keep what became of the rows; the files themselves are not needed any more."""
    made.refusals.all().delete()
    both = ((False, report.refused_rows), (True, report.refused_events))
    LogRefusal.objects.bulk_create(
        (
            _refusal(made, of_events, row)
            for of_events, rows in both
            for row in rows[:MOST_REFUSALS]
        ),
        batch_size=1000,
    )
    LogImport.objects.filter(pk=made.pk).update(
        state=State.DONE,
        rows_done=report.read + report.events,
        taken=report.taken,
        company_name=report.company[:200],
        counts={
            "read": report.read,
            "events": report.events,
            "taken": report.taken,
            "known": report.known,
            "refused": report.refused.total(),
            "reasons": dict(report.refused),
            "assumed": dict(report.assumed),
            "seconds": round(report.seconds, 1),
            "mb": report.peak_mb,
        },
        figures=report.figures.as_json() if report.figures else {},
        content=b"",
        events_content=b"",
    )


def _refusal(made: LogImport, of_events: bool, row: BadRow) -> LogRefusal:
    return LogRefusal(
        provider_id=made.provider_id,
        log_import=made,
        of_events=of_events,
        number=row.number,
        ref=row.ref[:200],
        column=row.column[:200],
        why=row.why,
        mend=row.mend,
    )

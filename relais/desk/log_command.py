"""`relais import-log`: the mapping shown and edited as a file, the log lived through, a report."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from relais.lib import sheet
from relais.lib.problem import Problem
from relais.lib.tenancy import tenant
from relais.lib.terminal import complain
from relais.people.models import Provider

from . import import_log, log_figures, log_mapping
from .import_log import File, Report
from .log_rows import BadLog

Say = Callable[[str], Any]


def run(
    args: argparse.Namespace, provider: Provider | None, steps: Callable[[str], None], say: Say
) -> int:
    """Return the exit code: 0, or 2 when a file could not be taken (the others are)."""
    provider = provider or import_log.only_provider()
    with tenant(provider.pk):
        log_figures.chosen(args.agreement)  # before the work, not after it
    code, refused = 0, []
    files: list[File] = []
    for path in args.files:
        try:
            files.append(_file(path, args.mapping))
        except Problem as problem:
            complain(problem)
            code = 2
    if args.mapping and not args.mapping.exists():
        _write(args.mapping, files, say)
        return code
    for requests, events in import_log.pairs(files):
        try:
            refused.append(_import(requests, events, provider, args, steps, say))
        except Problem as problem:
            complain(problem)
            code = 2
    if args.refused:
        with args.refused.open("wb") as file:
            sheet.write_csv([header(), *refused_rows(refused)], file)
    return code


def _import(
    requests: File | None,
    events: File | None,
    provider: Provider,
    args: argparse.Namespace,
    steps: Callable[[str], None],
    say: Say,
) -> Report:
    for file in (requests, events):
        if file is not None and args.mapping is None:
            say(shown(file))

    def tell(read: int, taken: int) -> None:
        steps(_("%(n)s rows read, %(taken)s taken") % {"n": read, "taken": taken})

    done = import_log.live_through(
        requests, events, provider, args.company, args.zone, tell, agreement=args.agreement
    )
    say(str(done))
    return done


def shown(file: File) -> str:
    """Return how a file is understood, in a few lines."""
    mapping = file.mapping
    kind = _("events") if mapping.kind == log_mapping.EVENTS else _("requests")
    lines = [f"{file.name}: {kind}" + (f" ({mapping.profile})" if mapping.profile else "")]
    lines += [f"  {name:<14} ← {heading}" for name, heading in mapping.columns.items()]
    if mapping.day_first_assumed:
        lines.append("  " + _("dates: the day is taken to come first; no row tells"))
    return "\n".join(lines)


def _file(path: Path, mapping: Path | None) -> File:
    file = File.at(path)
    if mapping is None or not mapping.exists():
        return file
    try:
        given = log_mapping.read(mapping.read_text("utf-8"))
    except (log_mapping.BadMapping, OSError, UnicodeError) as fault:
        raise BadLog(path=mapping.name, detail=f"{fault}") from fault
    if given.kind != file.mapping.kind:
        return file  # one mapping for requests, the file of events is understood by itself
    given.header = file.mapping.header
    file.mapping = given
    file.check()
    return file


def _write(path: Path, files: list[File], say: Say) -> None:
    """Write the mapping that was guessed of the first file, to be looked at and changed."""
    for file in files[:1]:
        read_as = f"{file.stream.encoding} {file.stream.separator!r}".strip()
        text = log_mapping.write(file.mapping, file.name, file.sample, read_as)
        path.write_text(text, "utf-8")
        say(text)
        say(
            _("Written to %(path)s. Look at it, change it, and run the same again.")
            % {"path": path}
        )


def header() -> list[str]:
    """Return the headings of the list of refused rows."""
    return [_("File"), _("Row"), _("Reference"), _("Column"), _("Reason"), _("What to do")]


def refused_rows(reports: Iterable[Report]) -> Iterable[list[str]]:
    """Yield every refused row, as the reader downloads it."""
    for report in reports:
        both = ((_("requests"), report.refused_rows), (_("events"), report.refused_events))
        for kind, rows in both:
            for row in rows:
                mend = _(row.mend) if row.mend else ""
                yield [kind, str(row.number), row.ref, row.column, _(row.why), mend]

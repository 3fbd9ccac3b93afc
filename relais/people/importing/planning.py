"""The plan of an import: what each row will do to what is registered, or why it will not.

Pure: no table is asked or written here. A row is taken whole or refused whole; a blank cell says
nothing and takes nothing away. Rows that name a thing fully are worked first, so that the plan does
not hang on the order of the file.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop as _

from relais.lib.problem import Problem
from relais.lib.tables import Row

from . import refusals
from .columns import Mapping
from .drafts import Draft, Register
from .known import Known
from .matching import RowWork
from .records import Options, Record, record_of

CREATED, CHANGED, UNCHANGED, REFUSED = "created", "changed", "unchanged", "refused"


def said(message: str, **values: Any) -> dict[str, Any]:
    """Return a message as it is kept: its msgid and its values as text."""
    return {"message": message, "values": {name: str(value) for name, value in values.items()}}


@dataclass
class Line:
    """What one row does."""

    number: int
    cells: tuple[str, ...]
    outcome: str = UNCHANGED
    effects: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    reason: dict[str, Any] | None = None

    def refuse(self, problem: Problem) -> None:
        """Refuse the row whole, with the reason."""
        self.outcome, self.effects, self.notes = REFUSED, [], []
        self.reason = said(str(problem.message), **problem.values)


@dataclass
class Plan:
    """Each row's line, and the drafts to write."""

    lines: list[Line]
    drafts: list[Draft]
    roles: list[tuple[Any, ...]]  # (person, kind, company, entity, site, starts on)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many rows have each outcome."""
        counted = Counter(line.outcome for line in self.lines)
        return {name: counted[name] for name in (CREATED, CHANGED, UNCHANGED, REFUSED)}

    @property
    def changes_something(self) -> bool:
        """Return whether applying writes anything."""
        return bool(self.roles) or any(d.pk is None or d.changed for d in self.drafts)

    @property
    def digest(self) -> str:
        """Return a mark by which two plans are known to be the same."""
        facts = [(li.number, li.outcome, li.effects, li.notes, li.reason) for li in self.lines]
        text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def plan(
    rows: Sequence[Row],
    header: MappingOf[int, str],
    mapping: Mapping,
    known: Known,
    options: Options | None = None,
) -> Plan:
    """Return what importing `rows` (those below the headings) will do."""
    options = options or Options()
    records: dict[int, Record] = {}
    misread: dict[int, Problem] = {}
    for row in rows:
        try:
            records[row.number] = record_of(row, header, mapping)
        except refusals.Refusal as refusal:
            misread[row.number] = refusal
    refused: dict[int, Problem] = {}
    # A refused row makes nothing, so rows that leaned on it are judged again; `refused` only grows.
    while True:
        merge = _Merge(rows, records, known, options, refused)
        if not merge.newly_refused:
            break
        refused |= merge.newly_refused
    for number, problem in (misread | refused).items():
        merge.lines[number].refuse(problem)
    _note_twins(rows, merge.lines)
    return Plan([merge.lines[row.number] for row in rows], merge.register.drafts, merge.roles)


def _note_twins(rows: Sequence[Row], lines: dict[int, Line]) -> None:
    first: dict[tuple[str, ...], int] = {}
    for row in rows:
        earlier = first.setdefault(row.cells, row.number)
        line = lines[row.number]
        if earlier != row.number and line.outcome == UNCHANGED:
            line.notes.append(said(SAME_AS, row=earlier))


SAME_AS = _("The same as row %(row)s.")


class _Merge:
    """One pass over the rows that are not refused yet."""

    def __init__(
        self,
        rows: Sequence[Row],
        records: dict[int, Record],
        known: Known,
        options: Options,
        refused: dict[int, Problem],
    ) -> None:
        self.register = Register(known)
        self.options = options
        self.lines = {row.number: Line(row.number, row.cells) for row in rows}
        self.roles: list[tuple[Any, ...]] = []
        self.newly_refused: dict[int, Problem] = {}
        # E-mail addresses of the file: whoever they belong to is not to be found by name.
        self.claimed = {
            person.email
            for number, record in records.items()
            if number not in refused
            for person in record.persons
            if person.email
        }
        self.works: list[RowWork] = []
        waiting = [r for n, r in records.items() if n not in refused]
        waiting.sort(key=_fullest_first)
        # What one row lacks another may bring, later in the file: refused ones are asked again.
        while True:
            left = [record for record in waiting if not self._take(record)]
            if len(left) in (0, len(waiting)):
                break
            waiting = left
        self._settle_executives()
        if not self.newly_refused:
            for work in sorted(self.works, key=lambda work: work.record.number):
                self._give_roles(work)

    def _take(self, record: Record) -> bool:
        """Return whether the row is taken; why not stands in `newly_refused`."""
        work = RowWork(record, self.register, self.options, self.claimed)
        try:
            work.resolve()
        except refusals.Refusal as refusal:
            self.newly_refused[record.number] = refusal
            return False
        self.newly_refused.pop(record.number, None)
        self._commit(work)
        self.works.append(work)
        return True

    def _commit(self, work: RowWork) -> None:
        line = self.lines[work.record.number]
        for draft in work.made:
            self.register.add(draft)
            facts = {name: _shown(value) for name, value in draft.values.items() if _shown(value)}
            line.effects.append({"kind": draft.kind, "label": str(draft), "facts": facts})
            line.outcome = CREATED
        for draft, name, value in work.changes:
            self._change(line, draft, name, value)
        line.notes += [said(message, **values) for message, values in work.notes]

    def _change(self, line: Line, draft: Draft, name: str, value: Any) -> None:
        old = draft.values.get(name)
        label = str(draft)
        draft.values[name] = value
        self.register.index(draft)
        if draft.pk is None and draft.row == line.number:
            effect = next(e for e in line.effects if e["kind"] == draft.kind and "facts" in e)
            made = [e for e in line.effects if (e["kind"], e["label"]) == (draft.kind, label)]
            (made or [effect])[0]["facts"][name] = _shown(value)
            return
        old_new = {"old": _shown(old), "new": _shown(value)}
        line.effects.append({"kind": draft.kind, "label": label, "field": name} | old_new)
        if line.outcome == UNCHANGED:
            line.outcome = CHANGED

    # Executives: whoever reports to whom can be said once everybody of the file is known.

    def _settle_executives(self) -> None:
        told: list[tuple[RowWork, Draft]] = []
        for work in self.works:
            if work.record.executive:
                try:
                    told += [(work, person) for person in self._settle_executive(work)]
                except refusals.Refusal as refusal:
                    self.newly_refused[work.record.number] = refusal
        safe: set[Draft] = set()
        for work, person in told:
            if _in_circle(person, safe):
                self.newly_refused[work.record.number] = refusals.OwnExecutive(name=str(person))

    def _settle_executive(self, work: RowWork) -> list[Draft]:
        line, number = self.lines[work.record.number], work.record.number
        executive = work.executive()
        for person in work.persons:
            work.check_executive(person, executive)
        if executive.row == -1:
            executive.row = number
            self.register.add(executive)
            facts = {"last_name": str(executive)}
            line.effects.append({"kind": "person", "label": str(executive), "facts": facts})
            line.outcome = CREATED
        for person in work.persons:
            person.said["reports_to"] = number
            if person.values.get("reports_to") is not executive:
                self._change(line, person, "reports_to", executive)
        return work.persons

    def _give_roles(self, work: RowWork) -> None:
        line = self.lines[work.record.number]
        for role in work.roles():
            self.roles.append(role)
            person, kind, _company, entity, site, _starts = role
            scope = site or entity
            effect = {"kind": "role", "label": str(person), "role": str(kind)}
            line.effects.append(effect | {"scope": str(scope) if scope else ""})
            if line.outcome == UNCHANGED:
                line.outcome = CHANGED


def _fullest_first(record: Record) -> tuple[object, ...]:
    """Return a rank by which what is named fully comes before what is found through it."""
    no_email = not any(person.email for person in record.persons)
    codeless = bool(record.site) and not record.site_code
    return (
        record.tells_of_site and not record.site,
        record.tells_of_site and not record.site and not record.place.get("city"),
        not record.company,
        bool(record.siren) and not record.entity,
        codeless and no_email,
        no_email,
        record.number,
    )


def _in_circle(person: Draft, safe: set[Draft]) -> bool:
    """Return whether somebody's executives come round again; `safe` grows by those who do not."""
    seen: set[Draft] = set()
    at: Draft | None = person
    while at is not None and at not in seen and at not in safe:
        seen.add(at)
        at = at.values.get("reports_to")
    if at is None or at in safe:
        safe |= seen
        return False
    return True


def _shown(value: Any) -> str:
    return "" if value is None else str(value)

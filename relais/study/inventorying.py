"""Typing the inventory: lines are added, changed, removed, pasted, validated; the last is undone.

Each of these is one transaction and one event, which holds what is needed to undo it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from relais.desk.errors import Missing
from relais.people import organisation
from relais.people.models import OrganisationChange, Person, Site

from .errors import ChangedMeanwhile, NothingToUndo, OutsideScope, TooManyLines
from .line_fields import GRID, SitesByName, read
from .models import InventoryLine, Study
from .reading_cells import Unread

MOST_LINES = 5000
MOST_PASTED = 1000
UNDONE = "line_undone"
KINDS = ("line_added", "line_changed", "line_removed", "lines_pasted")
# What a line forgets when it is changed: somebody answers for what stood there, not for this.
UNVALIDATED = {"validated_by_id": None, "validated_at": None}
KEPT = [
    field.attname
    for field in InventoryLine._meta.concrete_fields
    if field.attname not in ("provider_id", "study_id", "made_at", "version", "same_as")
]


@dataclass(frozen=True)
class Refused:
    """A cell that was not taken: where it stood in what was pasted, and the mend."""

    row: int
    column: int
    text: str
    why: str


def sites_of(study: Study) -> SitesByName:
    """Return the sites of a study, to be found by what people write."""
    return SitesByName(Site.objects.filter(study_scopes__study=study).order_by("name_key"))


def add(study: Study, fields: dict[str, Any], *, by: Person, **more: Any) -> InventoryLine:
    """Add a line; one event. Raises `NotPiloting`, `NotInThisPhase`, `Missing`, `OutsideScope`,
    `TooManyLines`."""  # fmt: skip
    study.check_changeable(by)
    if not str(fields.get("task", "")).strip():
        raise Missing(field=_t("task"))
    with transaction.atomic():
        line = _made(study, [fields | more], by)[0]
        _tell(study, "line_added", by, added=[line.pk])
    return line


def change(line: InventoryLine, fields: dict[str, Any], *, by: Person) -> None:
    """Change named fields of a line that is as it was read; one event.

    Raises `NotPiloting`, `NotInThisPhase`, `OutsideScope`, `ChangedMeanwhile`.
    """
    line.study.check_changeable(by)
    if not any(getattr(line, name) != value for name, value in fields.items()):
        return
    with transaction.atomic():
        was = {name: getattr(line, name) for name in fields}
        _change(line, fields)
        now = {name: getattr(line, name) for name in fields}
        changed = {str(line.pk): {name: [was[name], now[name]] for name in fields}}
        _tell(line.study, "line_changed", by, changed=changed)


def remove(line: InventoryLine, *, by: Person) -> None:
    """Take a line away; one event. Raises `NotPiloting`, `NotInThisPhase`, `ChangedMeanwhile`."""
    study = line.study
    study.check_changeable(by)
    with transaction.atomic():
        if not InventoryLine.objects.filter(pk=line.pk, version=line.version).delete()[0]:
            raise ChangedMeanwhile()
        _tell(study, "line_removed", by, removed=[_written(line)])


def validate(line: InventoryLine, *, by: Person) -> None:
    """Say that the line is right: from now on it is the study's, without a name; one event.

    Raises `NotPiloting`, `NotInThisPhase`, `ChangedMeanwhile`.
    """
    line.study.check_changeable(by)
    with transaction.atomic():
        _update(line, {"validated_by_id": by.pk, "validated_at": timezone.now()})
        organisation.record(line.study, "line_validated", by, line=line.pk)


def paste(
    study: Study, text: str, onto: Sequence[int], field: str, *, by: Person
) -> tuple[int, list[Refused]]:
    """Write a block of a spreadsheet into the grid, from `field` on, over the lines `onto` and new
    ones below them; return how many lines it touched, and the cells that were not taken.

    Raises `NotPiloting`, `NotInThisPhase`, `TooManyLines`, `ChangedMeanwhile`.
    """
    study.check_changeable(by)
    block = [row.split("\t") for row in text.replace("\r\n", "\n").rstrip("\n").split("\n")]
    if len(block) > MOST_PASTED:
        raise TooManyLines(most=MOST_PASTED)
    sites, first = sites_of(study), GRID.index(field)
    refused: list[Refused] = []
    changed: dict[str, dict[str, list[Any]]] = {}
    with transaction.atomic():
        known = InventoryLine.objects.select_for_update().filter(study=study, pk__in=onto)
        lines = known.in_bulk()
        fresh: list[dict[str, Any]] = []
        last = next((lines[key] for key in reversed(onto) if key in lines), None)
        for number, cells in enumerate(block):
            line = lines.get(onto[number]) if number < len(onto) else None
            target = line or _blank(study, last, sites)
            fields = _fields(target, cells, first, number, sites, refused)
            if line is not None:
                was = {name: getattr(line, name) for name in fields}
                if any(was[name] != value for name, value in fields.items()):
                    _change(line, fields)
                    changed[str(line.pk)] = {n: [was[n], v] for n, v in fields.items()}
            elif fields.get("task"):
                fresh.append({name: getattr(target, name) for name in KEPT if name != "id"})
            elif any(cell.strip() for cell in cells) and all(r.row != number for r in refused):
                refused.append(Refused(number, 0, cells[0], _t("A new line needs its task.")))
            last = line or target
        made = _made(study, fresh, by) if fresh else []
        if changed or made:
            _tell(study, "lines_pasted", by, changed=changed, added=[one.pk for one in made])
    return len(changed) + len(made), refused


def undo(study: Study, *, by: Person) -> int:
    """Take back this person's last change of the inventory; return how many lines it touched.

    Raises `NotPiloting`, `NotInThisPhase`, `NothingToUndo`, `ChangedMeanwhile`.
    """
    study.check_changeable(by)
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=study.pk)
        event = last_change(study, by)
        if event is None:
            raise NothingToUndo()
        facts = event.facts
        changed, added = facts.get("changed", {}), facts.get("added", [])
        lines = InventoryLine.objects.in_bulk([int(key) for key in changed])
        for key, fields in changed.items():
            line = lines.get(int(key))
            if line is None or any(getattr(line, n) != now for n, (_was, now) in fields.items()):
                raise ChangedMeanwhile()
            _change(line, {name: was for name, (was, _now) in fields.items()})
        if added and InventoryLine.objects.filter(pk__in=added).delete()[0] < len(added):
            raise ChangedMeanwhile()
        for row in facts.get("removed", []):
            InventoryLine.objects.create(study=study, provider_id=study.provider_id, **row)
        organisation.record(study, UNDONE, by, of=event.pk)
        return len(changed) + len(added) + len(facts.get("removed", []))


def last_change(study: Study, by: Person) -> OrganisationChange | None:
    """Return this person's last change of the inventory that is not undone, None without one."""
    mine = OrganisationChange.objects.filter(
        subject=study._meta.label, subject_id=study.pk, by=by, kind__in=[*KINDS, UNDONE]
    )
    undone = set()
    for event in mine.order_by("-id")[:200]:
        if event.kind == UNDONE:
            undone.add(event.facts["of"])
        elif event.pk not in undone:
            return event
    return None


def _fields(
    line: InventoryLine, cells: list[str], first: int, number: int, sites: SitesByName,
    refused: list[Refused],
) -> dict[str, Any]:  # fmt: skip
    """Return what a row of the block gives a line, which is changed as it is read."""
    found: dict[str, Any] = {}
    was = {name: getattr(line, name) for name in KEPT}
    for place, text in enumerate(cells):
        if first + place >= len(GRID):
            if text.strip():
                refused.append(Refused(number, place, text, _t("The grid has no column here.")))
            continue
        try:
            given = read(GRID[first + place], text, line, sites)
        except Unread as problem:
            refused.append(Refused(number, place, text, problem.mend))
            continue
        found |= given
        for name, value in given.items():
            setattr(line, name, value)
    if line.pk is not None:
        for name in found:
            setattr(line, name, was[name])
    return found


def _blank(study: Study, like: InventoryLine | None, sites: SitesByName) -> InventoryLine:
    """Return a line not kept yet, at the site and of the family of the one above."""
    first = next(iter(sites.names), None)
    return InventoryLine(
        study=study,
        provider_id=study.provider_id,
        site_id=like.site_id if like else first,
        **({"family": like.family, "doer_role": like.doer_role} if like else {}),
    )


def _made(study: Study, rows: Iterable[dict[str, Any]], by: Person) -> list[InventoryLine]:
    rows = list(rows)
    if study.lines.count() + len(rows) > MOST_LINES:
        raise TooManyLines(most=MOST_LINES)
    known = set(study.scopes.values_list("site", flat=True))
    lines = []
    for fields in rows:
        line = InventoryLine(study=study, provider_id=study.provider_id, typed_by=by)
        for name, value in fields.items():
            setattr(line, name, value)
        line.typed_by = by
        if line.site_id not in known:
            raise OutsideScope(site=_name(line.site_id), study=study.name)
        lines.append(line)
    return InventoryLine.objects.bulk_create(lines)


def _change(line: InventoryLine, fields: dict[str, Any]) -> None:
    site = fields.get("site_id")
    if site is not None and not line.study.scopes.filter(site=site).exists():
        raise OutsideScope(site=_name(site), study=line.study.name)
    _update(line, fields | UNVALIDATED)


def _update(line: InventoryLine, fields: dict[str, Any]) -> None:
    mine = InventoryLine.objects.filter(pk=line.pk, version=line.version)
    if not mine.update(version=line.version + 1, **fields):
        raise ChangedMeanwhile()
    for name, value in fields.items():
        setattr(line, name, value)
    line.version += 1


def _name(site: int | None) -> str:
    found = Site.objects.filter(pk=site).first()
    return str(found) if found else "–"


def _written(line: InventoryLine) -> dict[str, Any]:
    facts = {name: getattr(line, name) for name in KEPT}
    facts["validated_at"] = None
    facts["validated_by_id"] = None
    return facts


def _tell(study: Study, kind: str, by: Person, **facts: Any) -> None:
    organisation.record(study, kind, by, **facts)

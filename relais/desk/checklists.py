"""A ticket's checklist and the exceptions of its procedure, as the page and the API show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from relais.offer.models.service import in_language
from relais.people.access import Access

from . import rules
from .models import Run, Ticket


@dataclass(frozen=True)
class Line:
    """One step as it is read. `done`: who, when and the word given, or None."""

    number: int
    key: str
    action: str
    note: str
    control: str
    mandatory: bool
    varied: bool
    done: dict[str, Any] | None


@dataclass(frozen=True)
class Rescue:
    """What to do when it goes otherwise."""

    symptom: str
    action: str
    escalation: str


@dataclass(frozen=True)
class Checklist:
    """All of it, for one reader."""

    run: Run
    lines: list[Line]
    rescues: list[Rescue]
    may_tick: bool

    @property
    def count(self) -> int:
        """Return how many steps are done."""
        return sum(line.done is not None for line in self.lines)

    @property
    def left(self) -> list[Line]:
        """Return the mandatory steps that are not done."""
        return [line for line in self.lines if line.mandatory and line.done is None]


def of(access: Access, ticket: Ticket) -> Checklist | None:
    """Return the checklist of a ticket for this reader; None where she has none to see."""
    if access.is_client:
        return None
    rows = access.see(Run).select_related("procedure__procedure")
    run = rows.filter(ticket=ticket).first()
    if run is None:
        return None
    may = ticket.state in Ticket.HELD and rules.may("step_done", ticket, access.person)
    rescues = run.procedure.content.get("rescues", [])
    return Checklist(
        run,
        [_line(n, step, run) for n, step in enumerate(run.steps, start=1)],
        [
            Rescue(_said(each, "symptom"), _said(each, "action"), _said(each, "escalation"))
            for each in rescues
        ],
        may,
    )


def _line(number: int, step: dict[str, Any], run: Run) -> Line:
    minutes = f"{step['minutes']} min" if step.get("minutes") else ""
    return Line(
        number,
        step["key"],
        _said(step, "action"),
        " · ".join(filter(None, (step.get("role"), step.get("tool"), minutes))),
        _said(step, "control"),
        bool(step.get("mandatory")),
        bool(step.get("varied")),
        run.done.get(step["key"]),
    )


def _said(row: dict[str, Any], name: str) -> str:
    return in_language(row.get(f"{name}_fr", ""), row.get(f"{name}_en", ""))

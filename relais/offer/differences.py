"""What differs in a service, in words: at a place from the group, after a change from before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from relais.people.access import Access

from . import questions
from .models import OfferEvent, Service

MOST_EVENTS = 200


@dataclass(frozen=True)
class Difference:
    """One thing that a place does otherwise, beside what the group does; or after a change."""

    label: str
    group: str
    here: str


def of_service(access: Access, found: Service) -> list[tuple[OfferEvent, list[Difference]]]:
    """Return the newest events of a service, each with what it changed."""
    rows = access.see(OfferEvent).filter(service=found).select_related("by")
    return [(event, list(_changes(event.facts))) for event in rows.order_by("-pk")[:MOST_EVENTS]]


def _changes(facts: dict[str, Any]) -> Iterator[Difference]:
    for name, (was, now) in facts.get("changes", {}).items():
        if name == "questions":
            was, now = (", ".join(q.get("label_fr", "") for q in each or []) for each in (was, now))
        yield Difference(label(name), _text(was), _text(now))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "—" if value in (None, "") else str(value)


def label(name: str) -> str:
    """Return the name of a field as pages show it."""
    told = str(Service._meta.get_field(name).verbose_name)
    return told[:1].upper() + told[1:]


def value_of(service: Service, name: str) -> str:
    """Return what a field of a service says, in words."""
    if name == "questions":
        return ", ".join(one.label for one in questions.read(service.questions))
    shown = getattr(service, f"get_{name}_display", None)
    value = shown() if shown else getattr(service, name)
    if name == "approval_above":
        return questions.text_of("amount", str(value)) if value is not None else _("always")
    return str(value)

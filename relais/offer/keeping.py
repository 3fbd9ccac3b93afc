"""Who may change the catalogue, and what its rows must say. Verbs ask `check…` first."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from relais.people.access import Access
from relais.people.models import Person

from . import questions
from .errors import MayNotKeep, Unsound

if TYPE_CHECKING:
    from .models import Service

# What a site or a company may want otherwise; the rest is the group's standard.
VARIABLE = (
    "description_fr",
    "description_en",
    "questions",
    "deliverable_fr",
    "deliverable_en",
    "acceptance_fr",
    "acceptance_en",
    "standard_minutes",
    "p90_minutes",
    "confidentiality",
    "priority",
    "approval_by",
    "approval_above",
)


def may_keep(by: Person) -> bool:
    """Return whether this person keeps catalogue and procedures: those who run the pool."""
    return Access(by).runs_pool


def check_keeps(by: Person, thing: Any) -> None:
    """Raise `MayNotKeep` unless the person may change `thing`."""
    if by.provider_id != thing.provider_id or not may_keep(by):
        raise MayNotKeep(thing=str(thing), person=str(by))


def check_service(service: Service) -> None:
    """Raise `Unsound` with what is wrong in which field of a service."""
    found = questions.faults(service.questions)
    try:
        # Uniqueness and tenants are the database's to say, where two may come at once.
        service.clean_fields(exclude=["provider", "procedure"])
        service.validate_constraints(exclude=["provider"])
        service.validate_unique(exclude=["provider"])
    except ValidationError as wrong:
        found += [
            (field, text)
            for field, texts in wrong.message_dict.items()
            if field != "questions"
            for text in texts
        ]
    if not service.channels:
        found.append(("channels", _("Open at least one channel.")))
    if service._state.adding and _code_taken(service):
        found.append(("code", _("A service of this code exists already.")))
    if service.procedure and service.procedure.provider_id != service.provider_id:
        found.append(("procedure", _("Choose a procedure of the list.")))
    if found:
        raise Unsound(found)


def _code_taken(service: Service) -> bool:
    same = type(service)._default_manager.filter(provider=service.provider_id, code=service.code)
    return same.exists()


def check_variant(service: Service, differs: dict[str, Any], steps: list[dict[str, Any]]) -> None:
    """Raise `Unsound` with what is wrong in a variant of a service."""
    from .variants import applied, step_faults

    found = [
        (name, _("“%(name)s” is the same everywhere: it cannot vary.") % {"name": name})
        for name in differs
        if name not in VARIABLE
    ]
    found += step_faults(steps)
    if not differs and not steps:
        found.append(("differs", _("Say at least one thing that differs, or end the variant.")))
    if found:
        raise Unsound(found)
    check_service(applied(service, differs))


def plain(value: Any) -> Any:
    """Return a value as an event or a variant keeps it."""
    if isinstance(value, Decimal | date):
        return str(value)
    if hasattr(value, "pk"):
        return str(value)
    return value


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the old and the new value of what differs, by field."""
    return {
        name: [plain(before[name]), plain(after[name])]
        for name in after
        if plain(before[name]) != plain(after[name])
    }

"""Who may change the catalogue, and what its rows must say. Verbs ask `check…` first."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from relais.engine.procedure import Content
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


def check_fields(row: Any, exclude: Collection[str] = ()) -> None:
    """Raise `Unsound` with what is wrong in which field of a row."""
    try:
        row.clean_fields(exclude={"provider", *exclude})
        row.validate_constraints(exclude={"provider", *exclude})
    except ValidationError as wrong:
        raise Unsound(
            [(field, text) for field, texts in wrong.message_dict.items() for text in texts]
        ) from None
    same = type(row)._default_manager.filter(provider=row.provider_id, code=row.code)
    if row._state.adding and same.exists():
        raise Unsound([("code", _("This code is taken: choose another one."))])


LONGEST_TEXT, LONGEST_LINE, MOST_ROWS = 5_000, 500, 60


def content_faults(content: Content) -> list[tuple[str, str]]:
    """Return what keeps a text from being stored: the lint judges what it says."""
    found = [
        (name, _("%(most)d characters at most: say it shorter.") % {"most": LONGEST_TEXT})
        for name, value in content.facts().items()
        if isinstance(value, str) and len(value) > LONGEST_TEXT
    ]
    for name in ("steps", "rescues", "tools"):
        rows = getattr(content, name)
        if len(rows) > MOST_ROWS:
            text = _("%(most)d lines at most: split the procedure.") % {"most": MOST_ROWS}
            found.append((name, text))
        for number, row in enumerate(rows, start=1):
            texts = [getattr(row, field) for field in row.__slots__]
            if any(isinstance(text, str) and len(text) > LONGEST_LINE for text in texts):
                text = _("Line %(n)d: %(most)d characters at most in each field.")
                found.append((name, text % {"n": number, "most": LONGEST_LINE}))
    keys = [step.key for step in content.steps]
    if len(set(keys)) < len(keys) or not all(_STEP_KEY.fullmatch(key) for key in keys):
        found.append(
            ("steps", _("Give each step a key of its own: small letters, digits, - or _."))
        )
    for number, step in enumerate(content.steps, start=1):
        if not 0 <= step.minutes <= MOST_MINUTES:
            text = _("Step %(n)d: give minutes between 0 and %(most)d.")
            found.append(("steps", text % {"n": number, "most": MOST_MINUTES}))
    return found


MOST_MINUTES = 2_400
_STEP_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


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

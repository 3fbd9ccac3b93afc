"""The register of the clients' tools and of who may get into them: each change is recorded."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from relais.lib.problem import Problem

from .models import Company, Person, Site, System, SystemAccess
from .organisation import record


class TakenError(Problem):
    """The place has such a tool, or the person such an access, already."""

    message = gettext_noop("%(name)s is in the register already.")


def enter(
    company: Company, code: str, name: str, *, by: Person, site: Site | None = None
) -> System:
    """Return a new tool of a client, recorded. Raises `TakenError`."""
    system = System(
        provider_id=by.provider_id, company=company, site=site, code=code, name=name.strip()
    )
    try:
        with transaction.atomic():
            system.save(force_insert=True)
    except IntegrityError:
        raise TakenError(name=name) from None
    record(system, "created", by, name=system.name)
    return system


def give(
    system: System,
    person: Person,
    *,
    by: Person,
    tested_on: date | None = None,
    ends_on: date | None = None,
) -> SystemAccess:
    """Return somebody's access to a tool, recorded. Raises `TakenError`."""
    access = SystemAccess(
        provider_id=by.provider_id, system=system, person=person, tested_on=tested_on,
        ends_on=ends_on,
    )  # fmt: skip
    try:
        with transaction.atomic():
            access.save(force_insert=True)
    except IntegrityError:
        raise TakenError(name=f"{person.name} · {system.name}") from None
    record(person, "access_given", by, tool=system.name)
    return access


def tried(access: SystemAccess, *, by: Person, on: date | None = None) -> None:
    """Note that it was tried with success; the same day twice is once."""
    with transaction.atomic():
        if access.tried(on):
            record(access.person, "access_tried", by, tool=access.system.name)


def end(access: SystemAccess, *, by: Person) -> None:
    """Take an access away; ended already is ended."""
    with transaction.atomic():
        if access.end():
            record(access.person, "access_ended", by, tool=access.system.name)

"""The group's standard and what a site does otherwise: applied, and shown side by side."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from relais.lib.compiled import Compiled

if TYPE_CHECKING:
    from relais.people.models import Site

    from .models import Service, ServiceVariant

OPERATIONS = ("replace", "add", "drop")
MOST_STEPS = 30


def applied(service: Service, differs: Mapping[str, Any]) -> Service:
    """Return the service as it is with these differences: a copy, never to be saved."""
    varied = copy.copy(service)
    varied._state = copy.copy(service._state)
    for name, value in differs.items():
        setattr(varied, name, _typed(name, value))
    return varied


def _typed(name: str, value: Any) -> Any:
    if name == "approval_above" and value is not None:
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return value  # the check of the service says what is wrong
    return value


def _there(site: int, company: int) -> QuerySet[ServiceVariant]:
    from .models import ServiceVariant  # which reads the rules below

    here = Q(site=site) | Q(site=None)
    return ServiceVariant.objects.filter(here, company=company, active=True)


_THERE = Compiled(_there, site=int, company=int)


def of_site(service: Service, site: Site) -> list[ServiceVariant]:
    """Return what varies the service at a site: the company's variant, then the site's own."""
    return of_services(site).get(service.pk, [])


def at_site(service: Service, site: Site) -> Service:
    """Return the service as it is done for a site: a copy with what differs there."""
    return varied(service, of_site(service, site))


def of_services(site: Site) -> dict[int, list[ServiceVariant]]:
    """Return what varies at a site, in one query for all services, by the key of the service."""
    found: dict[int, list[ServiceVariant]] = {}
    for variant in _THERE(site=site.pk, company=site.company_id):
        found.setdefault(variant.service_id, []).append(variant)
    return {key: _in_order(rows) for key, rows in found.items()}


def varied(service: Service, found: Iterable[ServiceVariant]) -> Service:
    """Return the service with what these variants say, in order."""
    for variant in found:
        service = applied(service, variant.differs)
    return service


def _in_order(rows: Iterable[ServiceVariant]) -> list[ServiceVariant]:
    return sorted(rows, key=lambda variant: variant.site_id is not None)


# Steps --------------------------------------------------------------------------------------------


def steps_at(
    steps: Iterable[Mapping[str, Any]], variants: Iterable[ServiceVariant]
) -> list[dict[str, Any]]:
    """Return the steps of a procedure as a place does them.

    A change of a step that is no more is passed over here: the lint names it.
    """
    found = [dict(step) for step in steps]
    for variant in variants:
        for change in variant.steps:
            found = _with(found, change)
    return found


def _with(steps: list[dict[str, Any]], change: Mapping[str, Any]) -> list[dict[str, Any]]:
    key, step = change["key"], change.get("step")
    place = next((n for n, each in enumerate(steps) if each["key"] == key), None)
    if change["op"] == "add":
        after = len(steps) if place is None else place + 1
        return [*steps[:after], {**(step or {}), "varied": True}, *steps[after:]]
    if place is None:
        return steps
    if change["op"] == "drop":
        return [*steps[:place], *steps[place + 1 :]]
    return [*steps[:place], {**steps[place], **(step or {}), "varied": True}, *steps[place + 1 :]]


def step_faults(changes: Any) -> list[tuple[str, str]]:
    """Return what is wrong with the changes of steps: where, what and the mend."""
    if not isinstance(changes, list) or len(changes) > MOST_STEPS:
        return [("steps", _("Give a list of %(most)d changes at most.") % {"most": MOST_STEPS})]
    found = []
    for place, change in enumerate(changes, start=1):
        sound = (
            isinstance(change, dict)
            and change.get("op") in OPERATIONS
            and isinstance(change.get("key"), str)
        )
        if not sound:
            text = _("Change %(n)d: say which step, and one of: %(operations)s.")
            found.append(("steps", text % {"n": place, "operations": ", ".join(OPERATIONS)}))
        elif change["op"] != "drop" and not _is_step(change.get("step"), change["op"]):
            text = _("Change %(n)d: say what is done, in French at least.")
            found.append(("steps", text % {"n": place}))
    return found


def _is_step(step: Any, operation: str) -> bool:
    if not isinstance(step, dict):
        return False
    if operation == "add" and not isinstance(step.get("key"), str):
        return False
    return isinstance(step.get("action_fr"), str) and bool(step["action_fr"].strip())

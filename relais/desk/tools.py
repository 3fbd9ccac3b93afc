"""Which tool of a client a service needs at a site, and whose access to it was tried lately."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Protocol

from relais.people.models import Site, System, SystemAccess

Pair = tuple[int, int]  # site and service


class Work(Protocol):
    """What is asked of a service."""

    @property
    def tool(self) -> str:
        """Return the code of the tool that it needs, or nothing."""


def of(pairs: Mapping[Pair, Work]) -> dict[Pair, System]:
    """Return the tool that each service needs at each site: the site's own, else the company's.

    Where the register knows none of that kind, nothing is asked. Two queries, none without tools.
    """
    needing = {pair: service.tool for pair, service in pairs.items() if service.tool}
    if not needing:
        return {}
    sites = {site for site, _service in needing}
    companies = dict(Site.objects.filter(pk__in=sites).values_list("pk", "company"))
    rows = System.objects.filter(company__in=companies.values(), code__in=set(needing.values()))
    kept = {(one.company_id, one.site_id, one.code): one for one in rows}
    found = {}
    for pair, code in needing.items():
        company = companies[pair[0]]
        one = kept.get((company, pair[0], code)) or kept.get((company, None, code))
        if one is not None:
            found[pair] = one
    return found


def good(systems: Iterable[System], day: date) -> dict[int, frozenset[str]]:
    """Return the names of the tools into which each may get on this day: one query."""
    names = {one.pk: one.name for one in systems}
    rows = SystemAccess.objects.filter(SystemAccess.good_on(day), system__in=names)
    found: dict[int, set[str]] = defaultdict(set)
    for person, system in rows.values_list("person", "system"):
        found[person].add(names[system])
    return {person: frozenset(hers) for person, hers in found.items()}

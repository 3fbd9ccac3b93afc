"""The inventory of a study in hours: each line, each site, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from relais.engine import inventory
from relais.people.models import Site

from .models import InventoryLine, Study, StudySite


@dataclass(frozen=True)
class SiteCount:
    """The hours of one site beside those that are paid there."""

    scope: StudySite
    total: inventory.Total
    coverage: inventory.Coverage

    @property
    def site(self) -> Site:
        """Return the site."""
        return self.scope.site


def counted(lines: Iterable[InventoryLine]) -> dict[int, inventory.Counted]:
    """Return lines in minutes a year by their keys, those of the same work once; ask with `site`.

    Give all lines of a study: a part of them knows nothing of what the others do too.
    """
    rows = list(lines)
    found = inventory.counted([line.as_counted() for line in rows])
    return {line.pk: row for line, row in zip(rows, found, strict=True)}


def lines_of(study: Study) -> list[InventoryLine]:
    """Return every line of a study, whoever may see it: for sums by site and family only."""
    return list(InventoryLine.objects.filter(study=study).select_related("site"))


def count_study(study: Study) -> list[inventory.Counted]:
    """Return the whole inventory in minutes a year, in the order of its lines."""
    return list(counted(lines_of(study)).values())


def by_site(study: Study, rows: Iterable[inventory.Counted]) -> list[SiteCount]:
    """Return the hours of each site of the study, with its coverage; sites without lines too."""
    rows = list(rows)
    scopes = StudySite.objects.filter(study=study).select_related("site")
    found = []
    for scope in scopes:
        total = inventory.total([row for row in rows if row.line.site == str(scope.site_id)])
        paid = scope.paid_hours or 0.0
        found.append(SiteCount(scope, total, inventory.coverage(total.hours, paid)))
    return found

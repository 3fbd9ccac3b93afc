"""Profiles of volumes, given by whoever knew the work before the first request came.

A diagnostic counts what a year brings and how its months differ. Until a site has told half a year
of its own, that is what is foreseen there (domain E.7).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from .models import VolumeProfile

MONTHS = 12


@dataclass(frozen=True)
class Told:
    """A work at a site: requests a year, minutes of one, and twelve coefficients (none: alike)."""

    site: int
    family: str
    yearly: float
    minutes: float
    months: tuple[float, ...] = ()


def give(told: Iterable[Told], *, source: str, provider_id: int) -> int:
    """Return how many families at sites have a profile by this source now.

    Works of one family are put together. What the source gave before and tells no more is gone;
    what another one gave is taken over.
    """
    works: dict[tuple[int, str], list[Told]] = defaultdict(list)
    for one in told:
        if one.yearly > 0 and one.minutes > 0:
            works[one.site, one.family].append(one)
    now = timezone.now()
    rows = []
    for (site, family), each in sorted(works.items()):
        yearly = sum(one.yearly for one in each)
        rows.append(
            VolumeProfile(
                provider_id=provider_id, site_id=site, family=family, yearly=yearly,
                minutes=sum(one.yearly * one.minutes for one in each) / yearly,
                months=_months(each, yearly), source=source, given_at=now,
            )
        )  # fmt: skip
    VolumeProfile.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["site", "family"],
        update_fields=["yearly", "minutes", "months", "source", "given_at"],
    )  # fmt: skip
    VolumeProfile.objects.filter(source=source, given_at__lt=now).delete()
    return len(rows)


def take_back(source: str) -> None:
    """Forget what a source gave."""
    VolumeProfile.objects.filter(source=source).delete()


def _months(works: Iterable[Told], yearly: float) -> list[float]:
    """Return the months of works together, each counted by its volume: their mean is 1."""
    sums = [0.0] * MONTHS
    for one in works:
        for n, share in enumerate(one.months or (1.0,) * MONTHS):
            sums[n] += one.yearly * share
    return [each / yearly for each in sums]

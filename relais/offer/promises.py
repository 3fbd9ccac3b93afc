"""What is promised to a site for a service: by the agreement in force, else by the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from relais.lib.compiled import Compiled

from . import terms
from .models import AgreementScope, AgreementVersion, Service

if TYPE_CHECKING:
    from relais.people.models import Site

SIGNED = Compiled(
    lambda company: AgreementScope.objects.filter(company_id=company, period__isnull=False),
    company=int,
)
AGREEMENT, SERVICE = "agreement", "service"


@dataclass(frozen=True, slots=True)
class Promise:
    """So many open seconds, or so many working days; `version` is the text that says so."""

    kind: str
    seconds: int | None = None
    days: int | None = None
    version: int | None = None
    source: str = SERVICE


@dataclass(frozen=True, slots=True)
class Line:
    """One line of scope, for the days `first` to the day before `after` (None: without end)."""

    scope: terms.Scope
    first: date
    after: date | None
    version: int


@dataclass
class Book:
    """Every signed promise to one company: answers for any site, service and day."""

    company: int
    lines: list[Line]
    kept: dict[int, terms.Terms] = field(default_factory=dict)

    @classmethod
    def of(cls, company: int) -> Book:
        """Return the book of a company: one query, and one a version when it is first asked."""
        rows = SIGNED(company=company)
        return cls(
            company, [Line(r.value, r.period.lower, r.period.upper, r.version_id) for r in rows]
        )

    def with_draft(self, version: AgreementVersion, first: date | None = None) -> Book:
        """Return the book as if this version were signed, from `first` on (default: its date)."""
        told = version.terms()
        begin = first or told.effective_from or date.min
        others = [line for line in self.lines if line.version != version.pk]
        cut = [_cut(line, begin, told.scopes, self._of_agreement(version)) for line in others]
        mine = [Line(scope, begin, None, version.pk) for scope in told.scopes]
        return Book(
            self.company, [each for each in cut if each] + mine, {**self.kept, version.pk: told}
        )

    def promised(
        self, site: Site, service: Service, priority: int | None, at: datetime
    ) -> dict[str, Promise]:
        """Return what is promised, by kind; a day begins at midnight of the site."""
        day = at.astimezone(ZoneInfo(site.time_zone)).date()
        return self.of_version(self.version_for(site, service.family, day), service, priority)

    def version_for(self, site: Site, family: str, day: date) -> int | None:
        """Return the version that holds for a family at a site on a day: the most specific."""
        found = [line for line in self.lines if _holds(line, site, family, day)]
        best = max(found, key=lambda line: _rank(line.scope), default=None)
        return best.version if best else None

    def of_version(
        self, version: int | None, service: Service, priority: int | None
    ) -> dict[str, Promise]:
        """Return what a version promises, the catalogue speaking where it says nothing."""
        # The version is told even where it leaves the word to the catalogue.
        standard = {
            "first_response": service.response_seconds,
            "delivery": service.delivery_seconds,
        }
        promises = {
            kind: Promise(kind, seconds, version=version) for kind, seconds in standard.items()
        }
        if version is None:
            return promises
        told = self._terms(version)
        for kind in terms.KINDS:
            target = told.target(kind, service=service.pk, family=service.family, priority=priority)
            if target is not None:
                promises[kind] = Promise(kind, target.seconds, target.days, version, AGREEMENT)
        return promises

    def _terms(self, version: int) -> terms.Terms:
        if version not in self.kept:
            found = AgreementVersion.objects.get(pk=version)
            targets = tuple(each.value for each in found.targets.all())
            self.kept[version] = terms.Terms(targets=targets)
        return self.kept[version]

    def _of_agreement(self, version: AgreementVersion) -> set[int]:
        siblings = AgreementVersion.objects.filter(agreement=version.agreement_id)
        return set(siblings.values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class SilenceTerms:
    """After how many working days without a word a delivery is recalled, and held accepted."""

    remind_after: int | None = terms.REMIND_AFTER_DAYS
    close_after: int | None = terms.CLOSE_AFTER_DAYS


def silence(version: int | None) -> SilenceTerms:
    """Return what a version says about a client who keeps silent; without one, what is usual."""
    found = AgreementVersion.objects.filter(pk=version).values_list(
        "remind_after_days", "close_after_days"
    )
    return next((SilenceTerms(*row) for row in found), SilenceTerms())


def approval_pauses(version: int | None) -> bool:
    """Return whether an amount that waits for approval stops the promise; usually it does."""
    found = AgreementVersion.objects.filter(pk=version).values_list("approval_pauses", flat=True)
    return next(iter(found), True)


def promised(
    site: Site, service: Service, priority: int | None, at: datetime
) -> dict[str, Promise]:
    """Return what is promised to a site at an instant, by kind of promise."""
    return Book.of(site.company_id).promised(site, service, priority, at)


def _rank(scope: terms.Scope) -> tuple[bool, bool, bool]:
    return scope.site is not None, scope.entity is not None, bool(scope.family)


def _holds(line: Line, site: Site, family: str, day: date) -> bool:
    scope = line.scope
    return (
        line.first <= day
        and (line.after is None or day < line.after)
        and scope.site in (None, site.pk)
        and scope.entity in (None, site.entity_id)
        and scope.family in ("", family)
    )


def _cut(line: Line, begin: date, scopes: Iterable[terms.Scope], siblings: set[int]) -> Line | None:
    """Return the line as the new version leaves it: ended by it, untouched, or gone."""
    replaced = line.version in siblings or line.scope in set(scopes)
    if not replaced or (line.after is not None and line.after <= begin):
        return line
    return Line(line.scope, line.first, begin, line.version) if line.first < begin else None

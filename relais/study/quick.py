"""The quick start of a company of one to three sites: from nothing to a draft offer in few screens.

Each step is written into the study itself as it is answered: one may leave, come back, go back.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.desk.errors import BadValue, Missing
from relais.offer.models import Service
from relais.people import organisation
from relais.people.models import Calendar, Company, OpeningInterval, Person, Site

from . import choosing, generating
from .errors import NotPiloting
from .models import (
    Correction,
    Generation,
    InventoryLine,
    ModelChoice,
    ModelOffer,
    Study,
    StudySite,
)

MOST_SITES, LONGEST_STUDY = 3, timedelta(days=30)
MOST_A_WEEK = 1000
HOURS = ((time(9), time(12, 30)), (time(13, 30), time(18)))
MARK = "quick"
# What is on the table until somebody puts more: the pool itself, in order.
OWN = {
    "quality": Decimal(4), "references": 1, "non_disclosure": True, "hosted_in_eu": True,
    "access_register": True, "named_persons": True, "referent": True, "trained_backup": True,
    "reversibility": True,
}  # fmt: skip


@transaction.atomic
def begin(company: Company | None, name: str, places: list[str], *, by: Person) -> Study:
    """Return the study of a company, with its sites; those that are missing are made.

    Raises `NotPiloting`, `Missing`, `BadValue`.
    """
    from relais.people.access import Access

    if not Access.of(by).runs_pool:
        raise NotPiloting(person=str(by), study=_("Quick start"))
    named = list(dict.fromkeys(place.strip() for place in places if place.strip()))[:MOST_SITES]
    if company is None and not name.strip():
        raise Missing(field=_("client company"))
    if company is None:
        same = Company.objects.filter(name__iexact=name.strip(), archived_at=None).first()
        company = same or _company(name.strip(), by)
    sites = list(Site.objects.filter(company=company, archived_at=None, name__in=named))
    known = {site.name for site in sites}
    sites += [_site(company, place, by) for place in named if place not in known]
    if not sites:
        sites = list(Site.objects.filter(company=company, archived_at=None)[: MOST_SITES + 1])
        if not sites or len(sites) > MOST_SITES:
            raise BadValue(field=_("sites"), mend=_("name one to three sites"))
    return _study(company, sites, by)


def _company(name: str, by: Person) -> Company:
    made = Company.objects.create(provider_id=by.provider_id, name=name[:100])
    organisation.record(made, "created", by)
    calendar = Calendar.objects.create(
        provider_id=by.provider_id, company=made, name=made.name,
        time_zone=by.provider.time_zone, holiday_zone="FR",
    )  # fmt: skip
    OpeningInterval.objects.bulk_create(
        OpeningInterval(
            provider_id=by.provider_id, calendar=calendar, weekday=day, opens=opens, closes=closes
        )
        for day in range(1, 6)
        for opens, closes in HOURS
    )
    Company.objects.filter(pk=made.pk).update(calendar=calendar)
    made.calendar = calendar
    return made


def _site(company: Company, name: str, by: Person) -> Site:
    made = Site.objects.create(
        provider_id=by.provider_id, company=company, name=name[:100], city=name[:100],
        calendar=company.calendar,
    )  # fmt: skip
    organisation.record(made, "created", by)
    return made


def _study(company: Company, sites: list[Site], by: Person) -> Study:
    today = timezone.localdate()
    # Begun twice, or gone back to: the same study, with its sites as they are now.
    made, fresh = Study.objects.get_or_create(
        company=company, name=_("Quick start"),
        defaults={
            "provider_id": by.provider_id, "pilot": by, "made_by": by, "starts_on": today,
            "ends_on": today + LONGEST_STUDY,
        },
    )  # fmt: skip
    if fresh:
        organisation.record(made, "study_begun_quickly", by, study=made.name)
    made.check_changeable(by)
    for site in sites:
        StudySite.objects.get_or_create(
            study=made, site=site, defaults={"provider_id": by.provider_id}
        )
    return made


@transaction.atomic
def note(study: Study, counts: dict[tuple[int, int], float], *, by: Person) -> int:
    """Return how many lines stand, once what arrives a week is noted, by service and site.

    None of a thing takes its line away. Minutes are the catalogue's. Raises `NotPiloting`,
    `NotInThisPhase`, `BadValue`.
    """
    study.check_changeable(by)
    services = Service.objects.in_bulk({service for service, _site in counts})
    sites = set(study.scopes.values_list("site_id", flat=True))
    for (service, site), count in counts.items():
        if service not in services or site not in sites:
            raise BadValue(field=_("service"), mend=_("choose one of the list"))
        if not 0 <= count <= MOST_A_WEEK:
            raise BadValue(field=_("times a week"), mend=_("give a number from 0 to 1000"))
        one = services[service]
        key = f"{MARK}:{service}:{site}"
        if not count:
            InventoryLine.objects.filter(study=study, source_key=key).delete()
            continue
        InventoryLine.objects.update_or_create(
            study=study, source="typed", source_key=key,
            defaults={
                "provider_id": study.provider_id, "site_id": site, "service": one,
                "family": one.family, "task": one.name, "count": count, "period": "week",
                "minutes_low": one.standard_minutes / 2, "minutes_usual": one.standard_minutes,
                "minutes_high": one.p90_minutes, "secrecy": one.confidentiality, "typed_by": by,
            },
        )  # fmt: skip
    organisation.record(study, "quick_noted", by, study=study.name, lines=len(counts))
    return study.lines.filter(source_key__startswith=f"{MARK}:").count()


@transaction.atomic
def answer(study: Study, secrecy: int, presence: int, *, by: Person) -> None:
    """Keep how confidential the work is and how far somebody must be there, 1 to 5, everywhere.

    The same answer again adds nothing. Raises `NotPiloting`, `NotInThisPhase`, `BadValue`.
    """
    study.check_changeable(by)
    for cell in choosing.cells(study):
        for field, value in (("secrecy", secrecy), ("presence", presence)):
            figure = cell.figures[field]
            if figure.value != value:
                Correction.correct(
                    study, cell.site, cell.family, field, value, _("Answered at the quick start"),
                    by=by, computed=figure.computed,
                )  # fmt: skip


@transaction.atomic
def finish(study: Study, starts_on: date, *, by: Person) -> tuple[ModelChoice, Generation]:
    """Return the choice and what was made of the study: the draft offer. Done twice, once.

    Raises what `choosing.choose` and `generating.generate` raise.
    """
    study.check_lead(by)
    if not study.offers.filter(withdrawn_at=None).exists():
        ModelOffer.put(study, by=by, name=_("Our pool"), model="provider", **OWN)
    return choosing.choose(study, by=by), generating.generate(study, starts_on, by=by)


def noted(study: Study) -> dict[tuple[int, int], float]:
    """Return what arrives a week, by service and site, as it was noted."""
    rows = study.lines.filter(source_key__startswith=f"{MARK}:")
    return {(row.service_id, row.site_id): row.count for row in rows if row.service_id}


def hours(study: Study) -> float:
    """Return the hours a week that were noted."""
    return sum(cell.shape.hours for cell in choosing.cells(study)) / 52


def answered(study: Study) -> dict[str, Any]:
    """Return what the two questions were answered with, 3 and 1 before."""
    found: dict[str, Any] = {"secrecy": 3, "presence": 1}
    for name in found:
        last = study.corrections.filter(field=name, value__isnull=False).order_by("-id").first()
        found[name] = int(last.value) if last and last.value is not None else found[name]
    return found

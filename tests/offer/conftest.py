"""The offer's own props: the catalogue, an agreement of Calanques, and days of a spring."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from relais.offer import catalogue
from relais.offer.models import Agreement, AgreementEvent, AgreementVersion, Service
from relais.offer.terms import CreditTerms, TargetTerms

PARIS = ZoneInfo("Europe/Paris")
SIGNING = datetime(2026, 2, 20, 10, 0, tzinfo=PARIS)
MARCH = date(2026, 3, 1)
FIRST = TargetTerms(kind="first_response", hours=Decimal(2), weight=Decimal("0.4"))
DELIVERY = TargetTerms(kind="delivery", hours=Decimal(6), weight=Decimal("0.6"))


@pytest.fixture
def services(world) -> dict[str, Service]:
    """Return the first catalogue, by code."""
    catalogue.preload(world.provider)
    return {service.code: service for service in Service.objects.all()}


@pytest.fixture
def draft(world, services) -> Callable[..., AgreementVersion]:
    """Return a function that writes a first draft, ready to be signed."""

    def make(name: str = "Contrat cadre", company: Any = None, **terms: Any) -> AgreementVersion:
        company = company or world.companies.calanques
        version = Agreement.open(company, name, by=world.people.paul, at=SIGNING)
        given = {
            "effective_from": MARCH,
            "targets": (FIRST, DELIVERY),
            "credits": CreditTerms(monthly_fee=Decimal(12000)),
        }
        version.edit(by=world.people.paul, at=SIGNING, **given | terms)
        return version

    return make


@pytest.fixture
def sign(world) -> Callable[..., AgreementVersion]:
    """Return a function that signs a version for both sides."""

    def both(version: AgreementVersion, at: datetime = SIGNING) -> AgreementVersion:
        version.sign(by=world.people.claire, side="client", at=at)
        version.sign(by=world.people.paul, side="provider", at=at)
        return version

    return both


def kinds(version: AgreementVersion) -> list[str]:
    """Return what happened to the version, in order."""
    return list(AgreementEvent.objects.filter(version=version).values_list("kind", flat=True))

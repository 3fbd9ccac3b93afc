"""A client's months as rows of the desk: requests with their delivery clocks, in time and late."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from relais.desk.models import Clock, Event, Ticket
from relais.offer.models import Agreement, Service
from relais.offer.terms import CreditTerms, Scope, TargetTerms

MARCH = date(2026, 3, 1)
HOUR = timedelta(hours=1)


def at(month, day, hour=9):
    return datetime(2026, month, day, hour, tzinfo=UTC)


def agreed(world, *, company="calanques", lead="claire", name="Contrat", scopes=None, **credits):
    """Return the version that both leads signed: 12,000 € a month, ten per cent at risk."""
    people, day = world.people, at(1, 5)
    version = Agreement.open(getattr(world.companies, company), name, by=people.paul, at=day)
    version.edit(
        by=people.paul, at=day, effective_from=date(2026, 1, 5),
        targets=(
            TargetTerms("delivery", hours=Decimal(16), weight=Decimal("0.4")),
            TargetTerms("first_response", hours=Decimal(4), weight=Decimal("0.2")),
        ),
        scopes=scopes or (Scope(),), credits=CreditTerms(monthly_fee=Decimal(12000), **credits),
    )  # fmt: skip
    version.sign(by=getattr(people, lead), side="client", at=day)
    version.sign(by=people.paul, side="provider", at=day)
    return version


def delivered(world, kept, n, *, site="aix", month=3, who="marc", version=None, day=5, **fields):
    """Return `n` requests delivered on a day, the first `kept` of them in time."""
    people, place = world.people, getattr(world.sites, site)
    service = fields.pop("service", None) or Service.objects.filter(code="travel").first()
    assert service is not None, "preload the catalogue"
    done = at(month, day, 14)
    rows = Ticket.objects.bulk_create(
        Ticket(
            provider=world.provider, company=place.company, site=place,
            requester=getattr(people, who), service=service, subject=f"Demande {number}",
            channel="form", state="accepted", received_at=done - 5 * HOUR, delivered_at=done,
            closed_at=done + HOUR, **fields,
        )
        for number in range(n)
    )  # fmt: skip
    Clock.objects.bulk_create(
        Clock(
            provider=world.provider, ticket=ticket, kind="delivery", target=16 * 3600,
            started_at=done - 5 * HOUR, due_at=done + HOUR * (1 if number < kept else -1),
            stopped_at=done, verdict="met" if number < kept else "missed",
            agreement_version=version, calendar=place.calendar,
            calendar_source="site",
        )
        for number, ticket in enumerate(rows)
    )  # fmt: skip
    Event.objects.bulk_create(
        Event(provider=world.provider, ticket=ticket, kind=kind, at=when, by=by)
        for ticket in rows
        for kind, when, by in (
            ("received", done - 5 * HOUR, getattr(people, who)), ("delivered", done, people.alice)
        )
    )  # fmt: skip
    return rows

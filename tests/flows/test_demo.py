"""The demo world: what the issue names stands, once, the same each time."""

from datetime import UTC, datetime, timedelta

import pytest

from relais import demo, demo_planning, demo_study
from relais.desk.models import (
    Approval,
    Arbitration,
    Commitment,
    DispatchMode,
    Event,
    Letter,
    Pairing,
    Rating,
    Recurrence,
    SteeringAttempt,
    Ticket,
)
from relais.lib.tenancy import tenant
from relais.offer.models import AgreementVersion
from relais.people.access import Access
from relais.people.models import Company, Cover, LegalEntity, Person, Role, Site, User
from relais.planning.models import Lever, LoadOutlook
from relais.study import choosing
from relais.study.models import Irritant, Study

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def provider(db):
    made = demo.build(NOW, lived=False)
    with tenant(made.pk):
        yield made


def test_it_has_the_places_and_people_that_it_promises(provider):
    calanques = Company.objects.get(name="Calanques Services")
    assert set(calanques.sites.values_list("city", flat=True)) == {
        "Aix-en-Provence",
        "Lyon",
        "Lille",
        "Strasbourg",
        "Saint-Denis",
    }
    assert LegalEntity.objects.filter(company=calanques).count() == 2
    managers = Person.objects.filter(company=calanques, roles__kind=Role.Kind.REQUESTER)
    assert managers.distinct().count() == 12
    assert Role.objects.filter(kind=Role.Kind.ASSISTANT).count() == 6


def test_every_site_has_a_lead_a_backup_and_two_referents_with_deputies(provider):
    for site in Site.objects.all():
        positions = set(Cover.objects.filter(site=site).values_list("position", flat=True))
        assert {"lead", "backup"} <= positions, site
        engagement = site.company.engagement
        assert engagement.client_deputy and engagement.provider_deputy


def test_every_row_is_valid(provider):
    for model in [Company, LegalEntity, Site, Person, Role]:
        for row in model.objects.all():
            row.full_clean()


def test_building_it_twice_changes_nothing(provider):
    before = Person.objects.count()
    assert demo.build(NOW, lived=False) == provider
    assert Person.objects.count() == before


def test_the_sign_ins_that_are_printed_work(provider, client):
    for line in demo.sign_ins():
        user = User.objects.get(email=line.email)
        assert user.person.name == line.name
        assert client.login(email=line.email, password=demo.PASSWORD)


def test_the_second_client_is_unknown_to_the_first(provider):
    claire = Access(Person.objects.get(last_name="Delmas"))
    assert not claire.see(Company).filter(name__contains="Kerbrat").exists()
    assert not claire.see(Site).filter(city="Quimper").exists()
    assert not claire.see(Person).filter(last_name="Riou").exists()


def test_its_diagnostic_has_work_to_size_what_hurts_and_a_choice_of_models(provider):
    with tenant(provider.pk):
        for _twice in range(2):
            demo_study.live(NOW.date())
        study = Study.objects.get()
        assert study.lines.count() == 60 and study.sizings.count() == 1
        assert Irritant.objects.filter(study=study).count() >= 5
        assert choosing.judged(choosing.last(study))


def test_it_is_needed_only_in_an_empty_database(db):
    assert demo.is_needed()
    demo.build(NOW, lived=False)
    assert not demo.is_needed()


def test_its_weeks_are_lived_through_the_verbs(db):
    with tenant(demo.build(NOW).pk):
        assert Ticket.objects.count() > 25
        states = set(Ticket.objects.values_list("state", flat=True))
        assert {"accepted", "delivered"} <= states
        assert not Event.objects.filter(at__gt=NOW).exists()
        for ticket in Ticket.objects.all():
            kinds = [event.kind for event in ticket.events.all()]
            assert kinds[0] == "received"
            assert kinds.count("delivered") == kinds.count("reopened") + (
                ticket.state in ("delivered", "accepted")
            )
        assert Event.objects.filter(kind="breached").exists()
        # Each page beside the requests has something to show.
        asked = Approval.objects.get(state="asked")
        assert asked.approver.email == "philippe.roche@calanques.example"
        assert Recurrence.objects.get().next_at > NOW
        assert Commitment.objects.filter(state="open").exists()
        assert Rating.objects.count() > 3
        assert Arbitration.objects.get().state == "open"
        assert SteeringAttempt.objects.count() == 2
        modes = DispatchMode.objects.order_by("mode").values_list("mode", flat=True)
        assert list(modes) == ["assisted", "automatic", "manual"]
        assert Pairing.objects.get(ended_at=None).person.first_name == "Julie"
        held, proposed = Ticket.objects.filter(service__code="event").order_by("pk")
        assert (held.state, held.held_until > NOW) == ("open", True)
        assert (proposed.state, proposed.proposed is not None) == ("open", True)
        # Nothing that was written in the past is mailed now.
        assert Letter.objects.exists()
        assert not Letter.objects.filter(state=Letter.State.WAITING).exists()


def test_the_first_lever_that_its_weeks_ahead_offer_is_pulled_once(provider):
    calm = {"levers": [], "coverage": 1.4, "p80": 20.0, "capacity": 28.0}
    short = {"levers": [["backup", 4.0, 1.1]], "coverage": 0.8, "p80": 20.0, "capacity": 16.0}
    site, weeks = Site.objects.get(city="Lyon"), [NOW.date() + timedelta(7), NOW.date()]
    demo_planning.pull()
    assert not Lever.objects.exists()
    LoadOutlook.objects.create(
        provider=provider, computed_at=NOW, method="mean", counted=40.0, charts={},
        report={
            "weeks": [day.isoformat() for day in reversed(weeks)],
            "sites": [{"site": site.pk, "name": "Lyon", "cells": [calm, short]}],
        },
    )  # fmt: skip
    for _twice in range(2):
        demo_planning.pull(NOW)
    lever = Lever.objects.get()
    assert (lever.site, lever.week, lever.code, lever.hours) == (site, weeks[0], "backup", 4.0)


def test_its_agreement_is_signed_by_both_sides_and_a_draft_waits(provider):
    versions = AgreementVersion.objects.order_by("number")
    states = [bool(v.client_signed_at and v.provider_signed_at) for v in versions]
    assert states == [True, False]

"""The catalogue that every provider starts with, its services, what varies, and its form fields."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from relais.engine import triage
from relais.offer import catalogue, procedures, questions, variants
from relais.offer.errors import MayNotKeep, ServiceOvertaken, Unsound
from relais.offer.models import OfferEvent, Procedure, Service, ServiceVariant

BOTH = ("name", "description", "deliverable", "acceptance", "unit")


def test_twelve_families_the_key_missions_first_and_two_languages(services):
    assert len(services) >= 35
    families = Counter(service.family for service in services.values())
    assert set(families) == set(Service.Family.values)
    assert all(families[key] >= 5 for key in list(Service.Family.values)[:5])
    for service in services.values():
        assert all(getattr(service, f"{name}_{lang}") for name in BOTH for lang in ("fr", "en"))
        assert questions.faults(service.questions) == []
        assert all(q["label_en"] for q in service.questions)
        assert service.p90_minutes > service.standard_minutes


def test_its_procedures_are_without_a_fault_and_in_force(world, services):
    paul = world.people.paul
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    made = catalogue.preload_procedures(world.provider, paul, at)
    assert len(made) == 5
    for version in made:
        health = procedures.health(version, date(2026, 11, 23))
        assert health.errors == []
        assert version.procedure.in_force(at.date()) == version
        assert all(step["action_en"] for step in version.content["steps"])
        assert any(step["mandatory"] for step in version.content["steps"])
        assert version.procedure.services.count() >= 3
    assert catalogue.preload_procedures(world.provider, paul) == []
    assert catalogue.preload(world.provider) == []


def test_each_name_points_to_its_service_in_both_languages(services):
    offers = [triage.Offer(s.pk, f"{s.name_fr} {s.name_en} {s.words}") for s in services.values()]
    for service in services.values():
        if service.code == "other":
            continue
        for name in (service.name_fr, service.name_en):
            assert triage.classify(name, "", offers).service == service.pk, name


# Verbs --------------------------------------------------------------------------------------------


def test_edit_keeps_what_stood_before(world, services):
    service, paul = services["travel"], world.people.paul
    service.edit(by=paul, approval_above=Decimal(900), priority=2)
    told = OfferEvent.objects.get(service=service)
    assert told.kind == "edited"
    assert told.facts["changes"] == {"approval_above": ["800.00", "900"], "priority": [3, 2]}
    service.edit(by=paul, priority=2)
    assert OfferEvent.objects.filter(service=service).count() == 1


@pytest.mark.parametrize("who", ["alice", "claire", "quentin"])
def test_only_who_runs_the_pool_keeps_it(world, services, who):
    with pytest.raises(MayNotKeep):
        services["travel"].edit(by=getattr(world.people, who), priority=1)
    with pytest.raises(MayNotKeep):
        Service.open(by=getattr(world.people, who), code="x", name_fr="X", name_en="X")


def test_two_at_once_leave_one_winner(world, services):
    first, second = (Service.objects.get(code="travel") for _ in range(2))
    first.edit(by=world.people.paul, priority=1)
    with pytest.raises(ServiceOvertaken):
        second.edit(by=world.people.maud, priority=4)
    assert OfferEvent.objects.filter(service=first).count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name_fr": ""}, "name_fr"),
        ({"p90_minutes": 5}, "__all__"),
        ({"channels": []}, "channels"),
        ({"active_from": date(2027, 2, 1), "active_until": date(2027, 1, 1)}, "__all__"),
        ({"questions": [{"key": "A", "kind": "text", "label_fr": "x"}]}, "questions"),
        ({"questions": [{"key": "a", "kind": "choice", "label_fr": "x"}]}, "questions"),
        ({"questions": "x"}, "questions"),
    ],
)
def test_what_cannot_be_is_named_with_its_field(world, services, changes, field):
    with pytest.raises(Unsound) as told:
        services["travel"].edit(by=world.people.paul, **changes)
    assert field in {name for name, _text in told.value.faults}


def test_open_refuses_a_code_that_is_taken(world, services):
    paul = world.people.paul
    made = Service.open(by=paul, code="accueil", name_fr="Accueil", name_en="Reception")
    assert OfferEvent.objects.get(service=made).kind == "opened"
    with pytest.raises(Unsound) as told:
        Service.open(by=paul, code="accueil", name_fr="Accueil", name_en="Reception")
    assert [field for field, _text in told.value.faults] == ["code"]


def test_what_is_out_of_season_is_not_offered(world, services):
    service = services["event"]
    service.edit(by=world.people.paul, active_from=date(2027, 3, 1), active_until=date(2027, 6, 30))

    def offered(day):
        return service in Service.objects.all().offered(day)

    assert [offered(date(2027, m, d)) for m, d in ((2, 28), (3, 1), (6, 30), (7, 1))] == [
        False, True, True, False,
    ]  # fmt: skip
    assert services["board"] not in Service.objects.all().offered(channel="mail")


# Variants -----------------------------------------------------------------------------------------


def test_a_site_differs_in_what_it_says_and_in_nothing_else(world, services):
    service, paul = services["travel"], world.people.paul
    ServiceVariant.vary(
        service, world.companies.calanques, by=paul, steps=[],
        differs={"approval_above": "500", "priority": 2},
    )  # fmt: skip
    ServiceVariant.vary(
        service, world.sites.lyon, by=paul, differs={"approval_above": "200"}, steps=[]
    )
    aix, lyon, brest = (
        variants.at_site(service, getattr(world.sites, key)) for key in ("aix", "lyon", "brest")
    )
    assert (aix.approval_above, aix.priority) == (Decimal(500), 2)
    assert (lyon.approval_above, lyon.priority) == (Decimal(200), 2)
    assert (brest.approval_above, brest.priority) == (Decimal(800), 3)
    assert service.approval_above == Decimal(800)
    kinds = OfferEvent.objects.filter(service=service).values_list("kind", flat=True)
    assert list(kinds) == ["varied", "varied"]


@pytest.mark.parametrize(
    ("differs", "steps"),
    [
        ({}, []),
        ({"code": "x"}, []),
        ({"approval_above": "beaucoup"}, []),
        ({"p90_minutes": 1}, []),
        ({}, [{"op": "move", "key": "a"}]),
        ({}, [{"op": "replace", "key": "a", "step": {}}]),
    ],
)
def test_a_variant_that_cannot_be_is_refused(world, services, differs, steps):
    with pytest.raises(Unsound):
        ServiceVariant.vary(
            services["travel"], world.sites.aix, by=world.people.paul, differs=differs, steps=steps
        )


# Form fields --------------------------------------------------------------------------------------

ASKED = questions.read(
    [
        {"key": "day", "kind": "date", "label_fr": "Jour", "label_en": "Day", "required": True},
        {"key": "cost", "kind": "amount", "label_fr": "Coût"},
        {"key": "night", "kind": "yes_no", "label_fr": "Nuit ?"},
        {"key": "many", "kind": "number", "label_fr": "Combien ?"},
        {
            "key": "how",
            "kind": "choice",
            "label_fr": "Comment ?",
            "choices": [{"value": "a", "fr": "Un", "en": "One"}, {"value": "b", "fr": "Deux"}],
        },
    ]
)


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        ("day", "2027-01-31", "2027-01-31"),
        ("cost", "1 250,5", "1250.50"),
        ("cost", 12, "12.00"),
        ("night", "yes", True),
        ("night", False, False),
        ("many", "12", 12),
        ("how", "b", "b"),
    ],
)
def test_an_answer_is_kept_as_a_plain_value(key, given, kept):
    answers, faults = questions.check(ASKED, {"day": "2027-01-31", key: given})
    assert faults == []
    assert {each["key"]: each["value"] for each in answers}[key] == kept


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("day", ""),
        ("day", "31/01/2027"),
        ("day", 7),
        ("cost", "beaucoup"),
        ("cost", "-1"),
        ("cost", "NaN"),
        ("cost", True),
        ("night", "peut-être"),
        ("many", "1.5"),
        ("many", "²"),
        ("how", "c"),
        ("how", {"a": 1}),
        ("autre", "x"),
    ],
)
def test_a_wrong_answer_is_named_with_its_field(key, given):
    _answers, faults = questions.check(ASKED, {"day": "2027-01-31", key: given})
    assert [field for field, _text in faults] == [key]


def test_the_largest_amount_speaks_for_the_request():
    kept, _faults = questions.check(ASKED, {"day": "2027-01-31", "cost": "10"})
    assert questions.amount_in(kept) == Decimal(10)
    assert questions.amount_in([]) is None


def test_a_procedure_without_an_owner_is_not_published(world, services):
    paul = world.people.paul
    version = Procedure.open(code="vide", title_fr="Vide", by=paul)
    with pytest.raises(Unsound) as told:
        version.publish(by=paul)
    assert len(told.value.faults) >= 5

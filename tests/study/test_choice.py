"""The choice of a model by site and family, through the database: cells, guardrails, traces."""

import json

import pytest
from django.urls import reverse

from relais.desk.errors import BadValue, Missing
from relais.people.models import OrganisationChange
from relais.study import choosing
from relais.study.choosing_errors import (
    CorrectionOvertaken,
    CostWeighsTooMuch,
    NameOnTable,
    NothingToChoose,
    OfferGone,
    OfferOvertaken,
    WeightsOvertaken,
)
from relais.study.errors import NotPiloting
from relais.study.models import (
    ChoiceWeights,
    Correction,
    Derogation,
    ModelChoice,
    ModelOffer,
)

from .conftest import a_line

KEPT = {
    "non_disclosure": True, "hosted_in_eu": True, "access_register": True, "named_persons": True,
    "referent": True, "trained_backup": True, "reversibility": True, "references": 3, "quality": 4,
}  # fmt: skip


@pytest.fixture
def line(world, study):
    def write(site="aix", family="agenda", **more):
        given = {"count": 10, "period": "week", "family": family}
        return a_line(study, getattr(world.sites, site), **given | more)

    return write


@pytest.fixture
def table(world, study):
    """Put the four models on the table, all in order."""
    return {
        model: ModelOffer.put(
            study, by=world.people.paul, name=model.capitalize(), model=model, price=40_000, **KEPT
        )
        for model in ("internal", "provider", "hybrid", "platform")
    }


def by_place(study, by):
    """Return what was chosen, by site and family."""
    return {
        (one.choice.cluster.site, one.family): one
        for one in choosing.judged(choosing.choose(study, by=by))
    }


def test_each_site_and_family_gets_its_own_model_and_one_for_all_names_who_loses(
    world, study, line, table
):
    """Table I, row 6."""
    paul = world.people.paul
    line("aix", "agenda", relation=5, standard=2)
    line("lyon", "invoicing", relation=1, standard=5, secrecy=0)
    line("lyon", "governance", secrecy=3, relation=4)
    Correction.correct(study, world.sites.lyon, "invoicing", "maturity", 4.5, "Vu", by=paul)
    found = by_place(study, paul)
    assert {place: str(one.chosen.offer.model) for place, one in found.items()} == {
        ("Aix", "agenda"): "provider",
        ("Lyon", "invoicing"): "platform",
        ("Lyon", "governance"): "internal",
    }
    losers = choosing.losers(found.values(), found["Lyon", "invoicing"].chosen.offer.model)
    assert len(losers) == 2
    assert not any("invoicing" in one for one in losers)


def test_lines_that_stay_or_go_are_no_matter_of_choice(world, study, line, table):
    line("aix", "agenda", target="local")
    line("aix", "travel", target="drop")
    line("aix", "documents", count=0)
    with pytest.raises(NothingToChoose):
        choosing.choose(study, by=world.people.paul)


def test_more_confidentiality_moves_the_result_and_the_trace_says_why(world, study, line, table):
    """Table I, row 10."""
    paul, site = world.people.paul, world.sites.aix
    line("aix", "agenda", relation=2, standard=4)
    Correction.correct(study, site, "agenda", "maturity", 4, "Agendas partagés", by=paul)
    Correction.correct(study, site, "agenda", "secrecy", 2, "Rien de secret", by=paul)
    first = choosing.choose(study, by=paul)
    Correction.correct(study, site, "agenda", "secrecy", 5, "Comité de direction", by=paul)
    second = choosing.choose(study, by=paul)
    before, after = choosing.judged(first)[0], choosing.judged(second)[0]
    assert before.chosen.offer.model == "platform" != after.chosen.offer.model
    (said,) = choosing.changes(first, second)
    assert "confidentialité" in said
    assert "robuste" in before.holds or "fragile" in before.holds


def test_cost_above_a_fifth_is_refused_unless_the_sponsor_says_so(world, study):
    """Table I, row 11."""
    paul = world.people.paul
    points = choosing.values_of(None) | {"cost": 30.0}
    with pytest.raises(CostWeighsTooMuch):
        ChoiceWeights.set(study, points, "Budget", by=paul)
    Derogation.ask(study, "G1", "Budget gelé", by=paul).sign(by=world.people.sylvie)
    assert ChoiceWeights.set(study, points, "Budget", by=paul).number == 1


def test_quality_is_not_for_sale_and_a_price_far_below_is_asked_about(world, study, line, table):
    """Table I, row 11: the cheapest, of quality 2, is out whatever its price."""
    paul = world.people.paul
    line()
    cheap = {"name": "Pas cher", "model": "provider", "price": 9_000}
    ModelOffer.put(study, by=paul, **KEPT | cheap | {"quality": 2})
    (found,) = by_place(study, paul).values()
    broken = {breach.code for name, breach in found.blocking if name == "Pas cher"}
    assert broken == {"G2", "G6"}
    assert found.chosen.offer.name != "Pas cher"


@pytest.mark.parametrize(
    ("code", "model", "missing", "cell"),
    [
        ("G2", "provider", {"references": 0}, {}),
        ("G3", "hybrid", {"hosted_in_eu": False}, {"secrecy": 3}),
        ("G4", "provider", {"referent": False}, {}),
        ("G4", "hybrid", {"trained_backup": False}, {}),
        ("G8", "platform", {"reversibility": False}, {}),
    ],
)
def test_what_is_missing_excludes_and_the_mend_is_said(
    world, study, line, table, code, model, missing, cell
):
    line(**cell)
    table[model].edit(by=world.people.paul, **missing)
    (found,) = by_place(study, world.people.paul).values()
    (name,) = missing
    blocked = {
        (breach.code, tuple(breach.missing))
        for offer, breach in found.blocking
        if offer == model.capitalize()
    }
    assert (code, (name,)) in blocked


def test_climate_and_maturity_exclude_until_a_plan_is_there(world, study, line, table):
    """G5 and G7 are facts of the place."""
    paul, site = world.people.paul, world.sites.aix
    line()
    Correction.correct(study, site, "agenda", "climate_risk", 4, "Tensions", by=paul)
    Correction.correct(study, site, "agenda", "maturity", 1.5, "Peu d’outils", by=paul)
    (found,) = by_place(study, paul).values()
    assert found.chosen is None
    codes = {(offer, breach.code) for offer, breach in found.blocking}
    assert ("Platform", "G7") in codes
    assert {offer for offer, code in codes if code == "G5"} == {
        "Internal", "Provider", "Hybrid", "Platform",
    }  # fmt: skip
    assert "training_plan" in found.choice.actions
    Correction.correct(study, site, "agenda", "change_plan", 1, "Signé le 3", by=paul)
    (after,) = by_place(study, paul).values()
    assert after.chosen is not None
    assert after.chosen.offer.model != "platform"


def test_a_trace_is_kept_once_and_comes_to_the_same_when_computed_again(world, study, line, table):
    paul = world.people.paul
    line()
    first = choosing.choose(study, by=paul)
    assert choosing.choose(study, by=paul) == first  # the same ground: one trace
    table["provider"].edit(by=paul, quality=5)
    second = choosing.choose(study, by=paul)
    assert second.number == 2
    for row in ModelChoice.objects.all():
        assert row.same_again()
        assert choosing.judged(row)[0].choice.chosen is not None
    row = ModelChoice.objects.get(number=1)
    row.result[0]["chosen"] = "Autre"  # somebody touches what was written
    assert not row.same_again()


def test_corrections_keep_who_and_why_and_go_back_to_what_is_computed(world, study, line):
    paul, site = world.people.paul, world.sites.aix
    line(relation=4)
    (cell,) = choosing.cells(study)
    assert cell.figures["personal"].value == 4
    Correction.correct(
        study, site, "agenda", "personal", 2, "Fait par tous", by=paul, computed=4, seen=0
    )
    with pytest.raises(CorrectionOvertaken):
        Correction.correct(study, site, "agenda", "personal", 3, "Non", by=paul, seen=0)
    (cell,) = choosing.cells(study)
    figure = cell.figures["personal"]
    assert (figure.value, figure.correction.by, figure.correction.why) == (
        2, paul, "Fait par tous",
    )  # fmt: skip
    Correction.correct(study, site, "agenda", "personal", None, "À l’usage, si", by=paul)
    (cell,) = choosing.cells(study)
    assert (cell.figures["personal"].value, cell.figures["personal"].is_corrected) == (4, False)
    for field, value in (("personal", 6), ("reserved", 0.5), ("nothing", 1)):
        with pytest.raises(BadValue):
            Correction.correct(study, site, "agenda", field, value, "x", by=paul)
    with pytest.raises(Missing):
        Correction.correct(study, site, "agenda", "personal", 3, " ", by=paul)
    with pytest.raises(NotPiloting):
        Correction.correct(study, site, "agenda", "personal", 3, "x", by=world.people.sylvie)


def test_two_at_once_leave_one_winner_and_one_event_each(world, study, table):
    paul, offer = world.people.paul, table["provider"]
    other = ModelOffer.objects.get(pk=offer.pk)
    offer.edit(by=paul, quality=5)
    with pytest.raises(OfferOvertaken):
        other.edit(by=paul, quality=2)
    with pytest.raises(NameOnTable):
        ModelOffer.put(study, by=paul, name="Provider", model="provider")
    offer.withdraw(by=paul)
    with pytest.raises(OfferGone):
        ModelOffer.objects.get(pk=offer.pk).edit(by=paul, quality=1)
    points = choosing.values_of(None)
    ChoiceWeights.set(study, points | {"standard": 20.0}, "Tri", by=paul, seen=0)
    with pytest.raises(WeightsOvertaken):
        ChoiceWeights.set(study, points, "Non", by=paul, seen=0)
    kinds = list(OrganisationChange.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["offer_put"] * 4 + ["offer_edited", "offer_withdrawn", "weights_set"]


def test_pages_and_calls_are_for_the_pilot_and_the_sponsor(world, study, line, table, client_of):
    people = world.people
    line()
    trace = choosing.choose(study, by=people.paul)
    choice, cell = (
        reverse("choice", args=[study.pk]),
        reverse("choice_cell", args=[study.pk, world.sites.aix.pk, "agenda"]),
    )
    for name in ("claire", "marc", "alice", "erwan", "bruno"):
        client = client_of(getattr(people, name))
        for url in (choice, cell, f"/api/studies/{study.pk}/choices/1"):
            assert client.get(url).status_code == 404, (name, url)
    for name in ("paul", "sylvie"):
        client = client_of(getattr(people, name))
        assert "Provider" in client.get(choice + "?all=platform").content.decode()
        assert client.get(cell).status_code == 200
        told = client.get(f"/api/studies/{study.pk}/choices/{trace.number}").json()
        assert told["same_again"]
        assert told["cells"][0]["why"]
    assert client.post(reverse("choice_compute", args=[study.pk])).status_code == 404  # sponsor
    page = client_of(people.paul).post(cell, {"field": "personal", "value": "9", "why": "x"})
    assert page.status_code == 422
    sent = {"values": choosing.values_of(None) | {"cost": 90}, "why": "x"}
    answer = client_of(people.paul).post(
        f"/api/studies/{study.pk}/weights", json.dumps(sent), content_type="application/json"
    )
    assert answer.status_code == 422
    assert "G1" in answer.json()["detail"]

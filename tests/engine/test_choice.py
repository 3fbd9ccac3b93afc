"""Which model for which site and family: guardrails, derogations, reasons, robust or fragile."""

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.engine import choice_mix, choice_words
from relais.engine.choice import (
    CODES,
    GUARDRAILS,
    LEVELS,
    WEIGHTS,
    BadCase,
    Cluster,
    Criterion,
    Derogation,
    Model,
    Offer,
    choose,
    cost_fit,
)

ALL_KEPT = {
    "non_disclosure": True, "hosted_in_eu": True, "access_register": True, "named_persons": True,
    "referent": True, "trained_backup": True, "reversibility": True, "quality": 4,
}  # fmt: skip
OFFERS = [Offer(model.value, model, **ALL_KEPT) for model in Model]
PLAIN = dict.fromkeys(LEVELS, 3.0)


def cluster(site="Aix", family="agenda", **more):
    levels = {Criterion(key): more.pop(key) for key in list(more) if key in set(Criterion)}
    return Cluster(site, family, PLAIN | levels, hours=100, **more)


AIX = cluster(personal=5, secrecy=3, maturity=2, standard=2, swing=4)
LILLE = cluster("Lille", "facturation", personal=1, secrecy=1.5, maturity=4.5, standard=5)
STRASBOURG = cluster("Strasbourg", "direction", secrecy=5, personal=4, secret_share=0.6)


def line(found, name):
    return next(each for each in found.lines if each.offer.name == name)


def test_each_site_and_family_has_a_model_of_its_own():
    choices = [choose(each, OFFERS) for each in (AIX, LILLE, STRASBOURG)]
    chosen = [each.chosen.offer.model for each in choices]
    assert chosen == [Model.PROVIDER, Model.PLATFORM, Model.INTERNAL]
    found = choice_mix.mix(choices)
    assert found.hours == {Model.PROVIDER: 100, Model.PLATFORM: 100, Model.INTERNAL: 100}
    assert not found.uniform


def test_one_model_for_all_names_who_loses():
    choices = [choose(each, OFFERS) for each in (AIX, LILLE, STRASBOURG)]
    losers = choice_mix.forced(choices, Model.PLATFORM)
    assert {each.site for each in losers} == {"Aix", "Strasbourg"}
    assert all(each.points > 0 for each in losers)
    assert "points de moins" in choice_words.loser(losers[0])
    young = choose(replace(AIX, levels={**AIX.levels, Criterion.MATURITY: 1.0}), OFFERS)
    (told,) = choice_mix.forced([young], Model.PLATFORM)
    assert told.points is None
    assert "inférieure à 2" in choice_words.loser(told)
    (gone,) = choice_mix.forced([choose(AIX, OFFERS[:2])], Model.PLATFORM)
    assert "no offer" in choice_words.loser(gone, "en")


def test_work_at_both_ends_is_for_the_hybrid():
    both = cluster(standard_share=0.4, relation_share=0.4, swing=5, continuity=5)
    assert choose(both, OFFERS).chosen.offer.model is Model.HYBRID
    one = replace(both, relation_share=0.2)
    assert choose(one, OFFERS).chosen.offer.model is not Model.HYBRID


def test_more_confidentiality_moves_the_result_and_the_trace_says_so():
    before = choose(cluster(personal=2, secrecy=2, maturity=4, standard=4), OFFERS)
    after = choose(cluster(personal=2, secrecy=5, maturity=4, standard=4), OFFERS)
    assert before.chosen.offer.model is Model.PLATFORM
    assert after.chosen.offer.model is not Model.PLATFORM
    moved = choice_mix.moved(before, after)
    assert [code for code, _points in moved.why] == ["secrecy"]
    assert "confidentialité" in choice_words.change(moved)
    assert choice_words.change(choice_mix.moved(before, before), "en").endswith("the same.")


def test_a_clear_choice_is_robust():
    found = choose(LILLE, OFFERS)
    assert found.robust
    assert "robuste" in choice_words.holds(found)


def test_a_choice_within_a_hair_is_fragile_and_says_what_turns_it():
    offers = [OFFERS[1], OFFERS[3]]
    found = choose(_even(offers), offers)
    assert not found.robust
    assert {turn.offer for turn in found.turns} == {found.lines[1].offer.name}
    assert "fragile" in choice_words.holds(found)


def _even(offers):
    """Return a place where the two are within a hair of each other."""
    low, high = 1.0, 5.0
    for _ in range(40):
        middle = (low + high) / 2
        found = choose(cluster(personal=middle, secrecy=2, standard=4), offers)
        low, high = (middle, high) if found.lines[0].offer == offers[1] else (low, middle)
    return cluster(personal=high, secrecy=2, standard=4)


# Each guardrail: what breaks it. Without the guardrail the offer is not excluded.
BROKEN = {
    "G1": {"weights": {**WEIGHTS, Criterion.COST: 95 / 3}},  # 25 %
    "G2": {"offer": {"quality": 2}},
    "G3": {"offer": {"access_register": False}, "place": {"secret_share": 0.1}},
    "G4": {"offer": {"trained_backup": False}},
    "G5": {"place": {"climate_risk": 4}},
    "G6": {"offer": {"price": 70_000}},
    "G7": {"model": Model.PLATFORM, "place": {"maturity": 1.9}},
    "G8": {"offer": {"reversibility": False}},
}


def judged(code, rules=GUARDRAILS, derogations=()):
    case = BROKEN[code]
    model = case.get("model", Model.PROVIDER)
    tried = Offer("tried", model, **({"price": 90_000} | ALL_KEPT | case.get("offer", {})))
    others = [Offer(n, Model.INTERNAL, price=100_000, **ALL_KEPT) for n in ("a", "b")]
    place = cluster(**case.get("place", {}))
    found = choose(place, [tried, *others], case.get("weights", WEIGHTS), derogations, rules)
    return found, line(found, "tried")


@pytest.mark.parametrize("code", CODES)
def test_a_guardrail_excludes(code):
    found, tried = judged(code)
    assert tried.excluded
    assert [breach.code for breach in tried.breaches] == [code]
    assert found.chosen is None or found.chosen.offer.name != "tried"
    assert any(code in text for text in choice_words.sentences(found))


@pytest.mark.parametrize("code", CODES)
def test_without_the_guardrail_nothing_excludes(code):
    rest = [rule for rule in GUARDRAILS if rule.code != code]
    _found, tried = judged(code, rest)
    assert not tried.breaches


@pytest.mark.parametrize("code", CODES)
def test_a_signed_derogation_lifts_it_and_stays_in_the_trace(code):
    signed = Derogation(code, "Mme Arnaud", "pilote de six mois", date(2027, 1, 4))
    found, tried = judged(code, derogations=[signed])
    assert not tried.excluded
    assert tried.breaches[0].derogation is signed
    texts = " ".join(choice_words.sentences(found))
    assert "Mme Arnaud" in texts
    assert "04/01/2027" in texts


@pytest.mark.parametrize("scope", [{"site": "Lyon"}, {"family": "paie"}, {"offer": "other"}])
def test_a_derogation_holds_where_it_was_signed_for(scope):
    signed = Derogation("G8", "Mme Arnaud", "pilote", date(2027, 1, 4), **scope)
    assert judged("G8", derogations=[signed])[1].excluded


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("G1", {"weights": {**WEIGHTS, Criterion.COST: 95 / 4}}),  # 20 % and no more
        ("G2", {"offer": {"quality": 3}}),
        ("G3", {"offer": {"access_register": False}}),  # nothing is C3
        ("G4", {"model": Model.PLATFORM, "offer": {"referent": False}}),
        ("G5", {"place": {"climate_risk": 4, "change_plan": True}}),
        ("G6", {"offer": {"price": 70_000, "low_price_explained": True}}),
        ("G6", {"offer": {"price": 80_000}}),  # 20 % and no more
        ("G7", {"model": Model.PLATFORM, "place": {"maturity": 2}}),
        ("G7", {"place": {"maturity": 1}}),  # a provider may serve it, with training
        ("G8", {"model": Model.INTERNAL, "offer": {"reversibility": False}}),
    ],
)
def test_a_guardrail_lets_pass_what_it_should(monkeypatch, code, kept):
    monkeypatch.setitem(BROKEN, code, kept)
    assert not judged(code)[1].breaches


# The table of acceptance, row by row: where the work lies, how the offers differ, who is out by
# which guardrails, and who is taken. Work not of two kinds takes ten points from the hybrid.
CULTURE = {"personal": 5, "secrecy": 3, "maturity": 2.5, "standard": 1.5}
FLOWS = {"personal": 1, "secrecy": 1.5, "maturity": 4.5, "standard": 5}
ROWS = {
    "row 6, the diary of Aix": (AIX, {}, {}, "provider"),
    "row 6, the invoices of Lille": (LILLE, {}, {}, "platform"),
    "row 6, the secrets of Strasbourg": (STRASBOURG, {}, {}, "internal"),
    "row 8, a brake makes the site tense and nobody accompanies it": (
        replace(AIX, climate_risk=4), {}, {model.value: {"G5"} for model in Model}, None,
    ),
    "row 8, the same site with its change plan": (
        replace(AIX, climate_risk=4, change_plan=True), {}, {}, "provider",
    ),
    "row 9, flows that a tool can lead": (cluster(**FLOWS), {}, {}, "platform"),
    "row 9, profiles close to the company's culture": (cluster(**CULTURE), {}, {}, "provider"),
    "row 10, the platform is out where the tools are not mastered": (
        cluster(**FLOWS | {"maturity": 1.9}), {}, {"platform": {"G7"}}, "provider",
    ),
    "row 11, the cheapest is of quality two": (
        AIX, {"provider": {"quality": 2, "price": 10_000}, "internal": {"price": 50_000},
              "hybrid": {"price": 52_000}, "platform": {"price": 48_000}},
        {"provider": {"G2", "G6"}}, "internal",
    ),
    "row 11, a provider whom nobody supervises": (
        AIX, {"provider": {"referent": False}}, {"provider": {"G4"}}, "internal",
    ),
    "row 11, a provider without a trained backup nor a way back": (
        AIX, {"provider": {"trained_backup": False, "reversibility": False}},
        {"provider": {"G4", "G8"}}, "internal",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("place", "differs", "out", "taken"), ROWS.values(), ids=ROWS)
def test_the_table_of_acceptance(place, differs, out, taken):
    offers = [replace(each, **differs.get(each.name, {})) for each in OFFERS]
    found = choose(place, offers)
    broken = {each.offer.name: {b.code for b in each.breaches} for each in found.lines}
    assert {name: codes for name, codes in broken.items() if codes} == out
    assert (found.chosen.offer.name if found.chosen else None) == taken


def test_no_reference_is_no_quality():
    found = choose(AIX, [replace(OFFERS[1], references=0)])
    assert found.chosen is None
    assert found.lines[0].breaches[0].missing == ("references",)
    assert "aucune solution" in choice_words.sentences(found)[0]


def test_the_cheapest_is_excluded_when_its_quality_is_two_of_five():
    cheap = Offer("cheap", Model.PROVIDER, **(ALL_KEPT | {"price": 90_000, "quality": 2}))
    good = Offer("good", Model.PROVIDER, **(ALL_KEPT | {"price": 110_000}))
    found = choose(AIX, [cheap, good])
    assert found.chosen.offer is good
    # And its price is no measure for the others.
    assert next(t for t in found.chosen.terms if t.code == "cost").fit == 100


def test_a_site_new_to_tools_gets_a_training_plan():
    found = choose(cluster(maturity=1.5, personal=5), OFFERS)
    assert found.chosen.offer.model is not Model.PLATFORM
    assert found.actions == ("training_plan",)
    assert "formation" in choice_words.sentences(found)[-1]


def test_prices():
    assert cost_fit(100, 100) == 100
    assert cost_fit(200, 100) == 50
    assert cost_fit(None, 100) == 50


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (lambda: cluster(personal=0), "personal"),
        (lambda: cluster(climate_risk=6), "climate_risk"),
        (lambda: cluster(secret_share=2), "secret_share"),
        (lambda: Offer("x", Model.PROVIDER, price=0), "price"),
        (lambda: Offer("x", Model.PROVIDER, quality=0), "quality"),
        (lambda: Derogation("G1", " ", "because", date(2027, 1, 4)), "sponsor"),
        (lambda: Derogation("G1", "Mme Arnaud", "", date(2027, 1, 4)), "reason"),
        (lambda: Derogation("G9", "Mme Arnaud", "because", date(2027, 1, 4)), "guardrail"),
        (lambda: choose(AIX, OFFERS, {**WEIGHTS, Criterion.COST: -1}), "cost"),
        (lambda: choose(AIX, OFFERS, dict.fromkeys(Criterion, 0)), "weights"),
        (lambda: choose(AIX, [OFFERS[0], OFFERS[0]]), "offers"),
    ],
)
def test_a_wrong_case_names_its_field(wrong, field):
    with pytest.raises(BadCase) as told:
        wrong()
    assert told.value.field == field


def test_every_code_has_its_words_in_both_languages():
    texts = choice_words._TEXTS
    assert texts["fr"].keys() == texts["en"].keys()
    for key in texts["fr"]:
        holes = [set(re.findall(r"{(\w+)}", texts[lang][key])) for lang in ("fr", "en")]
        assert holes[0] == holes[1], key
    missing = {name for code in CODES for name in judged(code)[1].breaches[0].missing}
    assert all(f"missing_{name}" in texts["fr"] for name in missing)
    with pytest.raises(ValueError, match="fr, en"):
        choice_words.sentences(choose(AIX, OFFERS), "de")


places = st.builds(
    lambda levels, shares: Cluster(
        "Aix", "agenda", dict(zip(LEVELS, levels, strict=True)), 1.0, *shares
    ),
    st.lists(st.floats(1, 5), min_size=len(LEVELS), max_size=len(LEVELS)),
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
)


@settings(max_examples=15)
@given(places, st.permutations(OFFERS))
def test_reasons_add_up_and_order_changes_nothing(place, offers):
    found = choose(place, offers)
    for each in found.lines:
        assert sum(term.points for term in each.terms) == pytest.approx(each.score)
        assert -10 <= each.score <= 115
    assert found.lines == choose(place, OFFERS).lines
    assert sum(term.weight for term in found.lines[0].terms) == pytest.approx(1)
    assert found.margin >= 0

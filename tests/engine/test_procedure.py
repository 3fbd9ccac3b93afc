"""What is wrong with a procedure, and what its score is made of."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from relais.engine.procedure import (
    Content,
    Facts,
    Practised,
    Rescue,
    Step,
    Tool,
    has_verb,
    lint,
    score,
    steps_left,
)

TODAY = date(2026, 11, 23)
SOUND = Content(
    trigger_fr="Une demande arrive",
    acceptance_fr="Le créneau est confirmé",
    steps=(
        Step("lire", "Lire la demande", role="Assistant·e", tool="Messagerie"),
        Step("verifier", "Vérifier le montant", control_fr="Quel montant ?", mandatory=True),
    ),
    rescues=(Rescue("Pas de réponse", "Relancer"),),
    tools=(Tool("Messagerie", "délégation nominative"),),
)
KNOWN = Facts(
    today=TODAY,
    owner=True,
    author=1,
    review_by=TODAY + timedelta(days=30),
    practised=(Practised(2, TODAY - timedelta(days=180)), Practised(2, TODAY, drill=True)),
    acknowledged={1, 2},
    assigned={1, 2},
    names={"Claire", "Pichon"},
    asks_figures=True,
)


def codes(content=SOUND, facts=KNOWN):
    return [(found.code, found.step) for found in lint(content, facts)]


def with_step(**fields):
    return replace(SOUND, steps=(replace(SOUND.steps[1], **fields),))


def test_a_sound_procedure_has_no_finding_and_the_full_score():
    assert codes() == []
    assert score(SOUND, KNOWN).points == 100
    assert [term.weight for term in score(SOUND, KNOWN).terms] == [30, 20, 25, 15, 10]


@pytest.mark.parametrize(
    ("content", "facts", "expected"),
    [
        (SOUND, replace(KNOWN, owner=False), [("no_owner", 0)]),
        (replace(SOUND, trigger_fr=" "), KNOWN, [("no_trigger", 0)]),
        (replace(SOUND, acceptance_fr=""), KNOWN, [("no_acceptance", 0)]),
        (replace(SOUND, rescues=()), KNOWN, [("no_exception", 0)]),
        (SOUND, replace(KNOWN, review_by=TODAY - timedelta(days=1)), [("review_overdue", 0)]),
        (SOUND, replace(KNOWN, review_by=TODAY), []),
        (replace(SOUND, tools=(Tool("Messagerie"),)), KNOWN, [("tool_without_access", 1)]),
        (with_step(role="Claire"), KNOWN, [("person_named", 1)]),
        (with_step(action_fr="Demander à Claire"), KNOWN, [("person_named", 1)]),
        (with_step(action_fr="Rédiger une note claire"), KNOWN, []),
        (with_step(action_fr="Le dossier du courrier"), KNOWN, [("no_verb", 1)]),
        (with_step(control_fr=""), KNOWN, [("no_control", 0)]),
        (with_step(control_fr=""), replace(KNOWN, asks_figures=False), []),
        (with_step(pictured_on="2025-05-01"), KNOWN, [("old_picture", 1)]),
        (with_step(pictured_on="2025-06-01"), KNOWN, []),
        (SOUND, replace(KNOWN, gone=("x",)), [("step_gone", 0)]),
        (SOUND, replace(KNOWN, author=2), [("not_practised", 0)]),
        (SOUND, replace(KNOWN, author=2, published=False), []),
        (
            replace(SOUND, steps=tuple(replace(SOUND.steps[1], key=str(n)) for n in range(26))),
            KNOWN,
            [("too_many_steps", 0)],
        ),
    ],
)
def test_each_rule_finds_its_fault_and_no_other(content, facts, expected):
    assert codes(content, facts) == expected


@pytest.mark.parametrize(
    ("facts", "points"),
    [
        (replace(KNOWN, owner=False), 70),
        (replace(KNOWN, review_by=None), 80),
        (replace(KNOWN, practised=(Practised(2, TODAY - timedelta(days=181)),)), 65),
        (replace(KNOWN, practised=(Practised(2, TODAY, success=False),)), 65),
        (replace(KNOWN, acknowledged={1}), 85),
        (replace(KNOWN, assigned=()), 85),
        (replace(KNOWN, practised=(Practised(2, TODAY),)), 90),
    ],
)
def test_each_term_of_the_score_counts_alone(facts, points):
    assert score(SOUND, facts).points == points


@pytest.mark.parametrize(
    ("french", "english", "says"),
    [
        ("Vérifier le dossier", "", True),
        ("Ne pas répondre au client", "", True),
        ("Le formulaire", "", False),
        ("", "Check the file", True),
        ("", "The file", False),
        ("", "Confirmation", False),
        ("", "", False),
    ],
)
def test_a_step_says_what_to_do(french, english, says):
    assert has_verb(Step("a", french, english)) is says


def test_what_is_left_are_the_mandatory_steps_not_done():
    steps = [{"key": "a", "mandatory": True}, {"key": "b"}, {"key": "c", "mandatory": True}]
    assert steps_left(steps, {"a"}) == ["c"]


def test_a_text_survives_the_way_through_plain_values():
    assert Content.of(SOUND.facts()) == SOUND

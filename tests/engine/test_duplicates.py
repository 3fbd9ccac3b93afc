"""The same work said otherwise and in two languages: found by meaning, where spelling does not."""

from difflib import SequenceMatcher
from itertools import combinations

import pytest

from relais.engine import duplicates
from relais.engine.duplicates import ENOUGH, Pair, Task
from relais.engine.duplicates_ideas import IDEAS, idea
from relais.engine.wording import fold
from tests.engine.duplicates_truth import ALONE, HELD_OUT, SAME
from tests.engine.duplicates_wordings import MEASURED

SITES = "ABCDE"


def scattered(rows):
    """Return tasks over five sites, no work twice at one, and the pairs that are the same."""
    tasks, truth = [], set()
    for number, texts in enumerate(rows):
        keys = [f"{number:02}.{place}" for place in range(len(texts))]
        tasks += [
            Task(key, SITES[(number + place) % 5], text)
            for place, (key, text) in enumerate(zip(keys, texts, strict=True))
        ]
        truth |= set(combinations(keys, 2))
    return tasks, truth


def precision_and_recall(found, truth):
    right = len(found & truth)
    return right / max(len(found), 1), right / len(truth)


def by_meaning(tasks):
    return {(pair.first, pair.second) for pair in duplicates.alike(tasks, most=10_000)}


def by_spelling(tasks, enough):
    """Return what a fuzzy comparison of letters takes for the same."""
    return {
        (one.key, other.key)
        for one, other in combinations(sorted(tasks, key=lambda task: task.key), 2)
        if one.site != other.site
        and SequenceMatcher(None, fold(one.text), fold(other.text)).quick_ratio() >= enough
        and SequenceMatcher(None, fold(one.text), fold(other.text)).ratio() >= enough
    }


@pytest.mark.parametrize(
    ("rows", "precise", "complete"),
    [
        # Spelling: 0.21 and 0.12 on the first. Words were chosen with the first and with
        # `CHOSEN_ON` in sight, thresholds on `CHOSEN_ON`; `bench/duplicates.py` tells it all.
        ((*SAME, *((each,) for each in ALONE)), 0.85, 0.9),
        ((*HELD_OUT, *((each,) for each in ALONE[:6])), 0.65, 0.6),
    ],
)
def test_the_same_work_is_found_across_sites_and_languages(rows, precise, complete):
    tasks, truth = scattered(rows)
    precision, recall = precision_and_recall(by_meaning(tasks), truth)
    assert precision >= precise
    assert recall >= complete
    fuzzy_precision, fuzzy_recall = precision_and_recall(by_spelling(tasks, 0.5), truth)
    assert precision > 2 * fuzzy_precision
    assert recall > 2 * fuzzy_recall


def test_works_never_looked_at_are_found_as_sites_would_write_them():
    tasks, truth = scattered([(*english, *french) for _ids, english, french in MEASURED])
    precision, recall = precision_and_recall(by_meaning(tasks), truth)
    assert precision >= 0.6
    assert recall >= 0.5


def test_a_site_that_has_a_much_closer_task_does_not_do_it_twice():
    tasks = [
        Task("a", "Aix", "Open, sort and distribute incoming mail"),
        Task("b", "Lyon", "Ouvrir, trier et distribuer le courrier"),
        Task("c", "Lyon", "Courriers de réponse courants"),
        Task("d", "Lille", "Answer standard letters"),
    ]
    found = by_meaning(tasks)
    assert {("a", "b"), ("c", "d")} <= found
    assert ("a", "c") not in found


def test_phrases_mean_what_their_words_do_not():
    assert duplicates.ideas("Emploi du temps du DG")[:1] == ["calendar"]
    assert duplicates.ideas("Ordre du jour") != duplicates.ideas("Commandes du jour")
    assert "repair" not in duplicates.ideas("Répartir le travail")


def test_one_site_does_not_do_twice_what_it_does_once():
    tasks = [Task("a", "Aix", "Tenir l’agenda"), Task("b", "Aix", "Keep the calendar")]
    assert duplicates.alike(tasks) == []


def test_a_pair_says_what_is_shared_and_the_family_adds():
    tasks = [Task("b", "Lyon", "Tenir l’agenda", "agenda"), Task("a", "Aix", "Keep the calendar")]
    (pair,) = duplicates.alike(tasks)
    assert (pair.first, pair.second, pair.shared[0]) == ("a", "b", "calendar")
    same = [Task(task.key, task.site, task.text, "agenda") for task in tasks]
    (closer,) = duplicates.alike(same)
    assert closer.same_family
    assert closer.score == pytest.approx(pair.score + duplicates.SAME_FAMILY)


def test_the_order_changes_nothing_and_the_likeliest_come_first():
    tasks, _truth = scattered(SAME[:6])
    found = duplicates.alike(tasks)
    assert found == duplicates.alike(tasks[::-1])
    assert [pair.score for pair in found] == sorted((p.score for p in found), reverse=True)
    assert all(pair.score >= ENOUGH for pair in found)


def test_pairs_confirmed_make_groups():
    pairs = [Pair(*keys, 1, True, (), False) for keys in ("ab", "bc", "xy")]
    assert duplicates.groups(pairs) == [("a", "b", "c"), ("x", "y")]


def test_a_text_of_empty_words_is_like_nothing():
    assert duplicates.alike([Task("a", "A", "the and"), Task("b", "B", "faire et assurer")]) == []


@pytest.mark.parametrize(
    ("word", "meant"),
    [("factures", "invoice"), ("billing", "invoice"), ("put", "make"), ("zebra", None)],
)
def test_words_stand_for_ideas(word, meant):
    assert idea(word) == meant
    assert meant is None or meant in IDEAS

"""A model of one's own history: learned, calibrated, unsure when it has to be, kept as arrays."""

import io
import pickle
import random

import numpy as np
import pytest

from relais.engine import learned
from relais.engine.learned import Example, Figures, Model, TooFew, better, judged, teach
from relais.engine.triage import Offer, classify

TALK = {
    1: ["régler la facture du fournisseur", "relance impayé numéro", "avoir sur la facture"],
    2: ["caler un point avec le client", "déplacer mon rendez-vous", "créneau pour le comité"],
    3: ["billet de train pour Lyon", "hôtel à Nantes", "vol du mardi matin"],
}
FILL = ("équipe", "dossier", "mardi", "projet", "mars", "budget", "semaine", "client", "usine")
OFFERS = [Offer(1, "facture"), Offer(2, "rendez-vous agenda"), Offer(3, "déplacement train")]


def history(count=300, noise=0.0):
    chance = random.Random(5)
    found = []
    for _ in range(count):
        service = chance.choice([1, 1, 2, 3])
        text = f"{chance.choice(TALK[service])} {' '.join(chance.sample(FILL, 3))}"
        if chance.random() < noise:
            service = chance.choice([1, 2, 3])
        urgent = chance.random() < 0.2
        found.append(Example(text, "vite vite" if urgent else "", service, urgent=urgent))
    return found


@pytest.fixture(scope="module")
def model():
    return teach(history(), [(o.key, o.text) for o in OFFERS])


def test_what_people_call_things_here_is_learned(model):
    words_alone = classify("caler un point comité", "", OFFERS)
    assert words_alone.service is None
    guess = classify("caler un point comité", "", OFFERS, model=model)
    assert (guess.service, guess.sure, guess.by) == (2, True, "learned")
    assert {r.word for r in guess.reasons} & {stem for stem, _w in model.speak_for(2)}
    assert guess.probability > 0.5
    assert classify("vite vite", "", OFFERS, model=model).urgent


def test_what_it_never_saw_is_unsure_and_what_is_not_offered_is_not_named(model):
    assert not classify("zzz qqq", "", OFFERS, model=model).sure
    only = [o for o in OFFERS if o.key != 1]
    assert classify("facture du fournisseur", "", only, model=model).service != 1


def test_the_sure_answers_keep_to_the_budget_of_errors():
    noisy = teach(history(1500, noise=0.3), seed=1)
    told = Figures(**noisy.figures)
    assert told.accuracy < 0.9  # three in ten were labelled by chance
    assert told.error <= 2 * learned.BUDGET or told.coverage == 0
    assert told.coverage < 0.9


def test_it_is_kept_as_arrays_and_reads_the_same(model):
    again = Model.load(model.dump())
    for example in history(20):
        mine = model.read(example.subject, example.body, {1, 2, 3})
        other = again.read(example.subject, example.body, {1, 2, 3})
        assert (mine.service, mine.sure) == (other.service, other.sure)


def test_nothing_that_runs_is_read():
    file = io.BytesIO()
    np.savez(file, told=np.array([Example("a", "b", 1)], dtype=object))
    for content in (file.getvalue(), pickle.dumps(Example("a", "b", 1))):
        with pytest.raises(ValueError, match=r"pickle|allow_pickle|Object arrays"):
            Model.load(content)


def test_too_little_teaches_nothing():
    with pytest.raises(TooFew):
        teach(history(learned.ENOUGH - 1))


def test_better_means_more_done_rightly_within_the_budget():
    old = Figures(100, 0.8, coverage=0.5, error=0.04)
    assert better(Figures(100, 0.8, coverage=0.7, error=0.05), old)
    assert not better(Figures(100, 0.9, coverage=0.9, error=0.2), old)
    assert not better(old, old)
    assert judged([(1, True), (2, True), (3, False), (None, False)], [1, 1, 3, 2]) == Figures(
        messages=4, accuracy=0.5, coverage=0.5, error=0.5
    )

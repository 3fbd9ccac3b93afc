"""What a message asks for, by the catalogue's own words."""

from hypothesis import given
from hypothesis import strategies as st

from relais.engine.triage import Offer, classify, fold, words

OFFERS = [
    Offer(1, "Traiter une facture invoice paiement"),
    Offer(2, "Organiser un rendez-vous agenda réunion"),
    Offer(3, "Préparer une réunion salle"),
]


def test_words_point_to_their_service_with_reasons():
    guess = classify("Facture impayée", "", OFFERS)
    assert (guess.service, guess.sure) == (1, True)
    assert [(r.word, r.place) for r in guess.reasons] == [("facture", "subject")]


def test_the_subject_weighs_more_than_the_body():
    assert classify("Agenda de lundi", "avec la facture", OFFERS).service == 2


def test_accents_case_and_plurals_are_no_matter():
    assert classify("FACTURES", "", OFFERS).service == 1
    assert classify("reunion", "salle", OFFERS).service == 3


def test_a_word_shared_by_two_services_is_unsure():
    guess = classify("Réunion", "", OFFERS)
    assert not guess.sure
    assert guess.runners_up


def test_no_word_is_unsure_and_points_nowhere():
    guess = classify("Bonjour", "merci d’avance", OFFERS)
    assert (guess.service, guess.sure, guess.reasons) == (None, False, ())


def test_urgency_and_confidentiality_are_heard():
    assert classify("URGENT : facture", "", OFFERS).urgent
    assert classify("", "document confidentiel", OFFERS).confidentiality == 2
    assert classify("", "strictement Confidentiel", OFFERS).confidentiality == 3
    assert classify("Facture", "", OFFERS).confidentiality == 0


@given(st.text(), st.text(), st.permutations(OFFERS))
def test_any_text_has_an_answer_and_the_order_of_offers_is_no_matter(subject, body, offers):
    guess = classify(subject, body, offers)
    same = classify(subject, body, OFFERS)
    assert (guess.service, guess.sure, set(guess.reasons)) == (
        same.service,
        same.sure,
        set(same.reasons),
    )
    assert set(words(fold(subject))) == set(words(subject)) or not subject.isascii()

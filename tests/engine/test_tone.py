"""What a message says of itself, in French and English: urgent, by when, secret; and denies."""

from datetime import date

import pytest

from relais.engine import tone
from relais.engine.triage import Offer, Place, classify
from relais.engine.wording import language, spoken, stem

MONDAY = date(2026, 11, 23)
OFFERS = [
    Offer(1, "Traiter une facture invoice paiement fournisseur"),
    Offer(2, "Organiser un rendez-vous agenda réunion réserver"),
    Offer(3, "Organiser un déplacement voyage train hôtel travel booking"),
]


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("C'est urgent", True),
        ("à traiter au plus vite svp", True),
        ("ASAP please", True),
        ("Rien d'urgent", False),
        ("ce n’est pas urgent", False),
        ("not urgent at all, no rush", False),
        ("sans urgence", False),
        ("Pas de souci. Urgent !", True),
        ("quand vous aurez un moment", False),
        ("il me le faut pour demain", True),
        ("pour vendredi", False),
        ("by tomorrow please", True),
        ("La réunion de demain est annulée", False),
    ],
)
def test_urgency_is_heard_and_so_is_its_denial(text, urgent):
    assert tone.heard(text, MONDAY).urgent is urgent


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("pour demain", date(2026, 11, 24)),
        ("d'ici vendredi", date(2026, 11, 27)),
        ("avant lundi", date(2026, 11, 30)),
        ("by next Thursday", date(2026, 11, 26)),
        ("avant le 12/12", date(2026, 12, 12)),
        ("pour le 1er décembre", date(2026, 12, 1)),
        ("before December 3", date(2026, 12, 3)),
        ("sous 48 h", date(2026, 11, 25)),
        ("d'ici 3 jours", date(2026, 11, 26)),
        ("pour la fin de semaine", date(2026, 11, 27)),
        ("d'ici la fin de semaine", date(2026, 11, 27)),
        ("avant fin de semaine", date(2026, 11, 27)),
        ("ce soir", MONDAY),
        ("avant le 31/02", None),
        ("la réunion du 12 mars", None),
        ("pour le 12/11", None),
    ],
)
def test_the_day_that_is_wished_for(text, day):
    assert tone.heard(text, MONDAY).wanted == day
    assert tone.heard(text).wanted is None


@pytest.mark.parametrize(
    ("text", "level", "doubtful"),
    [
        ("le licenciement de M. X", 3, False),
        ("Confidentiel direction", 3, False),
        ("due diligence du rachat", 3, False),
        ("les bulletins de paie de mars", 2, False),
        ("a confidential file", 2, False),
        ("la fusion", 2, True),
        ("ce n'est pas confidentiel", 0, False),
        ("fusionner les cellules", 0, False),
        ("un bon de commande", 0, False),
    ],
)
def test_secrets_are_heard(text, level, doubtful):
    told = tone.heard(text)
    assert (told.confidentiality, told.doubtful) == (level, doubtful)


MAIL = """Bonjour,
Pouvez-vous régler la facture ?

Cordialement,
Ana Durand, assistante voyages urgents
Ce message est confidentiel et destiné à son seul destinataire.
> le train de lundi
"""


def test_signatures_quotes_and_disclaimers_say_nothing():
    assert spoken(MAIL).strip().endswith("facture ?")
    guess = classify("", MAIL, OFFERS)
    assert (guess.service, guess.urgent, guess.confidentiality) == (1, False, 0)
    only = "---------- Forwarded message ---------\nUne facture à payer"
    assert classify("", only, OFFERS).service == 1


def test_forms_of_a_word_and_slips_of_the_hand_are_the_same_word():
    assert len({stem(w) for w in ("reserver", "reservation", "reservations", "reserve")}) == 1
    assert classify("Réservation d'une réunion", "", OFFERS).service == 2
    assert classify("facutre fournisseurr", "", OFFERS).service == 1
    assert classify("Deplacment à Lyon", "", OFFERS).service == 3
    assert classify("tran", "", OFFERS).service is None  # too short to guess at


def test_language_and_site_are_told_or_doubted():
    assert language(["Pouvez-vous nous envoyer les chiffres de la semaine"])[0] == "fr"
    assert language(["Could you please send us the figures"])[0] == "en"
    assert language(["Facture 42"])[0] == ""
    places = [Place(7, ("Siège", "Lyon")), Place(8, ("Usine de Nice", "Nice"))]
    named = classify("Facture pour le site de Lyon", "", OFFERS, places=places)
    assert (named.site, "site" in named.unsure) == (7, False)
    passing = classify("Train pour Nice", "", OFFERS, places=places)
    assert (passing.site, "site" in passing.unsure) == (None, True)

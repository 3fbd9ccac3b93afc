"""The documents of a month: valid PDF for the archive and the screen reader, the same bytes."""

from decimal import Decimal
from fractions import Fraction

import page
import pytest
from django.utils import timezone
from django.utils.translation import override

from relais.desk.models import Ticket
from relais.engine.measures_alike import alike
from relais.offer import catalogue
from relais.people.models import Confidentiality
from relais.records import (
    closing,
    figures_charts,
    figures_words,
    review_documents,
    review_sheets,
    review_words,
)
from relais.records.models import Commentary, Exclusion, Review, ReviewItem
from relais.records.reading import Reading

from .months import MARCH, agreed, at, delivered

PROFILES = (page.ValidationProfile.PDF_A_3B, page.ValidationProfile.PDF_UA_1)


@pytest.fixture
def closed(world):
    """Return March, closed after February: two sites, a word of each side, an action."""
    catalogue.preload(world.provider)
    people, version = world.people, agreed(world)
    for month, aix, lyon in ((2, 21, 25), (3, 22, 31)):
        delivered(world, aix, 25, version=version, month=month)
        delivered(world, lyon, 31, version=version, month=month, site="lyon", who="nadia")
    secret = delivered(
        world, 0, 3, version=version, confidentiality=Confidentiality.EXECUTIVE, who="claire"
    )
    said = {"paul": "Deux retards le 12.\n\n#panic() *gras*", "claire": "Vu."}
    february = Review.open(world.companies.calanques, MARCH.replace(month=2), by=people.paul)
    closing.close(february, by=people.paul, at=at(3, 3))
    review = Review.open(world.companies.calanques, MARCH, by=people.paul)
    for who, text in said.items():
        Commentary.write(review, text, by=getattr(people, who))
    ReviewItem.add(review, "action", "Revoir la fiche voyage", by=people.claire, owner=people.paul)
    closing.close(review, by=people.paul, at=at(4, 3))
    review.secret = secret
    return review


def test_they_are_valid_reproducible_and_free_of_what_is_not_the_clients(closed):
    assert review_documents.make_all(closed.pk) == 8
    assert review_documents.make_all(closed.pk) == 0  # once for each state of the review
    made = {(each.kind, each.language): bytes(each.content) for each in closed.documents.all()}
    assert set(made) == {
        (kind, language)
        for kind in ("review", "executive", "trend", "sites")
        for language in ("fr", "en")
    }
    for (kind, language), pdf in made.items():
        for profile in PROFILES if kind in review_documents.PDF else ():
            told = page.validate_pdf_bytes(pdf, profile=profile)
            assert told.is_compliant, (kind, language, told.failures)
    with override("en"):
        reading = Reading(closed)
        data = review_documents.data_of(reading, "en")
        drawings = {name: made[name, "en"].decode() for name in ("trend", "sites")}
        again = review_documents.pdf("review", data, drawings, reading)
    assert again == made["review", "en"]
    text = str(data)
    assert "#panic()" in text  # a text, never a command
    for hidden in ("Concentration", "Occupation", "Cost by", "R-000"):
        assert hidden not in text
    before = review_documents.mark_of(data)
    ReviewItem.objects.get().finish(by=closed.closed_by)
    with override("en"):
        assert review_documents.mark_of(review_documents.data_of(Reading(closed), "en")) != before


def test_what_was_left_out_of_class_c3_is_told_nowhere(world, closed):
    """Who is named on such a matter may have it left out; the document has other readers."""
    plain = Ticket.objects.filter(confidentiality=1).order_by("received_at").last()
    for ticket, reason in ((plain, "Badge perdu"), (closed.secret[0], "Rachat de Sorgues")):
        made = Exclusion.propose(ticket, "delivery", reason, "Mail", by=world.people.paul)
        made.agree(by=world.people.claire, at=at(4, 1, 23))
    with override("fr"), timezone.override("Pacific/Auckland"):
        told = review_documents.data_of(Reading(closed), "fr")["exclusions"]
    assert [row[1:] for row in told] == [["Badge perdu", "02/04/2026"]]  # 1 April, 23 h UTC: Paris


def test_a_half_is_rounded_as_on_the_dashboard():
    half = Fraction(923, 1000) + Fraction(5, 10_000)
    with override("en"):
        assert review_words.percent(half) == "92.4 %"
        assert figures_words.share(half).replace("\u202f", " ") == "92.4 %"
        assert review_words.number(-Decimal("0.25"), 1) == figures_words.number(Decimal("-0.25"), 1)


def test_few_deadlines_are_told_as_few_and_pooled_months_as_pooled(world, closed):
    with override("en"):
        reading = Reading(closed)
        reading.alike = alike({"1": (3, 4), "2": (9, 9)})
        assert reading.sites_sentence.endswith(
            "Too few deadlines at each of them to tell them apart."
        )
        assert figures_charts.funnel_sentence(reading.alike, {}).endswith("to tell them apart.")
        assert [month for month, _cells in reading.trend_rows] == ["Feb 2026", "Mar 2026"]
        (head, *rows) = review_sheets.rows(reading, world.access("claire"))
    kept = next(dict(zip(head, row, strict=True)) for row in rows if row[0] == "Delivered on time")
    assert (kept["Value"], kept["Unit"], kept["In words"]) == (94.6429, "%", "94.6 %")

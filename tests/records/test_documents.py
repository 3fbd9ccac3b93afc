"""The documents of a month: valid PDF for the archive and the screen reader, the same bytes."""

import page
import pytest
from django.utils.translation import override

from relais.offer import catalogue
from relais.people.models import Confidentiality
from relais.records import closing, review_charts, review_documents
from relais.records.models import Commentary, Review, ReviewItem
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


def test_the_review_is_valid_reproducible_and_free_of_what_is_not_the_clients(closed):
    made = {}
    for language in ("fr", "en"):
        with override(language):
            reading = Reading(closed)
            data = review_documents.data_of(reading, language)
            drawings = review_charts.all_of(reading, language)
            for kind in review_documents.PDF:
                made[kind, language] = review_documents.pdf(kind, data, drawings, reading)
        assert set(drawings) == {"trend", "sites"}
        text = str(data)
        assert "#panic()" in text  # a text, never a command
        for hidden in ("Concentration", "Occupation", "Coût par", "Cost by", "R-000"):
            assert hidden not in text
    for kind, pdf in made.items():
        for profile in PROFILES:
            told = page.validate_pdf_bytes(pdf, profile=profile)
            assert told.is_compliant, (kind, told.failures)
    with override("en"):
        again = review_documents.pdf("review", data, drawings, Reading(closed))
    assert again == made["review", "en"]


def test_they_are_made_once_for_each_state_of_the_review(closed):
    assert review_documents.make_all(closed.pk) == 8
    assert review_documents.make_all(closed.pk) == 0
    ReviewItem.objects.get().finish(by=closed.closed_by)
    assert review_documents.make_all(closed.pk) == 8
    kinds = set(closed.documents.values_list("kind", "language"))
    assert ("review", "fr") in kinds and ("executive", "en") in kinds and len(kinds) == 8

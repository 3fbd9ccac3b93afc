"""A closed month that counts otherwise is restated in the open; the original is kept."""

from decimal import Decimal

import pytest
from django.utils.translation import override

from relais.desk.models import Clock, Letter, Ticket
from relais.offer import catalogue
from relais.people.models import OrganisationChange
from relais.records import closing, review_letters
from relais.records.models import CreditLine, Restatement, Review
from relais.records.reading import Reading, changes_of
from relais.records.review_errors import ChangedMeanwhile, NotInThisState, NotReferent

from .months import MARCH, agreed, at, delivered


@pytest.fixture
def closed(world):
    catalogue.preload(world.provider)
    delivered(world, 22, 25, version=agreed(world))
    review = Review.open(world.companies.calanques, MARCH, by=world.people.paul)
    closing.close(review, by=world.people.paul, at=at(4, 3))
    return review


def fresh():
    return Review.objects.select_related("company__calendar").get()


def test_the_same_figures_restate_nothing(world, closed):
    assert closing.restate(fresh(), by=world.people.paul, at=at(4, 20)) is None
    assert (fresh().state, Restatement.objects.count()) == ("closed", 0)


def test_what_differs_is_listed_with_its_causes_and_told_to_both_leads(world, closed):
    before = bytes(closed.figures)
    more = delivered(world, 0, 2, month=3)
    made = closing.restate(fresh(), by=world.people.paul, at=at(4, 20))
    assert (made.number, fresh().state) == (1, "restated")
    assert bytes(fresh().figures) == before  # the original stands
    change = next(c for c in made.changes if c["key"] == "on_time" and not c["cut"])
    assert (change["before"], change["now"], change["causes"]) == ("22/25", "22/27", ["added"])
    assert change["added"] == [str(each.pk) for each in more]
    assert OrganisationChange.objects.filter(kind="review_restated").count() == 1
    to = set(Letter.objects.filter(key__startswith="restated:").values_list("to", flat=True))
    assert to == {"claire@calanques.example", "paul@atout.example"}
    assert closing.restate(fresh(), by=world.people.paul, at=at(4, 21)) is None
    latest = Reading(fresh()).whole["on_time"]
    assert (latest.over, latest.n) == (22, 27)
    seen = {str(more[0].pk): more[0].reference}
    told = changes_of(Reading(fresh()), seen)[0]["lines"]
    assert not any(line["name"].startswith("Concentration") for line in told)
    assert any(line["requests"] == [(str(more[0].pk), more[0].reference)] for line in told)


def test_a_second_difference_is_a_second_restatement_beside_the_first(world, closed):
    for number, day in ((1, 20), (2, 21)):
        delivered(world, 1, 1, month=3)
        made = closing.restate(fresh(), by=world.people.paul, at=at(4, day))
        assert made.number == number
        assert Restatement.objects.count() == number


def test_it_is_the_leads_alone_and_of_a_closed_month(world, closed):
    for who in ("claire", "alice", "quentin"):
        with pytest.raises(NotReferent):
            closing.restate(fresh(), by=getattr(world.people, who), at=at(4, 20))
    open_one = Review.open(world.companies.froid, MARCH, by=world.people.paul)
    with pytest.raises(NotInThisState):
        closing.restate(open_one, by=world.people.paul, at=at(4, 20))


def test_of_two_at_once_one_restates(world, closed):
    first, second = fresh(), fresh()
    Ticket.objects.filter(subject="Demande 0").update(subject="Autre")
    delivered(world, 0, 1, month=3)
    closing.restate(first, by=world.people.paul, at=at(4, 20))
    second.__dict__["latest"] = closed
    with pytest.raises(ChangedMeanwhile):
        closing.restate(second, by=world.people.maud, at=at(4, 20))
    assert Restatement.objects.count() == 1


def test_an_agreement_signed_later_moves_no_figure_and_is_told_all_the_same(world):
    """The credits follow the promises: a month whose promises changed does not stay as it was."""
    catalogue.preload(world.provider)
    version = agreed(world)
    delivered(world, 22, 25)
    review = Review.open(world.companies.calanques, MARCH, by=world.people.paul)
    closing.close(review, by=world.people.paul, at=at(4, 3))
    assert not CreditLine.objects.exists()
    Clock.objects.update(agreement_version=version)
    made = closing.restate(fresh(), by=world.people.paul, at=at(4, 20))
    (change,) = made.changes
    assert (change["key"], change["causes"]) == ("promise", ["changed"])
    with override("en"):
        (line,) = changes_of(Reading(fresh()), {})[0]["lines"]
    assert (line["before"], line["now"]) == (
        "– (Too few to tell)", "88.00 % (Below expected)",
    )  # fmt: skip
    assert CreditLine.objects.get().credited == Decimal("377.14")
    assert closing.restate(fresh(), by=world.people.paul, at=at(4, 21)) is None


def test_who_asked_for_the_reviews_is_told_that_they_differ(world, closed):
    review_letters.subscribe(world.companies.calanques, by=world.people.maud)
    review_letters.subscribe(world.companies.calanques, by=world.people.marc)  # reads none
    delivered(world, 0, 2, month=3)
    closing.restate(fresh(), by=world.people.paul, at=at(4, 20))
    to = set(Letter.objects.filter(key__startswith="restated:").values_list("to", flat=True))
    assert to == {"claire@calanques.example", "paul@atout.example", "maud@atout.example"}

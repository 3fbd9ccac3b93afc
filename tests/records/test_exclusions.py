"""A promise is left out when both referents agreed, and not before."""

import pytest
from django.urls import reverse

from relais.desk.errors import Missing
from relais.desk.models import Letter
from relais.offer import catalogue
from relais.people.models import OrganisationChange
from relais.records import closing
from relais.records.models import CreditStatement, Exclusion, Review
from relais.records.review_errors import AskedAlready, NotInThisState, NotReferent

from .months import MARCH, agreed, at, delivered


@pytest.fixture
def late(world):
    """Return a request of March delivered late, among 25 of which 22 were in time."""
    catalogue.preload(world.provider)
    return delivered(world, 22, 25, version=agreed(world))[24]


def on_time(world):
    told = closing.count(world.companies.calanques, MARCH, at(4, 10))
    from relais.engine.measures_frozen import thawed

    found = next(f for f in thawed(told.figures) if f.key == "on_time" and not f.cut)
    return int(found.over), found.n, found.excluded


def propose(world, ticket, by="paul", **words):
    given = {"of": "delivery", "reason": "Force majeure", "evidence": "Mail du 5"} | words
    return Exclusion.propose(ticket, by=getattr(world.people, by), at=at(4, 1), **given)


def told(kind):
    return OrganisationChange.objects.filter(kind=kind).count()


@pytest.mark.parametrize(("by", "other"), [("paul", "claire"), ("sylvie", "maud")])
def test_it_counts_only_once_the_other_side_agreed(world, late, by, other):
    made = propose(world, late, by)
    assert on_time(world) == (22, 25, 0)
    with pytest.raises(NotReferent):
        made.agree(by=getattr(world.people, by))
    made.agree(by=getattr(world.people, other), word="Vu", at=at(4, 2))
    assert on_time(world) == (22, 24, 1)
    assert (told("exclusion_proposed"), told("exclusion_agreed")) == (1, 1)


def test_what_was_refused_or_withdrawn_counts_as_before(world, late):
    people = world.people
    refused = propose(world, late)
    with pytest.raises(Missing):
        refused.refuse(" ", by=people.claire)
    refused.refuse("Le site était ouvert", by=people.claire)
    withdrawn = propose(world, late)  # asked again, with something new
    with pytest.raises(NotReferent):
        withdrawn.withdraw(by=people.claire)
    withdrawn.withdraw(by=people.maud)
    assert on_time(world) == (22, 25, 0)
    assert (told("exclusion_refused"), told("exclusion_withdrawn")) == (1, 1)


@pytest.mark.parametrize("who", ["marc", "alice", "fanny", "quentin", "bruno"])
def test_it_is_for_the_two_leads_alone(world, late, who):
    person = getattr(world.people, who)
    with pytest.raises(NotReferent):
        propose(world, late, who)
    made = propose(world, late)
    for verb in (lambda: made.agree(by=person), lambda: made.refuse("Non", by=person),
                 lambda: made.withdraw(by=person)):  # fmt: skip
        with pytest.raises(NotReferent):
            verb()
    assert Exclusion.objects.get().state == "proposed"


def test_it_needs_a_reason_and_evidence_and_stands_once(world, late):
    for empty in ("reason", "evidence"):
        with pytest.raises(Missing):
            propose(world, late, **{empty: "  "})
    propose(world, late)
    with pytest.raises(AskedAlready):
        propose(world, late, "claire")
    propose(world, late, of="first_response")


def test_of_two_who_decide_at_once_one_does(world, late):
    propose(world, late)
    first, second = (Exclusion.objects.get() for _ in range(2))
    first.agree(by=world.people.claire)
    with pytest.raises(NotInThisState):
        second.refuse("Non", by=world.people.sylvie)
    assert told("exclusion_refused") == 0


def test_agreed_after_the_month_was_closed_both_leads_are_told_and_it_is_restated(
    world, late, client_of
):
    people = world.people
    review = Review.open(world.companies.calanques, MARCH, by=people.paul)
    closing.close(review, by=people.paul, at=at(4, 3))
    statement = CreditStatement.objects.get()
    statement.issue(by=people.paul, at=at(4, 4))
    pages = [reverse("review", args=[review.pk]), reverse("statement", args=[statement.pk])]
    notes = ["depuis ce comptage", "ne correspond plus"]

    def noted():
        lead = client_of(people.paul)
        told = zip(pages, notes, strict=True)
        return [note in lead.get(page).content.decode() for page, note in told]

    made = propose(world, late)
    assert noted() == [False, False]
    closing.leave_out(made, by=people.claire, at=at(4, 5))
    assert noted() == [True, False]
    to = Letter.objects.filter(key__startswith="left-out:").values_list("to", flat=True)
    assert set(to) == {people.claire.email, people.paul.email}
    assert closing.restate(Review.objects.get(), by=people.paul, at=at(4, 6)) is not None
    assert noted() == [False, True]


def test_of_a_month_in_preparation_nobody_is_told(world, late):
    Review.open(world.companies.calanques, MARCH, by=world.people.paul)
    closing.leave_out(propose(world, late), by=world.people.claire, at=at(4, 5))
    assert not Letter.objects.filter(key__startswith="left-out:").exists()

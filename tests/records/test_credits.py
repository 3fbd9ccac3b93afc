"""Credits come from requests in the database, the agreement in force, and both referents' word."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from relais.desk.errors import BadValue, Missing
from relais.offer import catalogue
from relais.offer.terms import Scope
from relais.people.models import OrganisationChange
from relais.records import closing, credit_words
from relais.records.models import CreditLine, CreditStatement, Exclusion, Review
from relais.records.review_errors import (
    ChangedMeanwhile,
    NotInThisState,
    NotReferent,
    OpenDisputes,
)

from .months import agreed, at, delivered


@pytest.fixture
def version(world):
    catalogue.preload(world.provider)
    return agreed(world)


@pytest.fixture
def month_of(world, version):
    """Return a function that lives a month with so many deadlines of 25 kept, and closes it."""

    def live(month, kept):
        delivered(world, kept, 25, version=version, month=month)
        review = Review.open(world.companies.calanques, date(2026, month, 1), by=world.people.paul)
        closing.close(review, by=world.people.paul, at=at(month + 1, 3))
        return CreditStatement.objects.get(review=review)

    return live


def told(kind):
    return OrganisationChange.objects.filter(kind=kind).count()


def test_the_credit_of_the_contract_from_the_requests_of_a_month(month_of):
    statement = month_of(3, 22)  # 88 % of 25, where 92 is expected and 85 critical
    line = statement.lines.get()
    assert (line.actual, line.counted, line.due) == (Decimal("88.0000"), 25, Decimal("377.14"))
    assert (statement.pool, statement.total) == (Decimal("1200.00"), Decimal("377.14"))
    note = credit_words.for_billing(statement)
    assert (note["total_cents"], note["number"], note["vat"]) == (37714, None, None)
    assert [row[5] for row in credit_words.note_rows(statement)[1:]] == [37714, 37714]


def test_a_miss_that_repeats_costs_more_and_good_months_earn_it_back(month_of):
    amounts = [month_of(month, 22).total for month in (2, 3, 4)]
    assert amounts == [Decimal("377.14"), Decimal("377.14"), Decimal("565.71")]
    later = [month_of(month, 25).total for month in (5, 6, 7)]
    assert later[:2] == [0, 0]
    # The last one alone is followed by three months at the target.
    assert later[2] == -amounts[2]
    back = CreditLine.objects.get(kind="earned_back")
    assert (back.month, back.statement.review.month) == (date(2026, 4, 1), date(2026, 7, 1))


def test_no_credit_where_too_few_were_due_or_every_promise_was_kept(month_of):
    assert (month_of(3, 25).total, month_of(4, 23).total) == (0, 0)


def test_a_line_is_disputed_settled_by_the_other_side_and_then_issued(world, month_of):
    people, statement = world.people, month_of(3, 22)
    line = statement.lines.get()
    for who, error in (("marc", NotReferent), ("fanny", NotReferent), ("quentin", NotReferent)):
        with pytest.raises(error):
            line.dispute("Non", by=getattr(people, who))
    with pytest.raises(Missing):
        line.dispute(" ", by=people.claire)
    with pytest.raises(NotInThisState):
        line.settle(Decimal(1), "Rien à régler", by=people.paul)
    line.dispute("Compté deux fois", by=people.claire)
    with pytest.raises(NotInThisState):
        CreditLine.objects.get(pk=line.pk).dispute("Encore", by=people.sylvie)
    with pytest.raises(OpenDisputes):
        statement.issue(by=people.paul)
    with pytest.raises(NotReferent):
        line.settle(Decimal(1), "Oui", by=people.sylvie)  # the side that raised it
    for amount in ("1200.01", "0.001", "-1300", "-0.01"):
        with pytest.raises(BadValue):
            line.settle(Decimal(amount), "Trop", by=people.paul)
    line.settle(Decimal("300.00"), "Une demande retirée", by=people.paul)
    assert CreditStatement.objects.get().total == 300
    with pytest.raises(NotReferent):
        statement.issue(by=people.claire)
    first, second = (CreditStatement.objects.get() for _ in range(2))
    first.issue(by=people.paul, at=at(4, 10))
    with pytest.raises(NotInThisState):
        second.issue(by=people.maud)
    assert (first.number, first.label) == (1, "AV-2026-0001")
    assert (told("line_disputed"), told("line_settled"), told("statement_issued")) == (1, 1, 1)
    with pytest.raises(NotInThisState):
        line.dispute("Trop tard", by=people.claire)


def test_a_statement_changed_since_it_was_read_is_not_issued(world, month_of):
    statement = month_of(3, 22)
    CreditStatement.objects.filter(pk=statement.pk).update(version=9)
    with pytest.raises(ChangedMeanwhile):
        statement.issue(by=world.people.paul)


def test_an_exclusion_agreed_later_restates_the_month_and_drafts_its_credit_anew(world, month_of):
    people, statement = world.people, month_of(3, 22)
    late = statement.review.latest
    figures = [each for each in late.shown if each.key == "on_time" and not each.cut]
    missed = [line.key for line in figures[0].lines if not line.over]
    from relais.desk.models import Ticket

    for key in missed:
        out = Exclusion.propose(
            Ticket.objects.get(pk=int(key)), "delivery", "Force majeure", "Mail", by=people.paul
        )
        out.agree(by=people.claire, at=at(4, 5))
    made = closing.restate(Review.objects.get(), by=people.paul, at=at(4, 6))
    assert made is not None
    assert CreditStatement.objects.get().total == 0
    assert not CreditStatement.objects.get().lines.exists()


def test_what_was_issued_stays_as_it_was_issued(world, month_of):
    statement = month_of(3, 22)
    statement.issue(by=world.people.paul)
    delivered(world, 0, 5, version=statement.agreement_version, month=3)
    closing.restate(Review.objects.get(), by=world.people.paul, at=at(4, 6))
    assert CreditStatement.objects.get().total == Decimal("377.14")


def test_what_is_given_back_is_that_of_the_same_agreement(world, version):
    """Two agreements of a client may promise the same: each earns back its own credits."""
    other = agreed(world, name="Lyon", scopes=(Scope(site=world.sites.lyon.pk),))
    for month, kept in ((2, 22), (3, 25), (4, 25), (5, 25)):
        delivered(world, kept, 25, version=version, month=month)
        worse = 20 if kept < 25 else 25
        delivered(world, worse, 25, version=other, month=month)
        review = Review.open(world.companies.calanques, date(2026, month, 1), by=world.people.paul)
        closing.close(review, by=world.people.paul, at=at(month + 1, 3))
    back = CreditLine.objects.filter(kind="earned_back").select_related("statement")
    assert {each.statement.agreement_version_id: each.amount for each in back} == {
        version.pk: Decimal("-377.14"), other.pk: Decimal("-480.00"),
    }  # fmt: skip


def test_the_number_bears_the_year_of_the_providers_books_wherever_it_is_read(month_of):
    statement = month_of(3, 22)
    statement.number, statement.issued_at = 7, datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    for zone in ("UTC", "Pacific/Auckland", "America/Los_Angeles"):
        with timezone.override(zone):
            assert statement.label == "AV-2027-0007"  # half past midnight in Paris

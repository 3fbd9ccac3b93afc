"""A line is contested by the client's referent, answered, settled or taken back: once each."""

from __future__ import annotations

import pytest

from relais.desk.errors import Missing
from relais.desk.models import Ticket
from relais.people.models import Confidentiality
from relais.records import usage
from relais.records.models import UsageDispute
from relais.records.usage_errors import DisputeNotNow, NoSuchLine, NotForUsage, UsageOvertaken

from .test_quality import call, new_ticket, services, told  # noqa: F401
from .test_usage import APR, MAR, agree


@pytest.fixture
def ticket(world, new_ticket):  # noqa: F811
    """Return a request that March counts, beyond the package."""
    agree(world, included=0, overage="rate")
    return new_ticket("delivered")


@pytest.fixture
def line(world, ticket):
    return usage.dispute(ticket.company, ticket, MAR, "Déjà payé", by=world.people.claire)


def cents(world):
    made = usage.statement(world.access("claire"), world.companies.calanques, MAR).made
    return made.over_cents, made.disputed_cents


def test_it_waits_while_contested_and_goes_with_the_word_that_settles_it(world, ticket):
    people = world.people
    assert cents(world) == (5_000, 0)
    first = usage.dispute(ticket.company, ticket, MAR, "Déjà payé", by=people.claire)
    assert cents(world) == (0, 5_000)
    first.withdraw(by=people.sylvie)  # her deputy
    assert cents(world) == (5_000, 0)
    again = usage.dispute(ticket.company, ticket, MAR, "Si, déjà payé", by=people.claire)
    again.answer("Vérifié : c’est un autre déplacement.", by=people.paul)
    again.settle(upheld=False, by=people.paul)
    assert cents(world) == (5_000, 0)
    assert told(first) == ["line_disputed", "line_withdrawn"]
    assert told(again) == ["line_disputed", "line_answered", "line_settled"]


def test_what_is_upheld_is_not_counted(world, line):
    line.settle(upheld=True, by=world.people.maud)
    assert cents(world) == (0, 0)


def test_only_the_referents_of_the_client_contest_what_the_month_counts(world, ticket):
    for who, month, reason, error in (
        ("marc", MAR, "Non", NotForUsage),
        ("luc", MAR, "Non", NotForUsage),
        ("fanny", MAR, "Non", NotForUsage),
        ("paul", MAR, "Non", NotForUsage),
        ("claire", MAR, " ", Missing),
        ("claire", APR, "Non", NoSuchLine),
    ):
        with pytest.raises(error):
            usage.dispute(ticket.company, ticket, month, reason, by=getattr(world.people, who))
    with pytest.raises(NoSuchLine):
        usage.dispute(world.companies.froid, ticket, MAR, "Non", by=world.people.fanny)
    Ticket.objects.filter(pk=ticket.pk).update(confidentiality=Confidentiality.EXECUTIVE)
    with pytest.raises(NotForUsage):
        usage.dispute(ticket.company, ticket, MAR, "Non", by=world.people.claire)
    assert not UsageDispute.objects.exists()


@pytest.mark.parametrize(
    ("who", "verb", "error"),
    [
        ("claire", lambda d, by: d.answer("Non", by=by), NotForUsage),
        ("claire", lambda d, by: d.settle(upheld=True, by=by), NotForUsage),
        ("bruno", lambda d, by: d.settle(upheld=True, by=by), NotForUsage),
        ("paul", lambda d, by: d.withdraw(by=by), NotForUsage),
        ("fanny", lambda d, by: d.withdraw(by=by), NotForUsage),
        ("paul", lambda d, by: d.answer(" ", by=by), Missing),
        ("paul", lambda d, by: d.settle(upheld=False, by=by), Missing),
        ("paul", lambda d, by: d.answer("Non", by=by, seen=9), UsageOvertaken),
    ],
)
def test_it_is_refused_when_it_should_be(world, line, who, verb, error):
    with pytest.raises(error):
        verb(line, getattr(world.people, who))
    assert told(line) == ["line_disputed"]


def test_two_at_once_leave_one_winner_and_what_is_settled_stays(world, ticket, line):
    people = world.people
    first, second = (UsageDispute.objects.get(pk=line.pk) for _each in range(2))
    first.settle(upheld=True, by=people.paul)
    with pytest.raises(UsageOvertaken):
        second.withdraw(by=people.claire)
    for again in (
        lambda: first.settle(upheld=True, by=people.paul),
        lambda: first.withdraw(by=people.claire),
        lambda: usage.dispute(ticket.company, ticket, MAR, "Encore", by=people.claire),
    ):
        with pytest.raises(DisputeNotNow):
            again()
    assert told(line) == ["line_disputed", "line_settled"]

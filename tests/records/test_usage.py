"""A client's package: lines from what happened, what is carried over, told to both referents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from relais.desk.errors import BadValue
from relais.desk.models import Letter, Ticket, TimeEntry
from relais.people.models import Confidentiality, OrganisationChange
from relais.records import usage
from relais.records.models import UsagePlan
from relais.records.usage_errors import NoPackage, NotForUsage, UsageOvertaken

from .test_quality import call, copies, new_ticket, services  # noqa: F401

JAN, FEB, MAR, APR = (date(2026, month, 1) for month in (1, 2, 3, 4))
TERMS = {
    "unit": "requests", "included": Decimal(10), "price_cents": 100_000, "over_cents": 5_000,
    "alerts": [50, 75, 90, 100],
}  # fmt: skip


def agree(world, starts_on=JAN, **terms):
    return UsagePlan.agree(
        world.companies.calanques, starts_on, by=world.people.paul, today=starts_on, **TERMS | terms
    )


def put(world, n, month, ticket=None, **where):
    """Have so many requests delivered in a month."""
    begin = datetime(month.year, month.month, 5, 9, tzinfo=UTC)
    return copies(ticket, n, world.people.alice, begin, **where)


@pytest.fixture
def first(world, new_ticket):  # noqa: F811
    """Return a request of Marc's that nobody delivered, to copy."""
    return new_ticket("taken")


def left(world, months=(JAN, FEB, MAR)):
    """Return what each month had available, carried on and lost."""
    company = world.companies.calanques
    plans = usage.plans_of(company)
    lines = usage.lines_of(company, months[-1], plans)
    made = usage.statements(company, months[-1], plans, lines)
    return [
        tuple(map(int, (made[m].available, sum(x.left for x in made[m].carried), made[m].lapsed)))
        for m in months
    ]


def test_the_vectors_of_the_rules_come_out_of_what_happened(world, first):
    """The months of tests/engine/test_usage.py: 4, 0 and 12 requests of 10 included."""
    put(world, 4, JAN, first)
    put(world, 12, MAR, first)
    plan = agree(world)
    for rules, expected in (
        ({}, [(10, 0, 6), (10, 0, 10), (10, 0, 0)]),
        ({"carried_months": 1}, [(10, 6, 0), (16, 10, 6), (20, 8, 0)]),
        ({"carried_months": 2}, [(10, 6, 0), (16, 16, 0), (26, 14, 0)]),
        ({"carried_months": None}, [(10, 6, 0), (16, 16, 0), (26, 14, 0)]),
        ({"carried_months": 1, "carried_percent": 10}, [(10, 1, 5), (11, 1, 10), (11, 0, 0)]),
        ({"carried_months": 3, "carried_units": 8}, [(10, 6, 0), (16, 8, 8), (18, 6, 0)]),
        ({"carried_months": 1, "carried_percent": 20, "carried_units": 9},
         [(10, 2, 4), (12, 2, 10), (12, 0, 0)]),
        ({"carried_units": 9}, [(10, 0, 6), (10, 0, 10), (10, 0, 0)]),
        # Suspended in February: it costs and ages nothing.
        ({"carried_months": 1, "held": ["2026-02"]}, [(10, 6, 0), (6, 6, 0), (16, 4, 0)]),
    ):  # fmt: skip
        clean = {"carried_months": 0, "carried_percent": None, "carried_units": None, "held": []}
        UsagePlan.objects.filter(pk=plan.pk).update(**clean | rules)
        assert left(world) == expected, rules


def test_beyond_the_package_is_charged_and_shared_to_the_cent(world, first):
    put(world, 9, JAN, first)
    put(world, 4, JAN, first, site=world.sites.lyon)
    plan = agree(world, price_cents=100_001)
    for overage, january, february in (
        ("notice", 0, 0), ("rate", 15_000, 0), ("next", 0, 15_000), ("stop", 0, 0),
    ):  # fmt: skip
        UsagePlan.objects.filter(pk=plan.pk).update(overage=overage)
        told = usage.statement(world.access("claire"), world.companies.calanques, JAN)
        after = usage.statement(world.access("claire"), world.companies.calanques, FEB)
        assert (told.made.over, told.made.over_cents, after.made.over_cents) == (
            3, january, february,
        )  # fmt: skip
        assert told.stops == (overage == "stop")
        for shares in (told.sites, told.entities):
            assert sum(one.cents for one in shares) == told.cents == 100_001 + january
        assert [(one.place, one.units) for one in told.sites] == [("Aix", 9), ("Lyon", 4)]
    assert [alert.percent for alert in told.made.alerts] == [50, 75, 90, 100]
    assert sum(one.cents for one in after.sites) == after.cents  # nobody used anything


def test_minutes_are_those_noted_as_corrected_each_request_rounded_up(world, new_ticket):  # noqa: F811
    alice, one, other = world.people.alice, new_ticket("taken"), new_ticket("taken")
    at = datetime(2026, 3, 4, 9, tzinfo=UTC)
    TimeEntry.add(one, 20, by=alice, at=at)
    wrong = TimeEntry.add(one, 90, by=alice, at=at)
    wrong.correct(30, "Pause déjeuner", by=alice, at=at + timedelta(days=40))
    timer = TimeEntry.start(other, by=alice, at=at)
    timer.stop(by=alice, at=at + timedelta(minutes=61))
    TimeEntry.add(one, 5, by=alice, at=datetime(2026, 4, 1, 9, tzinfo=UTC))
    Ticket.objects.filter(pk=other.pk).update(priority=Ticket.Priority.CRITICAL)
    agree(world, unit="hours", rounding_minutes=15, urgent_times=Decimal("1.5"))
    told = usage.statement(world.access("claire"), world.companies.calanques, MAR)
    assert {line.ticket.pk: (line.amount, line.units) for line in told.lines} == {
        one.pk: (50, Decimal("1.00")), other.pk: (61, Decimal("1.88")),
    }  # fmt: skip
    april = usage.statement(world.access("claire"), world.companies.calanques, APR)
    assert [(line.ticket.pk, line.amount) for line in april.lines] == [(one.pk, 5)]


def test_points_go_by_service_and_a_delivery_counts_once(world, new_ticket):  # noqa: F811
    ticket = new_ticket("delivered")
    ticket.reopen("Encore", by=world.people.marc, at=datetime(2026, 4, 1, 8, tzinfo=UTC))
    ticket.take(by=world.people.alice, at=datetime(2026, 4, 1, 9, tzinfo=UTC))
    ticket.deliver("Voilà", by=world.people.alice, at=datetime(2026, 4, 2, 8, tzinfo=UTC))
    new_ticket("cancelled")
    agree(world, unit="points", points={"appointment": 2.5})
    told = usage.statement(world.access("claire"), world.companies.calanques, MAR)
    assert [line.units for line in told.lines] == [Decimal("2.50")]
    assert usage.statement(world.access("claire"), world.companies.calanques, APR).lines == []


def test_what_a_reader_may_not_read_counts_without_being_told(world, first):
    made = put(world, 3, JAN, first)
    Ticket.objects.filter(pk=made[0].pk).update(confidentiality=Confidentiality.EXECUTIVE)
    agree(world)
    told = usage.statement(world.access("claire"), world.companies.calanques, JAN)
    assert (len(told.lines), told.others, told.figures["used"]) == (2, 1, 3)
    bills = usage.statement(world.access("bruno"), world.companies.calanques, JAN)
    assert (bills.lines, bills.others) == ([], 3)


def test_a_package_has_versions_that_follow_each_other(world):
    paul, calanques = world.people.paul, world.companies.calanques
    one = agree(world, starts_on=date(2026, 1, 17))
    with pytest.raises(NoPackage):
        usage.statement(world.access("paul"), calanques, date(2025, 12, 1))
    assert usage.statement(world.access("paul"), calanques, JAN).figures["included"] == Decimal(
        "4.84"
    )

    def second(starts_on, by=paul, seen=1, **terms):
        return UsagePlan.agree(
            calanques, starts_on, by=by, seen=seen, today=MAR, **TERMS | terms
        )  # fmt: skip

    for starts_on, who, terms, error in (
        (FEB, paul, {}, BadValue),  # was told
        (date(2026, 4, 15), paul, {}, BadValue),  # within a month
        (APR, paul, {"seen": 0}, UsageOvertaken),
        (APR, world.people.claire, {}, NotForUsage),
        (APR, world.people.bruno, {}, NotForUsage),
        (APR, paul, {"rounding_minutes": 0}, BadValue),
        (APR, paul, {"urgent_times": Decimal("0.5")}, BadValue),
        (APR, paul, {"alerts": [90, 50]}, BadValue),
        (APR, paul, {"points": {"appointment": -1}}, BadValue),
        (APR, paul, {"included": Decimal(-1)}, BadValue),
        (APR, paul, {"unit": "people"}, BadValue),
    ):
        with pytest.raises(error):
            second(starts_on, by=who, **terms)
    two = second(APR, included=Decimal(20))
    one.refresh_from_db()
    assert (one.ends_on, two.number, two.ends_on) == (date(2026, 3, 31), 2, None)
    assert usage.statement(world.access("paul"), calanques, APR).figures["included"] == 20
    with pytest.raises(UsageOvertaken):
        one.hold(MAR, by=paul, today=MAR)
    with pytest.raises(BadValue):
        two.hold(FEB, by=paul, today=MAR)
    two.hold(APR, by=paul, today=MAR)
    two.hold(date(2026, 5, 1), by=paul, today=MAR)
    with pytest.raises(BadValue):
        two.hold(date(2026, 6, 1), by=paul, today=MAR)
    for who, on, error in ((world.people.claire, APR, NotForUsage), (paul, FEB, BadValue)):
        with pytest.raises(error):
            two.end(on, by=who, today=MAR)
    two.end(date(2026, 6, 30), by=paul, today=MAR)
    kinds = OrganisationChange.objects.filter(subject="records.UsagePlan").order_by("id")
    assert list(kinds.values_list("kind", flat=True)) == [
        "package_agreed", "package_agreed", "package_held", "package_held", "package_ended",
    ]  # fmt: skip


def test_each_threshold_is_told_once_to_both_referents(world, first):
    put(world, 8, MAR, first)
    agree(world)
    now = datetime(2026, 3, 20, 9, tzinfo=UTC)
    assert usage.warn(now) == 4
    assert usage.warn(now) == 0
    letters = Letter.objects.filter(key__startswith="usage:")
    assert sorted(letters.values_list("to", "key")) == sorted(
        (person.email, f"usage:{world.companies.calanques.pk}:2026-03:{percent}:{person.pk}")
        for person in (world.people.claire, world.people.paul)
        for percent in (50, 75)
    )
    assert usage.warn(datetime(2026, 4, 20, 9, tzinfo=UTC)) == 0  # another month begins anew


def test_what_would_be_lost_is_told_from_a_fifth_of_the_month_on(world, first, monkeypatch):
    calanques = world.companies.calanques
    put(world, 3, MAR, first)
    agree(world)
    # March 2026 has 22 working days; on the 17th, 11 are over.
    half = datetime(2026, 3, 17, 9, tzinfo=UTC)
    assert usage.passed(calanques, MAR, half) == Decimal("0.5")
    for now, lost in ((half, 4), (datetime(2026, 3, 3, 9, tzinfo=UTC), None)):
        monkeypatch.setattr(usage.timezone, "now", lambda now=now: now)
        ahead = usage.statement(world.access("claire"), calanques, MAR).forecast
        assert (ahead.lost if ahead else None) == lost

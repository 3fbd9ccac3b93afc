"""A client's package: lines from what happened, what is carried over, told to both referents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from relais.desk.errors import BadValue
from relais.desk.models import Event, Letter, Ticket, TimeEntry
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


@pytest.mark.parametrize(("overage", "stops"), [("stop", True), ("notice", False)])
def test_a_package_that_stops_says_so_in_the_letter_that_it_is_used_up(
    world, first, overage, stops
):
    put(world, 10, MAR, first)
    agree(world, overage=overage)
    assert usage.warn(datetime(2026, 3, 20, 9, tzinfo=UTC)) == 8
    letters = Letter.objects.filter(key__startswith="usage:")
    said = {each.key.split(":")[3] for each in letters if "Le forfait est épuisé" in each.body}
    assert said == ({"100"} if stops else set())


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


def test_pages_show_each_what_is_hers(world, first, client_of):
    people, calanques = world.people, world.companies.calanques
    page = f"/usage/{calanques.pk}/"
    paul, claire = client_of(people.paul), client_of(people.claire)
    assert "/package/" in paul.get(page).content.decode()  # the mend, for who can
    assert claire.get("/usage/").status_code == 200
    assert "/package/" not in claire.get(page).content.decode()
    typed = {
        "starts_on": "2026-01-01", "unit": "requests", "included": "2", "price": "1000.50",
        "rounding_minutes": "1", "urgent_times": "1", "carried_months": "", "overage": "rate",
        "over_price": "50", "alerts": "50, 90", "points": "appointment = 2", "seen": "0",
    }  # fmt: skip
    for name, wrong in (("alerts", "x"), ("points", "rien = 2"), ("included", ""), ("unit", "y")):
        refused = paul.post(f"{page}package/", typed | {name: wrong})
        assert refused.status_code == 422, name
        assert "appointment = 2" in refused.content.decode() or name == "points"
    assert paul.post(f"{page}package/", typed).status_code == 302
    assert paul.post(f"{page}package/", typed).status_code == 422  # somebody was faster
    made = put(world, 3, MAR, first)
    for who, status in (
        ("claire", 200), ("sylvie", 200), ("bruno", 200), ("maud", 200), ("marc", 404),
        ("luc", 404), ("fanny", 404), ("alice", 404), ("quentin", 404), ("aude", 404),
    ):  # fmt: skip
        client = client_of(getattr(people, who))
        assert client.get(f"{page}?month=2026-03").status_code == status, who
    told = claire.get(f"{page}?month=2026-03").content.decode()
    assert made[0].reference in told
    assert "Arnaud" not in told  # who worked is nobody's affair
    assert (
        made[0].reference
        not in client_of(people.bruno).get(f"{page}?month=2026-03").content.decode()
    )
    for odd in ("x", "2026-13", "9999-01", "2199-12", "²026-03", "0000-00"):
        assert claire.get(page, {"month": odd}).status_code in (200, 404), odd
    for kind in ("csv", "xlsx"):
        sent = claire.get(page, {"month": "2026-03", "export": kind})
        assert sent.status_code == 200
        assert "attachment" in sent["Content-Disposition"]
    line = {"ticket": made[0].pk, "month": "2026-03", "text": "Pas demandé"}
    assert claire.post(f"{page}dispute/", line | {"text": " "}).status_code == 422
    assert claire.post(f"{page}dispute/", line).status_code == 302
    assert "Pas demandé" in paul.get(f"{page}?month=2026-03").content.decode()
    assert client_of(people.marc).post(f"{page}dispute/", line).status_code == 404
    row = calanques.usage_disputes.get()
    for verb, who, sent in (
        ("answer", "fanny", {"text": "Non"}), ("settle", "bruno", {}), ("withdraw", "alice", {}),
    ):  # fmt: skip
        url = f"/usage/disputes/{row.pk}/{verb}/"
        assert client_of(getattr(people, who)).post(url, sent).status_code == 404
    assert paul.post(f"/usage/disputes/{row.pk}/answer/", {"text": "Vu"}).status_code == 302
    assert claire.post(f"/usage/disputes/{row.pk}/withdraw/").status_code == 302
    row.refresh_from_db()
    assert (row.state, row.answer_text) == ("withdrawn", "Vu")
    plan = calanques.usage_plans.get()
    assert claire.post(f"/usage/packages/{plan.pk}/end/", {"day": "2030-01-31"}).status_code == 404
    for day in ("x", "2030-01-31"):
        assert paul.post(f"/usage/packages/{plan.pk}/hold/", {"month": day[:7]}).status_code == 302
        assert paul.post(f"/usage/packages/{plan.pk}/end/", {"day": day}).status_code == 302
    plan.refresh_from_db()
    assert (plan.held, plan.ends_on) == (["2030-01"], date(2030, 1, 31))


def test_calls_do_what_the_pages_do(world, first, call):  # noqa: F811
    people, key = world.people, world.companies.calanques.pk
    assert call(people.marc, "GET", "usage")[0] == 404
    assert call(people.claire, "GET", "usage")[1]["items"][0]["package"] is None
    assert call(people.claire, "GET", f"usage/{key}")[0] == 422  # no package, and who sets one
    terms = {"starts_on": "2026-01-01", "unit": "requests", "included": 2, "over_cents": 5000,
             "overage": "rate", "number": 0}  # fmt: skip
    assert call(people.claire, "POST", f"usage/{key}/package", **terms)[0] == 403
    status, plan = call(people.paul, "POST", f"usage/{key}/package", **terms)
    assert (status, plan["number"]) == (200, 1)
    assert call(people.paul, "POST", f"usage/{key}/package", **terms)[0] == 409
    made = put(world, 3, MAR, first)
    path = f"usage/{key}?month=2026-03"
    assert call(people.fanny, "GET", path)[0] == 404
    told = call(people.claire, "GET", path)[1]
    assert (told["used"], told["over"], told["over_cents"], len(told["lines"])) == (3, 1, 5000, 3)
    assert call(people.claire, "GET", f"usage/{key}?month=2026-3")[0] == 422
    line = {"ticket": made[2].pk, "month": "2026-03", "reason": "Non"}
    assert call(people.paul, "POST", f"usage/{key}/dispute", **line)[0] == 403
    status, row = call(people.claire, "POST", f"usage/{key}/dispute", **line)
    assert (status, row["state"]) == (200, "open")
    assert call(people.claire, "POST", f"usage/{key}/dispute", **line)[0] == 409
    saying = f"usage_disputes/{row['id']}"
    assert call(people.fanny, "POST", f"{saying}/withdraw")[0] == 404
    assert call(people.paul, "POST", f"{saying}/withdraw")[0] == 403
    assert call(people.paul, "POST", f"{saying}/answer", text="Vu")[1]["answer"] == "Vu"
    assert call(people.paul, "POST", f"{saying}/settle", upheld=True)[1]["state"] == "upheld"
    assert call(people.claire, "POST", f"{saying}/withdraw")[0] == 409
    assert call(people.claire, "GET", path)[1]["over_cents"] == 0
    standing = f"usage_packages/{plan['id']}"
    assert call(people.claire, "POST", f"{standing}/end", day="2030-01-31")[0] == 403
    assert call(people.paul, "POST", f"{standing}/hold", month="2030-01")[1]["held"] == ["2030-01"]
    assert call(people.paul, "POST", f"{standing}/end", day="2030-01-31")[1]["ends_on"] == (
        "2030-01-31"
    )


def test_what_is_charged_later_is_charged_even_where_the_package_ends_or_changes(world, first):
    put(world, 12, JAN, first)
    plan = agree(world, overage="next")
    company = world.companies.calanques

    def cents(*months):
        plans = usage.plans_of(company)
        lines = usage.lines_of(company, months[-1], plans)
        made = usage.statements(company, months[-1], plans, lines)
        return [(made[m].over_cents, made[m].later_cents) for m in months]

    assert cents(JAN) == [(0, 10_000)]
    UsagePlan.objects.filter(pk=plan.pk).update(ends_on=date(2026, 1, 31))
    assert cents(JAN) == [(10_000, 0)]  # no month comes after: with its own
    agree(world, FEB, unit="hours")
    assert cents(JAN, FEB) == [(0, 10_000), (10_000, 0)]


def test_a_suspended_month_stays_suspended_under_a_new_version(world):
    paul = world.people.paul
    agree(world).hold(MAR, by=paul, today=JAN)
    agree(world, FEB, price_cents=120_000)
    plans = usage.plans_of(world.companies.calanques)
    made = usage.statements(world.companies.calanques, MAR, plans, {})
    assert [(plans[1].held), made[FEB].fee_cents, made[MAR].fee_cents] == [["2026-03"], 120_000, 0]


def test_a_request_made_urgent_later_makes_no_month_before_dearer(world, first):
    (one,) = put(world, 1, JAN, first)
    agree(world, urgent_times=Decimal(2))
    at = datetime(2026, 1, 4, 9, tzinfo=UTC)
    Event.objects.bulk_create([
        Event.of(one, "reprioritised", world.people.paul, at + timedelta(days=n), {"from": was})
        for n, was in ((0, 1), (30, 3))  # 3 when delivered on the 5th; urgent since February
    ])  # fmt: skip
    Ticket.objects.filter(pk=one.pk).update(priority=Ticket.Priority.CRITICAL)
    told = usage.statement(world.access("claire"), world.companies.calanques, JAN)
    assert [line.units for line in told.lines] == [1]


def test_a_suspension_is_taken_back_while_its_month_is_not_over(world):
    people, plan = world.people, agree(world)
    plan.hold(MAR, by=people.paul, today=JAN)
    for who, month, today, error in (
        ("claire", MAR, JAN, NotForUsage), ("bruno", MAR, JAN, NotForUsage),
        ("paul", FEB, JAN, BadValue), ("paul", MAR, APR, BadValue),
    ):  # fmt: skip
        with pytest.raises(error):
            plan.release(month, by=getattr(people, who), today=today)
    stale = UsagePlan.objects.get(pk=plan.pk)
    plan.release(MAR, by=people.paul, today=MAR)
    with pytest.raises(UsageOvertaken):
        stale.release(MAR, by=people.maud, today=MAR)
    assert UsagePlan.objects.get(pk=plan.pk).held == []
    assert OrganisationChange.objects.filter(kind="package_released").count() == 1


def test_the_page_and_the_call_take_a_suspension_back(world, client_of, call):  # noqa: F811
    plan, month = agree(world), date(2199, 3, 1)
    for way in ("page", "call"):
        UsagePlan.objects.get(pk=plan.pk).hold(month, by=world.people.paul)
        paul = client_of(world.people.paul)
        page = paul.get(f"/usage/{plan.company_id}/package/").content.decode()
        assert "2199-03" in page
        if way == "page":
            paul.post(f"/usage/packages/{plan.pk}/release/", {"month": "2199-03"})
        else:
            call(world.people.paul, "POST", f"usage_packages/{plan.pk}/release", month="2199-03")
        assert UsagePlan.objects.get(pk=plan.pk).held == []

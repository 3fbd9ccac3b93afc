"""The figures of the specification, counted from requests in a database through the real tables."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.utils import timezone

from relais.desk.models import Clock, Event, Ticket
from relais.engine.measures_alike import Standing, alike
from relais.engine.measures_frozen import frozen
from relais.offer import catalogue
from relais.offer.models import Service
from relais.people.models import Site
from relais.records import figures, figures_kept, lives_kept

BEGIN = datetime(2027, 3, 2, 9, tzinfo=UTC)
AS_OF = datetime(2027, 4, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
FOUR = {"Lyon": (118, 124), "Lille": (61, 66), "Aix": (40, 44), "Strasbourg": (25, 31)}
# 345 of 375 are 92 %.
FUNNEL = {"A": (18, 20), "B": (46, 50), "C": (92, 100), "D": (184, 200), "E": (5, 5)}
WILSON = {"travel": (9, 10), "meeting-room": (18, 20), "minutes": (45, 50), "other": (90, 100)}


def write(company, requester, holder, cells):
    """Lay down requests that were delivered, so many of each cell in time, as an import does."""
    rows = [
        Ticket(
            provider_id=company.provider_id, company=company, site=site, requester=requester,
            holder=holder, service=service, subject="Un train", channel="form", state="accepted",
            received_at=BEGIN, delivered_at=BEGIN + HOUR, closed_at=BEGIN + 2 * HOUR,
        )
        for site, service, (_kept, n) in cells
        for _each in range(n)
    ]  # fmt: skip
    Ticket.objects.bulk_create(rows)
    kept = [each < good for _site, _service, (good, n) in cells for each in range(n)]
    Clock.objects.bulk_create(
        Clock(
            provider_id=row.provider_id, ticket=row, kind="delivery", started_at=BEGIN, target=3600,
            due_at=BEGIN + HOUR * (2 if good else 0), stopped_at=BEGIN + HOUR,
            verdict="met" if good else "missed",
        )
        for row, good in zip(rows, kept, strict=True)
    )  # fmt: skip
    Event.objects.bulk_create(
        Event.of(row, kind, holder, BEGIN + HOUR * after, {})
        for row in rows
        for kind, after in (("received", 0), ("delivered", 1))
    )


def sites_of(company, names):
    return {
        name: Site.objects.get_or_create(
            company=company, name=name, defaults={"provider_id": company.provider_id}
        )[0]
        for name in names
    }


@pytest.fixture
def served(world):
    catalogue.preload(world.provider)
    service = Service.objects.first()
    company = world.companies.calanques
    made = sites_of(company, FOUR)
    cells = [(made[name], service, counts) for name, counts in FOUR.items()]
    write(company, world.people.marc, world.people.alice, cells)
    return world


def told(company, **more):
    period = figures.month_of(figures.zone_of(company), "2027-03")
    return figures.tally_of(company, period, as_of=AS_OF, **more)


def near(value, expected, places):
    return abs(Fraction(value) - Fraction(expected)) <= Fraction(5, 10 ** (places + 1))


def test_four_sites(served):
    company = served.companies.calanques
    whole = told(company).whole()
    assert whole["on_time"].value == Fraction(244, 265)
    assert near(whole["on_time"].value, "0.9208", 4)
    assert near(whole["alike_gap"].value, "0.145", 3)
    assert near(whole["alike_deviation"].value, "0.0447", 4)
    assert near(whole["alike_index"].value, "0.951", 3)
    found = alike(figures_kept.by_site(whole["alike_gap"]))
    assert (near(found.square, "7.26", 2), near(Decimal(str(found.chance)), "0.064", 3)) == (1, 1)
    by_name = {Site.objects.get(pk=each.site).name: each for each in found.points}
    assert by_name["Strasbourg"].standing is Standing.WATCH
    assert near(by_name["Strasbourg"].chance, "0.033", 3)
    assert {each.standing for name, each in by_name.items() if name != "Strasbourg"} == {
        Standing.ALIKE
    }


def test_limits_of_the_funnel(world):
    catalogue.preload(world.provider)
    company, service = world.companies.froid, Service.objects.first()
    made = sites_of(company, FUNNEL)
    cells = [(made[name], service, counts) for name, counts in FUNNEL.items()]
    write(company, world.people.erwan, world.people.chloe, cells)
    whole = told(company).whole()
    assert whole["on_time"].value == Fraction(92, 100)
    found = alike(figures_kept.by_site(whole["alike_gap"]))
    limits = {each.n: (each.inner[0], each.outer[0]) for each in found.points}
    percent = {n: tuple(float(100 * each) for each in pair) for n, pair in limits.items()}
    assert percent[20] == (80, 70)
    assert percent[50] == (84, 78)
    assert percent[100] == (86, 83)
    assert percent[200] == (88, 85.5)


def test_wilson(world):
    catalogue.preload(world.provider)
    company, aix = world.companies.calanques, world.sites.aix
    services = dict(zip(WILSON, Service.objects.all()[:4], strict=True))
    cells = [(aix, services[name], counts) for name, counts in WILSON.items()]
    write(company, world.people.marc, world.people.alice, cells)
    found = told(company).cut("service", keys=["on_time"])
    ends = {each.n: (round(each.low, 3), round(each.high, 3)) for each in found}
    assert ends == {
        10: (Decimal("0.596"), Decimal("0.982")),
        20: (Decimal("0.699"), Decimal("0.972")),
        50: (Decimal("0.786"), Decimal("0.957")),
        100: (Decimal("0.826"), Decimal("0.945")),
    }


def test_the_same_in_another_zone_and_from_rows(served, settings):
    company = served.companies.calanques
    dug = told(company)
    here = frozen([*dug.cut(), *dug.cut("site")])
    settings.TIME_ZONE = "Pacific/Auckland"
    lives_kept.refresh(served.provider.pk)
    with timezone.override("America/Los_Angeles"):
        read = told(company)
        assert frozen([*read.cut(), *read.cut("site")]) == here


def test_what_is_kept_is_what_is_counted(served):
    company = served.companies.calanques
    for _time in range(2):
        figures_kept.keep(served.provider.pk, company.pk, "2027-03", AS_OF)
    row = figures_kept.KeptFigures.objects.get(company=company, month="2027-03", cut="site")
    counted = told(company).cut("site", keys=["on_time"])
    kept = [figures_kept.read(each) for each in row.figures if each["key"] == "on_time"]
    assert [each.value for each in kept] == [each.value for each in counted]
    assert [(each.low, each.high, each.n) for each in kept] == [
        (each.low, each.high, each.n) for each in counted
    ]

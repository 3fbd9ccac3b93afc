"""Peaks: what is foreseen from what came, load against capacity, honest where little is known."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from relais.desk.models import Ticket
from relais.offer import catalogue
from relais.offer.models import Service
from relais.people.models import Absence
from relais.planning import demand, peak_charts, peak_words, peaks, profiles
from relais.planning.models import LoadOutlook, VolumeProfile
from relais.planning.roster_problem import build
from relais.planning.rostering import Roster, first_kinds

from .plan import MONDAY, PARIS, at

NOW = at(2)
DRAWN = peak_charts.drawn


@pytest.fixture
def came(world):
    """Marc asks for three things each morning of four weeks; the Wednesdays bring a secret one."""
    catalogue.preload(world.provider)
    service = Service.objects.get(code="appointment")
    for back in range(1, 29):
        if (MONDAY - timedelta(days=back)).weekday() > 4:
            continue
        for hour in range(3):
            when = at(9 + hour, days=-back)
            Ticket.receive(
                site=world.sites.aix, requester=world.people.marc, service=service,
                subject="Point", channel="form", at=when, priority=4,
            )  # fmt: skip
    Ticket.objects.filter(received_at__week_day=4).filter(received_at__hour=9).update(
        confidentiality=3
    )
    Ticket.objects.update(state="accepted")
    return service


@pytest.fixture
def outlook(world, came, monkeypatch):
    monkeypatch.setattr(peak_charts, "drawn", lambda report: {"load": {"fr": "<svg/>"}})
    peaks.compute(world.provider.pk, NOW)
    peaks.compute(world.provider.pk, NOW)
    return LoadOutlook.objects.get()


def expected(world, weeks=1):
    sites = [world.sites.aix, world.sites.lyon]
    return demand.expected(sites, MONDAY, 7 * weeks, MONDAY, PARIS)


def test_before_half_a_year_the_mean_of_the_same_half_days_is_told(world, came):
    told = expected(world)
    assert told.method == demand.MEAN and round(told.weeks) == 4
    assert [(one.site, one.family) for one in told.series] == [(world.sites.aix.pk, came.family)]
    assert told.mean[0, :, 0].tolist()[:2] == [3.0, 3.0]
    assert told.mean[0, 2, 0] < 3.0  # class C3 is not counted
    assert told.mean[0, :, 1].sum() == 0 and told.mean[0, 5:].sum() == 0
    assert told.minutes[0, 0, 0] == 3 * came.standard_minutes


def test_after_half_a_year_a_forecast_is_told(world, came):
    first = Ticket.objects.order_by("pk").first()
    Ticket.objects.filter(pk=first.pk).update(received_at=at(9, days=-7 * 40))
    told = expected(world)
    assert told.method == demand.FORECAST and told.weeks >= 26
    assert set(told.dispersion) == {"series", "site", "total"}
    assert 0 < told.mean[0, 0, 0] < 3.5 and told.mean[0, 5:].sum() == 0


def test_nothing_is_foreseen_of_nothing(world):
    assert expected(world).method == demand.NOTHING


def test_a_young_site_is_foreseen_by_its_profile_until_it_told_half_a_year(world, came):
    aix, lyon = world.sites.aix, world.sites.lyon
    march = tuple(2.0 if n == 2 else 10 / 11 for n in range(12))
    told = [
        profiles.Told(aix.pk, "agenda", 520, 20, march), profiles.Told(lyon.pk, "travel", 52, 30),
        profiles.Told(aix.pk, "agenda", 520, 40),
    ]  # fmt: skip
    for _twice in range(2):
        assert profiles.give(told, source="study:1", provider_id=world.provider.pk) == 2
    assert VolumeProfile.objects.count() == 2
    seen = expected(world)
    places = {(one.site, one.family): n for n, one in enumerate(seen.series)}
    assert seen.method == demand.PROFILE and seen.profiled == {aix.pk, lyon.pk}
    # A March week of Aix: 1,040 a year, half of them twice as many in March; Lyon one a week.
    assert seen.mean[places[aix.pk, "agenda"]].sum() == pytest.approx(10 * 2 + 10)
    assert seen.mean[places[lyon.pk, "travel"]].sum() == pytest.approx(1)
    assert seen.series[places[aix.pk, "agenda"]].minutes == pytest.approx(30)
    Ticket.objects.filter(pk=Ticket.objects.first().pk).update(received_at=at(9, days=-7 * 40))
    assert expected(world).profiled == {lyon.pk} and expected(world).method == demand.FORECAST
    profiles.take_back("study:2")
    profiles.give(told[1:2], source="study:1", provider_id=world.provider.pk)
    assert VolumeProfile.objects.get().site == lyon
    profiles.take_back("study:1")
    assert not expected(world).profiled


def test_the_outlook_says_that_it_rests_on_a_diagnostic(world, outlook):
    told = [profiles.Told(world.sites.aix.pk, "agenda", 520, 20)]
    profiles.give(told, source="study:1", provider_id=world.provider.pk)
    peaks.compute(world.provider.pk, NOW)
    outlook.refresh_from_db()
    assert outlook.report["profiled"] == [world.sites.aix.pk]
    assert "diagnostic" in peak_words.basis(outlook)


def test_a_roster_asks_for_people_by_what_is_foreseen(world, came):
    first_kinds(world.provider.pk)
    roster = Roster(
        provider=world.provider, made_by=world.people.paul, starts_on=MONDAY, weeks=1,
        source="forecast",
    )  # fmt: skip
    needs = [need for need in build(roster, PARIS, MONDAY).needs if need.name.startswith("demand")]
    mornings = [need for need in needs if need.day == 0 and need.wanted]
    assert mornings and all(need.duties and need.people is None for need in needs)
    assert not [need for need in needs if need.day > 4]


def test_the_outlook_is_kept_once_with_levers_where_it_is_short(world, outlook):
    report = outlook.report
    assert (outlook.method, outlook.computed_at) == (demand.MEAN, NOW)
    assert report["weeks"][0] == (MONDAY + timedelta(days=7)).isoformat()
    aix = next(row for row in report["sites"] if row["name"] == "Aix")
    assert aix["cells"][0]["p50"] <= aix["cells"][0]["p80"]
    assert aix["cells"][0]["tone"] == "green" and not aix["cells"][0]["levers"]
    for name in ("alice", "basile", "chloe"):
        Absence.objects.create(
            provider=world.provider, person=getattr(world.people, name),
            period=(at(0, days=7), at(0, days=14)),
        )  # fmt: skip
    peaks.compute(world.provider.pk, NOW)
    outlook.refresh_from_db()
    first, second = (
        next(row for row in outlook.report["sites"] if row["name"] == "Aix")["cells"][n]
        for n in (0, 1)
    )
    assert (first["capacity"], first["tone"]) == (0, "red") and second["tone"] == "green"
    assert first["levers"][0][0] == "defer"
    assert LoadOutlook.objects.count() == 1


def test_the_lead_reads_it_and_says_what_could_be_done(world, outlook, client_of):
    paul = client_of(world.people.paul)
    page = paul.get(reverse("peaks")).content.decode()
    assert "Pas assez d’historique" in page and "suffit" in page
    asked = {"site": world.sites.aix.pk, "week": 0}
    chosen = paul.get(reverse("peaks"), asked).content.decode()
    assert "Rien n’est à faire" in chosen and "matin" in chosen
    drawing = paul.get(reverse("peaks_chart", args=["load"]))
    assert drawing["Content-Type"] == "image/svg+xml"
    assert paul.get(reverse("peaks_chart", args=["none"])).status_code == 404
    assert paul.post(reverse("peaks_compute")).status_code == 302
    LoadOutlook.objects.all().delete()
    assert "encore rien" in paul.get(reverse("peaks")).content.decode()


def test_the_api_tells_the_same_and_nobody_else_finds_it(world, outlook, client_of, call):
    status, told = call(world.people.paul, "GET", "peaks")
    assert status == 200 and len(told["weeks"]) == peaks.WEEKS
    assert {line["name"] for line in told["sites"]} == {"Aix", "Lyon", "Brest"}
    assert call(world.people.paul, "GET", "peaks/charts/load")[1]["svg"] == "<svg/>"
    assert call(world.people.paul, "GET", "peaks/charts/none")[0] == 404
    assert call(world.people.paul, "POST", "peaks/compute")[0] == 202
    for who in ("alice", "claire", "quentin", "erwan"):
        person = getattr(world.people, who)
        assert call(person, "GET", "peaks")[0] == 404
        assert call(person, "POST", "peaks/compute")[0] == 404
        assert client_of(person).get(reverse("peaks")).status_code == 404
        assert client_of(person).get(reverse("peaks_chart", args=["load"])).status_code == 404


def test_the_chart_is_drawn_in_both_languages(outlook):
    drawn = DRAWN(outlook.report)["load"]
    assert set(drawn) == {"fr", "en"} and "Capacité" in drawn["fr"]


def test_a_sentence_says_where_it_is_tight(world, outlook):
    with override("en"):
        board = peak_words.board(world.access("paul"), outlook)
    assert board.sentence.startswith("The tightest week is that of")
    assert board.sentence.endswith("No site is short.")

"""Who covers which site when: the lead sees people, load and gaps; a client what is assured."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from relais.desk.models import Clock
from relais.people.models import AssistantProfile, Engagement, Rostered, Site
from relais.planning import coverage, service
from tests.desk.conftest import new_ticket, services  # noqa: F401 (fixtures)

from .conftest import DAY, at, away, on_site, shift


def board(world, days=1):
    return coverage.look(world.access("paul"), DAY, DAY + timedelta(days - 1))


def site_day(world, name="Aix"):
    return next(row for row in board(world).sites if row.site.name == name).days[0]


def person_day(world, name):
    return next(row for row in board(world).people if row.person.first_name == name).days[0]


def test_calendars_serve_where_no_shift_is_published(world):
    day = site_day(world)
    assert coverage.written(day.open) == "09:00–12:30, 13:30–18:00"
    assert [(one.person.first_name, one.position) for one in day.here] == [
        ("Alice", "lead"),
        ("Basile", "backup"),
    ]
    assert not day.gap


def test_a_shift_stands_in_for_the_calendar_that_day(world):
    shift(world, "alice", at(11), at(15))
    assert person_day(world, "Alice").hours == "11:00–15:00"
    here = next(one for one in site_day(world).here if one.position == "lead")
    assert coverage.written(here.spans) == "11:00–12:30, 13:30–15:00"


def test_a_published_roster_frees_who_has_no_shift_in_it(world):
    Rostered.objects.create(
        provider=world.provider, person=world.people.alice, period=(at(0), at(23))
    )
    assert person_day(world, "Alice").hours == ""


def test_the_hours_of_a_site_are_in_its_own_time(world):
    Site.objects.filter(name="Aix").update(time_zone="Indian/Reunion")
    assert coverage.written(site_day(world).open) == "12:00–15:30, 16:30–21:00"


def test_a_gap_is_an_open_site_without_anybody_who_covers_it(world):
    away(world, "alice", at(0), at(23), "training")
    assert not site_day(world).gap  # Basile backs her up
    away(world, "basile", at(14), at(16))
    assert site_day(world).gap == "personne de 14:00–16:00"
    assert person_day(world, "Alice").away == ["Formation"]
    assert person_day(world, "Basile").hours == "09:00–12:30, 13:30–14:00, 16:00–18:00"
    assert board(world).gap_days == 2  # Lyon, whose only one is Basile


def test_load_is_what_is_due_that_day(world, new_ticket):  # noqa: F811
    ticket = new_ticket("taken")
    Clock.objects.filter(ticket=ticket, kind="delivery").update(due_at=at(17))
    assert site_day(world).minutes == ticket.service.standard_minutes
    assert person_day(world, "Alice").minutes == ticket.service.standard_minutes
    assert person_day(world, "Basile").minutes == 0


def test_a_gap_is_also_a_request_that_nobody_there_may_do(world, new_ticket):  # noqa: F811
    ticket = new_ticket("taken", confidentiality=2)
    Clock.objects.filter(ticket=ticket, kind="delivery").update(due_at=at(17))
    AssistantProfile.objects.update(clearance=2)
    assert not site_day(world).unfit
    AssistantProfile.objects.update(clearance=1)
    assert site_day(world).unfit == 1


def test_the_number_of_queries_does_not_grow_with_the_days(world):
    def asked(days):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            board(world, days)
        return len(queries)

    asked(1)
    assert asked(28) == asked(2)


@pytest.mark.parametrize("by", ["sites", "people", "executives"])
@pytest.mark.parametrize("span", ["week", "month"])
def test_each_view_of_the_planning_shows(world, client_of, by, span):
    on_site(world, "alice", "aix", DAY)
    answer = client_of(world.people.paul).get(
        reverse("planning"), {"by": by, "span": span, "day": DAY.isoformat()}
    )
    assert answer.status_code == 200
    assert "Alice" in answer.content.decode() or by == "executives" or span == "month"


def test_a_day_that_is_none_shows_today(world, client_of):
    paul = client_of(world.people.paul)
    for day in ("2026-02-31", "0001-01-01", "9999-12-31", "x"):
        assert paul.get(reverse("planning"), {"day": day}).status_code == 200


# What a client is told ---------------------------------------------------------------------------


def told(world, now=None):
    return {one.site.name: one for one in service.of_sites(world.access("claire"), now or at(10))}


def test_a_client_reads_when_the_service_is_assured(world):
    away(world, "alice", at(0), at(23))
    assert told(world)["Aix"].days[0].state == "assured"
    away(world, "basile", at(14), at(16))
    first = told(world)["Aix"].days[0]
    assert (first.state, first.hours) == ("reduced", "09:00–12:30, 13:30–14:00, 16:00–18:00")
    assert [day.state for day in told(world)["Aix"].days].count("closed") == 4
    assert set(told(world)) == {"Aix", "Lyon"}


def test_names_are_told_where_the_mode_allows(world):
    on_site(world, "alice", "aix", DAY + timedelta(2))
    aix = told(world)["Aix"]
    assert aix.answering == ("Alice Arnaud", "Basile Bœuf")
    assert aix.next_on_site.day == DAY + timedelta(2)
    assert aix.next_on_site.who == ""  # a provider of results decides who comes
    Engagement.objects.update(mode=Engagement.Mode.INTERNAL)
    assert told(world)["Aix"].next_on_site.who == "Alice Arnaud"
    assert told(world, at(20))["Aix"].answering == ()


def test_a_client_reads_no_leave_no_hours_and_no_workload(world, client_of):
    now = timezone.now()
    away(world, "alice", now - timedelta(1), now + timedelta(9), "training")
    shift(world, "basile", now, now + timedelta(minutes=7))
    claire = client_of(world.people.claire)
    page = claire.get(reverse("planning"), {"by": "people"}).content.decode()
    assert "Aix" in page and "Lyon" in page
    for word in ("Formation", "Congé", "Vacation", "à rendre"):
        assert word not in page
    assert claire.get("/api/coverage").status_code == 404
    said = json.dumps(claire.get("/api/service").json())
    assert "training" not in said and "away" not in said and "Brest" not in said


def test_an_assistant_reads_her_own_days_and_what_is_assured(world, client_of):
    page = client_of(world.people.chloe).get(reverse("planning")).content.decode()
    assert "Mes journées" in page and "Brest" in page and "Aix" not in page
    assert client_of(world.people.chloe).get("/api/coverage").status_code == 404


def test_the_api_tells_the_same(world, client_of):
    on_site(world, "alice", "aix", DAY)
    paul = client_of(world.people.paul)
    found = paul.get("/api/coverage", {"first": DAY.isoformat()}).json()
    aix = next(one for one in found["sites"] if one["site"]["name"] == "Aix")
    assert len(aix["days"]) == 7 and len(aix["days"][0]["here"]) == 2
    assert aix["days"][0]["on_site"][0]["person"]["name"] == "Alice Arnaud"
    assert paul.get("/api/coverage", {"first": "1999-01-01"}).status_code == 422

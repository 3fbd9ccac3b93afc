"""Levers against a peak: chosen once from the outlook, undone in time, looked at afterwards."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from relais.desk.models import Clock, Ticket
from relais.people.models import OrganisationChange
from relais.planning import levering
from relais.planning.continuity_errors import (
    LeverChosen,
    LeverNotOffered,
    LeverUndone,
    NotHers,
    WeekBegun,
)
from relais.planning.models import Lever, LoadOutlook

from .conftest import PARIS, at, shift

TODAY = timezone.now().astimezone(PARIS).date()
NEXT = TODAY + timedelta(days=7 - TODAY.weekday())
WEEKS = [NEXT + timedelta(days=7 * n) for n in range(6)]


def cell(*levers):
    return {
        "p50": 30.0, "p80": 40.0, "capacity": 36.0, "coverage": 0.9, "tone": "red",
        "levers": [list(one) for one in levers],
    }  # fmt: skip


@pytest.fixture
def outlook(world):
    """Aix is short for two weeks, tight in the fourth; the backups help in all three."""
    none, backup = cell(), ("backup", 6.0, 1.05)
    cells = [cell(("defer", 2.0, 0.95), backup), cell(backup), none, cell(backup), none, none]
    report = {
        "weeks": [day.isoformat() for day in WEEKS],
        "sites": [{"site": world.sites.aix.pk, "name": "Aix", "cells": cells}],
        "total": cells, "waiting": 0, "half_days": [],
    }  # fmt: skip
    return LoadOutlook.objects.create(
        provider=world.provider, computed_at=timezone.now(), method="mean", report=report
    )


@pytest.fixture
def choose(world, outlook):
    def made(code="backup", **more):
        given = {"week": NEXT, "by": world.people.paul} | more
        return levering.choose(outlook, world.sites.aix, code, given.pop("week"), **given)

    return made


def kinds():
    return list(OrganisationChange.objects.order_by("id").values_list("kind", flat=True))


def test_a_lever_is_kept_with_its_effect_week_by_week_where_it_is_offered(world, choose):
    made = choose(weeks=4, note="Avec Basile")
    assert [one.week for one in made] == [WEEKS[0], WEEKS[1], WEEKS[3]]
    first = Lever.objects.get(week=NEXT)
    assert (first.hours, first.before, first.after) == (6.0, 0.9, 1.05)
    assert (first.asked, first.capacity, first.note) == (40.0, 36.0, "Avec Basile")
    assert first.chosen_by == world.people.paul and kinds() == ["lever_chosen"]


def test_what_is_not_offered_is_refused(world, choose, outlook):
    for code, week in (("float", NEXT), ("defer", WEEKS[1]), ("backup", NEXT + timedelta(1))):
        with pytest.raises(LeverNotOffered):
            choose(code, week=week)
    with pytest.raises(LeverNotOffered):
        levering.choose(outlook, world.sites.lyon, "backup", NEXT, by=world.people.paul)
    assert not Lever.objects.exists() and kinds() == []


def test_of_two_who_choose_it_for_one_week_one_wins(world, choose):
    choose(week=WEEKS[1])
    with pytest.raises(LeverChosen):
        choose(weeks=2, by=world.people.maud)
    assert Lever.objects.count() == 1 and kinds() == ["lever_chosen"]


def test_it_is_undone_once_and_only_before_its_week(world, choose):
    [lever] = choose()
    for by, day, fault in (
        (world.people.alice, TODAY, NotHers), (world.people.paul, NEXT, WeekBegun),
    ):  # fmt: skip
        with pytest.raises(fault):
            lever.undo(by=by, today=day)
    Lever.objects.get(pk=lever.pk).undo(by=world.people.maud, today=TODAY)
    with pytest.raises(LeverUndone):
        lever.undo(by=world.people.paul, today=TODAY)
    assert kinds() == ["lever_chosen", "lever_undone"]
    choose()  # it may be chosen again


def test_a_week_that_is_over_is_not_chosen_nor_by_an_assistant(world, choose):
    with pytest.raises(NotHers):
        choose(by=world.people.alice)
    later = datetime.combine(WEEKS[1], datetime.min.time(), PARIS) + timedelta(hours=1)
    with pytest.raises(WeekBegun):
        choose(now=later)


def test_what_came_of_it_is_written_once_the_week_is_over(world, choose, new_ticket):
    """The week of the cast's Tuesday: Alice there for five hours, three requests, one late."""
    [lever] = choose()
    other = choose("defer")[0]
    week = date(2026, 3, 2)
    Lever.objects.filter(pk=lever.pk).update(week=week, capacity=0.1)
    shift(world, "alice", at(9), at(14))
    tickets = [new_ticket("delivered", at=at(9)) for _ in range(3)]
    secret = new_ticket("delivered", at=at(9))
    Ticket.objects.filter(pk=secret.pk).update(confidentiality=3)
    late = Clock.objects.get(ticket=tickets[0], kind="delivery")
    Clock.objects.filter(pk=late.pk).update(verdict="missed")
    assert levering.turn_out(world.provider.pk, at(9, days=3)) == 0  # not over
    assert levering.turn_out(world.provider.pk) == 1
    assert levering.turn_out(world.provider.pk) == 0
    lever.refresh_from_db()
    other.refresh_from_db()
    hours = tickets[0].service.standard_minutes / 60
    told = lever.outcome
    assert other.outcome is None and levering.absorbed(other) is None
    assert (told["came"], told["delivered"]) == (round(3 * hours, 1), round(3 * hours, 1))
    assert (told["in_time"], told["late"]) == (round(2 * hours, 1), 1)
    assert told["capacity"] > 4
    assert told["coverage"] == pytest.approx(told["capacity"] / (3 * hours), rel=0.01)
    assert levering.absorbed(lever) == 0  # a promise was not kept
    lever.outcome["late"] = 0
    assert levering.absorbed(lever) == pytest.approx((told["in_time"] - 0.1) / 0.1)


def test_pages_and_calls(world, outlook, client_of, call):
    people, aix = world.people, world.sites.aix
    paul = client_of(people.paul)
    assert "Aucun levier" in paul.get(reverse("levers")).content.decode()
    page = paul.get(reverse("peaks"), {"site": aix.pk, "week": 0}).content.decode()
    assert 'value="backup"' in page and 'value="defer"' in page
    typed = {"site": aix.pk, "week": str(NEXT), "code": "backup", "weeks": 2, "note": "Avec soin"}
    assert paul.post(reverse("lever_choose"), typed | {"week": "x"}).status_code == 404
    for _twice in range(2):
        assert paul.post(reverse("lever_choose"), typed).status_code == 302
    page = paul.get(reverse("levers")).content.decode()
    assert page.count("Avec soin") == 2 and "Lever" not in page
    page = paul.get(reverse("peaks"), {"site": aix.pk, "week": 0}).content.decode()
    assert people.paul.name in page and "disabled" in page
    first = Lever.objects.last()
    assert paul.post(reverse("lever_undo", args=[first.pk])).status_code == 302
    assert paul.post(reverse("lever_undo", args=[first.pk])).status_code == 302
    body = {"site": aix.pk, "week": NEXT, "code": "defer"}
    status, made = call(people.paul, "POST", "levers", **body)
    assert status == 201 and made[0]["hours"] == 2.0 and made[0]["outcome"] is None
    assert call(people.paul, "POST", "levers", **body)[0] == 409
    assert call(people.paul, "POST", "levers", **body | {"code": "temp"})[0] == 422
    assert len(call(people.paul, "GET", "levers")[1]) == 3
    assert call(people.paul, "POST", f"levers/{made[0]['id']}/undo")[1]["undone_at"]
    assert call(people.paul, "POST", f"levers/{made[0]['id']}/undo")[0] == 409
    for who in ("alice", "claire", "erwan"):
        other, person = client_of(getattr(people, who)), getattr(people, who)
        assert other.get(reverse("levers")).status_code == 404
        assert other.post(reverse("lever_choose"), typed).status_code == 404
        assert other.post(reverse("lever_undo", args=[first.pk])).status_code == 404
        assert call(person, "GET", "levers")[0] == 404
        assert call(person, "POST", "levers", **body)[0] == 404

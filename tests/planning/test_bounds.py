"""What is typed beyond reach, and kinds of shift that change under a roster: said, no fault."""

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from relais.planning import demand, roster_problem, roster_words, rostering
from relais.planning.errors import NotItsKind
from relais.planning.models import Roster, ShiftKind

from .plan import MONDAY, PARIS


@pytest.fixture
def people(world):
    with override("en"):
        yield world.people


def test_kinds_that_change_under_a_roster_stop_neither_its_page_nor_its_solving(world, people):
    alice = people.alice.pk
    fields = {"name": "Mars", "starts_on": MONDAY, "weeks": 1, "seconds": 3}
    roster = rostering.draft(fields, by=people.paul)
    night = {"name": "Nuit", "starts": "17:00", "ends": "21:00"}
    ShiftKind.objects.create(provider=world.provider, code="N", **night)
    with pytest.raises(NotItsKind, match="“N”"):
        roster.place(alice, 0, "N")
    roster.place(alice, 0, "J")
    ShiftKind.objects.filter(code="J").update(active=False)
    Roster.objects.filter(pk=roster.pk).update(
        rows={str(alice): ["J", "N", "Z", *[""] * 4]}, pins={str(alice): [0, 2]}
    )
    kept = Roster.objects.get()
    with pytest.raises(NotItsKind, match="“N”"):
        kept.swap((alice, 1), (alice, 5))
    assert roster_words.told(kept).rows[alice] == ("J", *[""] * 6)
    problem = roster_problem.build(kept, PARIS, MONDAY)
    assert {"J", "N"} < {duty.key for duty in problem.duties}
    hers = next(one for one in problem.people if one.key == alice)
    assert hers.pinned == {0: "J"}
    assert all("Z" not in row for row in rostering._initial(kept, problem).values())
    kept.state = "published"
    other = rostering.mend(kept, "Suite", by=people.paul)
    other.rows, other.pins = {}, {}
    again = roster_problem.build(other, PARIS, MONDAY)
    assert {"J", "N"} < {duty.key for duty in again.duties}


FAR = ("0001-01-01", "9999-12-31", "2015-06-01")


def test_days_beyond_reach_are_refused_by_forms_and_api_alike(world, people, client_of, call):
    paul, alice, site = client_of(people.paul), people.alice.pk, world.sites.aix.pk
    hours = {"starts": "09:00", "ends": "12:00"}
    near = {"first": MONDAY, "last": MONDAY, "day": MONDAY, "weekdays": [1]}
    for far in FAR:
        assert paul.get(reverse("shifts"), {"week": far}).status_code == 200
        typed = near | hours | {"person": alice, "site": site}
        for page, field in (
            ("shift_new", "day"), ("shift_pattern", "first"), ("on_site_days", "day"),
        ):  # fmt: skip
            assert paul.post(reverse(page), typed | {field: far}).status_code == 422
        sent = {"person": alice, **hours, "weekdays": [1], "preview": True}
        spans = ({"first": far, "last": far}, {"first": MONDAY, "last": far})
        for span in spans:
            assert call(people.paul, "POST", "shift_patterns", **sent, **span)[0] == 422
        there = {"person": alice, "site": site, "day": MONDAY, "until": far}
        assert call(people.paul, "POST", "on_site_days", **there)[0] == 422
        roster = {"name": "Loin", "starts_on": far}
        assert call(people.paul, "POST", "rosters", **roster)[0] == 422
        shift = {"person": alice, "starts": f"{far}T09:00Z", "ends": f"{far}T10:00Z"}
        assert call(people.paul, "POST", "shifts", **shift)[0] == 422
    today = timezone.localdate()
    monday = today - timedelta(days=today.weekday())
    over = {"name": "Passé", "starts_on": monday - timedelta(days=7), "weeks": 1}
    status, told = call(people.paul, "POST", "rosters", **over)
    assert status == 422 and "planning est passé" in str(told)
    assert not Roster.objects.exists()


def test_of_days_before_the_first_that_was_counted_nothing_is_known():
    hours = {7: np.arange(8.0).reshape(4, 2)}
    series = [demand.Series(7, "travel", 30.0)]
    assert demand._laid(series, hours, -1, 3)[0].tolist() == [[0, 0], [0, 1], [2, 3]]
    assert not demand._laid(series, hours, -9, 3).any()
    assert demand._laid(series, hours, 1, 2)[0].tolist() == [[2, 3], [4, 5]]

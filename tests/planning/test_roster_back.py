"""Rosters taken back: only what lies ahead, piece by piece, the last published one first."""

from datetime import timedelta

import pytest
from django.utils.translation import override

from relais.people.models import Rostered, Shift
from relais.planning import publishing, rostering
from relais.planning.errors import AllWorked, PublishedOver, UnknownKinds, Unlawful
from relais.planning.models import Roster, ShiftKind
from relais.planning.roster_forms import KindForm

from .plan import MONDAY, PARIS, at

WEEK = ["J"] * 5 + [""] * 2


@pytest.fixture
def people(world):
    rostering.first_kinds(world.provider.pk)
    with override("en"):
        yield world.people


def made(people, row, weeks=0, name="Mars"):
    return Roster.objects.create(
        provider=people.alice.provider, made_by=people.paul, name=name,
        starts_on=MONDAY + timedelta(weeks=weeks), weeks=len(row) // 7,
        rows={str(people.alice.pk): row},
    )  # fmt: skip


def publish(people, roster):
    publishing.publish(roster, by=people.paul, zone=PARIS)
    return roster


def stood(world, people, begin, end):
    Shift.objects.create(provider=world.provider, person=people.alice, period=(begin, end))


def settled():
    spans = Rostered.objects.order_by("period").values_list("period", flat=True)
    return [(span.lower, span.upper) for span in spans]


def days():
    starts = Shift.objects.values_list("period", flat=True)
    return sorted({span.lower.astimezone(PARIS).date() for span in starts})


def test_one_that_overlaps_another_in_part_is_taken_back_and_then_the_other(people):
    first = publish(people, made(people, WEEK * 2))
    before = days()
    second = publish(people, made(people, ["", "J"] * 7, weeks=1, name="Suite"))
    assert days() != before
    publishing.withdraw(second, by=people.paul)
    assert days() == before
    assert sum((b - a for a, b in settled()), timedelta()) == timedelta(days=14)
    publishing.withdraw(first, by=people.paul)
    assert not settled() and not Shift.objects.exists()


def test_days_that_were_worked_stay_and_one_that_is_over_is_refused(world, people, monkeypatch):
    for day in (0, 3):
        stood(world, people, at(10, days=day), at(12, days=day))
    roster = publish(people, made(people, WEEK))
    # What was worked was put right since: it is no obstacle.
    one = Shift.objects.filter(period__overlap=(at(0), at(0, days=1))).first()
    Shift.objects.filter(pk=one.pk).update(period=(at(9, 15), one.period.upper))
    monkeypatch.setattr(publishing, "_tomorrow", lambda now, zone: at(0, days=7))
    with pytest.raises(AllWorked):
        publishing.withdraw(roster, by=people.paul)
    monkeypatch.setattr(publishing, "_tomorrow", lambda now, zone: at(0, days=2))
    assert publishing.withdraw(Roster.objects.get(), by=people.paul) == 1
    assert days() == [MONDAY, MONDAY + timedelta(days=1), MONDAY + timedelta(days=3)]
    on_thursday = Shift.objects.get(period__overlap=(at(0, days=3), at(0, days=4))).period
    assert (on_thursday.lower, on_thursday.upper) == (at(10, days=3), at(12, days=3))
    assert settled() == [(at(0), at(0, days=2))]


def test_the_law_is_asked_of_what_comes_back(world, people):
    stood(world, people, at(7, days=3), at(19, days=3))
    roster = publish(people, made(people, WEEK))
    before = days()
    with pytest.raises(Unlawful, match="12 h of work"):
        publishing.withdraw(roster, by=people.paul)
    assert days() == before and Roster.objects.get().state == "published"


def test_the_later_of_two_is_taken_back_first(people):
    first = publish(people, made(people, WEEK))
    second = publish(people, made(people, WEEK, name="Bis"))
    with pytest.raises(PublishedOver, match="“Bis”"):
        publishing.withdraw(first, by=people.paul)
    publishing.withdraw(second, by=people.paul)
    publishing.withdraw(Roster.objects.get(pk=first.pk), by=people.paul)
    assert not Shift.objects.exists()


def test_a_code_that_is_no_kind_publishes_nothing_and_none_is_renamed(people, call):
    roster = made(people, ["J", "Z", *WEEK[2:]])
    with pytest.raises(UnknownKinds, match="“Z”"):
        publish(people, roster)
    assert not Shift.objects.exists()
    kind = ShiftKind.objects.get(code="J")
    typed = {"code": "J", "name": "Jour", "starts": "09:00", "ends": "17:00"}
    edit = f"shift_kinds/{kind.pk}/edit"
    assert call(people.paul, "POST", edit, **typed | {"code": "Z"})[0] == 422
    assert call(people.paul, "POST", edit, **typed)[0] == 200
    assert KindForm(instance=kind)["code"].field.widget.attrs["readonly"]

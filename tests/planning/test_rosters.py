"""Rosters: drafted, solved by the worker, changed by hand, published once, taken back, mended."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils.translation import override

from relais.desk.pool import Pool
from relais.people.models import Absence, OrganisationChange, Rostered, Shift, Wish
from relais.planning import publishing, roster_problem, roster_words, rostering
from relais.planning.errors import (
    CannotWithdraw,
    ChangedMeanwhile,
    NoDuty,
    NotInThisState,
    Unlawful,
)
from relais.planning.models import Roster, ShiftKind

from .plan import MONDAY, PARIS, at

FIELDS = {"name": "Mars", "starts_on": MONDAY + timedelta(days=2), "weeks": 1, "seconds": 3}


@pytest.fixture
def people(world):
    with override("en"):
        yield world.people


def solved(people, **fields):
    roster = rostering.draft(FIELDS | fields, by=people.paul)
    return run(roster)


def run(roster):
    rostering.begin(roster)
    for _twice in range(2):
        rostering.run(roster.provider_id, roster.pk, roster.version)
    return Roster.objects.get(pk=roster.pk)


def publish(roster, people):
    return publishing.publish(roster, by=people.paul, zone=PARIS)


def standing():
    return sorted(Shift.objects.values_list("person", "period"))


def test_a_draft_is_solved_within_the_rules_and_its_gap_is_shown(people):
    roster = rostering.draft(FIELDS, by=people.paul)
    assert (roster.starts_on, roster.state, roster.shifts) == (MONDAY, "draft", 0)
    assert {kind.code for kind in ShiftKind.objects.all()} == {"M", "J", "S", "AM", "PM"}
    assert len(roster.rows) == 3
    roster = run(roster)
    assert roster.state == "solved" and roster.shifts
    assert roster.bound <= roster.cost and 0 <= roster.gap < 0.05
    told = roster_words.told(roster)
    assert told.cost == pytest.approx(roster.cost) and not told.broken
    # Everybody serves a site alone or as its lead: five days each, none at the weekend.
    assert all(row[5:] == ["", ""] for row in roster.rows.values())
    assert {person: minutes <= 35 * 60 for person, minutes in told.minutes.items()}


def test_nothing_to_make_it_of_is_said(world, people):
    ShiftKind.objects.create(
        provider=world.provider, code="X", name="X", starts="09:00", ends="12:00", active=False
    )
    with pytest.raises(NoDuty, match="no kind of shift"):
        rostering.draft(FIELDS, by=people.paul)
    assert not Roster.objects.exists()


def test_a_wish_is_met_and_what_a_lead_pinned_stays(people):
    alice = people.alice
    Wish.objects.create(
        provider=alice.provider,
        person=alice,
        kind="avoids",
        weekday=1,
        starts="16:30",
        ends="19:00",
    )
    roster = solved(people)
    assert roster.rows[str(alice.pk)][0] not in ("J", "S", "PM")
    roster.place(alice.pk, 0, "S")
    roster.place(people.basile.pk, 2, "")
    assert roster.rows[str(alice.pk)][0] == "S" and roster.is_pinned(alice.pk, 0)
    told = roster_words.told(roster)
    assert told.wishes == {alice.pk: 4.0} and told.by_rule["wish"] == 4.0
    again = run(roster)
    assert again.rows[str(alice.pk)][0] == "S" and again.rows[str(people.basile.pk)][2] == ""
    again.unpin(alice.pk, 0)
    assert run(again).rows[str(alice.pk)][0] != "S"


def test_two_days_are_exchanged_and_what_is_broken_is_said(people):
    roster = solved(people)
    alice, basile = str(people.alice.pk), str(people.basile.pk)
    before = roster.rows[alice][1]
    roster.swap((people.alice.pk, 1), (people.basile.pk, 6))
    assert (roster.rows[alice][1], roster.rows[basile][6]) == ("", before)
    told = roster_words.told(roster)
    names = roster_words.Names([people.alice, people.basile, people.chloe], [], [])
    said = [roster_words.sentence(roster, fault, names) for fault in told.broken]
    assert any("Basile Bœuf works on Sun" in each and "no site is open" in each for each in said)
    stale = Roster.objects.get(pk=roster.pk)
    stale.version -= 1
    with pytest.raises(ChangedMeanwhile):
        stale.place(people.alice.pk, 1, "M")


def test_what_is_not_covered_is_told_by_site_and_hours(people, world):
    roster = rostering.draft(FIELDS, by=people.paul)
    told = roster_words.told(roster)
    names = roster_words.Names([], [world.sites.aix, world.sites.lyon, world.sites.brest], [])
    said = [roster_words.shortfall(roster, each, names) for each in told.shortfalls]
    assert "Mon 1 Mar, Aix: without its lead" in said
    assert any(each.startswith("Mon 1 Mar, 09:00–10:00, Aix: 0 there") for each in said)
    assert told.by_rule["lead"] == 5 * 3 * 5


def test_publishing_writes_shifts_tells_those_concerned_and_is_taken_back(
    world, people, django_capture_on_commit_callbacks
):
    alice = people.alice
    kept = Shift.objects.create(provider=world.provider, person=alice, period=(at(9), at(10)))
    former = standing()
    roster = solved(people)
    written = publish(roster, people)
    assert written == Shift.objects.count() > 10
    assert not Shift.objects.filter(pk=kept.pk).exists()
    assert Rostered.objects.count() == 3
    assert OrganisationChange.objects.filter(kind="roster_published").count() == 3
    row = roster.rows[str(alice.pk)]
    hours = Pool.read(at(0, days=-3), [world.sites.aix.pk]).assistants[alice.pk].shifts
    free = [n for n in range(5) if not row[n]]
    assert all((at(9, days=n), at(12, 30, days=n)) not in hours for n in free)
    with pytest.raises(NotInThisState):
        publish(roster, people)
    assert publishing.withdraw(roster, by=people.paul) == 1
    assert standing() == former and not Rostered.objects.exists()
    with pytest.raises(NotInThisState):
        publishing.withdraw(roster, by=people.paul)


def test_it_is_not_taken_back_once_somebody_changed_a_shift(people):
    roster = solved(people)
    publish(roster, people)
    first = Shift.objects.filter(person=people.alice).order_by("period").first()
    Shift.objects.filter(pk=first.pk).update(period=(at(7), at(8)))
    with pytest.raises(CannotWithdraw, match="Alice Arnaud"):
        publishing.withdraw(roster, by=people.paul)
    assert Roster.objects.get(pk=roster.pk).state == "published"


def test_two_leads_publish_at_once_and_one_wins(people):
    roster = solved(people)
    theirs = Roster.objects.get(pk=roster.pk)
    publish(roster, people)
    before = standing()
    with pytest.raises(ChangedMeanwhile):
        publishing.publish(theirs, by=people.maud, zone=PARIS)
    assert standing() == before


def test_the_law_stops_what_a_hand_made(people):
    roster = solved(people)
    for day in range(7):
        roster.place(people.alice.pk, day, "S")
    with pytest.raises(Unlawful, match="of rest in a row"):
        publish(roster, people)
    assert not Shift.objects.exists()


def test_an_absence_is_mended_with_few_days_changed(people):
    roster = solved(people)
    publish(roster, people)
    alice = people.alice
    gone = next(day for day in range(5) if roster.rows[str(alice.pk)][day])
    Absence.objects.create(
        provider=alice.provider, person=alice, period=(at(0, days=gone), at(0, days=gone + 1))
    )
    mended = run(rostering.mend(roster, "Mars, repris", by=people.paul))
    assert mended.state == "solved", mended.problem
    assert mended.rows[str(alice.pk)][gone] == ""
    told = roster_words.told(mended)
    assert gone in told.changed[alice.pk] and told.changed_days <= 3
    before = Rostered.objects.count()
    publish(mended, people)
    assert Rostered.objects.count() == before
    publishing.withdraw(mended, by=people.paul)
    assert Shift.objects.filter(person=alice, period__contains=at(10, days=gone)).exists()
    with pytest.raises(NotInThisState):
        rostering.mend(mended, "Encore", by=people.paul)


def test_solving_is_stopped_with_the_best_so_far(people, monkeypatch):
    roster = rostering.draft(FIELDS, by=people.paul)
    rostering.begin(roster)
    monkeypatch.setattr(rostering, "TELL_EVERY", 0.0)
    rostering.stop(roster)
    rostering.run(roster.provider_id, roster.pk, roster.version)
    ended = Roster.objects.get(pk=roster.pk)
    assert (ended.state, ended.stop_asked) == ("solved", False) and ended.cost is not None
    with pytest.raises(NotInThisState):
        rostering.stop(ended)


def test_who_has_no_row_at_all_is_said_and_a_dead_worker_is_noticed(people):
    roster = rostering.draft(FIELDS, by=people.paul)
    for day in range(7):
        roster.place(people.alice.pk, day, "S")
    ended = run(roster)
    assert (ended.state, ended.problem) == ("draft", rostering.NO_ROW)
    rostering.begin(ended)
    assert not rostering.is_silent(ended)
    Roster.objects.filter(pk=ended.pk).update(told_at=at(0))
    silent = Roster.objects.get(pk=ended.pk)
    silent.told_at = at(0, days=-400)
    with pytest.raises(NotInThisState):
        rostering.begin(Roster.objects.get(pk=ended.pk))


def test_the_forecast_or_the_mean_asks_for_people_by_half_hour_and_skill(people, world):
    roster = Roster(provider=world.provider, made_by=people.paul, **FIELDS, source="forecast")
    roster.starts_on = MONDAY
    rostering.first_kinds(world.provider.pk)
    problem = roster_problem.build(roster, PARIS, MONDAY)
    rules = {need.name.split(":")[0] for need in problem.needs}
    assert rules == {"cover", "lead"}  # nothing came yet: nothing is foreseen


def test_the_lead_does_it_all_by_the_pages(people, client_of):
    paul = client_of(people.paul)
    typed = {
        "name": "Mars", "starts_on": MONDAY, "weeks": 1, "source": "cover", "seconds": 3, "seed": 1,
    }  # fmt: skip
    assert paul.post(reverse("rosters"), typed | {"weeks": 9}).status_code == 422
    assert paul.post(reverse("rosters"), typed).status_code == 302
    roster = Roster.objects.get()

    def post(verb, **sent):
        return paul.post(reverse(f"roster_{verb}", args=[roster.pk]), sent)

    assert "Mars" in paul.get(reverse("rosters")).content.decode()
    post("solve")
    shown = paul.get(reverse("roster", args=[roster.pk])).content.decode()
    assert 'id="roster-progress"' in shown
    part = reverse("roster_progress", args=[roster.pk])
    assert "Meilleur" in paul.get(part).content.decode()
    post("stop")
    roster.refresh_from_db()
    rostering.run(roster.provider_id, roster.pk, roster.version)
    assert paul.get(part)["HX-Redirect"]
    roster.refresh_from_db()
    alice = people.alice.pk
    cell = {"person": alice, "day": 1, "version": roster.version}
    assert post("place", **cell, kind="M").status_code == 302
    assert post("place", **cell, kind="S").status_code == 302  # too late: said, not done
    assert post("place", **cell | {"day": 77}, kind="M").status_code == 404
    roster.refresh_from_db()
    assert roster.rows[str(alice)][1] == "M"
    headers = {"HTTP_HX_REQUEST": "true"}
    fresh = {"version": roster.version, "person": alice, "day": 1}
    to = {"to_person": people.basile.pk, "to_day": 2}
    place = reverse("roster_place", args=[roster.pk])
    answer = paul.post(place, fresh | to, **headers).content.decode()
    assert 'id="roster-board"' in answer and "<html" not in answer
    assert "modifié" in paul.post(place, fresh | to, **headers).content.decode()
    roster.refresh_from_db()
    assert post("place", **fresh | {"version": roster.version}, unpin="on").status_code == 302
    roster.refresh_from_db()
    post("publish", version=roster.version)
    assert Roster.objects.get().state == "published", Roster.objects.get().state
    assert post("discard").status_code == 404
    post("mend")
    other = Roster.objects.exclude(pk=roster.pk).get()
    assert other.state == "solving" and other.mends == roster
    rostering.run(other.provider_id, other.pk, other.version)
    beside = paul.get(reverse("roster_compare", args=[roster.pk, other.pk]))
    assert "Alice Arnaud" in beside.content.decode()
    paul.post(reverse("roster_discard", args=[other.pk]))
    post("withdraw")
    assert Roster.objects.get().state == "withdrawn"
    kinds = reverse("shift_kinds")
    night = {"code": "N", "name": "Soir", "starts": "18:00", "ends": "17:00", "active": "on"}
    assert paul.post(kinds, night).status_code == 422
    assert paul.post(kinds, night | {"ends": "20:00"}).status_code == 302
    assert paul.post(kinds, night | {"ends": "20:00"}).status_code == 422
    row = ShiftKind.objects.get(code="N")
    page = reverse("shift_kind", args=[row.pk])
    seen = paul.get(page).context["form"].initial["seen"]
    assert paul.post(page, night | {"ends": "21:00", "seen": seen}).status_code == 302


def test_the_api_does_what_the_pages_do(people, call):
    paul = people.paul
    body = FIELDS | {"weights": {"lead": 7}}
    status, made = call(paul, "POST", "rosters", **body)
    assert status == 201, made
    assert made["state"] == "draft" and made["by_rule"]["lead"] == 7 * 15
    path = f"rosters/{made['id']}"
    assert call(paul, "POST", "rosters", **body | {"weeks": 0})[0] == 422
    assert call(paul, "POST", f"{path}/stop")[0] == 409
    assert call(paul, "POST", f"{path}/solve", version=made["version"] + 5)[0] == 409
    status, told = call(paul, "POST", f"{path}/solve", version=made["version"])
    assert (status, told["state"]) == (200, "solving")
    assert call(paul, "POST", f"{path}/stop")[0] == 200
    roster = Roster.objects.get()
    rostering.run(roster.provider_id, roster.pk, roster.version)
    told = call(paul, "GET", path)[1]
    assert told["state"] == "solved" and told["bound"] <= told["cost"]
    alice = people.alice.pk
    cell = {"person": alice, "day": 0, "kind": "AM"}
    assert call(paul, "POST", f"{path}/place", **cell | {"kind": "ZZ"})[0] == 404
    assert call(paul, "POST", f"{path}/place", **cell | {"day": 60})[0] == 404
    placed = call(paul, "POST", f"{path}/place", **cell, version=told["version"])[1]
    assert placed["rows"][str(alice)][0] == "AM" and placed["pins"][str(alice)] == [0]
    assert call(paul, "POST", f"{path}/place", **cell, version=told["version"])[0] == 409
    to = {"to_person": alice, "to_day": 1}
    assert call(paul, "POST", f"{path}/place", **cell, **to)[1]["rows"][str(alice)][1] == "AM"
    assert call(paul, "POST", f"{path}/place", **cell, unpin=True)[1]["pins"][str(alice)] == [1]
    status, told = call(paul, "POST", f"{path}/publish")
    assert status == 200 and told["shifts"] == Shift.objects.count()
    assert call(paul, "POST", f"{path}/publish")[0] == 409
    mend = call(paul, "POST", f"{path}/mend")[1]
    assert mend["mends"] == made["id"] and mend["state"] == "solving"
    other = f"rosters/{mend['id']}"
    assert call(paul, "POST", f"{other}/discard")[0] == 404
    Roster.objects.filter(pk=mend["id"]).update(state="draft")
    assert call(paul, "GET", f"{path}/compare/{mend['id']}")[1]["differ"] == 0
    assert call(paul, "POST", f"{other}/discard")[0] == 200
    assert call(paul, "POST", f"{path}/withdraw")[0] == 200
    assert len(call(paul, "GET", "rosters")[1]["items"]) == 1
    kind = {"code": "N", "name": "Soir", "starts": "18:00", "ends": "20:00"}
    status, made = call(paul, "POST", "shift_kinds", **kind)
    assert status == 201
    edit = f"shift_kinds/{made['id']}/edit"
    assert call(paul, "POST", edit, **kind | {"ends": "17:00"})[0] == 422
    assert len(call(paul, "GET", "shift_kinds")[1]) == 6


def test_nobody_else_finds_a_roster(people, client_of, call):
    roster = rostering.draft(FIELDS, by=people.paul)
    pages = ("roster", "roster_progress")
    verbs = ("solve", "stop", "place", "publish", "withdraw", "mend", "discard")
    for who in ("alice", "claire", "quentin", "erwan"):
        browser = client_of(getattr(people, who))
        for page in pages:
            assert browser.get(reverse(page, args=[roster.pk])).status_code == 404
        for verb in verbs:
            address = reverse(f"roster_{verb}", args=[roster.pk])
            assert browser.post(address).status_code == 404
        for page in ("rosters", "shift_kinds"):
            assert browser.get(reverse(page)).status_code == 404
        for path in ("rosters", f"rosters/{roster.pk}", "shift_kinds"):
            assert call(getattr(people, who), "GET", path)[0] == 404
    assert Roster.objects.get().version == roster.version
    assert not mail.outbox

"""Planning's facts: shifts, patterns, on-site days, wishes; within the law, inside the wall."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from relais.desk.models import DispatchSetting
from relais.people.models import (
    Absence,
    AssistantProfile,
    OnSiteDay,
    OrganisationChange,
    Shift,
    Wish,
)
from relais.planning import shifts as flow
from relais.planning.errors import ChangedMeanwhile, Doubled, NothingToPlan, Unlawful

from .plan import MONDAY, PARIS, at


@pytest.fixture
def people(world):
    with override("en"):
        yield world.people


def changes(kind):
    return OrganisationChange.objects.filter(kind=kind).count()


def shift_of(person, hour=9, until=12, days=0):
    rows, _word = flow.write(person, [(at(hour, days=days), at(until, days=days))], by=person)
    return rows[0]


def test_a_shift_is_written_once(people):
    flow.write(people.alice, [(at(8), at(12)), (at(13), at(17))], by=people.paul)
    assert Shift.objects.filter(person=people.alice).count() == 2
    assert changes("shift_added") == 1
    with pytest.raises(Doubled, match="shift then already"):
        flow.write(people.alice, [(at(11), at(13))], by=people.paul)
    assert Shift.objects.count() == 2
    with pytest.raises(NothingToPlan):
        flow.write(people.alice, [], by=people.paul)


# By each rule: hours that break it, and the words of its sentence.
UNLAWFUL = {
    "day": ([(6, 12), (13, 18)], "11 h of work, more than 10 h"),
    "pause": ([(9, 16)], "7 h without a real pause"),
}


@pytest.mark.parametrize("rule", UNLAWFUL)
def test_what_the_law_forbids_is_refused_in_its_sentence(people, rule):
    hours, words = UNLAWFUL[rule]
    with pytest.raises(Unlawful, match=words):
        flow.write(people.alice, [(at(a), at(b)) for a, b in hours], by=people.paul)
    assert not Shift.objects.exists() and not changes("shift_added")


def test_the_limits_are_the_providers(people):
    DispatchSetting.set({"day_minutes": 420}, "Accord d’entreprise", by=people.paul)
    with pytest.raises(Unlawful, match="7 h"):
        flow.write(people.alice, [(at(8), at(12)), (at(13), at(17, 30))], by=people.paul)


def test_a_rest_that_is_too_short_looks_at_the_usual_hours_around(people):
    with pytest.raises(Unlawful, match="10 h of rest"):
        flow.write(people.alice, [(at(18, days=-1), at(23, days=-1))], by=people.paul)


def test_a_part_timer_and_a_contract_are_told_not_refused(people, monkeypatch):
    AssistantProfile.objects.filter(person=people.alice).update(contract_hours=20)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(9, days=-3))
    _rows, word = flow.write(people.alice, [(at(9), at(12))], by=people.paul)
    assert [one.code for one in word.warns] == ["notice"]
    assert "7 working days ahead, and these are 1" in word.sentences[0]
    far = [(at(9, days=60), at(12, days=60)), (at(14, days=60), at(19, days=60))]
    assert [one.code for one in flow.write(people.alice, far, by=people.paul)[1].warns] == []


def test_a_shift_moves_and_only_as_it_was_read(people):
    mine = shift_of(people.alice)
    was = (mine.period.lower, mine.period.upper)
    flow.move(mine, (at(10), at(13)), by=people.paul, seen=was)
    assert Shift.objects.get(pk=mine.pk).period.lower == at(10)
    with pytest.raises(ChangedMeanwhile):
        flow.move(mine, (at(8), at(9)), by=people.paul, seen=was)
    with pytest.raises(Unlawful):
        flow.move(mine, (at(8), at(20)), by=people.paul)
    shift_of(people.alice, 15, 17)
    with pytest.raises(Doubled):
        flow.move(mine, (at(14), at(16)), by=people.paul)
    assert changes("shift_moved") == 1


def test_a_pattern_is_foreseen_then_written_without_doubles(people):
    shift_of(people.alice, days=2)
    Absence.objects.create(
        provider=people.alice.provider, person=people.alice, period=(at(0, days=3), at(0, days=4))
    )
    pattern = flow.Pattern(
        frozenset({1, 3, 4}), ((at(9).time(), at(12).time()),), MONDAY, MONDAY + timedelta(days=8)
    )
    preview = flow.foreseen(people.alice, pattern, PARIS)
    assert [begin for begin, _end in preview.spans] == [at(9), at(9, days=7)]
    assert [day for day, _why in preview.left_out] == [MONDAY + timedelta(n) for n in (2, 3)]
    assert Shift.objects.count() == 1
    rows, _told = flow.write_pattern(people.alice, pattern, PARIS, by=people.paul)
    assert len(rows) == 2 and len({row.series for row in rows}) == 1
    with pytest.raises(NothingToPlan, match="has a shift already"):
        flow.write_pattern(people.alice, pattern, PARIS, by=people.paul)


def test_the_lead_plans_by_the_pages(people, client_of):
    paul = client_of(people.paul)
    hours = {"starts": "09:00", "ends": "17:00", "pause_from": "12:00", "pause_until": "13:00"}
    new = reverse("shift_new")
    typed = hours | {"person": people.alice.pk, "day": MONDAY}
    assert paul.post(new, typed | {"pause_from": "", "pause_until": ""}).status_code == 422
    assert paul.post(new, typed).status_code == 302
    first = Shift.objects.order_by("period").first()
    assert (first.period.lower, first.period.upper) == (at(9), at(12))
    week = paul.get(f"{reverse('shifts')}?week={MONDAY}").content.decode()
    assert "09:00–12:00" in week and "13:00–17:00" in week
    page = reverse("shift_edit", args=[first.pk])
    assert "09:00" in paul.get(page).content.decode()
    assert paul.post(page, {"day": MONDAY, "starts": "08:00", "ends": "07:00"}).status_code == 422
    assert paul.post(page, {"day": MONDAY, "starts": "08:00", "ends": "12:00"}).status_code == 302
    of_weeks = hours | {
        "person": people.basile.pk, "weekdays": [1, 2], "first": MONDAY, "last": date(2027, 3, 12),
    }  # fmt: skip
    shown = paul.post(reverse("shift_pattern"), of_weeks)
    assert shown.context["preview"]["days"] == 4
    assert not Shift.objects.filter(person=people.basile).exists()
    assert paul.post(reverse("shift_pattern"), of_weeks | {"confirm": "on"}).status_code == 302
    second = Shift.objects.filter(person=people.basile).order_by("period")[2]
    paul.post(reverse("shift_remove", args=[second.pk]), {"series": "on"})
    assert Shift.objects.filter(person=people.basile).count() == 2
    paul.post(reverse("shift_remove", args=[first.pk]))
    assert not Shift.objects.filter(pk=first.pk).exists()


def test_on_site_days_are_written_weekly_and_once(people, world, client_of):
    aix, paul = world.sites.aix, client_of(people.paul)
    rows = flow.be_on_site(people.alice, aix, MONDAY, MONDAY + timedelta(14), by=people.paul)
    assert [row.day for row in rows] == [MONDAY + timedelta(7 * n) for n in range(3)]
    with pytest.raises(Doubled, match="at a site that day already"):
        flow.be_on_site(people.alice, world.sites.lyon, MONDAY, by=people.paul)
    with pytest.raises(NothingToPlan):
        flow.be_on_site(people.alice, aix, MONDAY, MONDAY + timedelta(7), by=people.paul)
    typed = {"person": people.basile.pk, "site": aix.pk, "day": MONDAY}
    assert paul.post(reverse("on_site_days"), typed | {"until": "2027-02-01"}).status_code == 422
    assert paul.post(reverse("on_site_days"), typed).status_code == 302
    assert "Alice Arnaud" in paul.get(reverse("on_site_days")).content.decode()
    paul.post(reverse("on_site_remove", args=[rows[1].pk]), {"series": "on"})
    assert OnSiteDay.objects.filter(person=people.alice).count() == 1


def test_an_on_site_day_moves_to_another_day_or_site(world, people, client_of, call):
    paul, aix, lyon = people.paul, world.sites.aix, world.sites.lyon
    row, other = flow.be_on_site(people.alice, aix, MONDAY, MONDAY + timedelta(7), by=paul)
    page, tuesday = reverse("on_site_edit", args=[row.pk]), MONDAY + timedelta(1)
    browser, path = client_of(paul), f"on_site_days/{row.pk}/edit"
    assert browser.get(page).status_code == 200
    back = "/planning/?view=site"
    answer = browser.post(page, {"day": tuesday, "site": lyon.pk, "back": back})
    assert (answer.status_code, answer.url) == (302, back)
    row.refresh_from_db()
    assert (row.day, row.site) == (tuesday, lyon) and changes("on_site_moved") == 1
    again = {"day": tuesday, "site": lyon.pk, "back": "https://elsewhere.example/"}
    assert browser.post(page, again).url == reverse("on_site_days")  # ours alone; and nothing new
    assert changes("on_site_moved") == 1
    taken = browser.post(page, {"day": other.day, "site": lyon.pk})
    assert taken.status_code == 422 and "déjà sur un site" in taken.content.decode()
    assert call(paul, "POST", path, day=MONDAY, site=aix.pk, seen=MONDAY)[0] == 409
    status, told = call(paul, "POST", path, day=MONDAY, site=aix.pk)
    assert (status, told["day"], told["site"]["name"]) == (200, str(MONDAY), "Aix")
    assert call(paul, "POST", path, day=MONDAY)[0] == 422
    assert call(people.alice, "POST", path, day=MONDAY, site=aix.pk)[0] == 404
    assert client_of(people.alice).get(page).status_code == 404


def test_each_assistant_writes_her_own_wishes(people, client_of):
    alice, basile = client_of(people.alice), client_of(people.basile)
    page = reverse("my_wishes")
    assert alice.post(page, {"kind": "avoids", "weekday": "5", "day": MONDAY}).status_code == 422
    friday = {"kind": "avoids", "weekday": "5", "starts": "14:00", "ends": "18:00"}
    assert alice.post(page, friday | {"ends": "13:00"}).status_code == 422
    assert alice.post(page, friday).status_code == 302
    assert alice.post(page, friday).status_code == 422  # said already
    mine = Wish.objects.get()
    assert mine.person == people.alice
    assert basile.post(reverse("wish_remove", args=[mine.pk])).status_code == 404
    assert "14:00–18:00" not in basile.get(page).content.decode()
    week = client_of(people.paul).get(f"{reverse('shifts')}?week={MONDAY}").content.decode()
    assert "14:00–18:00" in week
    assert alice.post(reverse("wish_remove", args=[mine.pk])).status_code == 302
    assert not Wish.objects.exists() and changes("wish_removed") == 1


def test_the_api_does_what_the_pages_do(people, world, call):
    paul, alice = people.paul, people.alice
    hours = {"starts": at(9).isoformat(), "ends": at(12).isoformat()}
    status, made = call(paul, "POST", "shifts", person=alice.pk, **hours)
    assert status == 201
    key = made["items"][0]["id"]
    assert call(paul, "POST", "shifts", person=alice.pk, **hours)[0] == 409
    assert call(paul, "POST", "shifts", person=people.marc.pk, **hours)[0] == 404
    back = {"starts": at(12).isoformat(), "ends": at(9).isoformat()}
    assert call(paul, "POST", "shifts", person=alice.pk, **back)[0] == 422
    long = {"starts": at(8).isoformat(), "ends": at(16).isoformat()}
    status, told = call(paul, "POST", f"shifts/{key}/edit", **long)
    assert status == 422 and "sans vraie pause" in told["detail"]
    moved = {"starts": at(10).isoformat(), "ends": at(12).isoformat()}
    stale = {"seen_starts": at(7).isoformat(), "seen_ends": at(8).isoformat()}
    assert call(paul, "POST", f"shifts/{key}/edit", **moved, **stale)[0] == 409
    assert call(paul, "POST", f"shifts/{key}/edit", **moved)[0] == 200
    pattern = {
        "person": people.basile.pk, "weekdays": [2], "starts": "09:00", "ends": "12:00",
        "first": MONDAY, "last": MONDAY + timedelta(13),
    }  # fmt: skip
    status, told = call(paul, "POST", "shift_patterns", **pattern, preview=True)
    assert (status, told["written"], len(told["spans"])) == (200, 0, 2)
    assert call(paul, "POST", "shift_patterns", **pattern)[1]["written"] == 2
    assert len(call(paul, "GET", "shifts")[1]["items"]) == 3
    assert len(call(paul, "GET", "shifts", until=at(0, days=1).isoformat())[1]["items"]) == 1
    mine = call(alice, "GET", "shifts")[1]["items"]
    assert [each["person"]["name"] for each in mine] == ["Alice Arnaud"]
    site = {"person": alice.pk, "site": world.sites.aix.pk, "day": MONDAY}
    status, days = call(paul, "POST", "on_site_days", **site)
    assert status == 201 and call(alice, "GET", "on_site_days")[1]["items"] == days
    there = f"on_site_days/{days[0]['id']}/remove"
    assert call(alice, "POST", there)[0] == 404
    assert call(paul, "POST", there)[1] == {"removed": 1}
    wish = {"kind": "prefers", "weekday": 1}
    assert call(paul, "POST", "wishes", **wish)[0] == 404
    assert call(alice, "POST", "wishes", kind="prefers")[0] == 422
    made = call(alice, "POST", "wishes", **wish)[1]
    assert call(paul, "GET", "wishes")[1]["items"] == [made]
    assert call(people.basile, "POST", f"wishes/{made['id']}/remove")[0] == 404
    assert call(alice, "POST", f"wishes/{made['id']}/remove")[1] == {"removed": 1}
    assert call(paul, "POST", f"shifts/{key}/remove")[1]["removed"] == 1


PAGES = ("shifts", "shift_new", "shift_pattern", "on_site_days", "working_rules")


def test_nobody_else_finds_the_pages_nor_the_calls(people, client_of, call):
    key = shift_of(people.alice).pk
    for who in ("alice", "marc", "claire", "quentin", "erwan"):
        browser = client_of(getattr(people, who))
        for page in PAGES:
            assert browser.get(reverse(page)).status_code == 404, (who, page)
        assert browser.get(reverse("shift_edit", args=[key])).status_code == 404
        assert browser.post(reverse("shift_remove", args=[key])).status_code == 404
    for who in ("marc", "claire", "quentin", "erwan"):
        assert client_of(getattr(people, who)).get(reverse("my_wishes")).status_code == 404
        for path in ("shifts", "on_site_days", "wishes"):
            assert call(getattr(people, who), "GET", path)[0] == 404
    assert Shift.objects.filter(pk=key).exists()


def test_the_limits_of_working_time_are_set_as_a_version(people, client_of):
    paul = client_of(people.paul)
    shown = paul.get(reverse("working_rules")).context["form"]
    typed = {name: shown.get_initial_for_field(field, name) for name, field in shown.fields.items()}
    typed["why"] = "Accord"
    assert paul.post(reverse("working_rules"), typed | {"weekly_rest": 60}).status_code == 422
    assert paul.post(reverse("working_rules"), typed).status_code == 422  # nothing differs
    assert paul.post(reverse("working_rules"), typed | {"daily_rest": 720}).status_code == 302
    assert DispatchSetting.in_force().values == {"daily_rest": 720}
    stale = typed | {"daily_rest": 700}
    assert paul.post(reverse("working_rules"), stale).status_code == 422


def test_what_a_removal_leaves_is_judged_too(people, client_of, call):
    paul, alice = people.paul, people.alice
    short = shift_of(alice)  # in the place of a day until six
    flow.write(alice, [(at(4, days=1), at(8, days=1))], by=paul)
    page = reverse("shift_remove", args=[short.pk])
    answer = client_of(paul).post(page, follow=True).content.decode()
    assert "10 h de repos" in answer
    status, told = call(paul, "POST", f"shifts/{short.pk}/remove")
    assert status == 422 and "10 h" in str(told)
    assert Shift.objects.count() == 2 and not changes("shift_removed")
    Shift.objects.exclude(pk=short.pk).delete()
    status, told = call(paul, "POST", f"shifts/{short.pk}/remove")
    assert (status, told["removed"]) == (200, 1)
    assert "40 h" in told["warnings"][0] and changes("shift_removed") == 1

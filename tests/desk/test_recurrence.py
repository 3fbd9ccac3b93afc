"""Requests that come back: the right days, once each, late or not."""

import contextlib
import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.desk import recurring
from relais.desk.errors import BadValue, NotNow, NotYours, Overtaken
from relais.desk.models import Occurrence, Recurrence, StandingEvent, Ticket
from relais.desk.recurring_words import described, rule_of
from relais.lib import repeats

from .conftest import at

MONTHLY_31 = f"FREQ=MONTHLY;{repeats.monthly(31)}"


@given(st.integers(1, 31), st.integers(1, 24), st.dates(date(2020, 1, 1), date(2080, 1, 1)))
@settings(max_examples=60, deadline=None)
def test_a_day_of_the_month_never_drifts(day, months, first):
    rule = f"FREQ=MONTHLY;{repeats.monthly(day)}"
    found = [each for each, _n in zip(repeats.days(rule, first), range(months), strict=False)]
    assert len(found) == months and found == sorted(set(found)) and found[0] >= first
    for each in found:
        last = (each.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        assert each.day == min(day, last.day)
    assert {(d.year * 12 + d.month) - (found[0].year * 12 + found[0].month) for d in found} == set(
        range(months)
    )


@given(st.dates(date(2020, 1, 1), date(2080, 1, 1)), st.sets(st.integers(0, 6), min_size=1))
@settings(max_examples=60, deadline=None)
def test_a_moved_day_is_open_and_the_nearest(day, weekdays):
    def is_open(each):
        return each.weekday() in weekdays

    before, after = (repeats.moved(day, how, is_open) for how in ("previous", "next"))
    assert is_open(before) and is_open(after)
    assert 0 <= (day - before).days <= 6 and 0 <= (after - day).days <= 6
    assert repeats.moved(day, "none", is_open) == day


@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.dictionaries(
        st.sampled_from(sorted(repeats._KNOWN - {"FREQ"})),
        st.integers(-1, 400).map(str) | st.sampled_from(["MO", "-1FR", "53SU", "1,31", "20261301"]),
        max_size=4,
    ),
)
@settings(deadline=None)
def test_whatever_the_rule_it_is_refused_or_ends(freq, more):
    rule = ";".join(["FREQ=" + freq, *map("=".join, more.items())])
    first = date(2026, 1, 31)
    with contextlib.suppress(repeats.BadRule):
        found = list(itertools.islice(repeats.days(rule, first), 5))
        assert found == sorted(set(found)) and all(first <= day for day in found)


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("FREQ=DAILY;COUNT=2", ["2026-01-31", "2026-02-01"]),
        ("FREQ=MONTHLY;COUNT=3", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("FREQ=DAILY;INTERVAL=400;COUNT=2", ["2026-01-31", "2027-03-07"]),
        ("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260209", ["2026-02-02", "2026-02-09"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=2", ["2028-02-29", "2032-02-29"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", []),
        ("FREQ=YEARLY;INTERVAL=9999;UNTIL=99991231", ["2026-01-31"]),
    ],
)
def test_a_rule_gives_its_days_and_no_other(rule, found):
    days = repeats.days(rule, date(2026, 1, 31))
    assert [day.isoformat() for day in days] == found


def test_a_rule_is_whole_days_and_follows_rfc_5545():
    assert list(repeats.days("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", date(2026, 1, 1))) == []
    for bad in ("", "FREQ=HOURLY", "FREQ=DAILY;BYHOUR=3", "FREQ=MONTHLY;BYDAY=XX", "x",
                "FREQ=DAILY;UNTIL=20270101T000000Z", "FREQ=DAILY;INTERVAL=0",
                "FREQ=DAILY;INTERVAL=00", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=10000",
                "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=2;UNTIL=20270101", "FREQ=DAILY;BYSETPOS=0",
               ):  # fmt: skip
        with pytest.raises(repeats.BadRule):
            list(zip(repeats.days(bad, date(2026, 1, 1)), range(3), strict=False))
    with pytest.raises(repeats.NoDay):
        repeats.moved(date(2026, 1, 1), "next", lambda day: False)


@pytest.fixture
def make(world, services):
    def start(rule=MONTHLY_31, when=None, **fields):
        given = {
            "site": world.sites.aix,
            "requester": world.people.marc,
            "service": services["appointment"],
            "subject": "Tableau mensuel",
            "rule": rule,
            "first_on": date(2026, 3, 31),
            "hour": time(9),
            "shift": "previous",
            "by": world.people.marc,
        }
        return Recurrence.start(**given | fields, at=when or at(9))

    return start


def test_it_follows_the_site_s_working_days_and_clocks(make):
    found = make().ahead(at(9))
    assert len(found) == 12
    days = {each.nominal: each.day for each in found}
    assert days[date(2026, 5, 31)] == date(2026, 5, 29)  # a Sunday
    assert days[date(2026, 2 + 2, 30)] == date(2026, 4, 30)
    assert {each.at.astimezone(ZoneInfo("Europe/Paris")).hour for each in found} == {9}
    assert {each.at.astimezone(UTC).hour for each in found} == {7, 8}


def test_it_comes_once_each_however_late_and_often_the_worker_asks(make):
    made = make("FREQ=WEEKLY;BYDAY=TU", first_on=date(2026, 3, 3), hour=time(9, 30))
    late = at(12, days=15)
    assert recurring.create_due(made.pk, at(9, 10)) == 0
    assert recurring.create_due(made.pk, late) == 3
    assert recurring.create_due(made.pk, late) == 0
    tickets = list(Ticket.objects.filter(channel="recurrence").order_by("pk"))
    assert [t.received_at for t in tickets] == [at(9, 30), at(9, 30, 7), at(9, 30, 14)]
    made.refresh_from_db()
    assert made.next_at == at(9, 30, 21)
    # A dead worker's half-done work: the dates are not made twice.
    Recurrence.objects.filter(pk=made.pk).update(done_until=None, next_at=at(9, 30))
    assert recurring.create_due(made.pk, late) == 0
    assert Ticket.objects.filter(channel="recurrence").count() == 3


def test_two_dates_of_one_working_day_are_one_request(make):
    made = make("FREQ=DAILY", first_on=date(2026, 3, 7), shift="next")  # a Saturday
    assert [each.day for each in made.ahead(at(9))[:2]] == [date(2026, 3, 9), date(2026, 3, 10)]


def test_pause_resume_skip_and_stop(make, world):
    made = make("FREQ=WEEKLY;BYDAY=TU", first_on=date(2026, 3, 3), hour=time(9, 30))
    marc = world.people.marc
    made.skip(date(2026, 3, 10), by=marc, at=at(9))
    with pytest.raises(BadValue):
        made.skip(date(2026, 3, 11), by=marc, at=at(9))
    assert recurring.create_due(made.pk, at(12, days=8)) == 1
    made.refresh_from_db()
    made.pause(by=marc, at=at(12, days=8))
    assert recurring.create_due(made.pk, at(12, days=15)) == 0
    stale = Recurrence.objects.get(pk=made.pk)
    made.resume(by=marc, at=at(12, days=15))
    with pytest.raises(Overtaken):
        stale.resume(by=marc, at=at(12, days=15))
    assert made.next_at == at(9, 30, 21)
    made.stop(by=marc, at=at(13, days=15))
    with pytest.raises(NotNow):
        made.pause(by=marc)
    events = list(StandingEvent.objects.filter(recurrence=made).values_list("kind", flat=True))
    assert events == ["started", "skipped", "created", "paused", "resumed", "stopped"]


def test_the_wrong_person_keeps_nothing(make, world):
    made = make()
    for who in ("nadia", "luc", "erwan", "chloe", "bruno"):
        with pytest.raises(NotYours):
            made.stop(by=getattr(world.people, who))
    with pytest.raises(NotYours):
        make(by=world.people.nadia)
    for who in ("erwan", "nadia", "chloe"):
        assert not world.access(who).see(Recurrence).exists()


def test_what_cannot_come_is_told_and_the_next_one_still_comes(make, world):
    from relais.people.models import Role

    made = make("FREQ=WEEKLY;BYDAY=TU", first_on=date(2026, 3, 3), hour=time(9, 30))
    Role.objects.filter(person=world.people.marc).delete()
    assert recurring.create_due(made.pk, at(12)) == 0
    assert "Marc Morel" in Occurrence.objects.get().fault
    assert StandingEvent.objects.filter(recurrence=made, kind="faulted").count() == 1


@pytest.mark.parametrize(
    ("often", "sent", "rule"),
    [
        ("daily", {}, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("weekly", {"weekdays": ["MO", "TH"]}, "FREQ=WEEKLY;BYDAY=MO,TH"),
        ("weekly", {"every": 2}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA"),
        ("monthly", {}, "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
        ("weekday", {}, "FREQ=MONTHLY;BYDAY=-1SA"),
        ("last", {}, "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("yearly", {"until": date(2030, 1, 31)},
         "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=28,29,30,31;BYSETPOS=-1;UNTIL=20300131"),
    ],
)  # fmt: skip
def test_plain_words_become_a_rule_and_a_sentence(often, sent, rule):
    assert rule_of(often, {"first_on": date(2026, 1, 31), **sent}) == rule
    kept = Recurrence(rule=rule, first_on=date(2026, 1, 31), hour=time(9), shift="previous")
    assert "09:00" in described(kept)


def test_the_dates_are_shown_before_it_is_kept(world, services, client_of):
    marc = client_of(world.people.marc)
    first = (datetime.now(UTC) + timedelta(days=40)).date()
    sent = {
        "site": world.sites.aix.pk, "subject": "Point", "often": "last", "every": "1",
        "first_on": first.isoformat(), "hour": "09:00", "shift": "previous",
    }  # fmt: skip
    url = "/recurrences/new/appointment/"
    page = marc.post(url, sent).content.decode()
    assert not Recurrence.objects.exists()
    mark = page.split('name="keep" value="')[1].split('"')[0]
    assert marc.post(url, sent | {"keep": "otherwise"}).status_code == 200
    assert not Recurrence.objects.exists()
    assert marc.post(url, sent | {"keep": mark}).status_code == 302
    made = Recurrence.objects.get()
    for who, status in [("marc", 200), ("alice", 200), ("nadia", 404), ("erwan", 404)]:
        browser = client_of(getattr(world.people, who))
        assert browser.get(f"/recurrences/{made.pk}/").status_code == status
    assert marc.get("/recurrences/").status_code == 200
    assert marc.post(url, sent | {"often": "rule", "rule": "FREQ=HOURLY"}).status_code == 422


def test_a_rule_that_is_no_longer_followed_holds_up_no_other(make, world):
    bad, good = make(), make(subject="Un autre tableau")
    Recurrence.objects.filter(pk=bad.pk).update(rule="FREQ=DAILY;INTERVAL=0")
    assert recurring.run(datetime(2026, 4, 1, tzinfo=UTC)) == 1
    assert Ticket.objects.get().subject == good.subject
    bad.refresh_from_db()
    assert bad.next_at > datetime(2026, 4, 1, tzinfo=UTC)
    assert not recurring.refresh(datetime(2026, 4, 1, tzinfo=UTC))


STORED = ["FREQ=DAILY;INTERVAL=0", "FREQ=HOURLY", "FREQ=YEARLY;BYMONTH=13", "FREQ=DAILY;UNTIL=2",
          "FREQ=MONTHLY;BYMONTHDAY=99", "nothing"]  # fmt: skip


def test_no_page_stumbles_over_a_rule_that_was_kept_once(make, world, client_of):
    made = make()
    marc = client_of(world.people.marc)
    here = f"/recurrences/{made.pk}/"
    for rule in STORED:
        Recurrence.objects.filter(pk=made.pk).update(rule=rule)
        for path in ("/recurrences/", here, f"{here}edit/", f"/api{here.rstrip('/')}"):
            assert marc.get(path).status_code == 200, (rule, path)
        assert marc.get(f"/api{here}dates").status_code in (200, 422), rule
        assert marc.post(f"{here}pause/", {"version": made.version + 99}).status_code == 409


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ("FREQ=YEARLY;INTERVAL=20", "INTERVAL=20"),
        ("FREQ=MONTHLY;INTERVAL=200", "INTERVAL=200"),
        ("FREQ=YEARLY;INTERVAL=9999", "INTERVAL=9999"),
        ("FREQ=YEARLY;INTERVAL=5;BYMONTH=2;BYMONTHDAY=29", "INTERVAL=5"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "FREQ=YEARLY"),
    ],
)
def test_a_rule_that_would_end_without_a_word_is_refused_with_the_mend(make, rule, part):
    with pytest.raises(BadValue, match=f"12 years apart .{part}"), override("en"):
        make(rule=rule)
    made = make()
    with pytest.raises(BadValue, match=part):
        made.edit(by=made.requester, rule=rule, at=at(9))


def test_the_form_names_the_interval_that_is_too_long(world, services, client_of):
    sent = {"site": world.sites.aix.pk, "subject": "x", "often": "yearly", "every": 20,
            "first_on": "2026-12-01", "hour": "09:00", "shift": "none"}  # fmt: skip
    page = client_of(world.people.marc).post("/recurrences/new/appointment/", sent)
    assert page.status_code == 422
    assert "INTERVAL=20" in str(page.context["form"].errors["every"])

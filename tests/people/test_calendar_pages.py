"""The pages of calendars: who sees what, who may change it, and that two touches close a day."""

import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from relais.people import calendar_changes as changes
from relais.people import calendars
from relais.people.calendars import Origin, State
from relais.people.models import Calendar

from .test_feeds import ics

MONDAY = date(2026, 11, 23)
CHRISTMAS = date(2026, 12, 25)
WEEK = {f"{day}-{part}": [] for day in range(1, 8) for part in ("opens", "closes")}


@pytest.fixture
def office(world):
    return world.sites.aix.calendar


@pytest.fixture
def paul(world, client_of):
    """Return the pool lead's browser."""
    return client_of(world.people.paul)


def url(name, calendar, *more):
    return reverse(name, args=[calendar.pk, *more])


def now(calendar):
    return Calendar.objects.get(pk=calendar.pk)


def text_of(response):
    return response.content.decode()


def test_the_year_shows_each_day_with_words_not_only_colour(paul, office):
    page = text_of(paul.get(url("calendar", office), {"year": 2026}))
    assert len(re.findall(r'<a class="day-mark', page)) == 365
    assert 'aria-label="vendredi 25 décembre 2026, ' in page


def test_the_list_holds_what_one_may_see(world, paul, client_of):
    assert text_of(paul.get(reverse("calendars"))).count("Bureaux") >= 2
    luc = text_of(client_of(world.people.luc).get(reverse("calendars")))
    assert "Bureaux" in luc
    assert "Bretagne Froid" not in luc
    assert "Horaires du pôle" not in luc


PAGES = ["calendar", "calendar_history", "calendar_hours", "calendar_settings"]
PAGES += ["calendar_days_add", "calendar_feed_import"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["luc", "claire", "marc", "sylvie", "aude", "denis"])
def test_a_client_never_opens_anothers_calendar_nor_the_staffs(world, client_of, who, page):
    client = client_of(getattr(world.people, who))
    theirs = [world.sites.brest.calendar, Calendar.objects.get(company=None)]
    for calendar in theirs:
        assert client.get(url(page, calendar)).status_code == 404
        assert client.get(url("calendar_day", calendar, "2026-12-25")).status_code == 404


@pytest.mark.parametrize("who", ["luc", "claire", "alice", "quentin"])
def test_those_who_do_not_organise_read_only(world, client_of, office, who):
    client = client_of(getattr(world.people, who))
    page = client.get(url("calendar", office), {"day": "2026-12-25"})
    assert page.status_code == 200
    assert '<form method="post" action="/calendars/' not in text_of(page)
    row = changes.add_days(office, MONDAY, by=world.people.paul, seen=1)
    removal = changes.remove_days(office, [row], by=world.people.paul, seen=office.version)
    row = changes.add_days(office, MONDAY, by=world.people.paul, seen=office.version)
    seen = {"seen": office.version}
    for path in (
        url("calendar_day_change", office, "2026-12-24"),
        url("calendar_days_remove", office, row.pk),
        url("calendar_change_undo", office, removal.pk),
        url("calendar_days_add", office),
        url("calendar_hours", office),
        url("calendar_settings", office),
        url("calendar_feed_import", office),
        url("calendar_feed_remove", office, 1),
        reverse("calendar_new"),
    ):
        assert client.post(path, seen | {"kind": "closed", "save": "1"}).status_code == 404
    assert now(office).version == office.version


def test_history_is_the_staffs_own(world, client_of, office):
    changes.add_days(office, MONDAY, by=world.people.paul, seen=1)
    assert "Paul Pichon" in text_of(
        client_of(world.people.alice).get(url("calendar_history", office))
    )
    assert client_of(world.people.claire).get(url("calendar_history", office)).status_code == 404


def test_another_provider_sees_nothing(worlds, client_of):
    first, other = worlds
    zoe = client_of(other.people.zoe)
    office = first.sites.aix.calendar_id
    for page in PAGES:
        assert zoe.get(reverse(page, args=[office])).status_code == 404


def test_a_touch_on_a_day_tells_why_and_a_second_one_closes_it(paul, office):
    fragment = paul.get(url("calendar_day", office, "2026-11-23"), headers={"HX-Request": "true"})
    assert "<html" not in text_of(fragment)
    assert 'value="closed"' in text_of(fragment)
    done = paul.post(
        url("calendar_day_change", office, "2026-11-23"), {"kind": "closed", "seen": 1}, follow=True
    )
    state = calendars.day(now(office), MONDAY)
    assert (state.state, state.origin) == (State.CLOSED, Origin.MANUAL)
    assert "Paul Pichon" in text_of(done)


def test_without_javascript_a_day_leads_to_its_year(paul, office):
    answer = paul.get(url("calendar_day", office, "2026-12-25"))
    assert answer.headers["Location"].endswith("?year=2026&day=2026-12-25#day")


def test_a_removed_exception_comes_back_by_the_button_of_the_message(paul, office):
    row = changes.add_days(office, CHRISTMAS, by=None, seen=1, kind="normal", label="Permanence")
    page = text_of(
        paul.post(
            url("calendar_days_remove", office, row.pk), {"seen": office.version}, follow=True
        )
    )
    assert calendars.day(now(office), CHRISTMAS).origin is Origin.HOLIDAY
    undo = re.search(r'action="(/calendars/\d+/changes/\d+/undo/)"', page)[1]
    paul.post(undo, {"seen": now(office).version})
    assert calendars.day(now(office), CHRISTMAS).reason == "Permanence"


def test_the_week_is_edited_and_monday_copied(paul, office):
    path = url("calendar_hours", office)
    typed = WEEK | {"1-opens": ["08:00", ""], "1-closes": ["16:00", ""], "seen": 1}
    copied = paul.post(path, typed | {"copy": "1"})
    assert text_of(copied).count('value="08:00"') == 5
    assert now(office).version == 1, "a copy is not yet saved"
    more = paul.post(path, typed | {"add": "1"}, headers={"HX-Request": "true"})
    assert "<html" not in text_of(more)
    paul.post(path, typed | {"save": "1"})
    assert calendars.day(now(office), MONDAY).hours_text == "08:00–16:00"
    assert not calendars.day(now(office), date(2026, 11, 24)).is_open


@pytest.mark.parametrize(
    ("opens", "closes", "said"),
    [
        (["09:00", "10:00"], ["12:00", "18:00"], "se chevauchent|overlap"),
        (["09:00"], [""], "Lundi|Monday"),
        (["25:00"], ["26:00"], "25:00"),
        (["<b>"], ["x"], "&lt;b&gt;"),
        ([], [], "never opens|n’ouvre jamais"),
    ],
)
def test_wrong_hours_come_back_as_typed_with_the_mend(paul, office, opens, closes, said):
    typed = WEEK | {"1-opens": opens, "1-closes": closes, "seen": 1, "save": "1"}
    page = paul.post(url("calendar_hours", office), typed)
    assert page.status_code == 422
    assert re.search(said, text_of(page))
    assert all(f'value="{each}"' in text_of(page) for each in opens if "<" not in each)
    assert now(office).version == 1


def test_the_second_of_two_editors_is_told_and_keeps_what_was_typed(world, paul, office):
    changes.add_days(office, CHRISTMAS, by=world.people.maud, seen=1)
    typed = WEEK | {"1-opens": ["08:15"], "1-closes": ["16:00"], "seen": 1, "save": "1"}
    page = text_of(paul.post(url("calendar_hours", office), typed))
    assert "Maud Maréchal" in page
    assert 'value="08:15"' in page
    again = re.search(r'name="seen" value="(\d+)"', page)[1]
    paul.post(url("calendar_hours", office), typed | {"seen": again})
    assert calendars.day(now(office), MONDAY).hours_text == "08:15–16:00"


def test_a_closure_over_the_years_end_is_entered(paul, office):
    paul.post(
        url("calendar_days_add", office),
        {
            "first_day": "2026-12-24",
            "last_day": "2027-01-02",
            "yearly": "on",
            "kind": "closed",
            "label": "Fermeture annuelle",
            "seen": 1,
        },
    )
    assert calendars.day(now(office), date(2029, 1, 1)).reason == "Fermeture annuelle"


@pytest.mark.parametrize(
    "typed",
    [
        {"first_day": "2026-12-24", "last_day": "2026-12-01", "kind": "closed"},
        {"first_day": "31/02/2026", "kind": "closed"},
        {"first_day": "0001-01-01", "kind": "closed"},
        {"first_day": "2026-12-24", "kind": "hours"},
        {"first_day": "2026-12-24", "kind": "hours", "hours-opens": "10:00", "hours-closes": ""},
        {"first_day": "2026-12-24", "kind": "nothing"},
        {"kind": "closed"},
        {},
    ],
)
def test_wrong_days_are_refused_on_the_form(paul, office, typed):
    page = paul.post(url("calendar_days_add", office), typed | {"seen": "1"})
    assert page.status_code == 422
    assert "form-summary" in text_of(page)
    assert not office.days.exists()


def test_settings_are_changed_and_a_second_editor_is_told(paul, office):
    typed = {
        "name": "Bureaux de l’Est",
        "time_zone": "Europe/Paris",
        "country": "CH",
        "region": "CH-GE",
        "holiday_eve": "half",
        "seen": 1,
    }
    paul.post(url("calendar_settings", office), typed)
    changed = now(office)
    assert (changed.name, changed.holiday_zone) == ("Bureaux de l’Est", "CH-GE")
    page = paul.post(url("calendar_settings", office), typed | {"name": "Autre"})
    assert "Paul Pichon" in text_of(page)
    assert 'value="Autre"' in text_of(page)
    assert f'name="seen" value="{changed.version}"' in text_of(page)


@pytest.mark.parametrize(
    "wrong", [{"region": "DE-BY"}, {"country": "ZZ"}, {"time_zone": "Mars/Olympus"}, {"name": ""}]
)
def test_wrong_settings_are_refused_on_the_form(paul, office, wrong):
    typed = {"name": "x", "time_zone": "Europe/Paris", "country": "FR", "holiday_eve": "normal"}
    page = paul.post(url("calendar_settings", office), typed | {"seen": 1} | wrong)
    assert page.status_code == 422
    assert "form-summary" in text_of(page)
    assert now(office).version == 1


def test_a_new_calendar_is_made_and_its_name_used_once(world, paul):
    typed = {
        "name": "Magasins",
        "company": world.companies.calanques.pk,
        "time_zone": "Indian/Reunion",
        "country": "FR-974",
        "holiday_eve": "normal",
    }
    assert paul.post(reverse("calendar_new"), typed).status_code == 302
    made = Calendar.objects.get(name="Magasins")
    assert (made.company, made.holiday_zone) == (world.companies.calanques, "FR-974")
    assert "form-summary" in text_of(paul.post(reverse("calendar_new"), typed))


def upload(data, name="feed.ics"):
    return SimpleUploadedFile(name, data, "text/calendar")


def test_a_feed_is_previewed_then_taken_in_and_taken_again_without_harm(paul, office):
    path = url("calendar_feed_import", office)
    data = ics("DTSTART;VALUE=DATE:20260525\nDTEND;VALUE=DATE:20260525\nSUMMARY:Feria")
    preview = text_of(paul.post(path, {"file": upload(data)}))
    assert "Feria" in preview
    assert not office.feeds.exists(), "nothing is written before it is confirmed"
    reading = re.search(r'name="reading" value="([^"]+)"', preview)[1]
    seen = re.search(r'name="seen" value="([^"]+)"', preview)[1]
    paul.post(path, {"reading": reading, "seen": seen})
    state = calendars.day(now(office), date(2026, 5, 25))
    assert (state.origin, state.feed, state.reason) == (Origin.FEED, "Fêtes", "Feria")
    again = text_of(paul.post(path, {"file": upload(data)}))
    main = again.partition("<main")[2].partition("</main>")[0]
    # The outbox of the device stands hidden on every page.
    assert main.replace('btn-primary" data-outbox', "").count("btn-primary") == 0, "nothing new"


@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff", b"BEGIN:VCALENDAR\nEND:VCALENDAR", b"BEGIN:VCALENDAR\n" * 90_000]
)
def test_a_spoilt_file_is_refused_with_its_reason(paul, office, data):
    page = paul.post(url("calendar_feed_import", office), {"file": upload(data)})
    assert page.status_code == 200
    assert "form-summary" in text_of(page)


def test_a_preview_that_was_tampered_with_or_stolen_is_refused(world, paul, office):
    data = ics("DTSTART;VALUE=DATE:20260525\nSUMMARY:Feria")
    preview = text_of(paul.post(url("calendar_feed_import", office), {"file": upload(data)}))
    reading = re.search(r'name="reading" value="([^"]+)"', preview)[1]
    brest = world.sites.brest.calendar
    for calendar, token in [(brest, reading), (office, reading[:-2]), (office, "x"), (office, "")]:
        paul.post(url("calendar_feed_import", calendar), {"reading": token, "seen": 1})
        assert not calendar.feeds.exists()


def test_a_feed_is_removed(paul, office):
    day = changes.FedDays(CHRISTMAS, CHRISTMAS, "Noël")
    changes.import_feed(office, "Fêtes", [day], digest="", by=None, seen=1)
    feed = office.feeds.get()
    paul.post(url("calendar_feed_remove", office, feed.pk), {"seen": office.version})
    assert not office.feeds.exists()


@pytest.mark.parametrize(
    "query", ["year=0001", "year=x", "day=2026-02-31", "year=2026&day=1", "year="]
)
def test_an_odd_address_of_a_year_is_no_failure(paul, office, query):
    assert paul.get(f"{url('calendar', office)}?{query}").status_code in (200, 404)


@pytest.mark.parametrize("day", ["2026-02-31", "x", "0001-01-01", "99999-01-01"])
def test_an_odd_day_is_not_found(paul, office, day):
    assert paul.get(url("calendar_day", office, day)).status_code == 404
    assert paul.post(url("calendar_day_change", office, day), {"kind": "closed"}).status_code == 404


@pytest.mark.parametrize(
    "given", [{}, {"seen": "x"}, {"seen": "9" * 30}, {"seen": "1", "kind": "?"}]
)
def test_an_odd_change_of_a_day_changes_nothing(paul, office, given):
    path = url("calendar_day_change", office, "2026-12-24")
    assert paul.post(path, {"kind": "closed"} | given).status_code == 302
    assert not office.days.exists()


def test_the_page_asks_the_database_no_more_for_many_days(
    paul, world, office, django_assert_max_num_queries
):
    path = url("calendar", office)
    paul.get(path)
    with django_assert_max_num_queries(30) as few:
        paul.get(path)
    days = [changes.FedDays(date(2026, 1, 1 + n), date(2026, 1, 1 + n), "x") for n in range(28)]
    changes.import_feed(office, "Fêtes", days, digest="", by=world.people.paul, seen=1)
    calendars.book_of(now(office))
    with django_assert_max_num_queries(len(few) + 1):
        paul.get(path)

"""What a calendar cannot be is refused by its pages and by the API alike, in the same words."""

import json
from datetime import date
from html import unescape

import pytest
from django.urls import reverse

from relais.people import calendars
from relais.people.calendars import of_site
from relais.people.models import Calendar

from .test_recalculation import at

NINE_TO_FIVE = ["09:00", "17:00"]
# The hours of a Monday, whether nights are meant, and the words in which they are refused.
HOURS = {
    "overlapping": ([["09:00", "12:00"], ["11:00", "18:00"]], False, "se chevauchent"),
    "twice the same": ([NINE_TO_FIVE, NINE_TO_FIVE], False, "se chevauchent"),
    "one within the other": ([NINE_TO_FIVE, ["10:00", "11:00"]], False, "se chevauchent"),
    "reversed": ([["18:00", "09:00"]], False, "09:00–18:00"),
    "without length": ([["09:00", "09:00"]], False, "n’a pas de durée"),
    "garbage": ([["9h", "18:00"]], False, "9h"),
    "no such hour": ([["25:00", "26:00"]], False, "25:00"),
    "no such minute": ([["09:60", "18:00"]], False, "09:60"),
    "a longer garbage": ([["09:00:00 uhr", "18:00"]], False, "uhr"),
    "seconds": ([["09:00:30", "18:00"]], False, "sans les secondes"),
    "half typed": ([["09:00", ""]], False, "un début et une fin"),
    "longer than a day": ([["09:00", "40:00"]], False, "dépasse une journée"),
    "too many": ([[f"{n // 2:02d}:{n % 2 * 30:02d}"] * 2 for n in range(13)], False, "12 plages"),
    "a night into the next opening": ([["22:00", "06:00"], ["23:00", "23:30"]], True, "chevauch"),
}
DAYS = {
    "reversed": ({"first_day": "2026-12-24", "last_day": "2026-12-01"}, "échangez"),
    "longer than a year": ({"first_day": "2026-01-01", "last_day": "2028-01-01"}, "une année"),
    "out of reach": ({"first_day": "0001-01-01"}, "1901"),
    "open without hours": ({"first_day": "2026-12-24", "kind": "hours"}, "au moins une"),
}
SETTINGS = {
    "an unknown zone": ("time_zone", "Europe/Pairs", "Europe/Paris"),
    "a zone of nowhere": ("time_zone", "Mars/Olympus", "Indian/Reunion"),
    "an unknown holiday zone": ("holiday_zone", "ZZ", "FR-974"),
}


class Surfaces:
    """The pages and the API of one calendar, as the pool lead uses them."""

    def __init__(self, calendar, client):
        self.calendar, self.client = calendar, client

    def page(self, name, typed):
        url = reverse(name, args=[self.calendar.pk])
        return self.client.post(url, typed | {"seen": self.calendar.version})

    def sent(self, verb, body):
        url = f"/api/calendars/{self.calendar.pk}/{verb}"
        body = body | {"seen": self.calendar.version}
        return self.client.post(url, json.dumps(body), content_type="application/json")

    def refused(self, page, sent, mend):
        """Fail unless both refused, in the same words, with the mend; nothing was changed."""
        assert (page.status_code, sent.status_code) == (422, 422), sent.content
        said = [error["message"] for error in sent.json()["errors"]]
        assert said
        shown = unescape(page.content.decode())
        assert all(text in shown for text in said), said
        assert any(mend in text for text in said), said
        assert Calendar.objects.get(pk=self.calendar.pk).version == self.calendar.version


@pytest.fixture
def both(world, client_of):
    return Surfaces(of_site(world.sites.aix).calendar, client_of(world.people.paul))


def week(days, *, overnight=False):
    """Return a week as it is typed into the page, and as it is sent to the API."""
    typed = {"save": "1"} | ({"overnight": "on"} if overnight else {})
    for day, pairs in days.items():
        typed[f"{day}-opens"] = [pair[0] for pair in pairs]
        typed[f"{day}-closes"] = [pair[1] for pair in pairs]
    return typed, {"week": {str(day): pairs for day, pairs in days.items()}, "overnight": overnight}


@pytest.mark.parametrize("case", HOURS)
def test_hours_of_a_week(both, case):
    pairs, overnight, mend = HOURS[case]
    typed, body = week({1: pairs, 2: [NINE_TO_FIVE]}, overnight=overnight)
    both.refused(both.page("calendar_hours", typed), both.sent("change_weekly", body), mend)


@pytest.mark.parametrize("case", HOURS)
def test_hours_of_a_day(both, case):
    pairs, overnight, mend = HOURS[case]
    body = {"first_day": "2026-12-24", "kind": "hours", "hours": pairs}
    typed = body | {"hours-opens": [p[0] for p in pairs], "hours-closes": [p[1] for p in pairs]}
    if overnight:
        typed["overnight"] = "on"
    sent = both.sent("add_days", body | {"overnight": overnight})
    both.refused(both.page("calendar_days_add", typed), sent, mend)


@pytest.mark.parametrize("case", DAYS)
def test_days(both, case):
    body, mend = DAYS[case]
    typed = {"kind": "closed"} | body
    both.refused(both.page("calendar_days_add", typed), both.sent("add_days", body), mend)


@pytest.mark.parametrize("case", SETTINGS)
def test_settings(both, case):
    name, value, mend = SETTINGS[case]
    typed = {"name": "x", "time_zone": "Europe/Paris", "country": "FR", "holiday_eve": "normal"}
    typed["country" if name == "holiday_zone" else name] = value
    sent = both.sent("change_settings", {name: value})
    both.refused(both.page("calendar_settings", typed), sent, mend)


def test_a_week_that_never_opens(both):
    typed, body = week({})
    page, sent = both.page("calendar_hours", typed), both.sent("change_weekly", body)
    both.refused(page, sent, "n’ouvre jamais")


def test_closures_that_leave_an_open_deadline_no_hope(both, new_ticket):
    new_ticket(at=at(17))
    body = {"first_day": "2026-01-01", "last_day": "2026-12-31", "yearly": True}
    page = both.page("calendar_days_add", body | {"kind": "closed", "yearly": "on"})
    both.refused(page, both.sent("add_days", body), "n’arriveraient jamais")


def test_what_is_confirmed_is_checked_like_the_rest(both, new_ticket):
    new_ticket(at=at(17))
    body = {"first_day": "2026-01-01", "last_day": "2026-12-31", "yearly": "on", "kind": "closed"}
    page = both.page("calendar_days_add", body | {"confirmed": "1"})
    assert page.status_code == 422
    assert "n’arriveraient jamais" in unescape(page.content.decode())
    assert not both.calendar.days.exists()


@pytest.mark.parametrize("wrong", ["31/02/2026", "soon", "2026-13-01", ""])
def test_what_is_no_day(both, wrong):
    body = {"first_day": wrong, "kind": "closed"}
    page, sent = both.page("calendar_days_add", body), both.sent("add_days", body)
    assert (page.status_code, sent.status_code) == (422, 422)
    assert "first_day" in sent.json()["errors"][0]["field"]
    assert not both.calendar.days.exists()


ACCEPTED = {
    "a night that is meant": ([["22:00", "06:00"]], True),
    "a night by its hours": ([["22:00", "30:00"]], False),
    "the whole day": ([["00:00", "24:00"]], False),
    "in disorder": ([["13:00", "17:00"], ["09:00", "12:00"]], False),
    "seconds that are none": ([["09:00:00", "17:00"]], False),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_can_be_kept_is_kept_alike(world, both, client_of, case):
    pairs, overnight = ACCEPTED[case]
    typed, body = week({1: pairs}, overnight=overnight)
    assert both.page("calendar_hours", typed).status_code == 302
    by_page = both.client.get(f"/api/calendars/{both.calendar.pk}").json()
    both.calendar.version = by_page["version"]
    by_api = both.sent("change_weekly", body).json()["calendar"]
    assert by_page["week"] == by_api["week"]
    assert by_page["week"]["1"]


def test_a_day_twice_is_kept_and_the_later_word_holds(both):
    for label in ("Inventaire", "Travaux"):
        body = {"first_day": "2026-12-22", "label": label}
        both.calendar.version = both.sent("add_days", body).json()["calendar"]["version"]
        assert both.page("calendar_days_add", body | {"kind": "closed"}).status_code == 302
        both.calendar.refresh_from_db()
    assert both.calendar.days.count() == 4
    assert calendars.day(both.calendar, date(2026, 12, 22)).reason == "Travaux"


def test_a_zone_without_a_city_stands_on_the_page_too(both):
    told = both.sent("change_settings", {"time_zone": "UTC"}).json()["calendar"]
    page = both.client.get(reverse("calendar_settings", args=[both.calendar.pk]))
    assert '<option value="UTC" selected' in page.content.decode()
    assert told["time_zone"] == "UTC"

"""Calendars through the API: made, read day by day, fed from a file, deleted."""

import json
from io import BytesIO

import pytest
from django.urls import reverse

from relais.desk import recalculation
from relais.people import calendar_removal
from relais.people.calendars import of_site
from relais.people.models import Calendar, CalendarChange, OrganisationChange

from .test_recalculation import at

ICS = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20261228
SUMMARY:Fermeture
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


@pytest.fixture
def call(client_of, world):
    def call(path, who="paul", **sent):
        browser = client_of(getattr(world.people, who))
        answer = browser.post(f"/api/{path}", json.dumps(sent), "application/json")
        return answer.status_code, json.loads(answer.content or b"null")

    return call


@pytest.fixture
def paul(world, client_of):
    return client_of(world.people.paul)


def test_one_is_made_read_and_deleted(world, call, paul):
    company = world.companies.calanques.pk
    status, made = call(
        "calendars", name="Atelier", company=company, week={"1": [["06:00", "14:00"]]}
    )
    assert (status, made["week"]["1"], made["week"]["2"]) == (201, [["06:00", "14:00"]], [])
    here = f"calendars/{made['id']}"
    days = paul.get(f"/api/{here}/days?first=2026-12-24&last=2026-12-28").json()
    assert [(day["day"][-2:], day["is_open"]) for day in days] == [
        ("24", False), ("25", False), ("26", False), ("27", False), ("28", True),
    ]  # fmt: skip
    assert days[1]["reason"] and days[4]["hours"] == "06:00–14:00"
    assert paul.get(f"/api/{here}/days?first=2026-01-01&last=2028-01-01").status_code == 422
    status, again = call("calendars", name="Atelier", company=company)
    assert status == 422 and again["errors"][0]["message"]
    assert call(f"{here}/delete", seen=made["version"] + 1)[0] == 409
    assert call(f"{here}/delete", who="claire", seen=made["version"])[0] == 404
    assert call(f"{here}/delete", seen=made["version"]) == (204, None)
    assert not Calendar.objects.filter(pk=made["id"]).exists()
    gone = OrganisationChange.objects.get(subject="people.Calendar", subject_id=made["id"])
    assert (gone.kind, gone.by) == ("deleted", world.people.paul)
    assert gone.facts["before"]["week"] == {"1": "06:00–14:00"}
    assert gone.facts["before"]["time_zone"] == "Europe/Paris"
    assert [one["kind"] for one in gone.facts["changes"]] == ["created"]


def test_a_feed_is_tried_taken_in_and_removed(world, call, paul):
    calendar = of_site(world.sites.aix).calendar
    here = f"calendars/{calendar.pk}"

    def send(**fields):
        file = BytesIO(ICS.encode())
        file.name = "fermetures.ics"
        return paul.post(f"/api/{here}/import_feed", {"file": file, **fields}).json()

    tried = send(seen=calendar.version, preview=True)
    assert (tried["name"], tried["new"], tried["preview"]["moved"]) == ("fermetures", 1, 0)
    assert tried["calendar"]["version"] == calendar.version
    taken = send(seen=calendar.version, name="Direction")
    version = taken["calendar"]["version"]
    [feed] = paul.get(f"/api/{here}/feeds").json()
    assert (feed["name"], feed["days"]) == ("Direction", 1)
    status, _told = call(f"{here}/remove_feed", seen=version, feed=feed["id"])
    assert status == 200 and not calendar.feeds.exists()
    kinds = [each["kind"] for each in paul.get(f"/api/{here}/changes").json()]
    assert kinds == ["feed_removed", "feed_imported"]


def test_a_removal_is_undone(world, call):
    calendar = of_site(world.sites.aix).calendar
    here = f"calendars/{calendar.pk}"
    _, told = call(f"{here}/add_days", seen=calendar.version, first_day="2026-12-22")
    version, day = told["calendar"]["version"], told["calendar"]["days"][0]["id"]
    _, told = call(f"{here}/remove_days", seen=version, days=[day])
    removal = CalendarChange.objects.get(calendar=calendar, kind="days_removed")
    version = told["calendar"]["version"]
    status, told = call(f"{here}/restore_days", seen=version, change=removal.pk)
    assert status == 200 and told["calendar"]["days"][0]["first_day"] == "2026-12-22"


def test_what_goes_by_it_keeps_it(world, call, paul, new_ticket):
    """A place, an assistant, a deadline: each is named with its mend, by page and API alike."""
    own = Calendar.objects.get(company=None)
    shared = of_site(world.sites.aix).calendar
    for calendar, said in ((own, "3 assistants"), (shared, "2 lieux")):
        page = paul.post(reverse("calendar_delete", args=[calendar.pk]), {"seen": calendar.version})
        status, told = call(f"calendars/{calendar.pk}/delete", seen=calendar.version)
        assert (page.status_code, status) == (409, 409)
        assert said in told["detail"] and said in page.content.decode()
    new_ticket(at=at(17))
    type(world.sites.aix).objects.filter(calendar=shared).update(calendar=None)
    status, told = call(f"calendars/{shared.pk}/delete", seen=shared.version)
    assert status == 409 and "échéances" in told["detail"]
    assert Calendar.objects.filter(pk__in=[own.pk, shared.pk]).count() == 2


def test_the_page_deletes_one_that_nobody_uses(world, call, paul):
    _, made = call("calendars", name="Essai")
    change = CalendarChange.objects.get(calendar=made["id"])
    url = reverse("calendar_delete", args=[made["id"]])
    assert "btn-danger" in paul.get(url).content.decode()
    assert paul.post(url, {"seen": made["version"] + 7}).url == f"/calendars/{made['id']}/"
    assert paul.post(url, {"seen": made["version"]}).url == "/calendars/"
    assert not Calendar.objects.filter(pk=made["id"]).exists()
    assert recalculation.begin_for_change(change.pk) is None, "its last change is no longer there"


def test_what_only_the_database_knew_of_is_said_and_the_button_is_gone(
    world, paul, new_ticket, monkeypatch
):
    shared = of_site(world.sites.aix).calendar
    new_ticket(at=at(17))
    type(world.sites.aix).objects.filter(calendar=shared).update(calendar=None)
    monkeypatch.setattr(calendar_removal, "uses", lambda _calendar: [])
    url = reverse("calendar_delete", args=[shared.pk])
    page = paul.post(url, {"seen": shared.version})
    assert page.status_code == 409
    assert "échéances" in page.content.decode()
    assert "btn-danger" not in page.content.decode()


def test_a_feed_that_somebody_else_removed_meanwhile_is_not_found(world, call, monkeypatch):
    calendar = of_site(world.sites.aix).calendar
    feed = calendar.feeds.create(
        provider=world.provider, name="Direction", digest="x", imported_at=at(9)
    )
    look = recalculation.preview_calendar

    def slow(*given):
        feed.delete()
        return look(*given)

    monkeypatch.setattr(recalculation, "preview_calendar", slow)
    path = f"calendars/{calendar.pk}/remove_feed"
    assert call(path, seen=calendar.version, feed=feed.pk)[0] == 404

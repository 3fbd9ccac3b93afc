"""People's calendars read here: nothing lost, nothing told, and no file that breaks anything."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import vobject
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from relais.lib import calling, ical
from relais.planning import busy, ics, outside, tasks
from relais.planning.models import BusySource, BusyTime

from .conftest import PARIS

ZONE = """BEGIN:VTIMEZONE
TZID:%s
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
"""
EVENTS = """BEGIN:VEVENT
UID:weekly
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Paris:20260309T090000
DTEND;TZID=Europe/Paris:20260309T100000
RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=8
EXDATE;TZID=Europe/Paris:20260311T090000
SUMMARY:Comité secret
DESCRIPTION:Des mots secrets
ATTENDEE:mailto:quelquun@ailleurs.example
END:VEVENT
BEGIN:VEVENT
UID:weekly
DTSTAMP:20260101T000000Z
RECURRENCE-ID;TZID=Europe/Paris:20260316T090000
DTSTART;TZID=Europe/Paris:20260316T150000
DTEND;TZID=Europe/Paris:20260316T160000
SUMMARY:Comité secret déplacé
END:VEVENT
BEGIN:VEVENT
UID:day
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20260320
SUMMARY:Férié
END:VEVENT
BEGIN:VEVENT
UID:free
DTSTAMP:20260101T000000Z
DTSTART:20260321T090000Z
DTEND:20260321T100000Z
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
UID:windows
DTSTAMP:20260101T000000Z
DTSTART;TZID=Romance Standard Time:20260402T090000
DTEND;TZID=Romance Standard Time:20260402T093000
END:VEVENT
END:VCALENDAR
"""
ZONES = ZONE % "Europe/Paris" + ZONE % "Romance Standard Time"
HEAD = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n"
SERIES = (HEAD + ZONES + EVENTS).replace("\n", "\r\n").encode()
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
# Taken by a file, or refused with a reason: some of each kind of trouble.
SAMPLES = (
    "event_with_recurrence", "event_with_recurrence_exdates_on_different_lines", "broken_ical",
    "big_bad_calendar", "empty_RDATE", "calendar_with_unicode", "multiple_timezones", "rfc_7529",
)  # fmt: skip


def starts(text):
    found, left = ical.times(text, START, END, PARIS)
    assert not left
    return [one.start.astimezone(PARIS).strftime("%d/%m %H:%M") for one in found]


def test_rules_exceptions_changed_occurrences_and_zones_are_reckoned():
    assert starts(ical.read(SERIES).text) == [
        "09/03 09:00", "16/03 15:00", "18/03 09:00", "20/03 00:00", "23/03 09:00", "25/03 09:00",
        "30/03 09:00", "01/04 09:00", "02/04 09:00",
    ]  # fmt: skip


def test_what_is_read_is_written_and_read_back_equal_by_another_library():
    text = ical.read(SERIES).text
    assert ical.read(text).text == text  # nothing is lost the second time round either
    other = vobject.readOne(text.decode())
    weekly, moved, day, _free, windows = other.vevent_list
    ruled = {each.astimezone(UTC) for each in weekly.getrruleset()}
    ruled -= {moved.recurrence_id.value.astimezone(UTC)}
    ruled |= {moved.dtstart.value.astimezone(UTC), windows.dtstart.value.astimezone(UTC)}
    ours, _left = ical.times(text, START, END, PARIS)
    assert ruled == {one.start for one in ours if one.end - one.start < timedelta(days=1)}
    assert day.dtstart.value.isoformat() == "2026-03-20"


def test_our_own_calendars_are_read_back_equal_by_another_library():
    now = datetime(2026, 3, 3, 8, tzinfo=UTC)
    entries = [
        ics.Entry("a", now, now + timedelta(hours=1), "Réunion; suite, « fin »", "mot\nautre"),
        ics.Entry("b", now.date(), now.date() + timedelta(1), "Sur site"),
    ]
    found = vobject.readOne(ics.written("Relais", entries, now).decode()).vevent_list
    for entry, event in zip(entries, found, strict=True):
        assert (event.dtstart.value, event.dtend.value) == (entry.start, entry.end)
        assert event.summary.value == entry.title
    assert found[0].description.value == "mot\nautre"


@pytest.mark.parametrize("name", SAMPLES)
def test_no_file_breaks_anything(shared, name):
    """All 155 are read by bench/ics.py."""
    data = (shared / "ics" / "files" / f"{name}.ics").read_bytes()
    try:
        reading = ical.read(data)
    except ical.Unreadable as refusal:
        assert len(str(refusal)) > 20
        return
    found, _left = ical.times(reading.text, START, END, PARIS)
    assert ical.times(ical.read(reading.text).text, START, END, PARIS)[0] == found


BAD = {
    "nothing": b"", "a page": b"<html></html>", "cut": SERIES[:200],
    "too large": b"BEGIN:VCALENDAR\r\n" + b"X" * ical.BIGGEST,
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_calendar_is_refused_with_its_reason(world, case):
    with pytest.raises(ical.Unreadable, match="calendrier n’a pas été pris"):
        busy.take(world.people.marc, "Mon agenda", BAD[case])
    assert not BusySource.objects.exists()


def test_an_event_that_cannot_be_is_left_out_and_said():
    spoilt = SERIES.replace(b"FREQ=WEEKLY;BYDAY=MO,WE", b"FREQ=SECONDLY")
    reading = ical.read(spoilt)
    assert [(one.label, bool(one.why)) for one in reading.left_out] == [("Comité secret", True)]


def test_a_zone_that_no_file_describes_is_described():
    text = ical.read((HEAD + EVENTS).replace("\n", "\r\n").encode()).text
    assert text.count(b"BEGIN:VTIMEZONE") == 2 and starts(text) == starts(ical.read(SERIES).text)


def now_series():
    """Return the series moved to the week to come."""
    day = (timezone.now() + timedelta(days=3)).strftime("%Y%m%d")
    return SERIES.replace(b"20260309T", f"{day}T".encode()).replace(b"COUNT=8", b"COUNT=9")


def test_times_are_kept_without_their_words_unless_she_asks(world):
    marc = world.people.marc
    plain = busy.take(marc, "Mon agenda", now_series())
    assert BusyTime.objects.filter(source=plain).exists()
    kept = plain.text + "".join(BusyTime.objects.values_list("title", flat=True))
    for word in ("secret", "quelquun", "mots"):
        assert word not in kept
    asked = busy.take(marc, "Avec titres", now_series(), titles=True)
    assert "Comité secret" in BusyTime.objects.filter(source=asked).values_list("title", flat=True)
    assert "Des mots" not in asked.text


def test_nobody_else_reads_her_calendars(world, client_of):
    source = busy.take(world.people.marc, "Mon agenda", now_series(), titles=True)
    for who in ("paul", "maud", "claire", "alice", "erwan"):
        other = client_of(getattr(world.people, who))
        assert other.get("/api/busy_sources").json() == {"items": []}
        assert other.get(f"/api/busy_sources/{source.pk}/times").status_code == 404
        for name in ("busy_remove", "busy_read_again"):
            assert other.post(reverse(name, args=[source.pk])).status_code == 404


def test_the_page_takes_a_file_tells_what_is_wrong_and_forgets(world, client_of):
    marc, url = client_of(world.people.marc), reverse("busy_sources")

    def send(data, **more):
        file = {"file": SimpleUploadedFile("a.ics", data)} if data else {}
        return marc.post(url, {"name": "Mon agenda", "kind": "file"} | file | more)

    assert send(now_series()).status_code == 302
    assert "Mon agenda" in marc.get(url).content.decode()
    assert set(send(now_series()).context["form"].errors) == {"name"}
    assert set(send(b"x", name="Autre").context["form"].errors) == {"file"}
    assert set(send(None, name="Autre").context["form"].errors) == {"file"}
    assert set(send(None, name="Autre", kind="caldav").context["form"].errors) == {"address"}
    source = BusySource.objects.get()
    assert marc.post(reverse("busy_remove", args=[source.pk])).status_code == 302
    assert not BusyTime.objects.exists()


def test_the_api_takes_reads_and_removes(world, client_of):
    marc = client_of(world.people.marc)

    def post(url, data=None):
        return marc.post(f"/api/{url}", data or {}, content_type="application/json")

    made = post("busy_sources", {"name": "A", "text": now_series().decode(), "titles": True})
    assert made.status_code == 201, made.content
    key = made.json()["id"]
    assert marc.get(f"/api/busy_sources/{key}/times").json()["items"]
    assert post(f"busy_sources/{key}/read_again").json()["fault"] == ""
    refused = post("busy_sources", {"name": "B", "kind": "address", "address": "http://x"})
    assert refused.status_code == 422 and "address" in refused.content.decode()
    assert post("busy_sources", {"name": "C", "text": "x"}).status_code == 422
    assert post(f"busy_sources/{key}/remove").status_code == 204


# Addresses ---------------------------------------------------------------------------------------


class Outside(BaseHTTPRequestHandler):
    """A calendar server: a file, a CalDAV collection behind a password, and things gone wrong."""

    def log_message(self, *words):
        pass

    def do_GET(self):
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", self.server.leads_to)
            self.end_headers()
            return
        if self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            for byte in self.server.data[:200]:
                self.wfile.write(bytes([byte]))
                time.sleep(0.02)
            self.server.ended = True
            return
        self._say(200 if self.path == "/a.ics" else 404, self.server.data)

    def do_REPORT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Authorization") != self.server.word:
            self._say(401, b"")
            return
        data = self.server.data.decode().replace("&", "&amp;")
        self._say(
            207,
            f'{self.server.head}<multistatus xmlns="DAV:"><response><propstat><prop>'
            f'<C:calendar-data xmlns:C="urn:ietf:params:xml:ns:caldav">{data}</C:calendar-data>'
            "</prop></propstat></response></multistatus>".encode(),
        )

    def _say(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def outer(settings):
    settings.WEBHOOKS_INSIDE = True
    made = HTTPServer(("127.0.0.1", 0), Outside)
    made.data, made.head, made.leads_to = now_series(), "", "/a.ics"
    made.word = "Basic bWFyYzpvdXZyZQ=="
    made.ended = False
    made.handle_error = lambda *which: None  # a caller that went away
    made.url = f"http://127.0.0.1:{made.server_port}"
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def test_an_address_is_read_and_read_again(world, outer):
    made = busy.follow(world.people.marc, "Mon agenda", f"{outer.url}/moved")
    before = BusyTime.objects.count()
    assert before and outer.url not in made.address  # sealed
    outer.data = b"nothing"
    assert not busy.read_again(made)
    made.refresh_from_db()
    assert made.fault and BusyTime.objects.count() == before  # what was known stays
    outer.data = now_series().replace(b"COUNT=9", b"COUNT=3")
    assert busy.read_again(made) and 0 < BusyTime.objects.count() < before
    BusySource.objects.update(read_at=timezone.now() - timedelta(hours=2))
    assert busy.due(timezone.now()) == [made.pk]


def test_a_caldav_collection_is_read(world, outer):
    where = {"kind": "caldav", "user": "marc", "password": "ouvre"}
    busy.follow(world.people.marc, "Mon agenda", f"{outer.url}/marc/", **where)
    assert BusyTime.objects.exists()
    with pytest.raises(outside.NotRead, match="mot de passe"):
        busy.follow(world.people.marc, "B", f"{outer.url}/", **(where | {"password": "x"}))
    outer.head = '<!DOCTYPE x [<!ENTITY a "a">]>'
    with pytest.raises(outside.NotRead, match="liste"):
        busy.follow(world.people.marc, "C", f"{outer.url}/marc/", **where)


def test_an_address_inside_our_own_walls_is_never_called(world, outer, settings):
    settings.WEBHOOKS_INSIDE = False
    for url in (f"{outer.url}/a.ics", "https://127.0.0.1/a.ics", "https://[::1]/", "file:///etc"):
        with pytest.raises(outside.NotRead):
            outside.of_address(url)
    settings.WEBHOOKS_INSIDE = True
    outer.leads_to = "file:///etc/passwd"
    with pytest.raises(outside.NotRead):
        outside.of_address(f"{outer.url}/moved")
    outer.leads_to = "/moved"
    with pytest.raises(outside.NotRead):
        outside.of_address(f"{outer.url}/moved")


def test_a_password_in_any_letters_is_sent_in_utf_8(world, outer):
    outer.word = "Basic " + b64encode("marc:cœur€".encode()).decode()
    where = {"kind": "caldav", "user": "marc", "password": "cœur€"}
    assert busy.follow(world.people.marc, "Mon agenda", f"{outer.url}/marc/", **where).events


def test_what_is_no_address_is_refused_on_the_page_and_where_it_leads(world, outer, client_of):
    with_fault = {"name": "A", "kind": "address", "address": "https://["}
    marc = client_of(world.people.marc)
    assert set(marc.post(reverse("busy_sources"), with_fault).context["form"].errors) == {"address"}
    assert marc.post("/api/busy_sources", with_fault, "application/json").status_code == 422
    for outer.leads_to in ("https://[", "http://127.0.0.1:99999/"):
        with pytest.raises(outside.NotRead):
            outside.of_address(f"{outer.url}/moved")


def test_a_server_that_never_ends_is_left(outer, monkeypatch):
    monkeypatch.setattr(calling, "LONGEST", 0.1)
    with pytest.raises(outside.NotRead, match="secondes"):
        outside.of_address(f"{outer.url}/slow")
    assert not outer.ended  # it was left, not waited for


def test_one_calendar_that_fails_keeps_no_other_from_being_read(world, outer, monkeypatch):
    marc = world.people.marc
    names = ("A", "B", "C")
    made = {name: busy.follow(marc, name, f"{outer.url}/a.ics") for name in names}
    long_ago = timezone.now() - timedelta(hours=2)
    BusySource.objects.update(read_at=long_ago)
    BusySource.objects.filter(pk=made["A"].pk).update(read_at=long_ago - timedelta(hours=1))
    BusySource.objects.filter(pk=made["C"].pk).update(read_at=timezone.now())
    depth, deeper = len(connection.atomic_blocks), []
    fetched = busy._fetched
    outer.data = now_series().replace(b"COUNT=9", b"COUNT=3")

    def unforeseen(kind, where, now):
        deeper.append(len(connection.atomic_blocks) - depth)
        if len(deeper) == 1:
            raise RuntimeError
        return fetched(kind, where, now)

    monkeypatch.setattr(busy, "_fetched", unforeseen)
    # It would close the connection on which this test works.
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    tasks.read_calendars(0)
    tasks.read_calendars(0)  # nothing is due any more
    assert deeper == [0, 0]  # no transaction of the job is open meanwhile
    for source in made.values():
        source.refresh_from_db()
    assert ("fichier" in made["A"].fault, made["B"].fault) == (True, "")
    assert min(one.read_at for one in made.values()) > long_ago
    assert made["B"].times.count() < made["C"].times.count()

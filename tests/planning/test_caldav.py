"""CalDAV against a real server: read, read again after changes, refused and away with the mend."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone

from relais.lib import ical
from relais.planning import busy, outside
from relais.planning.models import BusySource, BusyTime

from .conftest import PARIS
from .radicale import PASSWORD, USER, Radicale

WORDS = {"kind": "caldav", "user": USER, "password": PASSWORD}


@pytest.fixture(scope="module")
def radicale(tmp_path_factory):
    server = Radicale(tmp_path_factory.mktemp("radicale")).start()
    assert server.call("MKCALENDAR", server.path) == 201
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def inside(settings):
    settings.WEBHOOKS_INSIDE = True


@pytest.fixture
def agenda(radicale):
    """Return the server with its calendar emptied afterwards."""
    yield radicale
    for name in ("a", "b", "c"):
        radicale.remove(name)


def day(days):
    return (timezone.now().astimezone(PARIS) + timedelta(days=days)).date()


def event(uid, days, hour, more=""):
    start = f"{day(days):%Y%m%d}T{hour:02}0000"
    end = f"{day(days):%Y%m%d}T{hour + 1:02}0000"
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Europe/Paris:{start}\r\n"
        f"DTEND;TZID=Europe/Paris:{end}\r\nSUMMARY:Mots secrets\r\n{more}"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


def taken():
    found = BusyTime.objects.order_by("period").values_list("period", "pk")
    return [(one.lower.astimezone(PARIS), pk) for one, pk in found]


def moments():
    return [when for when, _pk in taken()]


def moment(days, hour):
    return datetime.combine(day(days), time(hour), PARIS)


def test_a_calendar_is_read_and_follows_what_changes_there(world, agenda):
    assert agenda.put("a", event("a", 2, 9)) == 201
    assert agenda.put("b", event("b", 3, 14, "RRULE:FREQ=DAILY;COUNT=3\r\n")) == 201
    source = busy.follow(world.people.marc, "Mon agenda", agenda.url, **WORDS)
    assert moments() == [moment(2, 9), *(moment(n, 14) for n in (3, 4, 5))]
    assert source.events == 2 and "secrets" not in source.text and agenda.url not in source.address
    before = taken()
    assert busy.read_again(source) and taken() == before  # the very rows: nothing is done twice
    agenda.put("a", event("a", 2, 16))  # moved
    agenda.put("c", event("c", 6, 10))
    assert agenda.remove("b") == 200
    assert busy.read_again(source) and moments() == [moment(2, 16), moment(6, 10)]
    BusySource.objects.update(read_at=timezone.now() - timedelta(hours=2))
    assert busy.read_by_itself(world.provider.pk, source.pk)
    assert not busy.read_by_itself(world.provider.pk, source.pk)  # no longer due
    assert moments() == [moment(2, 16), moment(6, 10)]


def test_what_was_known_stays_when_the_server_refuses_or_is_away(world, agenda):
    marc = world.people.marc
    agenda.put("a", event("a", 2, 9))
    source = busy.follow(marc, "Mon agenda", agenda.url, **WORDS)
    refusals = {
        "Saisissez-les de nouveau": {"password": "autre"},
        "adresse de l’agenda": {"address": agenda.url.replace("agenda", "rien")},
        "choisissez CalDAV": {"user": "", "password": ""},
    }
    for mend, change in refusals.items():
        with pytest.raises(outside.NotRead, match=mend):
            busy.follow(marc, "Autre", **{"address": agenda.url, **WORDS, **change})
    assert BusySource.objects.get() == source
    agenda.stop()
    try:
        assert not busy.read_again(source)
        source.refresh_from_db()
        assert "réessayez" in source.fault and moments() == [moment(2, 9)]
        with pytest.raises(outside.NotRead, match="ne répond pas"):
            busy.follow(marc, "Autre", agenda.url, **WORDS)
    finally:
        agenda.start()
    assert busy.read_again(source)
    source.refresh_from_db()
    assert source.fault == ""


def test_a_server_inside_our_own_walls_is_never_called(world, agenda, settings):
    source = busy.follow(world.people.marc, "Mon agenda", agenda.url, **WORDS)
    settings.WEBHOOKS_INSIDE = False
    for url in (agenda.url, agenda.url.replace("http:", "https:")):
        with pytest.raises(outside.NotRead):
            busy.follow(world.people.marc, "Autre", url, **WORDS)
    assert not busy.read_again(source)


def test_what_people_have_is_read_through_a_server_too(agenda, shared):
    """A sixth of the robustness files: whatever this strict server takes, we take from it."""
    names = []
    for number, file in enumerate(sorted((shared / "ics" / "files").glob("*.ics"))[::6]):
        if agenda.put(f"file-{number}", file.read_bytes()) == 201:
            names.append(f"file-{number}")
    start, end = datetime(1970, 1, 1, tzinfo=PARIS), datetime(2037, 1, 1, tzinfo=PARIS)
    reading = ical.read(outside.of_collection(agenda.url, USER, PASSWORD, start, end))
    for name in names:
        agenda.remove(name)
    assert len(names) >= 3 and reading.events + len(reading.left_out) >= 3
    assert all(one.why for one in reading.left_out)

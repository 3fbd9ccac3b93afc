"""A time for several: found by the rules of each, held, booked once, announced and answered."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

import icalendar
import pytest
from django.core import mail as outgoing
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse
from django.utils import timezone

from relais.desk import letters, mailbox
from relais.desk.errors import NotNow, Overtaken
from relais.desk.models import Letter, Ticket
from relais.offer.models import PreferenceSheet
from relais.people.models import OrganisationChange
from relais.planning import free_busy, meetings
from relais.planning.models import BusySource, BusyTime, Meeting, MeetingGuest, MeetingTime
from relais.planning.models.meeting import TimeTaken

from .conftest import PARIS

# A Monday to come, far from any holiday.
FIRST = timezone.localdate() + timedelta(days=(7 - timezone.localdate().weekday()))


@pytest.fixture
def arranged(world, new_ticket):
    """Return a function that finds a time for Marc and Claire."""
    ticket = new_ticket("taken", at=timezone.now())

    def arrange(now=None, **more):
        people = world.people
        asked = {"minutes": 60, "first": FIRST, "days": 5, "subject": "Comité", "place": "Aix"}
        guests = more.pop("guests", [people.marc, people.claire])
        return meetings.arrange(ticket, guests, by=people.alice, now=now, **(asked | more))

    return arrange


def held(meeting):
    times = meetings.times_of(meeting, timezone.now())
    return [time.astimezone(PARIS).strftime("%a %H:%M") for time in times]


def busy(world, name, day, start, end):
    person = getattr(world.people, name)
    source, _new = BusySource.objects.get_or_create(
        provider=world.provider, person=person, name="A"
    )
    begin = free_busy.coverage.moment_of(FIRST + timedelta(day), PARIS)
    period = DateTimeTZRange(begin + timedelta(hours=start), begin + timedelta(hours=end))
    BusyTime.objects.create(provider=world.provider, person=person, source=source, period=period)


def test_three_times_are_held_for_everybody(arranged):
    meeting = arranged()
    assert held(meeting) == ["Mon 09:30", "Tue 09:30", "Wed 09:30"]
    assert MeetingTime.objects.count() == 6
    assert OrganisationChange.objects.filter(kind="meeting_held").count() == 1


def test_what_is_taken_and_what_a_sheet_asks_is_heeded(world, arranged):
    busy(world, "claire", 0, 0, 24)
    PreferenceSheet.write(
        world.people.marc, by=world.people.marc, reserved=[], authority={},
        content={"protected_slots": "Mardi 9h-11h30\nle soir", "max_meetings": "0"},
    )  # fmt: skip
    with pytest.raises(meetings.NoTime, match="Marc Morel"):
        arranged()
    PreferenceSheet.write(
        world.people.marc, by=world.people.marc, reserved=[], authority={},
        content={"protected_slots": "Mardi 9h-11h30\nle soir"},
    )  # fmt: skip
    assert held(arranged()) == ["Tue 14:00", "Wed 09:30", "Thu 09:30"]


def test_a_time_that_is_held_is_taken_until_it_runs_out(arranged):
    first = arranged()
    assert not set(held(arranged())) & set(held(first))
    assert held(arranged(now=timezone.now() + timedelta(hours=25)))[0] == "Mon 09:30"


def test_of_two_who_hold_the_same_time_one_wins(world, arranged):
    meeting = arranged()
    start = meetings.times_of(meeting, timezone.now())[0]
    with pytest.raises(TimeTaken):
        Meeting.hold(
            meeting.ticket, [(start, start + timedelta(hours=1))], [world.people.marc],
            by=world.people.alice, subject="Autre",
        )  # fmt: skip
    assert Meeting.objects.count() == 1


def test_of_two_who_book_one_wins_and_the_other_times_are_free(world, arranged):
    meeting = arranged()
    start = meetings.times_of(meeting, timezone.now())[1]
    first, second = (Meeting.objects.get(pk=meeting.pk) for _ in range(2))
    assert meetings.book(first, start, by=world.people.alice) == 2
    with pytest.raises((NotNow, Overtaken)):
        meetings.book(second, start, by=world.people.basile)
    assert MeetingTime.objects.filter(until=None).count() == MeetingTime.objects.count() == 2
    assert OrganisationChange.objects.filter(kind="meeting_booked").count() == 1
    assert Letter.objects.exclude(calendar="").count() == 2


def test_a_time_that_is_past_cannot_be_booked(world, arranged):
    meeting = arranged()
    start = min(one.period.lower for one in MeetingTime.objects.filter(meeting=meeting))
    MeetingTime.objects.update(until=start + timedelta(days=9))
    with pytest.raises(NotNow):
        meeting.book(start, by=world.people.alice, at=start)
    meeting.book(start, by=world.people.alice, at=start - timedelta(minutes=1))


def test_a_hold_that_ran_out_cannot_be_booked(world, arranged):
    meeting = arranged()
    start = meetings.times_of(meeting, timezone.now())[0]
    MeetingTime.objects.update(until=timezone.now())
    with pytest.raises(NotNow):
        meetings.book(meeting, start, by=world.people.alice)


def booked(world, arranged):
    meeting = arranged()
    start = meetings.times_of(meeting, timezone.now())[0]
    meetings.book(meeting, start, by=world.people.alice)
    return meeting


def answer(world, meeting, who, word, number=1):
    person = getattr(world.people, who)
    text = Letter.objects.filter(to=person.email).exclude(calendar="").first().calendar
    calendar = icalendar.Calendar.from_ical(text.replace("METHOD:REQUEST", "METHOD:REPLY"))
    event = calendar.walk("VEVENT")[0]
    mine = icalendar.vCalAddress(f"mailto:{person.email}")
    mine.params["partstat"] = icalendar.vText(word)
    event["attendee"] = mine
    message = EmailMessage()
    message["From"], message["To"] = person.email, "x@atout.example"
    message["Subject"], message["Message-ID"] = "Re", f"<{who}-{word}-{number}@x>"
    message.set_content("Bien")
    text = calendar.to_ical().decode()
    message.add_alternative(text, subtype="calendar", params={"method": "REPLY"})
    return mailbox.receive_bytes(message.as_bytes(), world.provider.pk)


def test_an_invitation_leaves_as_itip_and_its_answers_are_taken_in(world, arranged):
    meeting = booked(world, arranged)
    letter = Letter.objects.exclude(calendar="").get(to=world.people.claire.email)
    letters.send(world.provider.pk, letter.pk)
    [sent] = outgoing.outbox
    part = next(p for p in sent.message().walk() if p.get_content_type() == "text/calendar")
    assert part.get_param("method") == "REQUEST"
    event = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]
    assert event["UID"] == meeting.uid and event["SUMMARY"] == "Comité"
    assert event["DTSTART"].dt == meeting.starts_at and len(event["ATTENDEE"]) == 2
    tickets = Ticket.objects.count()
    assert answer(world, meeting, "marc", "ACCEPTED").ticket == meeting.ticket
    answer(world, meeting, "claire", "DECLINED")
    assert Ticket.objects.count() == tickets  # an answer is no request
    said = dict(MeetingGuest.objects.values_list("person__first_name", "answer"))
    assert said == {"Marc": "accepted", "Claire": "declined"}


def test_who_was_invited_is_told_when_it_is_given_up(world, arranged):
    meetings.give_up(arranged(), by=world.people.alice)
    assert not Letter.objects.exclude(calendar="").exists()  # nobody knew of it
    meeting = booked(world, arranged)
    assert meetings.give_up(meeting, by=world.people.alice) == 2
    off = Letter.objects.filter(calendar__contains="METHOD:CANCEL")
    assert off.count() == 2 and "SEQUENCE:1" in off.first().calendar
    assert not MeetingTime.objects.exists()
    with pytest.raises(NotNow):
        meetings.give_up(meeting, by=world.people.alice)


@pytest.mark.parametrize("confidentiality", [2, 3])
def test_of_a_confidential_matter_the_mail_tells_the_time_alone(world, arranged, confidentiality):
    Ticket.objects.update(confidentiality=confidentiality)
    meeting = arranged()
    meeting.ticket.refresh_from_db()
    meetings.book(meeting, meetings.times_of(meeting, timezone.now())[0], by=world.people.alice)
    for letter in Letter.objects.exclude(calendar=""):
        words = "".join([letter.calendar, *letters.words(letter)])
        assert "Comité" not in words and "Aix" not in letter.calendar


def test_pages_and_api_find_book_and_give_up(world, client_of, arranged):
    ticket, alice = arranged().ticket, client_of(world.people.alice)
    url = reverse("meeting_new", args=[ticket.pk])
    assert alice.get(url).status_code == 200
    data = {"subject": "Point", "guests": [world.people.marc.pk], "minutes": 30, "days": 5}
    assert alice.post(url, data | {"first": "2001-01-01"}).status_code == 422
    other = alice.post(url, data | {"first": FIRST, "guests": [world.people.erwan.pk]})
    assert "guests" in other.context["form"].errors
    made = alice.post(url, data | {"first": FIRST})
    assert made.status_code == 302
    one = Meeting.objects.first()
    page = alice.get(reverse("meeting", args=[one.pk]))
    assert "Marc Morel" in page.content.decode()
    time = page.context["times"][0].isoformat()
    book = reverse("meeting_book", args=[one.pk])
    for typed in ("x", time, time):
        assert alice.post(book, {"time": typed, "version": 1}).status_code == 302
    one.refresh_from_db()
    assert one.state == "booked"
    assert "Point" in alice.get(reverse("meetings")).content.decode()

    def post(path, data):
        return alice.post(f"/api/{path}", data, content_type="application/json")

    made = post(f"tickets/{ticket.pk}/meetings", data | {"first": FIRST.isoformat()}).json()
    assert post(f"meetings/{made['id']}/book", {"time": made["times"][0]}).status_code == 200
    assert post(f"meetings/{made['id']}/book", {"time": made["times"][0]}).status_code == 409
    assert post(f"meetings/{made['id']}/give_up", {"version": 1}).status_code == 409
    assert post(f"meetings/{made['id']}/give_up", {}).json()["state"] == "given_up"
    assert alice.get(f"/api/meetings/{made['id']}").json()["times"] == []
    assert post(f"tickets/{ticket.pk}/meetings", data | {"guests": [99999999]}).status_code == 422
    for who in ("marc", "claire", "chloe"):
        stranger = client_of(getattr(world.people, who))
        assert stranger.get(reverse("meeting", args=[one.pk])).status_code == 404
        assert stranger.get(url).status_code == 404
        assert stranger.get(f"/api/meetings/{one.pk}").status_code == 404


def test_working_hours_of_a_sheet_are_kept(world, arranged):
    for text, expected in (
        ("14 h – 18 h", ["Mon 14:00", "Tue 14:00", "Wed 14:00"]),
        ("du mercredi au vendredi 10h-12h", ["Wed 10:00", "Thu 10:00", "Fri 10:00"]),
        ("souple", ["Mon 09:30", "Tue 09:30", "Wed 09:30"]),
    ):
        MeetingTime.objects.all().delete()
        PreferenceSheet.write(
            world.people.marc, by=world.people.marc, reserved=[], authority={},
            content={"working_hours": text},
        )  # fmt: skip
        found = held(arranged())
        assert [one[:4] for one in found] == [one[:4] for one in expected], text
        if text == "14 h – 18 h":
            assert all(one[4:] >= "14:00" for one in found)


def test_free_and_busy_are_drawn_with_the_times_proposed_and_never_what_for(
    world, client_of, arranged, call
):
    busy(world, "claire", 0, 14, 16)
    BusyTime.objects.update(title="Mots secrets")
    meeting = arranged()
    alice = client_of(world.people.alice)
    url = reverse("meeting", args=[meeting.pk])
    page = alice.get(url).content.decode()
    assert "14:00–16:00 : occupé" in page and "proposé" in page and "secrets" not in page
    assert alice.get(url, {"span": "week"}).content.decode().count("<caption") >= 3
    for odd in ("x", "9999-12-31", "0001-01-01", ""):
        assert alice.get(url, {"day": odd, "span": "week"}).status_code == 200
    [grid] = call(world.people.alice, "GET", f"meetings/{meeting.pk}/free_busy")[1]
    hers = next(p for p in grid["people"] if p["person"]["id"] == world.people.claire.pk)
    states = [one["state"] for one in hers["stretches"]]
    assert states.count("proposed") == 1 and states.count("busy") == 1 and "free" in states
    assert states[0] == "closed" == states[-1]
    path = f"meetings/{meeting.pk}/free_busy"
    assert len(call(world.people.alice, "GET", path, week=True)[1]) >= 3
    assert call(world.people.alice, "GET", path, day="x")[0] == 422
    for who in ("marc", "claire", "chloe"):
        assert call(getattr(world.people, who), "GET", path)[0] == 404

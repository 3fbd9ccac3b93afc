"""Invitations to meetings by mail (iTIP, RFC 5546): asked, called off, and what is answered."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.desk.models import Letter, Ticket
from relais.people.models import Confidentiality, Person
from relais.people.templatetags.ui import absolute_text

from .models import Meeting, MeetingGuest

UID = re.compile(r"meeting-(\d{1,18})-(\d{1,18})@relais")
ANSWERS = {"ACCEPTED", "DECLINED", "TENTATIVE"}


def invite(meeting: Meeting) -> int:
    """Return to how many the meeting was announced: each once for each state of it."""
    return _send(meeting, "REQUEST")


def call_off(meeting: Meeting) -> int:
    """Return how many were told that it does not take place."""
    return _send(meeting, "CANCEL")


def answered(facts: dict[str, Any], sender: Person) -> Ticket | None:
    """Return the request of the meeting that a mail answers, its answer noted; None for others."""
    found = UID.fullmatch(facts.get("uid", ""))
    if found is None or int(found[1]) != sender.provider_id or facts.get("method") != "REPLY":
        return None
    guest = MeetingGuest.objects.filter(meeting=int(found[2]), person=sender).first()
    if guest is None:
        return None
    said = [one["answer"].upper() for one in facts["attendees"]
            if one["address"] == sender.email.lower()]  # fmt: skip
    answer = next((word for word in said if word in ANSWERS), "")
    meeting = Meeting.objects.select_related("ticket").get(pk=guest.meeting_id)
    if answer and facts.get("sequence", 0) >= meeting.sequence:
        rows = MeetingGuest.objects.filter(pk=guest.pk)
        rows.update(answer=answer.lower(), answered_at=timezone.now())
    return meeting.ticket


def _send(meeting: Meeting, method: str) -> int:
    guests = [guest.person for guest in meeting.guests.select_related("person__site").all()]
    sent = 0
    for one in guests:
        with override(one.language):
            key = f"{method.lower()}:{meeting.uid}:{meeting.sequence}:{one.pk}"
            subject, text = _words(meeting, one, method)
            body = written(meeting, guests, method)
            sent += Letter.invite(meeting.ticket, one, key, subject, text, body) is not None
    return sent


def _title(meeting: Meeting) -> str:
    # The mail leaves our walls: of what is confidential it tells the time, and no more.
    if meeting.ticket.confidentiality >= Confidentiality.CONFIDENTIAL:
        return _("Meeting")
    return meeting.subject


def _place(meeting: Meeting) -> str:
    secret = meeting.ticket.confidentiality >= Confidentiality.CONFIDENTIAL
    return "" if secret else meeting.place


def _words(meeting: Meeting, to: Person, method: str) -> tuple[str, str]:
    assert meeting.starts_at is not None
    zone = ZoneInfo(to.site.time_zone if to.site else to.provider.time_zone)
    when = absolute_text(meeting.starts_at, zone)
    title = _title(meeting)
    subject = _("Invitation: %s") if method == "REQUEST" else _("Meeting cancelled: %s")
    lines = [subject % title, _("When: %s") % when]
    if place := _place(meeting):
        lines.append(_("Where: %s") % place)
    return subject % title, "\n".join(lines)


def written(meeting: Meeting, guests: list[Person], method: str) -> str:
    """Return the invitation as iCalendar."""
    import icalendar

    assert meeting.starts_at is not None
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Relais//Relais 1//FR")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = icalendar.Event()
    event.add("uid", meeting.uid)
    event.add("dtstamp", timezone.now().astimezone(UTC))
    event.add("sequence", meeting.sequence)
    event.add("dtstart", meeting.starts_at.astimezone(UTC))
    event.add("dtend", (meeting.starts_at + meeting.length).astimezone(UTC))
    event.add("summary", _title(meeting))
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    if place := _place(meeting):
        event.add("location", place)
    provider = meeting.by.provider
    organiser = icalendar.vCalAddress(f"mailto:{provider.inbox or settings.DEFAULT_FROM_EMAIL}")
    organiser.params["cn"] = icalendar.vText(provider.name)
    event["organizer"] = organiser
    for one in guests:
        if one.email:
            guest = icalendar.vCalAddress(f"mailto:{one.email}")
            guest.params["cn"] = icalendar.vText(one.name)
            if method == "REQUEST":
                guest.params["partstat"] = icalendar.vText("NEEDS-ACTION")
                guest.params["rsvp"] = icalendar.vText("TRUE")
            event.add("attendee", guest, encode=0)
    calendar.add_component(event)
    return str(calendar.to_ical().decode())

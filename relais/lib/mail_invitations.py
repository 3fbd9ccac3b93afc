"""What an invitation to a meeting says (iTIP, RFC 5546): the facts, in values that JSON holds."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from email.message import Message
from typing import Any

from icalendar import Calendar

from . import mail_parse

METHODS = ("REQUEST", "CANCEL", "REPLY", "COUNTER")
LARGEST = 1_000_000
MOST_ATTENDEES = 50


def facts(message: Message, content: Any) -> dict[str, Any] | None:
    """Return the facts of the first invitation that the mail carries, or None.

    `content` returns the text of a part. Keys: method, uid, sequence, summary, start, end (ISO;
    a day alone for whole days), place, organiser, attendees, repeats, said.
    """
    for part in mail_parse.parts(message):
        try:
            if part.get_content_type() != "text/calendar":
                continue
            text = content(part)
            if len(text) <= LARGEST and (found := _of_calendar(text, part)):
                return found
        except Exception:  # noqa: S112 (a calendar that is none: the mail is read as any other)
            continue
    return None


def _of_calendar(text: str, part: Message) -> dict[str, Any] | None:
    calendar = Calendar.from_ical(text)
    method = str(calendar.get("METHOD") or part.get_param("method") or "").upper()
    if method not in METHODS:
        return None
    for event in calendar.walk("VEVENT"):
        start = _value(event, "DTSTART")
        end = _value(event, "DTEND")
        length = _value(event, "DURATION")
        if end is None and isinstance(length, timedelta) and start is not None:
            end = start + length
        return {
            "method": method,
            "uid": _text(event, "UID")[:300],
            "sequence": int(event.get("SEQUENCE") or 0),
            "summary": _text(event, "SUMMARY")[:300],
            "start": _iso(start),
            "end": _iso(end),
            "place": _text(event, "LOCATION")[:300],
            "organiser": _person(event.get("ORGANIZER")),
            "attendees": [_person(one) for one in _listed(event.get("ATTENDEE"))][:MOST_ATTENDEES],
            "repeats": bool(event.get("RRULE")),
            "said": _text(event, "DESCRIPTION")[:2000],
        }
    return None


def _value(event: Any, name: str) -> Any:
    return getattr(event.get(name), "dt", None)


def _text(event: Any, name: str) -> str:
    return " ".join(str(event.get(name) or "").replace("\x00", "").split())


def _iso(moment: Any) -> str:
    return moment.isoformat() if isinstance(moment, date | datetime) else ""


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _person(value: Any) -> dict[str, str]:
    address = str(value or "")
    address = address[7:] if address.lower().startswith("mailto:") else address
    known = getattr(value, "params", {})
    return {
        "name": str(known.get("CN", ""))[:200],
        "address": address.lower()[:320],
        "answer": str(known.get("PARTSTAT", ""))[:20],
    }

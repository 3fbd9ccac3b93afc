"""Calendars of the outside world: an address of iCalendar, or a collection of a CalDAV server.

Called as webhooks are: by TLS, outside of our own walls, at the very network address that was
checked. Nothing is followed unchecked, and no more is read than a calendar may be long.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import urllib3
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relais.desk.webhooks import BadAddress, check_address, place_of, port_of
from relais.lib import calling, ical
from relais.lib.problem import Problem

TIMEOUT = urllib3.Timeout(connect=5, read=20)
MOST_MOVES = 3
MOVED = (301, 302, 303, 307, 308)
DATA = "{urn:ietf:params:xml:ns:caldav}calendar-data"
QUERY = """<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-data/>\
</D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">\
<C:time-range start="%s" end="%s"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"""


class NotRead(Problem):
    """The calendar cannot be read at its address; the text says why."""

    message = gettext_lazy("The calendar cannot be read there: %(why)s")


def of_address(url: str) -> bytes:
    """Return the file at an address. Raises `NotRead`."""
    return _asked("GET", re.sub(r"^webcal://", "https://", url), {"Accept": "text/calendar"})


def of_collection(url: str, user: str, password: str, start: datetime, end: datetime) -> bytes:
    """Return the events of a CalDAV collection (RFC 4791) as one calendar. Raises `NotRead`."""
    stamps = tuple(moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") for moment in (start, end))
    headers = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
    if user:
        # RFC 7617 in UTF-8: the library's own header knows no “€” and no “œ”.
        word = b64encode(f"{user}:{password}".encode("utf-8", "replace")).decode()
        headers["authorization"] = f"Basic {word}"
    answer = _asked("REPORT", url, headers, (QUERY % stamps).encode())
    # A document type could name entities that unfold without end; no server needs one here.
    if b"<!DOCTYPE" in answer.upper():
        raise NotRead(why=_("its answer is no list of events."))
    try:
        tree = ElementTree.fromstring(answer)  # noqa: S314 (without a document type, see above)
    except ElementTree.ParseError:
        raise NotRead(why=_("its answer is no list of events.")) from None
    found = [node.text.strip() for node in tree.iter(DATA) if node.text]
    return "\r\n".join(found).encode() or b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"


def _asked(method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
    try:
        with calling.Deadline(calling.LONGEST) as deadline:
            return _followed(method, url, headers, body, deadline)
    except BadAddress as fault:
        raise NotRead(why=str(fault)) from None
    except calling.TooSlow:
        seconds = {"seconds": round(calling.LONGEST)}
        raise NotRead(why=_("it takes longer than %(seconds)s seconds.") % seconds) from None
    except urllib3.exceptions.SSLError:
        raise NotRead(why=_("its certificate is not valid: check the address.")) from None
    except urllib3.exceptions.HTTPError:
        raise NotRead(why=_("it does not answer. Check the address, or try again later.")) from None


def _followed(
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes | None,
    deadline: calling.Deadline,
) -> bytes:
    for _move in range(MOST_MOVES + 1):
        check_address(url)
        answer, where = _once(method, url, headers, body, deadline)
        if where is None:
            return answer
        try:
            moved = urljoin(url, where)
            elsewhere = urlsplit(moved).netloc != urlsplit(url).netloc
        except ValueError:
            raise NotRead(why=_("it leads to what is no address.")) from None
        if elsewhere:
            # A password is for the place for which it was given.
            headers = {key: value for key, value in headers.items() if key != "authorization"}
        url = moved
    raise NotRead(why=_("it leads from one address to the next."))


def _once(
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes | None,
    deadline: calling.Deadline,
) -> tuple[bytes, str | None]:
    """Return the answer, or where it leads; of the address that was checked."""
    port = port_of(url)
    place = place_of(str(urlsplit(url).hostname), port)
    named = {"User-Agent": "Relais", **headers}
    with calling.answered(
        method, url, place, port, headers=named, body=body, deadline=deadline, timeout=TIMEOUT
    ) as answer:
        if answer.status in MOVED and (where := answer.headers.get("Location")):
            return b"", where
        if answer.status not in (200, 207):
            raise NotRead(why=_refusal(answer.status, named="authorization" in headers))
        found = answer.read(ical.BIGGEST + 1, decode_content=True)
    if len(found) > ical.BIGGEST:
        raise NotRead(why=_("it is too long."))
    return found, None


def _refusal(status: int, *, named: bool) -> str:
    """Return what an answer means for the person who gave the address, and the mend."""
    if status in (401, 403) and named:
        return _("it refuses this user or this password. Enter both again, anew if need be.")
    if status in (401, 403):
        return _("it asks for a user and a password: choose CalDAV and enter both.")
    if status in (404, 405, 410, 501):
        return _("no calendar lies there: copy the address of the calendar itself.")
    return _("it answers “%(status)s”. Try again later.") % {"status": status}

"""A time for several people: sought by their rules, three held, one booked by invitation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.models import Ticket
from relais.engine import slots
from relais.lib.problem import Problem
from relais.people.access import Access
from relais.people.models import Person

from . import coverage, free_busy, meeting_mail
from .models import Meeting, MeetingTime

MOST_GUESTS, MOST_DAYS = 20, 60
LENGTHS = (15, 30, 45, 60, 90, 120, 180, 240)
CODES = {
    "closed": _("outside of her opening hours"),
    "busy": _("she is taken"),
    "protected": _("hours that she protects"),
    "notice": _("shorter notice than she asks for"),
    "too_many": _("as many meetings that day as she bears"),
}


class NoTime(Problem):
    """Nobody's rules leave a common time; the text says whose, and how to go on."""

    message = _("No common time: %(why)s. Ask for a shorter meeting, later days or fewer people.")


def who_may_come(access: Access, ticket: Ticket) -> list[Person]:
    """Return the people of the request's company who may be invited: those who have an address."""
    people = access.see(Person).filter(company=ticket.company_id, archived_at=None)
    rows = people.exclude(email="").select_related("provider", "site__company", "site__entity")
    return list(rows.order_by("name_key", "pk")[:500])


def arrange(
    ticket: Ticket,
    guests: Sequence[Person],
    *,
    minutes: int,
    first: date,
    days: int,
    subject: str,
    place: str,
    by: Person,
    now: datetime | None = None,
) -> Meeting:
    """Return the meeting with three times held (fewer where there are fewer).

    Raises `NoTime`, and `TimeTaken` where somebody was quicker.
    """
    now = now or timezone.now()
    last = first + timedelta(min(days, MOST_DAYS) - 1)
    zone = ZoneInfo(ticket.site.time_zone)
    period = (coverage.moment_of(first, zone), coverage.moment_of(last + timedelta(1), zone))
    people = free_busy.attendees(guests, first, last, now)
    found = slots.find(people, timedelta(minutes=minutes), period, now)
    if not found.proposals:
        raise NoTime(why=in_the_way(found, guests))
    times = [(one.start, one.end) for one in found.proposals]
    return Meeting.hold(ticket, times, list(guests), by=by, subject=subject, place=place, at=now)


def in_the_way(found: slots.Found, guests: Sequence[Person]) -> str:
    """Return who closes the times that the others have, and by which rule."""
    names = {one.pk: one.name for one in guests}
    told = [
        f"{names[way.person]} ({', '.join(str(CODES[code]) for code in way.closes)})"
        for way in found.in_the_way[:5]
    ]
    return "; ".join(told) or _t("nobody is open in these days")


def book(meeting: Meeting, start: datetime, *, by: Person) -> int:
    """Return how many were invited: the meeting is booked at one of the times held."""
    meeting.book(start, by=by)
    return meeting_mail.invite(meeting)


def give_up(meeting: Meeting, *, by: Person) -> int:
    """Return how many were told: those who had been invited; the times are free again."""
    was_booked = meeting.state == Meeting.State.BOOKED
    meeting.give_up(by=by)
    return meeting_mail.call_off(meeting) if was_booked else 0


def times_of(meeting: Meeting, now: datetime) -> list[datetime]:
    """Return the times that are still held, in order."""
    rows = MeetingTime.objects.filter(meeting=meeting, until__gt=now)
    return sorted({one.period.lower for one in rows})

"""An invitation to a meeting as a request for the agenda: its facts in words, its service."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _t
from django.utils.translation import override

from relais.offer.models import Service
from relais.people.models import Person

from .models import Ticket

Facts = dict[str, Any]
# Meetings are arranged a floor above: they are called by name.
MEETINGS = "relais.planning.meeting_mail.answered"


def service() -> Service | None:
    """Return the service that sees to appointments, or None: then the words tell."""
    agenda = Service.objects.filter(family=Service.Family.AGENDA, active=True).order_by("pk")
    return agenda.filter(code="appointment").first() or agenda.first()


def answered(facts: Facts, sender: Person) -> Ticket | None:
    """Return the request of the meeting of ours that a mail answers, the answer noted; or None."""
    found: Ticket | None = import_string(MEETINGS)(facts, sender)
    return found


def subject(facts: Facts, subject: str, language: str) -> str:
    """Return a subject that says what is asked."""
    summary = facts["summary"] or subject or "—"
    with override(language):
        return {
            "REQUEST": _t("Invitation: %s"),
            "CANCEL": _t("Meeting cancelled: %s"),
            "REPLY": _t("Answer to an invitation: %s"),
            "COUNTER": _t("Another time is proposed: %s"),
        }[facts["method"]] % summary


def told(facts: Facts, language: str, words: str = "") -> str:
    """Return the facts in words, then what the mail said besides."""
    with override(language):
        lines = [subject(facts, "", language)]
        if when := _when(facts):
            lines.append(_t("When: %s") % when)
        if facts["repeats"]:
            lines.append(_t("It repeats itself."))
        if facts["place"]:
            lines.append(_t("Where: %s") % facts["place"])
        if who := _named(facts["organiser"]):
            lines.append(_t("Organised by: %s") % who)
        if facts["attendees"]:
            named = ", ".join(_answered(one) for one in facts["attendees"][:20])
            lines.append(_t("With: %s") % named)
    return "\n".join(lines) + (f"\n\n{words}" if words else "")


def wanted_by(facts: Facts) -> datetime | None:
    """Return when the meeting begins, if that is still to come: by then it must be answered."""
    begins = _moment(facts["start"])
    if isinstance(begins, datetime) and timezone.is_aware(begins) and begins > timezone.now():
        return begins
    return None


def _moment(text: str) -> datetime | date | None:
    try:
        return parse_datetime(text) if "T" in text else parse_date(text)
    except ValueError:
        return None


def _when(facts: Facts) -> str:
    start, end = _moment(facts["start"]), _moment(facts["end"])
    said = [_shown(moment) for moment in (start, end) if moment is not None]
    return " → ".join(said)


def _shown(moment: datetime | date) -> str:
    if not isinstance(moment, datetime):
        return date_format(moment, "DATE_FORMAT")
    # In the zone that the invitation names: the meeting's own.
    zone = f" ({moment.tzname()})" if moment.tzinfo else ""
    return f"{date_format(moment, 'DATETIME_FORMAT', use_l10n=True)}{zone}"


def _named(person: dict[str, str]) -> str:
    return person["name"] or person["address"]


def _answered(person: dict[str, str]) -> str:
    answer = {
        "ACCEPTED": _t("accepts"),
        "DECLINED": _t("declines"),
        "TENTATIVE": _t("perhaps"),
    }.get(person["answer"].upper(), "")
    return f"{_named(person)} ({answer})" if answer else _named(person)

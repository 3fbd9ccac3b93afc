"""Asking by a link: the letter, the door it opens, and what becomes of an interview once sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone, translation

from relais.lib.rates import too_often
from relais.lib.tenancy import current_tenant, tenant
from relais.people import letters
from relais.people.models import Site
from relais.people.models.api_key import digest_of

from . import activity_logs, irritants
from .models import (
    ActivityLog,
    BrakeAnswer,
    Interview,
    InventoryLine,
    Participant,
    Study,
    StudyLink,
)
from .models.interview import Ask
from .workshop_errors import NoAddress, NothingAsked

if TYPE_CHECKING:
    from relais.people.access import Access
    from relais.people.models import Person

SHAPE = re.compile(r"(\d{1,18})-[\w-]{43}")
# Pages of one link, drafts among them, and tries from one place, in a minute.
MOST_PAGES, MOST_TRIES = 120, 30


class TooOften(Exception):
    """Somebody asks more often than she may: try again in a minute."""


def address_of(secret: str) -> str:
    """Return the whole address, as the letter tells it."""
    return settings.SITE_URL + reverse("answer", args=[secret])


def send(
    participant: Participant, asks: list[str], *, language: str, by: Person
) -> tuple[StudyLink, str]:
    """Return a new link and its address; the letter is on its way, where there is an address.

    The link that stood before opens nothing any more. Raises `NothingAsked`, `NoAddress`.
    """
    if not set(asks) & set(Ask.values):
        raise NothingAsked()
    if not participant.address:
        raise NoAddress(name=participant.shown)
    with transaction.atomic():
        link, secret = StudyLink.make(participant, asks, language=language, by=by)
        if Ask.ACTIVITY in link.asks:
            activity_logs.log_of(participant)
        letters.post(
            letters.write(
                "study/letters/asked.txt", to=participant.address, language=language,
                participant=participant, study=participant.study, link=address_of(secret),
                asks=[Ask(ask).label for ask in link.asks], expires_at=link.expires_at, sender=by,
            )
        )  # fmt: skip
    return link, address_of(secret)


@contextmanager
def opened(secret: str, place: str, now: datetime) -> Iterator[StudyLink | None]:
    """Enter what a secret opens: its link, in its language and by the clocks of its site.

    None when it opens nothing, whatever the reason. Raises `TooOften`.
    """
    shape = SHAPE.fullmatch(secret)
    if shape is None or current_tenant() not in (None, int(shape[1])):
        _check(f"study place {place}", MOST_TRIES, now)
        yield None
        return
    _check(f"study link {secret}", MOST_PAGES, now)
    with tenant(int(shape[1])):
        rows = StudyLink.objects.select_related(
            "participant__study__company", "participant__study__pilot", "participant__person",
            "participant__site", "participant__provider",
        )  # fmt: skip
        link = rows.filter(digest=digest_of(secret)).first()
        if link is None or not link.opened_by(secret) or not link.is_open(now):
            _check(f"study place {place}", MOST_TRIES, now)
            yield None
            return
        link.seen(now)
        whose = link.participant.site or link.participant.provider
        zone = ZoneInfo(whose.time_zone)
        with translation.override(link.language), timezone.override(zone):
            yield link


def _check(what: str, most: int, now: datetime) -> None:
    if too_often(what, most, now):
        raise TooOften


def take(
    interview: Interview, answers: dict[str, Any], *, site: Site | None, by: Person | None = None
) -> bool:
    """Send an interview, once: its tasks become lines declared, its pains irritants.

    Return whether it was this sending that counts.
    """
    with transaction.atomic():
        if not interview.send(answers, by=by):
            return False
        who = interview.participant
        for n, task in enumerate(answers.get("tasks", [])):
            if site is not None:
                _line(interview, n, task, who, site, by)
        for n, pain in enumerate(answers.get("pains", [])):
            fields = {
                "site": site, "process": pain["process"], "role": who.role,
                "verbatim": pain.get("verbatim") or "", "said_by": who,
                "category": pain.get("category") or "waiting",
                "a_month": pain.get("a_month") or 0, "minutes": pain.get("minutes") or 0,
                "severity": int(pain.get("severity") or 3),
            }  # fmt: skip
            key = f"{interview.pk}-{n}"
            irritants.collect(
                interview.study, fields, by=None, source="interview", source_key=key
            )  # fmt: skip
    return True


def _line(
    interview: Interview, n: int, task: dict[str, Any], who: Participant, site: Site,
    by: Person | None,
) -> None:  # fmt: skip
    minutes = task.get("minutes") or 0
    InventoryLine.objects.get_or_create(
        study=interview.study, source=InventoryLine.Source.INTERVIEW,
        source_key=f"{interview.pk}-{n}",
        defaults={
            "provider_id": interview.provider_id, "site": site, "task": task["task"],
            "family": task.get("family") or "other", "doer_role": who.role,
            "count": task.get("count") or 0, "period": task.get("period") or "week",
            "minutes_low": minutes, "minutes_usual": minutes, "minutes_high": minutes,
            "evidence": InventoryLine.Evidence.DECLARED, "confidence": 1, "author": who,
            "typed_by": by,
        },
    )  # fmt: skip


def hers(who: Participant) -> dict[str, Any]:
    """Return where somebody stands with what she is asked, for her own page."""
    interview = Interview.objects.filter(participant=who).first()
    log = ActivityLog.objects.filter(participant=who).first()
    return {
        "sent": interview is not None and interview.sent_at is not None,
        "begun": interview is not None and bool(interview.draft),
        "answered": BrakeAnswer.objects.filter(participant=who).exists(),
        "log": log,
        "days": len(log.days()) if log else 0,
    }


def asked_of(who: Participant) -> list[str]:
    """Return what somebody is asked by her open link, as it is called; none without a link."""
    link = StudyLink.objects.filter(participant=who, revoked_at=None).first()
    if link is None or not link.is_open(timezone.now()):
        return []
    return [str(Ask(one).label) for one in link.asks]


def sites_to_choose(who: Participant) -> QuerySet[Site] | None:
    """Return the sites of the study for who has none of her own, None for others."""
    if who.site_id is not None:
        return None
    return Site.objects.filter(study_scopes__study=who.study_id).order_by("name_key", "pk")


@dataclass
class Asked:
    """A participant as the pilot follows her: what was asked, and what has come; never what of."""

    participant: Participant
    link: StudyLink | None
    came: dict[str, bool]
    open: bool


def followed(access: Access, study: Study, now: datetime) -> list[Asked]:
    """Return the participants that this person sees, with where each stands, in a few queries."""
    people = access.see(Participant).filter(study=study).select_related("person", "site", "study")
    links = access.see(StudyLink).filter(participant__study=study, revoked_at=None)
    by_person = {link.participant_id: link for link in links}
    # That something came is told; what came is not read here.
    sent = _who(Interview.objects.filter(study=study).exclude(sent_at=None))
    answered = _who(BrakeAnswer.objects.filter(study=study))
    logged = _who(ActivityLog.objects.filter(study=study).exclude(closed_at=None))
    found = []
    for person in people:
        link = by_person.get(person.pk)
        came = {
            Ask.INTERVIEW.value: person.pk in sent,
            Ask.BRAKES.value: person.pk in answered,
            Ask.ACTIVITY.value: person.pk in logged,
        }
        stands = link is not None and now < link.expires_at
        found.append(Asked(person, link, came, stands))
    return found


def _who(rows: Any) -> set[int]:
    return set(rows.values_list("participant_id", flat=True))

"""Requests that may be the same: looked for among those that the person may see, with reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from relais.engine import alike
from relais.people.access import Access
from relais.people.models import Person

from . import rules
from .errors import NotYours
from .models import Dismissal, Link, Message, Ticket

RECENT = timedelta(days=60)
# How many the words find for the engine to compare.
COMPARED = 60
MOST_WORDS = 40


@dataclass(frozen=True)
class Suggestion:
    """A request that may be the same, how sure that is, and why."""

    ticket: Ticket
    score: float
    sure: bool
    reasons: list[str]


def of_ticket(access: Access, ticket: Ticket) -> list[Suggestion]:
    """Return what may be the same as a ticket, but for what was dismissed, linked or merged."""
    if ticket.state == ticket.State.MERGED:
        return []
    settled = _settled(ticket)
    asked = _asked(ticket)
    pool = access.see(Ticket).exclude(pk__in=settled)
    return _found(pool, ticket.company_id, asked)


def at_entry(
    access: Access,
    *,
    company: int | None,
    subject: str,
    body: str,
    service: int | None = None,
    requester: int | None = None,
    site: int | None = None,
) -> list[Suggestion]:
    """Return what may be the same as words that somebody is typing, or that a mail brought."""
    asked = alike.Asked(0, subject[:300], body[:4000], service, requester, site, timezone.now())
    return _found(access.see(Ticket), company, asked)


def of_mail(access: Access, mail: Message, sender: Person | None) -> list[Suggestion]:
    """Return what a mail of the quarantine may belong to; any client's when nobody knows it."""
    return at_entry(
        access,
        company=sender.company_id if sender else None,
        subject=mail.subject,
        body=mail.body,
        requester=sender.pk if sender else None,
        site=sender.site_id if sender else None,
    )


def dismiss(ticket: Ticket, other: Ticket, *, by: Person) -> None:
    """Say that two tickets are not the same: they are not proposed again. Done once."""
    for one in (ticket, other):
        if not rules.access_of(by).see(Ticket).filter(pk=one.pk).exists():
            raise NotYours(reference=one.reference, person=str(by))
    first, second = sorted((ticket.pk, other.pk))
    if first == second:
        return
    Dismissal.objects.bulk_create(
        [Dismissal(provider_id=ticket.provider_id, ticket_id=first, other_id=second, by=by)],
        ignore_conflicts=True,
    )


def _settled(ticket: Ticket) -> set[int]:
    """Return the tickets about which somebody decided already."""
    either = Q(ticket=ticket) | Q(other=ticket)
    pairs = [
        *Dismissal.objects.filter(either).values_list("ticket_id", "other_id"),
        *Link.objects.filter(either, ended_at=None).values_list("ticket_id", "other_id"),
    ]
    return {key for pair in pairs for key in pair} | {ticket.pk}


def _found(pool: QuerySet[Ticket], company: int | None, asked: alike.Asked) -> list[Suggestion]:
    wanted = alike.words(asked.subject, asked.body)[:MOST_WORDS]
    if not wanted:
        return []
    since = asked.at - RECENT
    until = asked.at + RECENT
    pool = pool.exclude(state__in=[Ticket.State.MERGED, Ticket.State.CANCELLED])
    pool = pool.filter(received_at__range=(since, until))
    if company is not None:
        pool = pool.filter(company=company)
    near = _by_words(pool, wanted).select_related("service", "site", "requester", "company")
    rows = {one.pk: one for one in near}
    likely = alike.alike(asked, [_asked(one) for one in rows.values()])
    return [
        Suggestion(rows[like.key], like.score, like.sure, reasons(like.points)) for like in likely
    ]


def _by_words(pool: QuerySet[Ticket], wanted: Iterable[str]) -> QuerySet[Ticket]:
    """Return those that share most words, found by PostgreSQL's full text."""
    # The words are letters and digits only; a prefix finds plurals too.
    spoken = " | ".join(f"{word}:*" for word in wanted)
    query = SearchQuery(spoken, search_type="raw", config="simple")
    ranked = pool.filter(words=query).annotate(rank=SearchRank(F("words"), query))
    return ranked.order_by("-rank", "-pk")[:COMPARED]


def _asked(ticket: Ticket) -> alike.Asked:
    wanted: datetime | None = ticket.wanted_by
    return alike.Asked(
        key=ticket.pk,
        subject=ticket.subject,
        body=ticket.body[:4000],
        service=ticket.service_id,
        requester=ticket.requester_id,
        site=ticket.site_id,
        at=ticket.received_at,
        wanted=wanted.date() if wanted else None,
    )


def reasons(points: Iterable[Any]) -> list[str]:
    """Return the reasons in words, in the reader's language."""
    said = []
    for point in points:
        if point.name == "words":
            said.append(_("same words: %(words)s") % {"words": point.what})
        elif point.name == "number":
            said.append(_("same number: %(number)s") % {"number": point.what})
        elif point.name == "time" and point.weight > 0:
            days = int(point.what)
            near = ngettext("%(n)s day apart", "%(n)s days apart", days) % {"n": days}
            said.append(near if days else _("the same day"))
        elif point.name in ("service", "requester", "site", "day"):
            said.append(
                {
                    "service": _("same service"),
                    "requester": _("same requester"),
                    "site": _("same site"),
                    "day": _("wanted for the same day"),
                }[point.name]
            )
    return said

"""How triage does: what it left to a person, and how often people changed its answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import TruncWeek
from django.utils import timezone

from relais.engine import triage
from relais.offer.models import Service
from relais.people.access import Access

from . import learning
from .models import Event, Ticket

WEEKS = 12
SUGGESTED = 3
WORDS = 8
SAID = (Event.Kind.SETTLED, Event.Kind.RESCOPED)


@dataclass(frozen=True)
class Week:
    """Requests whose service was guessed; those left to a person; those that a person changed."""

    begins: datetime
    guessed: int
    unsure: int
    changed: int

    @property
    def kept(self) -> float | None:
        """Return the share of the sure answers that nobody changed, 0 to 100."""
        sure = self.guessed - self.unsure
        return 100 * (sure - self.changed) / sure if sure else None


def unsure(access: Access) -> QuerySet[Ticket]:
    """Return the requests whose service a person has to say, the oldest first."""
    events = Event.objects.filter(ticket=OuterRef("pk"))
    doubted = events.filter(kind=Event.Kind.RECEIVED, facts__triage__sure=False)
    said = events.filter(kind__in=SAID)
    live = access.see(Ticket).filter(state__in=Ticket.AT_WORK).exclude(channel=Ticket.Channel.LOG)
    waiting = live.filter(Exists(doubted), ~Exists(said))
    return waiting.select_related("site", "requester", "service").order_by("received_at", "pk")


def with_guesses(tickets: list[Ticket], services: list[Service]) -> list[Ticket]:
    """Return the tickets, each with the services that triage thought of (`suggested`), the best
    first, and the words that spoke (`spoken`)."""
    by_key = {service.pk: service for service in services}
    told = Event.objects.filter(ticket__in=tickets, kind=Event.Kind.RECEIVED)
    facts = {event.ticket_id: event.facts.get("triage", {}) for event in told}
    for ticket in tickets:
        fact = facts.get(ticket.pk, {})
        keys = [fact.get("guess"), *(key for key, _score in fact.get("runners_up", []))]
        found = [by_key[key] for key in dict.fromkeys(keys) if key in by_key][:SUGGESTED]
        ticket.suggested = found  # type: ignore[attr-defined]
        ticket.spoken = list(  # type: ignore[attr-defined]
            dict.fromkeys(
                word for word, _place, key, _weight in fact.get("words", []) if key in keys
            )
        )
    return tickets


def weeks(access: Access, now: datetime | None = None) -> list[Week]:
    """Return the last weeks in which something was guessed, the latest first: one query."""
    since = (now or timezone.now()) - timedelta(weeks=WEEKS)
    later = Event.objects.filter(ticket=OuterRef("ticket"))
    moved = Q(kind=Event.Kind.RESCOPED, facts__to__has_key="service") | Q(kind=Event.Kind.SETTLED)
    rows = (
        access.see(Event)
        .filter(kind=Event.Kind.RECEIVED, at__gte=since)
        .annotate(by_whom=KT("facts__triage__by"), moved=Exists(later.filter(moved)))
        .filter(by_whom__in=("words", "learned"))
        .order_by()
        .annotate(week=TruncWeek("at"))
        .values("week")
        .annotate(
            guessed=Count("pk"),
            unsure=Count("pk", filter=Q(facts__triage__sure=False)),
            changed=Count("pk", filter=Q(facts__triage__sure=True, moved=True)),
        )
    )
    found = [Week(r["week"], r["guessed"], r["unsure"], r["changed"]) for r in rows]
    return sorted(found, key=lambda week: week.begins, reverse=True)


def words_of(services: list[Service]) -> list[tuple[Service, list[str], bool]]:
    """Return for each service the words that speak for it, and whether they were learned."""
    model, _number = learning.in_use()
    found = []
    for service in services:
        terms = [term for term, _weight in model.speak_for(service.pk, WORDS)] if model else []
        # As they are written; what triage compares has lost its accents and endings.
        own = [word for word in service.words.split() if triage.words(word)]
        found.append((service, terms or list(dict.fromkeys(own))[:WORDS], bool(terms)))
    return found

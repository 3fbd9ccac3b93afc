"""What stands beside the demo's requests: an amount to approve, a recurrence, words given, a wish.

Lived through the verbs at the end of the last week, so that each page has something to show.
"""

from __future__ import annotations

import contextlib
from datetime import datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from relais.desk import attempts, intake
from relais.desk.errors import Refused
from relais.desk.models import (
    Approval,
    ClarityMark,
    Commitment,
    Letter,
    Recurrence,
    Ticket,
    TimeEntry,
)
from relais.desk.models.ticket_steering import promised_by
from relais.offer.models import Service
from relais.people.models import Confidentiality, Person

COSTS = Decimal(4800)


def live(now: datetime, people: dict[str, Person]) -> None:
    """Let it happen, up to `now`; what cannot be said of today's requests is left out."""
    services = {service.code: service for service in Service.objects.all()}
    _approval(now, people["antoine"], services["insurance-lease"])
    _recurrence(now, people["antoine"], services["dashboard"])
    ordinary = Ticket.objects.exclude(confidentiality=Confidentiality.EXECUTIVE)
    taken = ordinary.filter(state=Ticket.State.TAKEN).order_by("pk")
    for number, ticket in enumerate(taken.select_related(*RELATED)[:4]):
        with contextlib.suppress(Refused):
            _work(ticket, now, number)
    _wishes(now)
    # The past needs no mail: whoever waits for one has read it since.
    Letter.objects.filter(state=Letter.State.WAITING).update(
        state=Letter.State.SENT, sent_at=now, next_try_at=None
    )


RELATED = ("holder", "requester", "service", "site__calendar", "company")


def _approval(now: datetime, asks: Person, service: Service) -> None:
    """An amount above what may be spent without a word: the client's lead has it before her."""
    at = now - timedelta(minutes=40)
    ticket = intake.receive(
        requester=asks,
        subject="Assurance des nouveaux bureaux",
        body="Le contrat retenu est joint, merci de souscrire avant l'emménagement.",
        channel=Ticket.Channel.FORM,
        service=service,
        at=at,
    )
    Approval.ask(ticket, COSTS, "Prime annuelle du contrat retenu", by=asks, at=at)


def _recurrence(now: datetime, asks: Person, service: Service) -> None:
    if asks.site is None:
        return
    first = (timezone.localtime(now).date().replace(day=28) + timedelta(days=7)).replace(day=1)
    Recurrence.start(
        site=asks.site,
        requester=asks,
        service=service,
        subject="Tableau de bord du mois",
        body="Les chiffres sont dans le dossier partagé.",
        rule="FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1",
        first_on=first,
        hour=time(9),
        shift=Recurrence.Shift.NEXT,
        by=asks,
        at=now,
    )


def _work(ticket: Ticket, now: datetime, number: int) -> None:
    """Her time, her word, and what the request lacked."""
    holder = ticket.holder
    if holder is None:
        return
    TimeEntry.add(ticket, 15 * (number + 1), by=holder, at=now)
    if number < 2:
        missing = ["date", "people"] if number else []
        ClarityMark.mark(ticket, missing, by=holder, at=now)
    due = promised_by(ticket)
    if due is not None and due - timedelta(hours=1) > now:
        by_when = due - timedelta(hours=1)
        Commitment.promise(ticket, Commitment.Kind.DELIVERY, by_when, by=holder, at=now)


def _wishes(now: datetime) -> None:
    """Two managers of one company each want to come first: refused, kept, put to their lead."""
    rows = Ticket.objects.filter(
        state__in=Ticket.AT_WORK,
        priority__gt=Ticket.Priority.HIGH,
        confidentiality__lt=Confidentiality.EXECUTIVE,
        company__name__startswith="Calanques",
    )
    asked: list[Ticket] = []
    for ticket in rows.select_related(*RELATED).order_by("-pk")[:40]:
        steers = ticket.company.engagement
        if steers is None or steers.steers(ticket.requester):
            continue
        if ticket.requester_id not in {one.requester_id for one in asked}:
            asked.append(ticket)
    for minutes, ticket in enumerate(asked[:2]):
        # As the refused verb keeps it, at its own time.
        attempts.keep(
            "reprioritise",
            ticket.requester,
            asked={"priority": int(Ticket.Priority.HIGH)},
            ticket=ticket,
            at=now - timedelta(minutes=20 - minutes),
        )

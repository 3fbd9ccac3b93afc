"""Teaching triage: from what people made of the provider's own requests, and from nothing else.

A lesson replaces the one in use only when it does better on requests that neither has seen. Class
C3 is never material: what is for named persons must not be read out of a model's words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from relais.engine import learned, triage
from relais.engine.learned import Example, Figures, Model
from relais.lib.compiled import Compiled
from relais.offer.models import Service
from relais.people.models import Confidentiality

from .models import Ticket, TriageModel

IN_USE = Compiled(
    lambda: TriageModel.objects.filter(state=TriageModel.State.IN_USE).values_list(
        "pk", "number", "digest"
    )[:1]
)
# The latest requests are taught from, up to so many.
MOST = 20_000
# A lesson is worth its time once so many requests more are there than at the last one.
GROWN_BY = 1.1
AFTER_DAYS = 30
URGENT = Ticket.Priority.HIGH


def examples() -> list[Example]:
    """Return what people made of the provider's requests, the oldest first. Call in its tenant."""
    asked = ("subject", "body", "service_id", "priority", "confidentiality", "usual")
    rows = _material().order_by("-received_at", "-pk").values_list(*asked)[:MOST]
    found = [
        Example(subject, body, service, priority <= URGENT, confidentiality > usual)
        for subject, body, service, priority, confidentiality, usual in rows
    ]
    return found[::-1]


def _material() -> QuerySet[Ticket]:
    return (
        Ticket.objects.filter(confidentiality__lt=Confidentiality.EXECUTIVE, service__active=True)
        .exclude(channel=Ticket.Channel.LOG)
        .exclude(state__in=[Ticket.State.REFUSED, Ticket.State.CANCELLED, Ticket.State.OPEN])
        .annotate(usual=F("service__confidentiality"))
    )


def offers(services: Sequence[Any]) -> list[triage.Offer]:
    """Return the services as triage compares them: by their own words."""
    return [triage.Offer(s.pk, f"{s.name_fr} {s.name_en} {s.words}") for s in services]


def in_use() -> tuple[Model | None, int | None]:
    """Return the provider's model and its version; None before the first lesson."""
    row = next(iter(IN_USE.rows()), None)
    return (None, None) if row is None else (_loaded(row[0], row[2]), row[1])


@lru_cache(maxsize=32)
def _loaded(pk: int, digest: str) -> Model:
    """Return a model read once a process; the digest tells a row of another database apart."""
    return Model.load(bytes(TriageModel.objects.only("content").get(pk=pk).content))


def teach(provider: int, *, at: datetime | None = None) -> TriageModel | None:
    """Return the lesson, kept whether better or not; None while there is too little to learn from.

    Call inside the provider's tenant. One lesson at a time.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('relais triage'), %s)", [provider])
    told = examples()
    own = offers(list(Service.objects.filter(active=True)))
    try:
        model = learned.teach(told, [(offer.key, offer.text) for offer in own])
    except learned.TooFew:
        return None
    held_out = told[int(len(told) * (1 - learned.HELD_OUT)) :]
    figures = compared(model, told, held_out, own)
    former = [Figures(**figures[name]) for name in ("words", "former") if name in figures]
    mine = Figures(**figures["own"])
    better = all(learned.better(mine, other) for other in former)
    return TriageModel.keep(
        provider, model, figures, examples=len(told), at=at or timezone.now(), better=better
    )


def compared(
    model: Model, told: list[Example], held_out: list[Example], own: list[triage.Offer]
) -> dict[str, dict[str, float]]:
    """Return how the model, the words, the commonest answer and the one in use do on the same."""
    truth = [example.service for example in held_out]
    offered = {offer.key for offer in own}
    by_words = [triage.classify(e.subject, e.body, own) for e in held_out]
    commonest = Counter(e.service for e in told[: len(told) - len(held_out)]).most_common(1)
    always = commonest[0][0] if commonest else None
    found = {
        "own": learned.measured(model, held_out, offered),
        "words": learned.judged([(g.service, g.sure) for g in by_words], truth),
        "majority": learned.judged([(always, True)] * len(truth), truth),
    }
    former, _number = in_use()
    if former is not None:
        # It may have seen these in its own lesson: that speaks for the former, never for the new.
        found["former"] = learned.measured(former, held_out, offered)
    return {name: asdict(figures) for name, figures in found.items()}


def is_due(at: datetime | None = None) -> bool:
    """Return whether enough has come in since the last lesson for another one."""
    last = TriageModel.objects.order_by("-number").first()
    here = min(_material().count(), MOST)
    if last is None:
        return here >= learned.ENOUGH
    old = (at or timezone.now()) - last.taught_at > timedelta(days=AFTER_DAYS)
    return here >= last.examples * GROWN_BY or old

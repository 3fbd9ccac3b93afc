"""The month's checks of quality: drawn by a rule, and counted in the figures of the month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from relais.desk.models import Event, Ticket
from relais.engine import sampling
from relais.engine.measures_facts import Audit, Period
from relais.people.models import Company, Confidentiality, OrganisationChange, Provider

from .models import QualityCheck, QualityDraw

# While a month runs, what must be checked in any case is: chance waits for the whole of it.
COMPULSORY = sampling.Rule(fewest=0, share=Fraction(0))
GONE = (Ticket.State.CANCELLED, Ticket.State.REFUSED, Ticket.State.MERGED)


def seed_of(provider_id: int, month: date) -> str:
    """Return the seed of a month's draw: known before the month begins."""
    return f"{provider_id}:{month:%Y-%m}"


def month_of(at: datetime, zone: ZoneInfo) -> date:
    """Return the first day of the month of an instant."""
    return at.astimezone(zone).date().replace(day=1)


def following(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def begins(month: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a month."""
    return datetime.combine(month, time(), zone)


def draw(provider: Provider, now: datetime) -> int:
    """Return how many checks are new. May run twice: each request is picked once.

    The month that is over is drawn once and for all; of the one that runs, only what is checked
    anyway. A month in which nothing was delivered is not called drawn.
    """
    zone = ZoneInfo(provider.time_zone)
    this = month_of(now, zone)
    last = date(this.year - (this.month == 1), (this.month - 2) % 12 + 1, 1)
    with transaction.atomic():
        # One after the other: two rounds at once draw once.
        Provider.objects.select_for_update().filter(pk=provider.pk).first()
        made = 0
        if not QualityDraw.objects.filter(month=last).exists():
            made += _draw_whole(provider, last, zone, now)
        return made + draw_compulsory(provider, now)


def draw_compulsory(provider: Provider, now: datetime) -> int:
    """Return how many checks are new of the month that runs: what is checked in any case."""
    zone = ZoneInfo(provider.time_zone)
    done = delivered(month_of(now, zone), zone)
    return _keep(sampling.sample(done, "", COMPULSORY), zone, now)


def _draw_whole(provider: Provider, month: date, zone: ZoneInfo, now: datetime) -> int:
    done, seed = delivered(month, zone), seed_of(provider.pk, month)
    if not done:
        return 0
    picks = sampling.sample(done, seed)
    QualityDraw.objects.create(
        provider=provider, month=month, seed=seed, delivered=len(done), picked=len(picks),
        drawn_at=now,
    )  # fmt: skip
    return _keep(picks, zone, now)


def delivered(month: date, zone: ZoneInfo) -> list[sampling.Done]:
    """Return what was first delivered in a month, by whom, and as her how many-eth at the site.

    A delivery that was undone is none; what was imported from a log was nobody's of the pool.
    """
    begin, end = begins(month, zone), begins(following(month), zone)
    rows = list(
        Event.objects.filter(kind=Event.Kind.DELIVERED, at__gte=begin, at__lt=end, by__company=None)
        .exclude(ticket__state__in=GONE)
        .exclude(ticket__channel=Ticket.Channel.LOG)
        .exclude(by=None)
        .order_by("at", "id")
        .values_list(
            "pk", "ticket_id", "by_id", "ticket__site_id", "ticket__confidentiality"
        )
    )  # fmt: skip
    keys = {row[1] for row in rows}
    spoilt = Event.objects.filter(ticket__in=keys, kind=Event.Kind.UNDONE)
    undone = set(spoilt.values_list("facts__event", flat=True))
    before = Event.objects.filter(kind=Event.Kind.DELIVERED, at__lt=begin)
    seen = set(before.filter(ticket__in=keys).values_list("ticket_id", flat=True))
    hers = before.filter(by__in={row[2] for row in rows}).order_by()
    ranks: Counter[tuple[int, int]] = Counter({
        (by, site): n
        for by, site, n in hers.values_list("by_id", "ticket__site_id").annotate(
            n=Count("ticket", distinct=True)
        )
    })  # fmt: skip
    found = []
    for event, ticket, by, site, secret in rows:
        if event in undone or ticket in seen:
            continue
        seen.add(ticket)
        ranks[by, site] += 1
        c3 = secret >= Confidentiality.EXECUTIVE
        found.append(sampling.Done(str(ticket), str(by), str(site), ranks[by, site], c3))
    return found


def _keep(picks: Iterable[sampling.Pick], zone: ZoneInfo, now: datetime) -> int:
    """Return how many of the picks are new; of one that is known, the reasons are completed."""
    chosen = {int(pick.key): pick for pick in picks}
    known = {one.ticket_id: one for one in QualityCheck.objects.filter(ticket__in=chosen)}
    for key, check in known.items():
        reasons = sorted({*check.reasons, *map(str, chosen[key].reasons)})
        if reasons != sorted(check.reasons):
            QualityCheck.objects.filter(pk=check.pk).update(reasons=reasons)
    tickets = Ticket.objects.filter(pk__in=chosen.keys() - known.keys())
    first = dict(
        Event.objects.filter(kind=Event.Kind.DELIVERED, ticket__in=tickets)
        .order_by("-at", "-id")
        .values_list("ticket_id", "at")
    )
    made = QualityCheck.objects.bulk_create(
        QualityCheck(
            provider_id=one.provider_id, ticket=one, month=month_of(first[one.pk], zone),
            assistant_id=int(chosen[one.pk].assistant), delivered_at=first[one.pk], drawn_at=now,
            reasons=[str(reason) for reason in chosen[one.pk].reasons],
        )
        for one in tickets.order_by("pk")
    )  # fmt: skip
    OrganisationChange.objects.bulk_create(
        OrganisationChange(
            provider_id=one.provider_id, at=now, by=None, subject=QualityCheck._meta.label,
            subject_id=one.pk, kind="quality_drawn", facts={"reasons": one.reasons},
        )
        for one in made
    )  # fmt: skip
    return len(made)


def audits_of(
    company: Company | None, months: Iterable[Period], as_of: datetime | None = None
) -> dict[int, tuple[Audit, ...]]:
    """Return the checks of a company's requests (of all: None) by request, for these months.

    Each as its last verdict known `as_of` (now, if not given): one taken back later still counts
    in what was told before. Whose work it was is not in it.
    """
    as_of = as_of or timezone.now()
    within = list(months)
    if not within:
        return {}
    first = min(one.begin for one in within)
    rows = QualityCheck.objects.exclude(verdicts=[])
    if company is not None:
        rows = rows.filter(ticket__company=company)
    rows = rows.filter(Q(finished_at=None) | Q(finished_at__gte=first))
    found: dict[int, tuple[Audit, ...]] = {}
    for ticket_id, verdicts in rows.values_list("ticket_id", "verdicts"):
        for one in reversed(verdicts):
            at = datetime.fromisoformat(one["at"])
            void = one.get("void_at")
            if at > as_of or (void and datetime.fromisoformat(void) <= as_of):
                continue
            if any(month.holds(at) for month in within):
                found[ticket_id] = (Audit(at, one["critical"], one["minor"]),)
            break
    return found

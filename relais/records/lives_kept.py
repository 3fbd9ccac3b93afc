"""Lives of requests are read off their rows; what happened since is dug out of the events.

The rows are but a copy: refreshed by a job from the events that came since, thrown away and made
again without loss. Whoever asks is told the same with them and without.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from relais.desk.models import Clock, Commitment, DeadlineChange, Event, Ticket
from relais.engine.measures_facts import Life, Promise, Rating, Reopening
from relais.lib.tenancy import tenant
from relais.people.access import Access
from relais.people.models import Company, Confidentiality

from . import lives
from .lives import OFF_CATALOGUE, Places
from .models import LifeMark, LifeRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
WINDOW = 20_000  # events read in one transaction
# No transaction that writes events lasts so long.
LATE = timedelta(minutes=15)


def of(
    company: Company | None,
    begin: datetime,
    end: datetime,
    access: Access | None = None,
    sites: frozenset[int] | None = None,
    places: Places | None = None,
) -> list[Life]:
    """Return the lives of which the months from `begin` to `end` may tell something.

    Those of one client, or of all, or of these sites alone; of class C3 none, for figures count
    none.
    """
    places = places or Places.all()
    mark = LifeMark.objects.first()
    tickets = access.see(Ticket) if access is not None else Ticket.objects.all()
    if company is not None:
        tickets = tickets.filter(company=company)
    if sites is not None:
        tickets = tickets.filter(site__in=sites)
    if mark is None or not mark.seen:
        return lives.of(_touched(tickets, begin, end), places)
    late = _not_read(mark, company)
    rows = LifeRow.objects.filter(
        Q(until=None) | Q(until__gte=begin),
        received_at__lt=end,
        ticket__confidentiality__lt=Confidentiality.EXECUTIVE,
    )
    if company is not None:
        rows = rows.filter(company=company)
    if sites is not None:
        rows = rows.filter(ticket__site__in=sites)
    if access is not None:
        rows = rows.filter(ticket__in=tickets.order_by().values("pk"))
    named = ("ticket", "company", "received_at", "facts")
    found = [
        read(ticket, of_company, received, facts, places)
        for ticket, of_company, received, facts in rows.order_by().values_list(*named)
        if ticket not in late
    ]
    return found + lives.of(_touched(tickets.filter(pk__in=late), begin, end), places)


def _touched(tickets: QuerySet[Ticket], begin: datetime, end: datetime) -> QuerySet[Ticket]:
    """Return the requests of which these months may tell something; none of class C3."""
    later = Event.objects.filter(ticket=OuterRef("pk"), at__gte=begin)
    ordinary = tickets.exclude(confidentiality__gte=Confidentiality.EXECUTIVE)
    alive = Q(closed_at=None) | Q(closed_at__gte=begin) | Exists(later)
    return ordinary.filter(alive, received_at__lt=end).order_by("pk")


def _not_read(mark: LifeMark, company: Company | None = None) -> set[int]:
    """Return the requests of which something happened that their rows do not tell yet."""
    events = Event.objects.filter(id__gt=mark.late)
    changes = DeadlineChange.objects.filter(id__gt=mark.changes)
    if company is not None:
        events = events.filter(ticket__company=company)
        changes = changes.filter(clock__ticket__company=company)
    last = dict(events.order_by().values_list("ticket").annotate(last=Max("id")))
    seen = dict(LifeRow.objects.filter(ticket__in=last).values_list("ticket", "seen"))
    moved = changes.order_by().values_list("clock__ticket", flat=True)
    return {key for key, event in last.items() if seen.get(key, 0) < event} | set(moved)


# Reading on -------------------------------------------------------------------------------------


def refresh(provider_id: int, windows: int = 1_000) -> int:
    """Return how many lives were read anew, each window of events in a transaction of its own.

    Killed, it goes on where the last window ended; done twice at once, one waits for the other.
    """
    count = 0
    for _window in range(windows):
        with tenant(provider_id):
            made, more = _window_read(provider_id)
        count += made
        if not more:
            break
    return count


def _window_read(provider_id: int) -> tuple[int, bool]:
    LifeMark.objects.get_or_create(provider_id=provider_id)
    mark = LifeMark.objects.select_for_update().get()
    now = timezone.now()
    fresh = Event.objects.filter(id__gt=mark.seen).order_by("id").values_list("id", flat=True)
    ends = list(fresh[WINDOW - 1 : WINDOW])
    if ends:
        came = Event.objects.filter(id__gt=mark.seen, id__lte=ends[0]).order_by()
        last = dict(came.values_list("ticket").annotate(last=Max("id")))
        known = dict(LifeRow.objects.filter(ticket__in=last).values_list("ticket", "seen"))
        keys = [key for key, event in last.items() if known.get(key, 0) < event]
        mark.seen = ends[0]
    else:
        change = DeadlineChange.objects.aggregate(last=Max("id"))["last"] or 0
        newest = Event.objects.aggregate(last=Max("id"))["last"] or 0
        keys = sorted(_not_read(mark))
        mark.seen, mark.changes, mark.as_of = newest, change, now
        if mark.late_at is None or now - mark.late_at >= LATE:
            mark.late, mark.late_next, mark.late_at = mark.late_next, newest, now
    _lay_down(keys, provider_id, now)
    mark.save(update_fields=["seen", "changes", "late", "late_next", "late_at", "as_of"])
    return len(keys), bool(ends)


def _lay_down(keys: Sequence[int], provider_id: int, now: datetime) -> None:
    places = Places.all()
    for start in range(0, len(keys), lives.AT_ONCE):
        some = keys[start : start + lives.AT_ONCE]
        tickets = list(Ticket.objects.filter(pk__in=some).order_by("pk"))
        ends = _ends(some)
        rows = []
        for ticket, life in zip(tickets, lives.of(tickets, places), strict=True):
            facts = written(life)
            seen, until = ends[ticket.pk]
            rows.append(
                LifeRow(
                    provider_id=provider_id,
                    ticket=ticket,
                    company_id=ticket.company_id,
                    received_at=ticket.received_at,
                    until=None if ticket.state in Ticket.LIVE else until,
                    facts=facts,
                    digest=digest(facts),
                    seen=seen,
                    read_at=now,
                )
            )
        LifeRow.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["ticket"],
            update_fields=[
                "company", "received_at", "until", "facts", "digest", "seen", "read_at",
            ],
        )  # fmt: skip


def _ends(keys: Sequence[int]) -> dict[int, tuple[int, datetime]]:
    """Return, by request, its last event and the last moment at which anything of it may count."""
    told = Event.objects.filter(ticket__in=keys).order_by().values_list("ticket")
    found = {key: (last, at) for key, last, at in told.annotate(last=Max("id"), until=Max("at"))}
    for table in (Clock, Commitment):
        dues = table.objects.filter(ticket__in=keys, due_at__isnull=False).order_by()
        for key, latest in dues.values_list("ticket").annotate(latest=Max("due_at")):
            last, at = found[key]
            found[key] = last, max(at, latest)
    return found


# The form of a row ------------------------------------------------------------------------------


def digest(facts: dict[str, Any]) -> str:
    """Return the SHA-256 of facts as canonical JSON."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _number(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // MICROSECOND


def _moment(number: int | None) -> datetime | None:
    return None if number is None else EPOCH + number * MICROSECOND


def _at(number: int) -> datetime:
    return EPOCH + number * MICROSECOND


def written(life: Life) -> dict[str, Any]:
    """Return a life as a row keeps it: instants in microseconds, nothing that is empty.

    Family, entity and whether it is off the catalogue follow from service and site when read.
    """
    said = life.rating
    found = {
        "site": int(life.site),
        "service": int(life.service),
        "priority": int(life.priority),
        "requester": int(life.requester),
        "assistant": int(life.assistant or 0),
        "void": _number(life.void_at),
        "done": [_number(each) for each in life.deliveries],
        "promises": [
            [p.kind, _number(p.due), _number(p.met), _number(p.void_at), p.key, p.seconds]
            for p in life.promises
        ],
        "worked": life.worked,
        "waited": life.waited,
        "fault": [_number(each) for each in life.asked_by_fault],
        "reopened": [[_number(each.at), each.days] for each in life.reopenings],
        "invited": _number(life.invited),
        "rating": [_number(said.at), said.score, said.effort] if said else None,
        "anticipated": int(life.anticipated),
        "documented": int(life.documented),
        "left": life.left_minutes,
        "written": life.written,
    }
    kept = {key: value for key, value in found.items() if value not in (None, 0, [])}
    return kept if life.worked is None else kept | {"worked": life.worked}


def read(ticket: int, company: int, received: datetime, facts: Any, places: Places) -> Life:
    """Return the life that a row keeps."""
    get = facts.get
    site, service = places.sites[get("site")], places.services[get("service")]
    said = get("rating")
    return Life(
        key=str(ticket),
        client=str(company),
        site=str(site.pk),
        received=received,
        entity=str(site.entity_id or ""),
        family=service.family,
        service=str(service.pk),
        priority=str(get("priority")),
        requester=str(get("requester")),
        assistant=str(get("assistant", "")),
        void_at=_moment(get("void")),
        deliveries=_moments(get("done", ())),
        promises=tuple(
            Promise(kind, _moment(due), _moment(met), _moment(void), None, key, seconds)
            for kind, due, met, void, key, seconds in get("promises", ())
        ),
        worked=get("worked"),
        waited=get("waited", 0),
        asked_by_fault=_moments(get("fault", ())),
        reopenings=tuple(Reopening(_at(at), days) for at, days in get("reopened", ())),
        invited=_moment(get("invited")),
        rating=Rating(_at(said[0]), said[1], said[2]) if said else None,
        off_catalogue=service.code == OFF_CATALOGUE,
        anticipated=bool(get("anticipated")),
        bypassed=None,
        documented=bool(get("documented")),
        left_minutes=get("left", 0),
        written=get("written", 0),
    )


def _moments(numbers: Iterable[int]) -> tuple[datetime, ...]:
    return tuple(map(_at, numbers))

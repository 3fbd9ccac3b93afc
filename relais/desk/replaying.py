"""A past period dispatched again: read from requests and events, lived under each rule, told.

What was imported of another tool and what was lived here are read alike. Class C3 stays out: its
figures are for named persons only.
"""

from __future__ import annotations

import resource
import time as stopwatch
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relais.engine import comparison, lateness, past
from relais.engine.matching import Weights
from relais.engine.past import Assumed, Change, Lived, Past
from relais.engine.policies import Ours
from relais.lib.later import later
from relais.lib.problem import Problem
from relais.lib.tenancy import tenant
from relais.people.models import Company, Confidentiality, Person, Provider

from . import weighing
from .known import WEIGHTS
from .models import Clock, DispatchSetting, Event, Replay, Ticket

# By name: the module of the jobs imports this one.
REPLAY = "relais.desk.tasks.replay"
ZERO = datetime(2001, 1, 1, tzinfo=UTC)  # a Monday
# Open minutes where nothing was promised.
USUAL_TARGET = 40 * 60.0
WORKING_DAY = 8 * 60.0
MOST = 60_000
# What says that somebody worked on it: all that a member of the pool does but receive and judge.
NO_TOUCH = ("received", "assigned", "unassigned", "accepted", "rated", "breached", "warned")
NEVER_DONE = (Ticket.State.CANCELLED, Ticket.State.REFUSED, Ticket.State.MERGED)
OTHER = "other"
State = Replay.State
# Fields of Weights that somebody may set.
SETTABLE = tuple(each.name for each in fields(Weights) if each.name not in ("slots", "version"))


class NothingToReplay(Problem):
    message = gettext_noop(
        "Nothing can be replayed there: %(why)s. Choose a longer period, or a log with its events."
    )


class TooMuch(Problem):
    message = gettext_noop("More than %(most)s requests: choose a shorter period.")


class NoSuchWeight(Problem):
    message = gettext_noop("No weight is called “%(name)s”. There are: %(known)s")


BROKE_OFF = gettext_noop("The replay broke off on a fault of Relais's own. Ask for it again.")
NO_POOL = gettext_noop("no one worked on enough days")


@dataclass(frozen=True)
class Wanted:
    """What is asked of a replay."""

    company: Company | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    people: int = 0
    all_sites: bool = False
    all_kinds: bool = False
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def change(self) -> Change | None:
        """Return how the pool differs; None when it does not."""
        made = Change(self.people, self.all_sites, self.all_kinds)
        return None if made == Change() else made


def ask(wanted: Wanted, *, by: Person) -> Replay:
    """Return the replay that a worker is now asked for. Raises `NoSuchWeight`."""
    checked_weights(wanted.weights)
    made = Replay.objects.create(
        provider_id=by.provider_id,
        company=wanted.company,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        people=wanted.people,
        all_sites=wanted.all_sites,
        all_kinds=wanted.all_kinds,
        weights=dict(wanted.weights),
        asked_by=by,
    )
    later(REPLAY, provider_id=by.provider_id, replay_id=made.pk)
    return made


def checked_weights(given: Mapping[str, float]) -> Weights | None:
    """Return the weights with those that were named; None when none was. Raises `NoSuchWeight`."""
    for name in given:
        if name not in SETTABLE:
            raise NoSuchWeight(name=name, known=", ".join(SETTABLE))
    return replace(Weights(), **given) if given else None


def run(provider: int, pk: int) -> None:
    """Replay what was asked for and keep the report; may run twice, the second time for nothing."""
    with tenant(provider):
        made = Replay.objects.filter(pk=pk, state=State.RUNNING).first()
        if made is None:
            return
        wanted = Wanted(
            made.company, made.starts_on, made.ends_on, made.people, made.all_sites,
            made.all_kinds, made.weights,
        )  # fmt: skip

    def tell(done: int, steps: int) -> None:
        with tenant(provider):
            Replay.objects.filter(pk=pk).update(steps_done=done, steps=steps)

    try:
        report = replay(provider, wanted, tell)
        from . import replay_charts

        charts = replay_charts.drawn(report)
    except Problem as problem:
        _end(provider, pk, state=State.FAILED, problem=str(problem)[:500])
    except Exception:
        # Without this it would say for ever that it is running.
        _end(provider, pk, state=State.FAILED, problem=BROKE_OFF)
        raise
    else:
        _end(provider, pk, state=State.DONE, report=report, charts=charts)


def _end(provider: int, pk: int, **told: Any) -> None:
    with tenant(provider):
        Replay.objects.filter(pk=pk).update(**told)


def replay(
    provider: int, wanted: Wanted, tell: Callable[[int, int], None] = lambda done, steps: None
) -> dict[str, Any]:
    """Return the report of a replay, as plain values. Call outside a transaction.

    Raises `NothingToReplay`, `TooMuch`, `NoSuchWeight`.
    """
    begun = stopwatch.monotonic()
    other = checked_weights(wanted.weights)
    with tenant(provider):
        lived = read(wanted, Provider.objects.get(pk=provider))
        setting = DispatchSetting.in_force()
    read_as = understood(lived)
    rules = comparison.policies(read_as, {OTHER: other} if other else {})
    if setting is not None:
        mine = weighing.rules(setting.values, setting.number).weights
        rules["ours"] = lambda: Ours(mine)
    steps, done = len(rules) + 2, [1]
    tell(1, steps)

    def next_step(code: str) -> None:
        done[0] += 1
        tell(done[0], steps)

    # The seed is fixed: the same replay gives the same intervals.
    dice = np.random.default_rng(1)
    made = comparison.compare(read_as, rules, dice, change=wanted.change, told=next_step)
    judged = lateness.judge(read_as)
    tell(steps, steps)
    return {
        "facts": {
            "requests": made.requests,
            "counted": made.counted,
            "people": made.people,
            "weeks": made.weeks,
            "work": round(made.hours),
            "at_work": round(sum(b - a for spans in read_as.spans for a, b in spans) / 60),
            "days": len(read_as.open_days),
            "opens": read_as.opens,
            "closes": read_as.closes,
            "assumed": asdict(read_as.assumed),
            "seconds": round(stopwatch.monotonic() - begun, 1),
            "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        },
        "rows": [asdict(row) for row in made.rows],
        "forecast": asdict(judged) if judged is not None else None,
    }


def understood(lived: list[Lived]) -> Past:
    """Return the past that these tell of. Raises `NothingToReplay`.

    In a short period who worked on a third of its days is of the pool.
    """
    days = {int(t // past.MIDNIGHT) for each in lived for t, _who in each.touches}
    regular = max(2, min(Assumed().regular, len(days) // 3))
    warm_up = min(Assumed().warm_up, len(days) // 4)
    try:
        return past.read(lived, Assumed(regular=regular, warm_up=warm_up))
    except ValueError:
        raise NothingToReplay(why=_(NO_POOL)) from None


def read(wanted: Wanted, provider: Provider) -> list[Lived]:
    """Return the requests of the period, as they were lived. Raises `NothingToReplay`, `TooMuch`.

    Times are those of the provider's clock.
    """
    zone = ZoneInfo(provider.time_zone)
    rows = _tickets(wanted, zone)
    asked = ("pk", "received_at", "delivered_at", "site", "service", "priority")
    found = list(rows.order_by("received_at", "pk").values_list(*asked)[: MOST + 1])
    if len(found) > MOST:
        raise TooMuch(most=MOST)
    keys = [row[0] for row in found]
    touches, promises = _touches(keys, zone), _promises(keys)
    sites: dict[int, int] = {}
    kinds: dict[int, int] = {}
    lived = []
    for key, received, delivered, site, service, priority in found:
        target, waits, first = promises.get(key, (USUAL_TARGET, (), None))
        done = first or delivered
        lived.append(
            Lived(
                key=key,
                arrival=_minutes(received, zone),
                site=sites.setdefault(site, len(sites)),
                kind=kinds.setdefault(service, len(kinds)),
                target=target,
                weight=WEIGHTS.get(priority, 1.0),
                done=_minutes(done, zone) if done is not None else None,
                waits=tuple((_minutes(a, zone), _minutes(b, zone)) for a, b in waits),
                touches=touches.get(key, ()),
            )
        )
    if not lived:
        raise NothingToReplay(why=_("there is no request"))
    return lived


def _tickets(wanted: Wanted, zone: ZoneInfo) -> QuerySet[Ticket]:
    rows = Ticket.objects.exclude(state__in=NEVER_DONE).filter(
        confidentiality__lt=Confidentiality.EXECUTIVE
    )
    if wanted.company is not None:
        rows = rows.filter(channel=Ticket.Channel.LOG, company=wanted.company)
    else:
        rows = rows.exclude(channel=Ticket.Channel.LOG)
    if wanted.starts_on is not None:
        rows = rows.filter(received_at__gte=_midnight(wanted.starts_on, zone))
    if wanted.ends_on is not None:
        rows = rows.filter(received_at__lt=_midnight(wanted.ends_on + timedelta(days=1), zone))
    return rows


def _touches(keys: list[int], zone: ZoneInfo) -> dict[int, tuple[tuple[float, int], ...]]:
    """Return when somebody of the provider worked on each, and who."""
    found: dict[int, list[tuple[float, int]]] = defaultdict(list)
    rows = Event.objects.filter(
        ticket__in=keys, by__isnull=False, by__company=None, kind__in=_worked()
    ).order_by("ticket_id", "at", "id")
    for key, at, who in rows.values_list("ticket_id", "at", "by_id").iterator(chunk_size=5000):
        found[key].append((_minutes(at, zone), who))
    return {key: tuple(each) for key, each in found.items()}


def _worked() -> list[str]:
    return [kind for kind in Event.Kind.values if kind not in NO_TOUCH]


def _promises(
    keys: list[int],
) -> dict[int, tuple[float, tuple[tuple[datetime, datetime], ...], datetime | None]]:
    """Return the open minutes promised for the delivery of each, its waits, and when it ended."""
    rows = Clock.objects.filter(ticket__in=keys, kind=Clock.Kind.DELIVERY)
    rows = rows.exclude(verdict=Clock.Verdict.VOID).order_by("-pk")
    asked = ("ticket_id", "target", "days", "pauses", "stopped_at")
    found = {}
    for key, target, days, pauses, stopped in rows.values_list(*asked).iterator(chunk_size=5000):
        minutes = days * WORKING_DAY if days is not None else target / 60
        waits = tuple(
            (datetime.fromisoformat(start), datetime.fromisoformat(end))
            for start, end in pauses
            if end is not None
        )
        found[key] = (minutes or USUAL_TARGET, waits, stopped)
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _minutes(at: datetime, zone: ZoneInfo) -> float:
    """Return the minutes of the clock on the wall."""
    return (at.astimezone(zone).replace(tzinfo=UTC) - ZERO) / timedelta(minutes=1)

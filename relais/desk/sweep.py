"""What time alone brings about: deadlines that passed or come near, deliveries nobody answered.

Each is found by one indexed question, asked of the engine again, and done once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from relais.lib.tenancy import all_tenants, tenant

from .errors import NotNow, Overtaken
from .models import Clock, Silence

AT_ONCE, ROUNDS = 1000, 50


def run(at: datetime | None = None) -> int:
    """Return how many deadlines were found to have passed, of all providers."""
    at = at or timezone.now()
    told = _in_rounds(due, tell, at)
    # After the breaches: what is late is warned of no more.
    _in_rounds(near, warn, at)
    _in_rounds(unanswered, remind, at)
    _in_rounds(silent, close, at)
    return told


def _in_rounds(
    find: Callable[[datetime], QuerySet[Any]],
    do: Callable[[list[int], datetime], int],
    at: datetime,
) -> int:
    done = 0
    for _round in range(ROUNDS):
        with all_tenants("find what time has brought about"):
            found = list(find(at).values_list("provider_id", "pk")[:AT_ONCE])
        for provider in sorted({provider for provider, _ in found}):
            with tenant(provider):
                done += do([pk for owner, pk in found if owner == provider], at)
        if len(found) < AT_ONCE:
            break
    return done


# Deadlines that passed ------------------------------------------------------------------------


def due(at: datetime) -> QuerySet[Clock]:
    """Return the running clocks whose stored deadline lies before `at`, the oldest first."""
    running = Clock.objects.filter(stopped_at=None, breached_at=None)
    return running.filter(due_at__isnull=False, due_at__lt=at).order_by("due_at")


def tell(keys: list[int], at: datetime) -> int:
    """Return how many of these clocks are late indeed; each gets its event `breached`."""
    told = 0
    clocks = Clock.objects.select_for_update(of=("self",), skip_locked=True)
    running = clocks.filter(pk__in=keys, stopped_at=None, breached_at=None, due_at__isnull=False)
    for clock in running.select_related("ticket", "calendar").order_by("due_at", "pk"):
        due_at = clock.due()
        if due_at is None or due_at >= at:
            # The calendar changed since: its answer of today is what counts. None: it now falls
            # after the pause that lasts.
            clock.due_at = due_at
            told_anew = {"due_at": due_at, "warn_at": clock.next_warning()}
            Clock.objects.filter(pk=clock.pk).update(**told_anew)
            continue
        clock.ticket.breach(clock, at=at)
        told += 1
    return told


# Deadlines that come near ---------------------------------------------------------------------


def near(at: datetime) -> QuerySet[Clock]:
    """Return the running clocks of which a percentage may be used up, the oldest first."""
    return Clock.objects.filter(stopped_at=None, warn_at__isnull=False, warn_at__lte=at).order_by(
        "warn_at"
    )


def warn(keys: list[int], at: datetime) -> int:
    """Return for how many of these clocks a percentage is told now, the highest that passed."""
    told, asked = 0, []
    clocks = Clock.objects.select_for_update(of=("self",), skip_locked=True)
    running = clocks.filter(pk__in=keys, stopped_at=None, warn_at__isnull=False)
    for clock in running.select_related("ticket", "calendar").order_by("warn_at", "pk"):
        if clock.due_at is None or clock.due_at < at:
            clock.warn_at = None  # the breach speaks for itself
            asked.append(clock)
        elif clock.passed(at):
            told += clock.warn(at)
        else:
            clock.warn_at = clock.next_warning()  # it was dated anew since
            asked.append(clock)
    Clock.objects.bulk_update(asked, ["warn_at"])
    return told


# Deliveries that nobody answers ---------------------------------------------------------------


def unanswered(at: datetime) -> QuerySet[Silence]:
    """Return the deliveries of which the client may have to be reminded."""
    waits = Silence.objects.filter(ended_at=None, reminded_at=None)
    return waits.filter(remind_at__isnull=False, remind_at__lte=at).order_by("remind_at")


def silent(at: datetime) -> QuerySet[Silence]:
    """Return the deliveries that may be held accepted."""
    waits = Silence.objects.filter(ended_at=None, close_at__isnull=False)
    return waits.filter(close_at__lte=at).order_by("close_at")


def remind(keys: list[int], at: datetime) -> int:
    """Return how many requesters are reminded now."""
    return sum(each.remind(at) for each in _asked_again(unanswered(at), keys, "remind_at", at))


def close(keys: list[int], at: datetime) -> int:
    """Return how many deliveries are held accepted now."""
    done = 0
    for each in _asked_again(silent(at), keys, "close_at", at):
        try:
            each.close(at)
        except (NotNow, Overtaken):
            continue  # somebody spoke at this very moment: that ends the wait
        done += 1
    return done


def _asked_again(
    waits: QuerySet[Silence], keys: list[int], field: str, at: datetime
) -> list[Silence]:
    """Return those of the waits for which the calendar of today says so too."""
    found = []
    places = ("ticket__site", "ticket__requester", "ticket__provider", "calendar")
    for each in waits.filter(pk__in=keys).select_related(*places):
        each.date()
        when = getattr(each, field)
        if when is not None and when <= at:
            found.append(each)  # left unlocked: verbs hold the ticket first
            continue
        Silence.objects.filter(pk=each.pk, ended_at=None).update(
            remind_at=each.remind_at, close_at=each.close_at
        )
    return found

"""What changed just now, told to the open pages: one LISTEN a process, a queue for each stream.

A trigger on the events notifies with the provider and the tickets' keys, nothing else. Each stream
then asks, as its person, whether any of them is hers to see. What happened between the drawing of a
page and the opening of its stream is looked up once, as soon as the process hears.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg
from django.db import connection
from django.utils import timezone

from relais import database
from relais.lib.problem import Problem
from relais.lib.tenancy import tenant
from relais.people.access import Access
from relais.people.models import Person

from .models import Event, Ticket

CHANNEL = "relais_live"
# Of the web server's threads, this many may be held by open pages; the others poll.
MOST_STREAMS = 24
BEAT_SECONDS = 15.0
LIFE_SECONDS = 600.0
GATHER_SECONDS = 0.15
TOO_MANY = 100
# A page that opens waits so long for the process to hear; what it misses then comes by polling.
HEARING_SECONDS = 5.0
# A verb is seen by others a moment after the instant that it writes down.
COMMIT_SECONDS = 2.0
# Beside tickets' keys: the mails that wait to be placed; more tickets than one names.
INBOX, MANY = 0, -1
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """Keys of one provider's tickets that something happened to, or INBOX or MANY."""

    provider: int
    tickets: frozenset[int]


@dataclass
class Hub:
    """The streams of this process and the one connection that feeds them."""

    streams: set[Stream] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    listener: threading.Thread | None = None
    # Set while the connection is told of changes.
    hears: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def stream(self, provider: int) -> Iterator[Stream | None]:
        """Yield a new stream, or None when there are enough of them."""
        opened = Stream(provider)
        with self.lock:
            if len(self.streams) >= MOST_STREAMS:
                opened = None
            else:
                self.streams.add(opened)
                self._listen()
        try:
            yield opened
        finally:
            if opened is not None:
                with self.lock:
                    self.streams.discard(opened)

    def spread(self, change: Change) -> None:
        """Hand a change to every stream of its provider."""
        with self.lock:
            streams = [one for one in self.streams if one.provider == change.provider]
        for one in streams:
            one.put(change.tickets)

    def heard_again(self) -> None:
        """Have every page look again that was open while the connection was lost."""
        self.hears.set()
        with self.lock:
            streams = [one for one in self.streams if one.is_open]
        for one in streams:
            one.put(frozenset({MANY}))

    def rests(self) -> bool:
        """Return whether no page is open: the next one to open has a listener started anew."""
        with self.lock:
            if not self.streams:
                self.listener = None
            return not self.streams

    def _listen(self) -> None:
        if self.listener is None or not self.listener.is_alive():
            self.hears.clear()
            self.listener = threading.Thread(target=listen, args=[self], daemon=True)
            self.listener.start()


@dataclass(eq=False)
class Stream:
    """The changes that one open page has still to hear of."""

    provider: int
    waiting: queue.SimpleQueue[frozenset[int]] = field(default_factory=queue.SimpleQueue)
    # Whether its page has been told hello; before, it looks for itself what it missed.
    is_open: bool = False

    def put(self, tickets: frozenset[int]) -> None:
        """Add a change."""
        self.waiting.put(tickets)

    def next(self, seconds: float) -> frozenset[int] | None:
        """Return what changed, gathered for a moment; None when nothing came."""
        try:
            found = self.waiting.get(timeout=seconds)
        except queue.Empty:
            return None
        until = time.monotonic() + GATHER_SECONDS
        while (left := until - time.monotonic()) > 0:
            try:
                found |= self.waiting.get(timeout=left)
            except queue.Empty:
                break
        return frozenset({MANY}) if len(found) > TOO_MANY else found


hub = Hub()


def listen(to: Hub) -> None:
    """Feed the hub; a lost connection is opened again, ever more slowly, while a page is open."""
    pause = 0.5
    while True:
        try:
            with database.connect("direct") as direct:
                direct.execute(f"listen {CHANNEL}")
                pause = 0.5
                to.heard_again()
                for told in direct.notifies():
                    if change := read(told.payload):
                        to.spread(change)
        except (psycopg.Error, Problem) as problem:
            to.hears.clear()
            if to.rests():
                return
            log.warning("live: the connection was lost (%s)", type(problem).__name__)
        time.sleep(pause)
        pause = min(pause * 2, 30)


def read(payload: str) -> Change | None:
    """Return the change that a notification tells of; None if it is none of ours."""
    try:
        told = json.loads(payload)
        return Change(int(told["provider"]), frozenset(int(key) for key in told["tickets"]))
    except (ValueError, KeyError, TypeError):
        return None


def watch(
    person_pk: int, provider: int, only: int | None, since: datetime | None = None
) -> Iterator[str]:
    """Yield a server-sent event `changed` whenever something that this person sees has changed.

    `only`: one ticket. `since`: when the page was asked for, or heard last. Ends after some
    minutes, so that rights are read anew and nothing lives for ever; the page opens it again.
    """
    if not connection.in_atomic_block:
        connection.close()  # a stream would hold it for minutes
    with hub.stream(provider) as stream:
        if stream is None:
            return
        hub.hears.wait(HEARING_SECONDS)
        stream.is_open = True
        yield told("hello")
        if since is not None and is_missed(person_pk, provider, since, only):
            stream.next(0)  # what has come meanwhile is on the page when it looks again
            yield told("changed")
        end = time.monotonic() + LIFE_SECONDS
        while time.monotonic() < end:
            changed = stream.next(BEAT_SECONDS)
            if changed is None:
                yield ": still here\n\n"  # so that a closed tab is noticed
            elif is_seen(person_pk, provider, changed, only):
                yield told("changed")


def told(name: str) -> str:
    """Return a server-sent event; its id comes back when the page opens its stream again."""
    return f"event: {name}\nid: {time.time():.3f}\ndata: 1\n\n"


def moment_of(mark: str) -> datetime | None:
    """Return the moment that a page or an event's id names; None if it names none of today's."""
    try:
        when = datetime.fromtimestamp(float(mark), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return when if abs(timezone.now() - when) < timedelta(days=1) else None


def is_missed(person_pk: int, provider: int, since: datetime, only: int | None) -> bool:
    """Return whether others did something since that this person sees; her own verbs she saw."""
    after = since - timedelta(seconds=COMMIT_SECONDS)
    try:
        with tenant(provider):
            events = Event.objects.filter(at__gt=after).exclude(by=person_pk).order_by("-at")
            changed = frozenset(events.values_list("ticket", flat=True)[: TOO_MANY + 1])
    finally:
        if not connection.in_atomic_block:
            connection.close()
    if not changed:
        return False
    many = len(changed) > TOO_MANY
    return is_seen(person_pk, provider, frozenset({MANY}) if many else changed, only)


def is_seen(person_pk: int, provider: int, changed: frozenset[int], only: int | None) -> bool:
    """Return whether any of the changes is this person's to see."""
    if only is not None and not changed & {only, MANY}:
        return False
    try:
        with tenant(provider):
            person = Person.objects.filter(pk=person_pk, archived_at=None).first()
            access = Access(person, timezone.localdate()) if person else None
            if access is None or not access.roles:
                return False
            # Clients poll for the rest: that much happens at once is no news for them.
            if (MANY in changed and access.is_staff) or (INBOX in changed and access.runs_pool):
                return True
            wanted = changed if only is None else {only}
            return access.see(Ticket).filter(pk__in=wanted).exists()
    finally:
        if not connection.in_atomic_block:
            connection.close()

"""Open pages are told of changes: of those only that their person may see."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from relais.desk import live
from relais.desk.models import Ticket
from relais.people.models import Confidentiality


def test_a_notification_is_read_and_nonsense_is_not():
    assert live.read('{"provider": 3, "tickets": [5, 6]}') == live.Change(3, frozenset({5, 6}))
    for spoilt in ["", "x", "{}", '{"provider": null, "tickets": []}', '{"provider": 1}', "[]"]:
        assert live.read(spoilt) is None


def test_a_change_goes_to_the_streams_of_its_provider_only():
    hub = live.Hub()
    hub._listen = lambda: None
    with hub.stream(1) as ours, hub.stream(2) as theirs:
        hub.spread(live.Change(1, frozenset({7})))
        assert ours.next(0.5) == {7}
        assert theirs.next(0.01) is None
    assert not hub.streams


def test_there_are_never_more_streams_than_the_server_can_hold():
    hub = live.Hub()
    hub._listen = lambda: None
    hub.streams = {live.Stream(1) for _ in range(live.MOST_STREAMS)}
    with hub.stream(1) as none_left:
        assert none_left is None


def test_a_lost_connection_is_opened_again_only_while_a_page_is_open(monkeypatch):
    hub, tried = live.Hub(), []

    def lost(role):
        tried.append(role)
        raise psycopg.OperationalError("gone")

    monkeypatch.setattr(live.database, "connect", lost)
    monkeypatch.setattr(live.time, "sleep", lambda pause: tried.append(pause))
    hub.streams = {live.Stream(1)}
    answers = iter([False, True])
    monkeypatch.setattr(hub, "rests", lambda: next(answers))
    live.listen(hub)
    assert tried == ["direct", 0.5, "direct"]


def test_who_opens_a_page_after_a_rest_has_a_listener():
    hub = live.Hub(listener=threading.current_thread())
    hub.streams = {live.Stream(1)}
    assert not hub.rests()
    assert hub.listener
    hub.streams.clear()
    assert hub.rests()
    assert hub.listener is None


def test_changes_close_together_are_told_once():
    stream = live.Stream(1)
    for key in (1, 2, 3):
        stream.put(frozenset({key}))
    assert stream.next(0.5) == {1, 2, 3}
    stream.put(frozenset(range(1, live.TOO_MANY + 5)))
    assert stream.next(0.5) == {live.MANY}


@pytest.mark.parametrize(
    ("name", "hears"),
    [("marc", True), ("claire", True), ("alice", True), ("paul", True), ("nadia", False),
     ("erwan", False), ("chloe", False), ("denis", False)],
)  # fmt: skip
def test_each_hears_of_what_she_sees(world, new_ticket, name, hears):
    ticket = new_ticket("taken")
    person = getattr(world.people, name)
    changed = frozenset({ticket.pk})
    assert live.is_seen(person.pk, world.provider.pk, changed, None) is hears
    assert live.is_seen(person.pk, world.provider.pk, changed, ticket.pk) is hears
    assert not live.is_seen(person.pk, world.provider.pk, changed, ticket.pk + 1)


def test_not_even_a_tick_betrays_a_confidential_matter(world, new_ticket):
    ticket = new_ticket("taken")
    Ticket.objects.filter(pk=ticket.pk).update(confidentiality=Confidentiality.EXECUTIVE)
    changed = frozenset({ticket.pk})
    told = {
        name: live.is_seen(getattr(world.people, name).pk, world.provider.pk, changed, None)
        for name in ("marc", "alice", "paul", "claire", "basile")
    }
    assert told == {"marc": True, "alice": True, "paul": False, "claire": False, "basile": False}


def test_mails_to_place_are_the_lead_s_news(world):
    for name, hears in [("paul", True), ("alice", False), ("marc", False)]:
        person = getattr(world.people, name)
        changed = frozenset({live.INBOX})
        assert live.is_seen(person.pk, world.provider.pk, changed, None) is hears


def test_the_stream_says_hello_and_needs_an_account(world, client_of, client, hearing):
    assert client.get("/live/").status_code == 302
    answer = client_of(world.people.marc).get("/live/?ticket=zz")
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert next(iter(answer.streaming_content)).startswith(b"event: hello")
    answer.close()


@pytest.fixture
def hearing(monkeypatch):
    """Have the hub hear, without a connection that commits."""
    monkeypatch.setattr(live.hub, "_listen", lambda: None)
    monkeypatch.setattr(live, "BEAT_SECONDS", 0)
    live.hub.hears.set()
    yield
    live.hub.hears.clear()


@pytest.mark.parametrize(
    ("name", "late", "told"),
    [
        ("alice", False, True), ("paul", False, True), ("claire", False, True),
        # His own verb he saw; the others do not see the request.
        ("marc", False, False), ("nadia", False, False), ("erwan", False, False),
        ("alice", True, False), ("paul", True, False),
    ],
)  # fmt: skip
def test_what_happens_before_the_stream_opens_is_told_as_it_opens(
    world, new_ticket, hearing, name, late, told
):
    ticket = new_ticket(at=timezone.now())  # from Marc
    person = getattr(world.people, name)
    asked = timezone.now() + timedelta(seconds=live.COMMIT_SECONDS + 1 if late else 0)
    for only in (None, ticket.pk):
        stream = live.watch(person.pk, world.provider.pk, only, asked)
        assert [next(stream).split("\n")[0] for _ in range(2)] == [
            "event: hello",
            "event: changed" if told else ": still here",
        ]
        stream.close()
    other = live.watch(person.pk, world.provider.pk, ticket.pk + 1, asked)
    assert next(other).startswith("event: hello")
    assert next(other).startswith(": still here")
    other.close()


@pytest.mark.parametrize(
    ("address", "heard", "told"),
    [
        ("/live/?since=now", None, b"event: changed"),
        ("/live/?since=now", "later", b": still here"),
        ("/live/?since=later", "now", b"event: changed"),
        ("/live/?since=later", None, b": still here"),
    ],
)
def test_a_stream_that_opens_again_asks_from_what_it_heard_last(
    world, new_ticket, client_of, hearing, address, heard, told
):
    new_ticket(at=timezone.now())
    marks = {"now": f"{time.time():.3f}", "later": f"{time.time() + live.COMMIT_SECONDS + 1:.3f}"}
    for name, mark in marks.items():
        address = address.replace(name, mark)
    headers = {"Last-Event-ID": marks[heard]} if heard else {}
    answer = client_of(world.people.paul).get(address, headers=headers)
    said = iter(answer.streaming_content)
    assert next(said).startswith(b"event: hello")
    assert next(said).startswith(told)
    answer.close()


@pytest.mark.parametrize("mark", ["", "x", "nan", "inf", "1e99", "-1", "12"])
def test_a_mark_of_no_moment_of_today_asks_for_nothing(mark):
    assert live.moment_of(mark) is None


def test_a_page_that_was_open_while_the_connection_was_lost_looks_again(monkeypatch):
    hub = live.Hub()
    hub._listen = lambda: None
    with hub.stream(1) as opened, hub.stream(1) as opening:
        opened.is_open = True
        hub.heard_again()
        assert opened.next(0) == {live.MANY}
        assert opening.next(0) is None
    assert hub.hears.is_set()


def test_a_verb_notifies_with_keys_and_nothing_else(committed):
    """Past the transaction, as another connection hears it."""
    import psycopg

    from relais.lib.tenancy import tenant
    from relais.offer import catalogue
    from relais.offer.models import Service
    from tests import world as cast

    world = cast.build_world()
    heard: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        with psycopg.connect(**committed, autocommit=True) as direct:
            direct.execute(f"listen {live.CHANNEL}")
            ready.set()
            heard.extend(n.payload for n in direct.notifies(timeout=10, stop_after=1))

    listener = threading.Thread(target=listen)
    listener.start()
    ready.wait(10)
    with tenant(world.provider.pk):
        catalogue.preload(world.provider)
        ticket = Ticket.receive(
            site=world.sites.aix,
            requester=world.people.marc,
            service=Service.objects.first(),
            subject="Secret",
            channel="form",
        )
    listener.join(15)
    assert json.loads(heard[0]) == {"provider": world.provider.pk, "tickets": [ticket.pk]}

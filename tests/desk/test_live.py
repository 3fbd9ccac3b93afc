"""Open pages are told of changes: of those only that their person may see."""

from __future__ import annotations

import json
import threading

import psycopg
import pytest

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


def test_the_stream_says_hello_and_needs_an_account(world, client_of, client):
    assert client.get("/live/").status_code == 302
    live.hub._listen, kept = (lambda: None), live.hub._listen
    try:
        answer = client_of(world.people.marc).get("/live/?ticket=zz")
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert next(iter(answer.streaming_content)).startswith(b"event: hello")
        answer.close()
    finally:
        live.hub._listen = kept


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

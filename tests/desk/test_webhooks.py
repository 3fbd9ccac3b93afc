"""Webhooks: what one may see is told once, signed, tried again; nothing else ever leaves."""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import socket
import threading
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from relais.desk import webhooks
from relais.desk.models import Ticket, Webhook, WebhookCall
from relais.lib.tenancy import tenant
from relais.offer import catalogue
from tests import world as cast

Outcome = WebhookCall.Outcome


class Receiver(http.server.ThreadingHTTPServer):
    """A program that is told: keeps what it was sent, answers as it is bidden."""

    daemon_threads = True

    def __init__(self):
        self.got, self.answers = [], []
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/told?x=1"

    def bodies(self):
        return [json.loads(body) for _headers, body in self.got]


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.headers, body))
        status = self.server.answers.pop(0) if self.server.answers else 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver(settings):
    settings.WEBHOOKS_INSIDE = True
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def hook(world, receiver):
    def made(who="marc", kinds=(), **more):
        person = getattr(world.people, who)
        more = {"name": "Logiciel", "url": receiver.url, "kinds": list(kinds)} | more
        return Webhook.make(person, **more)

    return made


def run(world):
    return webhooks.run(world.provider.pk)


def make_due():
    WebhookCall.objects.filter(outcome="waiting").update(due_at=timezone.now())


def test_what_happens_is_told_once_and_signed(world, hook, receiver, new_ticket):
    _, secret = hook()
    ticket = new_ticket("taken")
    assert run(world) == 3  # received, assigned (which is withheld), taken
    assert run(world) == 0
    assert [told["type"] for told in receiver.bodies()] == ["request.received", "request.taken"]
    assert receiver.bodies()[1]["data"]["reference"] == ticket.reference
    headers, body = receiver.got[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_only_the_kinds_asked_for(world, hook, receiver, new_ticket):
    hook(kinds=["delivered"])
    new_ticket("delivered")
    run(world)
    assert [told["type"] for told in receiver.bodies()] == ["request.delivered"]


def test_another_ones_and_class_c3_are_never_told(world, hook, receiver, new_ticket):
    for who in ("nadia", "erwan", "paul", "claire"):
        hook(who)
    new_ticket(confidentiality=3)
    run(world)
    assert not receiver.got
    assert set(WebhookCall.objects.values_list("outcome", flat=True)) == {Outcome.WITHHELD}


def test_it_is_tried_again_later_and_later_then_given_up(world, hook, receiver, new_ticket):
    made, _ = hook(kinds=["received"])
    new_ticket()
    receiver.answers = [500] * 100
    waits = []
    for _ in range(len(webhooks.WAITS) + 1):
        make_due()
        assert run(world) == 1
        call = WebhookCall.objects.get()
        waits.append(call.due_at - timezone.now())
    assert waits[:3] == sorted(waits[:3])
    assert (call.outcome, call.status, call.fault) == (Outcome.GIVEN_UP, 500, "HTTP 500")
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    made.refresh_from_db()
    assert made.stopped == Webhook.Stopped.NO_ANSWER
    receiver.answers = []
    assert made.restart()
    assert call.again()
    run(world)
    call.refresh_from_db()
    assert call.outcome == Outcome.TOLD


@pytest.mark.parametrize("status", [302, 404, 410])
def test_only_a_yes_is_a_yes(world, hook, receiver, new_ticket, status):
    hook(kinds=["received"])
    new_ticket()
    receiver.answers = [status]
    run(world)
    assert WebhookCall.objects.get().outcome == Outcome.WAITING
    assert len(receiver.got) == 1


def test_a_stopped_one_is_not_called(world, hook, receiver, new_ticket):
    made, _ = hook(kinds=["received"])
    new_ticket()
    assert made.stop()
    assert not made.stop()
    new_ticket()
    assert run(world) == 0
    assert WebhookCall.objects.count() == 1


def test_a_worker_that_died_leaves_it_due_again(world, hook, receiver, new_ticket, monkeypatch):
    hook(kinds=["received"])
    new_ticket()

    def dies(call, told):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(webhooks, "_send", dies)
        run(world)
    assert run(world) == 0  # leased
    WebhookCall.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert run(world) == 1
    assert WebhookCall.objects.get().outcome == Outcome.TOLD


def test_a_verb_that_fails_tells_nothing(world, hook, receiver, new_ticket):
    hook()
    ticket = new_ticket("taken")
    before = WebhookCall.objects.count()
    with pytest.raises(Exception, match="changed by somebody"):
        Ticket.objects.filter(pk=ticket.pk).update(version=99)
        ticket.note("x", by=world.people.alice)
    assert WebhookCall.objects.count() == before


def test_two_workers_send_each_call_once(committed, receiver):
    made = cast.build_world()
    with tenant(made.provider.pk):
        catalogue.preload(made.provider)
        marc = made.people.marc
        Webhook.make(marc, name="x", url=receiver.url, kinds=["received"])
        for n in range(6):
            Ticket.receive(
                site=made.sites.aix, requester=marc, subject=f"{n}", channel="form",
                service=catalogue.Service.objects.get(code="other"),
            )  # fmt: skip
    barrier = threading.Barrier(3)

    def work():
        barrier.wait()
        try:
            webhooks.run(made.provider.pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(receiver.got) == len({headers["webhook-id"] for headers, _ in receiver.got}) == 6


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "https://127.0.0.1/",
        "https://localhost/", "https://10.1.2.3/", "https://192.168.1.1/", "https://[::1]/",
        "https://169.254.169.254/latest", "https://user:word@example.com/", "https://0.0.0.0/",
        "https://[::ffff:10.0.0.1]/", "https://x.invalid/", "https://127.0.0.1:99999/",
        "https://[",
    ],
)  # fmt: skip
def test_an_address_inside_or_without_tls_is_refused(world, client_of, url):
    with pytest.raises(webhooks.BadAddress):
        webhooks.check_address(url)
    browser = client_of(world.people.marc)
    answer = browser.post("/account/webhooks/make/", {"name": "x", "url": url})
    by_api = browser.post(
        "/api/webhooks", json.dumps({"name": "x", "url": url}), "application/json"
    )
    assert (answer.status_code, by_api.status_code) == (422, 422)
    assert not Webhook.objects.exists()


def test_a_receiver_that_never_ends_its_answer_is_left(world, hook, new_ticket, monkeypatch):
    """It sends a byte of its headers now and then: no timeout of a socket would ever end it."""
    with socket.create_server(("127.0.0.1", 0)) as slow:
        ended = []
        threading.Thread(target=drips, args=[slow, ended], daemon=True).start()
        hook(kinds=["received"], url=f"http://127.0.0.1:{slow.getsockname()[1]}/")
        new_ticket()
        monkeypatch.setattr(webhooks, "LONGEST", 0.1)
        assert run(world) == 1
    assert WebhookCall.objects.get().fault == "TooSlow"
    assert not ended  # it was left, not waited for


def drips(slow, ended):
    caller, _ = slow.accept()
    with caller, contextlib.suppress(OSError):
        caller.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(200):
            caller.sendall(b"x")
            time.sleep(0.02)
        ended.append(True)


def test_an_address_that_moved_inside_is_called_no_more(
    world, hook, receiver, new_ticket, settings
):
    hook(kinds=["received"])
    settings.WEBHOOKS_INSIDE = False
    new_ticket()
    run(world)
    assert not receiver.got
    assert "https" in WebhookCall.objects.get().fault


# Pages and API --------------------------------------------------------------------------------


def test_it_is_made_tried_and_stopped_on_its_page(world, client_of, receiver):
    browser = client_of(world.people.marc)
    shown = browser.post("/account/webhooks/make/", {"name": "Bureau", "url": receiver.url})
    assert "whsec_" in shown.content.decode()
    made = Webhook.objects.get()
    path = f"/account/webhooks/{made.pk}/"
    browser.post(f"{path}try_out/")
    run(world)
    assert receiver.bodies()[0]["type"] == "trial"
    page = browser.get(path).content.decode()
    assert "Bureau" in page
    assert "whsec_" not in page
    browser.post(f"{path}stop/")
    made.refresh_from_db()
    assert made.stopped_at
    browser.post(f"{path}restart/")
    browser.post(f"/account/webhook-calls/{WebhookCall.objects.get().pk}/again/")
    run(world)
    assert len(receiver.got) == 2


def test_another_ones_is_not_there(world, client_of, hook):
    made, _ = hook("marc")
    browser = client_of(world.people.nadia)
    assert browser.get(f"/account/webhooks/{made.pk}/").status_code == 404
    assert browser.post(f"/account/webhooks/{made.pk}/stop/").status_code == 404
    assert browser.get("/api/webhooks").json()["items"] == []
    assert browser.post(f"/api/webhooks/{made.pk}/stop").status_code == 404


def test_a_lead_reads_of_the_calls_but_not_of_class_c3(world, client_of, hook, new_ticket):
    made, _ = hook("marc")
    ticket = new_ticket(confidentiality=3)
    page = client_of(world.people.paul).get(f"/account/webhooks/{made.pk}/").content.decode()
    assert ticket.reference not in page
    page = client_of(world.people.marc).get(f"/account/webhooks/{made.pk}/").content.decode()
    assert ticket.reference in page


def test_by_the_api(world, client_of, receiver):
    browser = client_of(world.people.marc)

    def post(path, **sent):
        return browser.post(f"/api/webhooks{path}", json.dumps(sent), "application/json")

    made = post("", name="x", url=receiver.url, kinds=["delivered"])
    assert (made.status_code, made.json()["secret"][:6]) == (201, "whsec_")
    assert post("", name="x", url=receiver.url, kinds=["nothing"]).status_code == 422
    key = made.json()["id"]
    assert post(f"/{key}/stop").json()["stopped"] == "by_hand"
    assert post(f"/{key}/restart").json()["stopped_at"] is None
    (listed,) = browser.get("/api/webhooks").json()["items"]
    assert "secret" not in listed

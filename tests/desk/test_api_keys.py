"""Keys of the API: they see what their owner sees, do what their scopes say, and nothing else."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from relais.desk.models import Event, Ticket
from relais.lib.tenancy import tenant
from relais.offer import catalogue
from relais.people import keys
from relais.people.models import ApiKey, KeptAnswer, Role
from relais.people.models.api_key import SCOPES
from tests import world as cast

ALL = list(SCOPES)


@pytest.fixture
def key_of(world):
    def made(person, scopes=ALL, days=30):
        return ApiKey.make(person, name="Comptabilité", scopes=scopes, days=days, by=person)

    return made


def call(secret, path, method="get", once=None, **sent):
    headers = {"Authorization": f"Bearer {secret}"} | ({"Idempotency-Key": once} if once else {})
    browser = Client(headers=headers)
    if method == "get":
        return browser.get(f"/api/{path}", sent)
    return browser.post(f"/api/{path}", json.dumps(sent), "application/json")


def test_a_key_is_its_owner_and_no_session(world, services, key_of):
    _, secret = key_of(world.people.marc)
    answer = call(secret, "me")
    assert answer.json()["name"] == world.people.marc.name
    assert "Set-Cookie" not in answer.headers
    made = call(secret, "tickets", "post", subject="Par clé")
    assert made.status_code == 201
    assert Ticket.objects.get(pk=made.json()["id"]).requester == world.people.marc
    assert call(secret, "tickets").json()["items"][0]["subject"] == "Par clé"


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [
        (["requests:read"], 200, 403),
        (["requests:write"], 200, 201),
        (["people:write", "agreements:write"], 403, 403),
    ],
)
def test_scopes_bound_it(world, services, key_of, scopes, reads, writes):
    _, secret = key_of(world.people.marc, scopes)
    assert call(secret, "tickets").status_code == reads
    answer = call(secret, "tickets", "post", subject="Par clé")
    assert answer.status_code == writes
    if writes == 403:
        assert "requests:write" in answer.json()["detail"]
        assert not Ticket.objects.exists()


def spoilt(key, secret, how):
    if how == "revoked":
        assert key.revoke()
        assert not key.revoke()
    elif how == "expired":
        ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "archived":
        key.person.archived_at = timezone.now()
        key.person.save()
    elif how == "another provider's number":
        return secret.replace(f"relais_{key.provider_id}_", f"relais_{key.provider_id + 1}_")
    elif how == "altered":
        return secret[:-1] + ("a" if secret[-1] != "a" else "b")
    return {
        "empty": "",
        "nonsense": "relais_x_y",
        "huge number": f"relais_{'9' * 18}_" + "a" * 43,
    }.get(how, secret)


@pytest.mark.parametrize(
    "how",
    [
        "revoked", "expired", "archived", "another provider's number", "altered", "empty",
        "nonsense", "huge number",
    ],
)  # fmt: skip
def test_a_key_that_opens_nothing_says_so_even_beside_a_session(worlds, client_of, how):
    marc = worlds[0].people.marc
    with tenant(marc.provider_id):
        key, secret = ApiKey.make(marc, name="x", scopes=ALL, days=30, by=marc)
        sent = spoilt(key, secret, how)
    headers = {"Authorization": f"Bearer {sent}"}
    answer = client_of(marc).get("/api/me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 401


def test_a_key_ends_with_the_last_role(world, key_of):
    _, secret = key_of(world.people.marc)
    Role.objects.filter(person=world.people.marc).delete()
    assert call(secret, "tickets").status_code == 403


def test_its_use_is_noted_by_the_hour(world, key_of):
    key, secret = key_of(world.people.marc)
    call(secret, "me")
    key.refresh_from_db()
    first = key.seen_at
    call(secret, "me")
    key.refresh_from_db()
    assert key.seen_at == first is not None
    ApiKey.objects.update(seen_at=first - timedelta(hours=2))
    call(secret, "me")
    key.refresh_from_db()
    assert key.seen_at > first


def test_a_key_opens_no_page(world, key_of):
    _, secret = key_of(world.people.marc)
    answer = Client(headers={"Authorization": f"Bearer {secret}"}).get("/account/")
    assert answer.status_code == 302


# Once -----------------------------------------------------------------------------------------


def test_what_is_sent_again_is_done_once_and_answered_again(world, services, key_of):
    _, secret = key_of(world.people.marc)
    first = call(secret, "tickets", "post", once="a-1", subject="Une fois")
    again = call(secret, "tickets", "post", once="a-1", subject="Une fois")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (Ticket.objects.count(), Event.objects.filter(kind="received").count()) == (1, 1)
    assert call(secret, "tickets", "post", once="a-2", subject="Une fois").status_code == 201
    assert Ticket.objects.count() == 2


def test_a_verb_sent_again_is_no_conflict(world, services, key_of, new_ticket):
    ticket = new_ticket("assigned")
    _, secret = key_of(world.people.alice)
    path = f"tickets/{ticket.pk}/take"
    assert call(secret, path, "post", once="t").status_code == 200
    assert call(secret, path, "post", once="t").status_code == 200
    assert call(secret, path, "post").status_code == 409


def test_another_call_under_the_same_name_is_refused(world, services, key_of):
    _, secret = key_of(world.people.marc)
    call(secret, "tickets", "post", once="a", subject="Une")
    answer = call(secret, "tickets", "post", once="a", subject="Deux")
    assert (answer.status_code, Ticket.objects.count()) == (422, 1)


def test_what_was_refused_may_be_mended_under_the_same_name(world, services, key_of):
    _, secret = key_of(world.people.marc)
    assert call(secret, "tickets", "post", once="a", subject="x", site=2**40).status_code == 404
    assert call(secret, "tickets", "post", once="a", subject="x").status_code == 201


def test_the_same_name_of_two_persons_is_two_calls(world, services, key_of):
    for person in (world.people.marc, world.people.nadia):
        _, secret = key_of(person)
        assert call(secret, "tickets", "post", once="a", subject="x").status_code == 201
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize("once", [" ", "a b", "é", "x" * 201])
def test_a_name_that_is_none_is_refused(world, services, key_of, once):
    _, secret = key_of(world.people.marc)
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": once}
    answer = Client(headers=headers).post("/api/tickets", "{}", "application/json")
    assert answer.status_code == 400


def test_answers_are_forgotten_after_a_day(world, services, key_of):
    _, secret = key_of(world.people.marc)
    call(secret, "tickets", "post", once="a", subject="x")
    assert keys.forget_answers() == 0
    KeptAnswer.objects.update(at=timezone.now() - timedelta(hours=25))
    assert keys.forget_answers() == 1


def test_two_at_once_do_it_once(committed):
    made = cast.build_world()
    marc = made.people.marc
    with tenant(made.provider.pk):
        catalogue.preload(made.provider)
        _, secret = ApiKey.make(marc, name="x", scopes=ALL, days=1, by=marc)
    barrier, answers = threading.Barrier(3), []

    def send():
        barrier.wait()
        try:
            answer = call(secret, "tickets", "post", once="same", subject="À trois")
            answers.append((answer.status_code, answer.json().get("id")))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with tenant(made.provider.pk):
        (ticket,) = Ticket.objects.all()
    assert answers == [(201, ticket.pk)] * 3


# The page -------------------------------------------------------------------------------------


def test_a_key_is_made_shown_once_and_revoked(world, client_of):
    browser = client_of(world.people.marc)
    form = {"name": "Mon tableur", "scopes": ["requests:read"], "days": "30"}
    shown = browser.post("/account/keys/make/", form).content.decode()
    key = ApiKey.objects.get()
    (secret,) = (part for part in shown.split('"') if part.startswith("relais_"))
    assert call(secret, "tickets").status_code == 200
    page = browser.get("/account/keys/").content.decode()
    assert "Mon tableur" in page
    assert secret not in page
    browser.post(f"/account/keys/{key.pk}/revoke/")
    assert call(secret, "tickets").status_code == 401


def test_a_key_needs_a_name_and_a_scope(world, client_of):
    answer = client_of(world.people.marc).post("/account/keys/make/", {"days": "30"})
    assert answer.status_code == 422
    assert not ApiKey.objects.exists()


def test_nobody_makes_a_key_for_whoever_has_an_account(world, client_of):
    form = {"name": "x", "scopes": ["requests:read"], "days": "30"}
    for maker in ("marc", "paul"):
        sent = form | {"person": world.people.nadia.pk}
        client_of(getattr(world.people, maker)).post("/account/keys/make/", sent)
    assert not ApiKey.objects.filter(person=world.people.nadia).exists()


def test_an_integration_gets_its_key_from_the_lead(world, client_of):
    world.people.nadia.user = None
    world.people.nadia.save()
    form = {"name": "x", "scopes": ["requests:read"], "days": "30", "person": world.people.nadia.pk}
    client_of(world.people.paul).post("/account/keys/make/", form)
    key = ApiKey.objects.get()
    assert (key.person, key.made_by) == (world.people.nadia, world.people.paul)


def test_another_ones_key_is_not_there(world, client_of, key_of):
    key, _ = key_of(world.people.marc)
    browser = client_of(world.people.nadia)
    assert browser.post(f"/account/keys/{key.pk}/revoke/").status_code == 404
    assert "Comptabilité" not in browser.get("/account/keys/").content.decode()
    assert "Comptabilité" in client_of(world.people.paul).get("/account/keys/").content.decode()

"""The API: the same walls and the same verbs as the pages."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from relais.desk import dispatching
from relais.desk.models import Ticket
from relais.people.models import AssistantProfile

from .conftest import at, kinds

INTERNAL = {"facts", "external_ref", "holder", "pauses", "calendar_source", "internal", "target"}


@pytest.fixture
def call(client_of, world):
    def call(who, path, method="get", **sent):
        browser = client_of(getattr(world.people, who))
        if method == "get":
            answer = browser.get(f"/api/{path}", sent)
        else:
            answer = browser.post(f"/api/{path}", json.dumps(sent), "application/json")
        return answer.status_code, answer.json()

    return call


def test_nobody_comes_in_without_signing_in(client, world):
    for path in ("me", "tickets", "sites", "persons", "services"):
        assert client.get(f"/api/{path}").status_code == 401


def test_me(call, world):
    status, me = call("marc", "me")
    assert status == 200
    assert me["roles"] == ["requester"]
    assert me["site"] == {"id": world.sites.aix.pk, "name": "Aix"}


def test_a_request_lives_its_whole_life(call, services, world):
    sent = {"subject": "Déplacer mon rendez-vous", "external_ref": "a1"}
    sent |= {"service": services["appointment"].pk}
    status, made = call("marc", "tickets", "post", **sent)
    assert (status, made["state"], made["service"]["name"]) == (
        201,
        "open",
        "Organiser un rendez-vous",
    )
    _, again = call("marc", "tickets", "post", **sent)
    assert again["id"] == made["id"]
    path = f"tickets/{made['id']}"
    steps = [
        ("paul", "assign", {"person": world.people.alice.pk}),
        ("alice", "take", {}),
        ("alice", "ask", {"text": "Laquelle ?"}),
        ("marc", "reply", {"text": "La 4411"}),
        ("alice", "note", {"text": "Le fournisseur est lent"}),
        ("alice", "wait_third", {"text": "Le fournisseur"}),
        ("alice", "resume", {}),
        ("alice", "deliver", {"text": "Réglée"}),
        ("marc", "reopen", {"text": "Le montant est faux"}),
        ("alice", "take", {}),
        ("alice", "deliver", {"text": "Corrigée"}),
        ("marc", "accept", {}),
    ]
    ticket = Ticket.objects.get(pk=made["id"])
    for who, verb, sent in steps:
        status, answer = call(who, f"{path}/{verb}", "post", **sent)
        assert status == 200, (verb, answer)
    assert answer["state"] == "accepted"
    assert len(kinds(ticket)) == 13


def keys_of(answer):
    if isinstance(answer, dict):
        return set(answer).union(*(keys_of(value) for value in answer.values()), set())
    if isinstance(answer, list):
        return set().union(*(keys_of(value) for value in answer))
    return set()


@pytest.mark.parametrize("who", ["marc", "claire", "sylvie"])
def test_a_client_gets_no_internal_field_event_or_note(call, new_ticket, world, who):
    ticket = new_ticket("taken")
    ticket.note("Entre nous", by=world.people.alice)
    _, detail = call(who, f"tickets/{ticket.pk}")
    _, listed = call(who, "tickets")
    assert len(listed["items"]) == 1
    for answer in (detail, listed):
        assert not keys_of(answer) & INTERNAL
    assert [event["kind"] for event in detail["events"]] == ["received", "taken"]
    assert "Entre nous" not in json.dumps(detail)
    assert not {"assign", "take", "deliver", "note"} & set(detail["may"])


def test_the_staff_gets_the_reasons(call, new_ticket, world):
    ticket = new_ticket("taken")
    _, detail = call("alice", f"tickets/{ticket.pk}")
    assert {"facts", "holder", "pauses"} <= keys_of(detail)


def test_why_this_colleague_is_for_who_runs_the_pool(call, new_ticket, world):
    """Absences and loads of colleagues are among the reasons."""
    ticket = new_ticket()
    dispatching.dispatch_one(ticket.pk, at(10))
    AssistantProfile.objects.all().delete()
    other = new_ticket()
    dispatching.dispatch_one(other.pk, at(10))
    for who, seen in [("alice", False), ("paul", True)]:
        for one in (ticket, other):
            _, detail = call(who, f"tickets/{one.pk}")
            assert bool({"candidates", "calls"} & keys_of(detail)) is seen


@pytest.mark.parametrize(
    "who", ["nadia", "luc", "erwan", "fanny", "chloe", "denis", "aude", "bruno"]
)
def test_what_is_not_seen_does_not_exist(call, new_ticket, who):
    ticket = new_ticket("assigned")
    assert call(who, f"tickets/{ticket.pk}")[0] == 404
    assert call(who, f"tickets/{ticket.pk}/cancel", "post", text="Non")[0] == 404
    assert call(who, "tickets")[1] == {"items": [], "next": None}


def test_class_c3_is_for_the_named_only(call, new_ticket):
    new_ticket(confidentiality=3)
    counts = {
        who: len(call(who, "tickets")[1]["items"]) for who in ("marc", "claire", "paul", "alice")
    }
    assert counts == {"marc": 1, "claire": 0, "paul": 0, "alice": 0}


def test_refusals_say_which_and_why(call, new_ticket, world):
    ticket = new_ticket("taken")
    path = f"tickets/{ticket.pk}"
    assert call("marc", f"{path}/take", "post")[0] == 403
    assert call("alice", f"{path}/take", "post")[0] == 409
    status, answer = call("alice", f"{path}/note", "post", text="x", version=1)
    assert status == 409
    assert ticket.reference in answer["detail"]
    assert call("alice", f"{path}/note", "post", text=" ")[0] == 422
    assert call("alice", f"{path}/note", "post", text="a\x00b")[0] == 422
    assert call("paul", f"{path}/assign", "post", person=10**12)[0] == 404
    assert call("marc", "tickets", "post", subject="x", site=world.sites.brest.pk)[0] == 404
    assert call("marc", "tickets", "post", subject="x", requester=world.people.nadia.pk)[0] == 404
    assert call("marc", f"tickets/{2**63}")[0] == 422


@pytest.mark.parametrize(
    ("who", "more"),
    [
        ("marc", {"wanted_by": "2026-12-01T10:00:00+02:00"}),
        ("marc", {"body": "Pour demain, s'il vous plaît."}),
        ("alice", {"requester": "marc"}),
    ],
)
def test_what_was_made_is_told_as_it_is_read_afterwards(call, services, world, who, more):
    if "requester" in more:
        more = {"requester": world.people.marc.pk}
    status, made = call(who, "tickets", "post", subject="Réserver un rendez-vous", **more)
    assert status == 201
    assert made == call(who, f"tickets/{made['id']}")[1]


def test_a_client_of_a_provider_of_results_assigns_nobody(call, new_ticket, world):
    ticket = new_ticket()
    status, _ = call("claire", f"tickets/{ticket.pk}/assign", "post", person=world.people.claire.pk)
    assert status == 403


def test_lists_filter_and_page(call, new_ticket, world):
    for n in range(3):
        new_ticket("taken" if n else "open", subject=f"Sujet {n}")
    subjects = lambda **wanted: [  # noqa: E731
        one["subject"] for one in call("paul", "tickets", **wanted)[1]["items"]
    ]
    assert len(call("alice", "tickets", mine="true")[1]["items"]) == 2
    assert subjects(state="open") == ["Sujet 0"]
    assert subjects(q="sujet 2") == ["Sujet 2"]
    first = call("paul", "tickets", limit=2)[1]
    new_ticket(subject="Arrivée entre deux pages")
    rest = call("paul", "tickets", limit=2, cursor=first["next"])[1]
    read = [one["subject"] for one in first["items"] + rest["items"]]
    assert (read, rest["next"]) == (["Sujet 2", "Sujet 1", "Sujet 0"], None)


@pytest.mark.parametrize("path", ["tickets", "sites", "persons"])
@pytest.mark.parametrize("cursor", ["x", "bm9uZQ==", "W10=", "WyJ4Il0=", "WzEsMl0=", "WzFd"])
def test_a_cursor_of_elsewhere_is_refused_or_harmless(call, path, cursor):
    status, answer = call("paul", path, cursor=cursor)
    assert status in (200, 422)
    if status == 422:
        assert answer["errors"][0]["field"] == "cursor"


def test_a_list_asks_the_same_few_questions_whatever_its_length(client_of, new_ticket, world):
    browser = client_of(world.people.paul)

    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/api/tickets").json()["items"]
        return len(queries)

    new_ticket("taken")
    asked()  # the first page of a session asks more
    few = asked()
    for _ in range(8):
        new_ticket("taken")
    assert asked() == few


def test_a_request_is_created_in_few_statements(client_of, world, services):
    browser = client_of(world.people.marc)

    def asked(ref):
        sent = json.dumps({"subject": "La facture 4411", "external_ref": ref})
        with CaptureQueriesContext(connection) as queries:
            answer = browser.post("/api/tickets", sent, "application/json")
        return answer.json()["id"], len(queries)

    asked("first")  # what every request asks is compiled once
    assert asked("second")[1] <= 20
    assert asked("third")[0] == asked("third")[0]


def test_the_description_names_the_refusals(client, world, client_of):
    schema = client_of(world.people.marc).get("/api/openapi.json").json()
    take = schema["paths"]["/api/tickets/{key}/take"]["post"]["responses"]
    assert {"200", "403", "404", "409", "422"} <= set(take)


def test_another_sites_form_needs_its_own_token(client_of, world, services):
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(
        world.people.marc.user, "allauth.account.auth_backends.AuthenticationBackend"
    )
    answer = browser.post("/api/tickets", '{"subject": "x"}', "application/json")
    assert answer.status_code == 403

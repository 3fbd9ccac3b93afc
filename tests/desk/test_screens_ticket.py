"""The page of a ticket: who sees what on it, and what becomes of two who act at once."""

from __future__ import annotations

import pytest

from relais.desk import buttons
from relais.desk.errors import NotNow
from relais.desk.models import Event, Message, Ticket
from relais.people.models import Confidentiality

from .conftest import at, kinds


def page(browser, ticket, **more):
    return browser.get(f"/tickets/{ticket.pk}/", **more)


def test_the_requester_sees_her_request_and_never_what_is_internal(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    ticket.note("Elle préfère le matin", by=world.people.alice, at=at(9, 40))
    ticket.hand_over(world.people.basile, "Je pars tôt", by=world.people.alice, at=at(9, 50))
    html = page(client_of(world.people.marc), ticket).content.decode()
    assert ticket.subject in html
    assert "Elle préfère le matin" not in html
    assert "Je pars tôt" not in html
    assert "Pourquoi cette personne" not in html
    html = page(client_of(world.people.alice), ticket).content.decode()
    assert "Elle préfère le matin" in html


@pytest.mark.parametrize("stranger", ["erwan", "nadia", "chloe", "denis", "aude", "bruno"])
def test_it_does_not_exist_for_others(world, new_ticket, client_of, stranger):
    ticket = new_ticket("taken")
    browser = client_of(getattr(world.people, stranger))
    assert page(browser, ticket).status_code == 404
    for verb in buttons.BY_VERB:
        answer = browser.post(f"/tickets/{ticket.pk}/{verb}/", {"text": "x"})
        assert answer.status_code == 404, verb


def test_only_the_lead_reads_why_this_person(world, new_ticket, client_of):
    ticket = new_ticket("open")
    decision = {
        "candidates": [
            {"name": "Alice Arnaud", "outcome": "chosen", "reasons": ["fewest_open"], "open": 2},
            {"name": "Basile Bœuf", "outcome": "excluded", "reasons": ["absent"], "open": 0},
        ]
    }
    ticket.assign(world.people.alice, at=at(9, 5), reasons=decision)
    assert "a le moins de demandes" in page(client_of(world.people.paul), ticket).content.decode()
    for person in ("marc", "claire", "alice"):
        html = page(client_of(getattr(world.people, person)), ticket).content.decode()
        assert "a le moins de demandes" not in html, person
        # The menu has a line of that word for whoever may be away.
        assert "absent·e" not in html[html.index("<main") : html.index("</main>")], person


@pytest.mark.parametrize("state", Ticket.State.values)
def test_a_button_is_shown_just_when_its_verb_can_be_done(world, new_ticket, state):
    """The table of buttons repeats what the verbs guard; here it is held to them."""
    if state == "refused":
        ticket = new_ticket("open")
        ticket.refuse("Hors sujet", by=world.people.paul, at=at(9, 30))
    elif state == "merged":
        pytest.skip("no verb of the table: see test_merge")
    else:
        ticket = new_ticket(state)
    people = world.people
    calls = {
        "take": lambda t: t.take(by=people.alice),
        "reply": lambda t: t.reply("x", by=people.alice),
        "ask": lambda t: t.ask("x", by=people.alice),
        "deliver": lambda t: t.deliver("x", by=people.alice),
        "note": lambda t: t.note("x", by=people.alice),
        "resume": lambda t: t.resume(by=people.alice),
        "wait_third": lambda t: t.wait_third("x", by=people.alice),
        "hand_over": lambda t: t.hand_over(people.basile, "x", by=people.alice),
        "assign": lambda t: t.assign(people.basile, by=people.paul),
        "accept": lambda t: t.accept(by=people.marc),
        "reopen": lambda t: t.reopen("x", by=people.marc),
        "cancel": lambda t: t.cancel("x", by=people.marc),
        "refuse": lambda t: t.refuse("x", by=people.paul),
    }
    assert calls.keys() == buttons.BY_VERB.keys()
    Ticket.objects.filter(pk=ticket.pk, holder=None).update(holder=people.alice)
    from django.db import transaction

    for verb, call in calls.items():
        fresh = Ticket.objects.get(pk=ticket.pk)
        refused = False
        try:
            with transaction.atomic():
                call(fresh)
                transaction.set_rollback(True)
        except NotNow:
            refused = True
        assert refused == (state not in buttons.BY_VERB[verb].states), verb


def test_a_verb_by_its_button(world, new_ticket, client_of):
    ticket = new_ticket("assigned")
    alice = client_of(world.people.alice)
    answer = alice.post(f"/tickets/{ticket.pk}/take/", {"version": ticket.version})
    assert answer.status_code == 302
    assert kinds(ticket)[-1] == "taken"
    assert alice.get(f"/tickets/{ticket.pk}/take/").status_code == 405


def test_the_second_of_two_is_told_and_keeps_what_she_typed(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    shown = ticket.version
    ticket.reply("Déjà répondu par une autre", by=world.people.paul, at=at(10))
    answer = client_of(world.people.alice).post(
        f"/tickets/{ticket.pk}/write/",
        {"verb": "deliver", "text": "Un long texte <tapé> à la main", "version": shown},
    )
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Un long texte &lt;tapé&gt; à la main" in html
    assert "Déjà répondu par une autre" in html
    assert kinds(ticket)[-1] == "replied"


def test_a_double_click_does_it_once_and_says_no_evil(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    alice = client_of(world.people.alice)
    form = {"verb": "deliver", "text": "Voici.", "version": ticket.version}
    for _ in range(2):
        answer = alice.post(f"/tickets/{ticket.pk}/write/", form)
        assert answer.status_code == 302
    assert kinds(ticket).count("delivered") == 1
    assert Message.objects.filter(ticket=ticket, body="Voici.").count() == 1


def test_another_text_on_an_old_version_is_no_double_click(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    alice = client_of(world.people.alice)
    form = {"verb": "reply", "text": "Un", "version": ticket.version}
    alice.post(f"/tickets/{ticket.pk}/write/", form)
    answer = alice.post(f"/tickets/{ticket.pk}/write/", form | {"text": "Deux"})
    assert answer.status_code == 409
    assert "Deux" in answer.content.decode()


@pytest.mark.parametrize("text", ["", "   ", "\x00"])
def test_an_empty_text_is_refused_in_words(world, new_ticket, client_of, text):
    ticket = new_ticket("taken")
    answer = client_of(world.people.alice).post(
        f"/tickets/{ticket.pk}/reply/", {"text": text, "version": ticket.version}
    )
    assert answer.status_code == 409
    assert kinds(ticket)[-1] == "taken"


def test_nonsense_is_no_500(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    alice = client_of(world.people.alice)
    for form in [
        {"version": "abc", "text": "x" * 60_000},
        {"version": "9" * 30, "text": "ok", "to": "zzz"},
        {"version": "-1"},
    ]:
        for verb in ("reply", "hand_over", "ask", "wait_third"):
            assert alice.post(f"/tickets/{ticket.pk}/{verb}/", form).status_code < 500
    assert alice.post(f"/tickets/{ticket.pk}/write/", {"verb": "burn"}).status_code == 404
    assert alice.get("/tickets/999999999/").status_code == 404


def test_the_lead_hands_over_to_somebody_of_the_pool_only(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    paul = client_of(world.people.paul)
    form = {"version": ticket.version, "text": "", "to": world.people.marc.pk}
    assert paul.post(f"/tickets/{ticket.pk}/hand_over/", form).status_code == 404
    form["to"] = world.people.basile.pk
    assert paul.post(f"/tickets/{ticket.pk}/hand_over/", form).status_code == 302
    assert Ticket.objects.get(pk=ticket.pk).holder == world.people.basile


def test_the_manager_accepts_in_one_touch_and_may_reopen(world, new_ticket, client_of):
    ticket = new_ticket("delivered")
    marc = client_of(world.people.marc)
    assert "Valider" in marc.get("/requests/").content.decode()
    marc.post(f"/tickets/{ticket.pk}/accept/", {"version": ticket.version})
    ticket.refresh_from_db()
    assert ticket.state == "accepted"
    form = {"version": ticket.version, "text": "Ce n’est pas le bon jour"}
    marc.post(f"/tickets/{ticket.pk}/reopen/", form)
    ticket.refresh_from_db()
    assert ticket.state == "assigned"


def test_a_confidential_ticket_is_for_named_persons_only(world, new_ticket, client_of):
    ticket = new_ticket("taken", confidentiality=Confidentiality.CONFIDENTIAL)
    Ticket.objects.filter(pk=ticket.pk).update(confidentiality=Confidentiality.EXECUTIVE)
    for person in ("paul", "maud", "basile", "claire", "sylvie"):
        browser = client_of(getattr(world.people, person))
        assert page(browser, ticket).status_code == 404, person
        for url in ("/tickets/", "/tower/", "/dispatches/", "/volumes/", "/search/?q=deplacer"):
            answer = browser.get(url)
            assert ticket.subject not in answer.content.decode(), (person, url)
    assert page(client_of(world.people.marc), ticket).status_code == 200
    assert page(client_of(world.people.alice), ticket).status_code == 200


def test_the_deadline_is_explained_stretch_by_stretch(world, new_ticket, client_of):
    ticket = new_ticket("taken", at=at(17))
    html = page(client_of(world.people.marc), ticket).content.decode()
    assert "D’où vient cette échéance" in html
    assert "fermé" in html
    assert "ouvert : le temps compte" in html


def test_the_history_speaks_the_reader_s_language(world, new_ticket, client_of):
    ticket = new_ticket("accepted")
    marc = client_of(world.people.marc)
    html = page(marc, ticket).content.decode()
    assert "Alice Arnaud l’a livrée." in html
    marc.post("/preferences/", {"language": "en"})
    assert "Alice Arnaud delivered it." in page(marc, ticket).content.decode()


def test_every_kind_of_event_has_its_sentence(world, new_ticket):
    from relais.desk import telling

    ticket = new_ticket("open")
    for kind in Event.Kind.values:
        told = telling.sentence(Event(ticket=ticket, kind=kind, facts={}), {})
        assert told.strip(), kind
        assert kind in telling.ICONS


def test_a_part_is_served_alone(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    headers = {"HX-Request": "true", "HX-Target": "div#ticket-live"}
    html = page(client_of(world.people.marc), ticket, headers=headers).content.decode()
    assert "<html" not in html
    assert "Échéances" in html

"""Beside a ticket: undo, merged threads, links, what changed meanwhile, what may be the same."""

from __future__ import annotations

import pytest
from django.utils import timezone

from relais.desk import duplicates
from relais.desk.models import Dismissal, Link, Ticket
from relais.people.models import Confidentiality

from .conftest import at, kinds
from .test_merge import fresh


@pytest.fixture
def pair(new_ticket, world):
    """Return two tickets of Marc's that ask for the same."""
    first = new_ticket("taken", subject="Réserver la salle Mistral jeudi", body="Pour 12 personnes")
    second = new_ticket(
        "taken", subject="Salle Mistral à réserver pour jeudi", body="12 personnes", at=at(11)
    )
    return first, second


def page(browser, ticket, **more):
    return browser.get(f"/tickets/{ticket.pk}/", **more).content.decode()


def test_a_slip_is_undone_by_its_button_and_the_text_comes_back(
    world, new_ticket, client_of, settings
):
    settings.UNDO_SECONDS = 60
    ticket = new_ticket("taken")
    alice, marc = client_of(world.people.alice), client_of(world.people.marc)
    form = {"verb": "deliver", "text": "Un long texte", "version": ticket.version}
    alice.post(f"/tickets/{ticket.pk}/write/", form)
    assert f"/tickets/{ticket.pk}/undo/" in page(alice, ticket)
    assert f"/tickets/{ticket.pk}/undo/" not in page(marc, ticket)
    assert marc.post(f"/tickets/{ticket.pk}/undo/").status_code == 409
    answer = alice.post(f"/tickets/{ticket.pk}/undo/")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "ne partira pas" in html
    assert 'value="deliver" checked' in html
    assert fresh(ticket).state == "taken"
    assert "Un long texte" not in page(marc, ticket)


def test_merged_threads_are_read_together_and_parted_by_a_button(world, pair, client_of):
    first, second = pair
    alice, marc = client_of(world.people.alice), client_of(world.people.marc)
    second.reply("Un mot de Marc", by=world.people.marc)
    form = {"other": first.reference, "version": second.version}
    answer = alice.post(f"/tickets/{second.pk}/merge/", form)
    assert answer.url == f"/tickets/{first.pk}/"
    assert "Un mot de Marc" in page(alice, first)
    assert first.reference in page(marc, second)
    assert f"/tickets/{second.pk}/part/" not in page(marc, second)
    write = {"verb": "reply", "text": "Encore un mot", "version": fresh(second).version}
    assert marc.post(f"/tickets/{second.pk}/write/", write).status_code == 302
    assert kinds(first)[-1] == "replied"
    assert page(alice, first).count("Encore un mot") == 1
    alice.post(f"/tickets/{second.pk}/part/", {"version": fresh(second).version})
    assert fresh(second).state == "taken"
    assert "Encore un mot" not in page(alice, first)


@pytest.mark.parametrize("typed", ["", "R-999999", "zzz", "9" * 40])
def test_a_reference_that_is_none_is_told(world, pair, client_of, typed):
    alice = client_of(world.people.alice)
    for verb in ("merge", "link"):
        answer = alice.post(f"/tickets/{pair[0].pk}/{verb}/", {"other": typed, "kind": "relates"})
        assert answer.status_code == 409
        assert "R-000142" in answer.content.decode()


def test_links_by_their_buttons(world, pair, client_of):
    first, second = pair
    alice = client_of(world.people.alice)
    alice.post(f"/tickets/{first.pk}/link/", {"other": str(second.pk), "kind": "follows"})
    assert "fait suite à" in page(alice, first)
    assert "est suivie de" in page(alice, second)
    link = Link.objects.get()
    alice.post(f"/tickets/{second.pk}/unlink/", {"link": link.pk})
    assert "est suivie de" not in page(alice, second)


def test_who_is_slower_reads_what_happened_meanwhile(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    shown = ticket.version
    ticket.deliver("Voilà", by=world.people.paul, at=at(10))
    form = {"verb": "reply", "text": "Je regarde", "version": shown}
    html = client_of(world.people.alice).post(f"/tickets/{ticket.pk}/write/", form)
    html = html.content.decode()
    assert "Paul Pichon l’a livrée." in html[html.index("Entre-temps") :]
    assert ">Je regarde</textarea>" in html


def test_the_same_is_proposed_with_reasons_until_somebody_says_no(world, pair, client_of):
    first, second = pair
    alice = client_of(world.people.alice)
    html = alice.get(f"/tickets/{second.pk}/alike/").content.decode()
    assert first.reference in html
    assert "mistral" in html
    answer = alice.post(
        f"/tickets/{second.pk}/dismiss/", {"other": first.pk}, headers={"HX-Request": "true"}
    )
    assert first.reference not in answer.content.decode()
    assert not duplicates.of_ticket(world.access("alice"), first)
    alice.post(f"/tickets/{first.pk}/dismiss/", {"other": second.pk})
    assert Dismissal.objects.count() == 1


def test_only_what_one_may_see_is_proposed(world, new_ticket, client_of, services):
    words = {"subject": "Réserver la salle Mistral jeudi", "at": timezone.now()}
    new_ticket(**words)  # Marc's, at Aix
    new_ticket(**words, site=world.sites.brest, requester=world.people.erwan)
    secret = new_ticket(**words, requester=world.people.claire)
    Ticket.objects.filter(pk=secret.pk).update(confidentiality=Confidentiality.EXECUTIVE)
    form = {"subject": "Salle Mistral à réserver jeudi", "body": "", "site": world.sites.lyon.pk}
    seen = {}
    for who in ("marc", "nadia", "luc", "claire", "erwan"):
        answer = client_of(getattr(world.people, who)).post(
            "/requests/new/appointment/alike/", form
        )
        seen[who] = answer.content.decode().count("<li>")
    assert seen == {"marc": 1, "nadia": 0, "luc": 0, "claire": 2, "erwan": 1}
    form["asked_by"] = world.people.nadia.email
    answer = client_of(world.people.basile).post("/requests/new/appointment/alike/", form)
    assert answer.content.decode().count("<li>") == 1  # across sites of the client


def test_nonsense_at_entry_is_no_fault(world, services, client_of):
    marc = client_of(world.people.marc)
    for subject in ("", "'; --", "!!! | & :*", "\x00\x00aaaa", "é" * 5000):
        form = {"subject": subject, "body": subject, "site": "zz"}
        assert marc.post("/requests/new/appointment/alike/", form).status_code == 200


def test_through_the_api(world, pair, client_of, settings):
    settings.UNDO_SECONDS = 60
    first, second = pair
    alice = client_of(world.people.alice)

    def post(verb, **body):
        url = f"/api/tickets/{second.pk}/{verb}"
        return alice.post(url, body, content_type="application/json")

    alike = alice.get(f"/api/tickets/{second.pk}/alike").json()
    assert [one["other"]["id"] for one in alike] == [first.pk]
    assert post("link", other=first.pk, kind="blocks").status_code == 200
    tie = alice.get(f"/api/tickets/{second.pk}/joined").json()["links"][0]
    assert post("unlink", link=tie["id"]).status_code == 200
    assert post("merge", other=first.pk).json()["state"] == "merged"
    assert alice.get(f"/api/tickets/{second.pk}/joined").json()["into"]["id"] == first.pk
    assert post("undo").json()["state"] == "taken"
    assert post("undo").status_code in (403, 409)
    assert post("part").status_code == 409
    assert post("merge", other=second.pk).status_code == 409
    events = alice.get(f"/api/tickets/{second.pk}").json()["events"]
    assert not any("was" in event["facts"] for event in events)


def test_the_same_is_confirmed_or_dismissed_while_typing(world, new_ticket, client_of):
    known = new_ticket(subject="Réserver la salle Mistral jeudi", at=timezone.now())
    marc = client_of(world.people.marc)
    page_of = marc.get("/requests/new/appointment/")
    form = {
        "token": page_of.context["form"].initial["token"], "site": world.sites.aix.pk,
        "subject": "Salle Mistral à réserver jeudi", "body": "Pour 14 finalement",
    }  # fmt: skip
    answer = marc.post(f"/requests/new/appointment/same/{known.pk}/", form)
    assert answer["HX-Redirect"] == f"/tickets/{known.pk}/"
    assert known.messages.last().body.endswith("Pour 14 finalement")
    assert Ticket.objects.count() == 1
    form["not_same"] = known.pk
    html = marc.post("/requests/new/appointment/alike/", form).content.decode()
    assert known.reference not in html
    assert f'name="not_same" value="{known.pk}"' in html
    assert marc.post("/requests/new/appointment/", form).status_code == 302
    assert Dismissal.objects.get().ticket == known
    nadia = client_of(world.people.nadia)
    assert nadia.post(f"/requests/new/appointment/same/{known.pk}/", form).status_code == 404

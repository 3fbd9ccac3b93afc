"""What mails carry beside the words: a wish to steer is kept, files are named, one touch rates."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from relais.desk import filing, intake, letters, mailbox
from relais.desk.models import Approval, Letter, SteeringAttempt
from relais.engine.steering_wish import wishes
from relais.offer.models import Service

from .conftest import at, clock, kinds

SAYS = [
    ("Merci de passer ma demande en priorité.", {"reprioritise"}),
    ("Traitez-la en premier, s’il vous plaît", {"reprioritise"}),
    ("Pouvez-vous augmenter la priorité ?", {"reprioritise"}),
    ("Please raise the priority.", {"reprioritise"}),
    ("Put it before the others, please", {"reprioritise"}),
    ("Il faut élargir la demande au site de Lyon", {"rescope"}),
    ("Please widen the scope and change the priority", {"reprioritise", "rescope"}),
    ("C’est urgent, merci !", set()),
    ("Inutile de la passer en priorité", set()),
    ("Please do not raise the priority", set()),
    ("Finalement mardi au lieu de lundi", set()),
    ("Nos priorités du trimestre sont jointes", set()),
    ("", set()),
]


@pytest.mark.parametrize(("text", "verbs"), SAYS)
def test_a_wish_to_steer_is_heard_where_it_is_said_outright(text, verbs):
    assert {wish.verb for wish in wishes(text)} == verbs


def test_a_wish_is_quoted_as_it_was_written():
    before = "Œuvre d’Été à Çà et là — " * 20
    (wish,) = wishes(f"{before}Traitez-la en premier, SVP. Été")
    assert wish.words.endswith("à Çà et là — Traitez-la en premier, SVP. Été")
    assert wish.words in f"{before}Traitez-la en premier, SVP. Été"


def mail(world, ticket, sender, body, number=1):
    subject = f"[{ticket.reference}] Re {number}"
    raw = f"From: {sender}\r\nTo: x@atout.example\r\nSubject: {subject}\r\n\r\n{body}"
    return mailbox.receive_bytes(raw.encode(), world.provider.pk)


def test_a_wish_by_mail_is_kept_for_the_leads_and_its_words_stand(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    before = ticket.priority
    for n in range(2):
        outcome = mail(world, ticket, "marc@calanques.example", "Passez ma demande en priorité", n)
        assert outcome.kind == "replied"
    attempt = SteeringAttempt.objects.get()
    assert (attempt.verb, attempt.way, attempt.by) == ("reprioritise", "mail", world.people.marc)
    ticket.refresh_from_db()
    assert ticket.priority == before
    told = Letter.objects.get(key=f"attempt:{ticket.pk}:reprioritise")
    assert ticket.reference in told.body
    page = client_of(world.people.claire).get("/steering/attempts/").content.decode()
    assert "Passez ma demande en priorité" in page


def test_who_steers_wishes_nothing_refused_and_may_not_by_mail_either(world, new_ticket):
    ticket = new_ticket("taken", requester=world.people.claire)
    mail(world, ticket, "claire@calanques.example", "Passez ma demande en priorité")
    assert not SteeringAttempt.objects.exists()
    assert kinds(ticket)[-1] == "replied"


def carried(ticket, person):
    ticket.carry([filing.draft(SimpleUploadedFile("Devis été.txt", b"x"), by=person)])


def test_a_delivery_names_its_files_and_asks_how_it_went(world, new_ticket):
    ticket = new_ticket("taken")
    carried(ticket, world.people.alice)
    ticket.deliver("Voici.", by=world.people.alice, at=at(11))
    _subject, body = letters.words(Letter.objects.get(key__startswith="message:"))
    assert "Fichiers joints à cette réponse : Devis été.txt." in body
    assert f"/tickets/{ticket.pk}/#rate" in body
    ticket.reply("Un détail.", by=world.people.alice, at=at(12))
    _subject, body = letters.words(Letter.objects.latest("pk"))
    assert "#rate" not in body
    assert "Fichiers" not in body


def test_a_mail_on_a_confidential_matter_names_no_file(world, new_ticket):
    ticket = new_ticket("taken")
    carried(ticket, world.people.alice)
    ticket.deliver("Voici.", by=world.people.alice, at=at(11))
    type(ticket).objects.update(confidentiality=3)
    _subject, body = letters.words(Letter.objects.get(key__startswith="message:"))
    assert "Devis" not in body
    assert "Voici" not in body


def ask_for(world, amount, requester="marc", by=None):
    Service.objects.filter(code="quotes").update(
        approval_by="referent",
        approval_above=500,
        questions=[{"key": "budget", "kind": "amount", "label_fr": "Budget"}],
    )
    return intake.receive(
        requester=getattr(world.people, requester),
        subject="Trois devis",
        channel="form",
        service=Service.objects.get(code="quotes"),
        answers={"budget": amount},
        by=by,
        at=at(9),
    )


@pytest.mark.parametrize("amount", ["499.99", "500", ""])
def test_an_amount_within_the_ceiling_asks_nobody(world, services, amount):
    assert kinds(ask_for(world, amount)) == ["received"]
    assert not Approval.objects.exists()


def test_an_amount_above_the_ceiling_is_put_to_the_approver_at_once(world, services):
    ticket = ask_for(world, "1200")
    asked = Approval.objects.get()
    assert (asked.amount, asked.state, asked.approver) == (1200, "asked", world.people.claire)
    assert kinds(ticket) == ["received", "approval_asked"]
    assert clock(ticket, "delivery").is_paused
    assert Letter.objects.filter(to="claire@calanques.example").count() == 1


def test_only_the_approver_s_own_typing_approves(world, services):
    typed = ask_for(world, "1200", "claire", by=world.people.paul)
    assert "approved" not in kinds(typed)
    assert not Approval.objects.filter(state="approved").exists()
    assert kinds(ask_for(world, "1300", "claire")) == ["received", "approved"]


def test_where_nobody_may_approve_the_request_comes_in_all_the_same(world, services):
    world.companies.calanques.engagements.all().delete()
    type(world.people.sylvie).objects.filter(pk=world.people.sylvie.pk).update(archived_at=at(8))
    ticket = ask_for(world, "1200")
    assert kinds(ticket) == ["received"]

"""From the words to a dated ticket on its way to somebody, once."""

from zoneinfo import ZoneInfo

import pytest
from django.core import mail as outbox
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from relais.desk import intake, letters
from relais.desk.models import Letter, Message, Ticket
from relais.offer.models import Service
from relais.people.calendars import NoCalendar
from relais.people.models import Engagement

from .conftest import kinds


@pytest.fixture
def ask(world, services):
    def ask(**given):
        fields = {"requester": world.people.marc, "subject": "Relance facture", "channel": "form"}
        return intake.receive(**fields | given)

    return ask


def jobs(name):
    return ProcrastinateJob.objects.filter(task_name=f"relais.desk.tasks.{name}")


def test_a_form_becomes_one_ticket_with_its_thread_and_its_jobs(ask, world):
    ticket = ask(body="La facture 4411 n’est pas réglée.")
    assert (ticket.site, ticket.company) == (world.sites.aix, world.companies.calanques)
    assert ticket.service.code == "invoice"
    assert kinds(ticket) == ["received"]
    assert ticket.messages.get().sender == world.people.marc
    assert [job.args["ticket_id"] for job in jobs("dispatch")] == [ticket.pk]
    assert jobs("send_letter").count() == 1


def test_the_reasons_of_the_guess_are_kept(ask):
    facts = ask().events.get().facts["triage"]
    assert facts["sure"]
    assert ["facture", "subject"] in [word[:2] for word in facts["words"]]


def test_unsure_goes_to_something_else(ask):
    ticket = ask(subject="Bonjour", body="Pouvez-vous m’aider ?")
    assert ticket.service.code == "other"
    assert not ticket.events.get().facts["triage"]["sure"]


def test_the_same_form_twice_is_one_ticket(ask):
    first, second = ask(external_ref="form-1"), ask(external_ref="form-1")
    assert first == second
    assert Ticket.objects.count() == Letter.objects.count() == jobs("dispatch").count() == 1


def test_anothers_reference_is_no_way_to_anothers_ticket(ask, world):
    ask(external_ref="form-1")
    with pytest.raises(intake.TokenTaken):
        ask(external_ref="form-1", requester=world.people.nadia)


def test_nobody_asks_for_a_site_that_is_not_his(ask, world):
    for site in (world.sites.lyon, world.sites.brest):
        with pytest.raises(intake.MayNotAsk):
            ask(site=site)
    assert ask(site=world.sites.lyon, requester=world.people.claire).site == world.sites.lyon
    assert Ticket.objects.count() == 1


def test_an_assistant_writes_down_what_was_said_on_the_telephone(ask, world):
    ticket = ask(by=world.people.alice, channel="phone")
    assert ticket.requester == world.people.marc
    assert ticket.events.get().by == world.people.alice
    with pytest.raises(intake.MayNotAsk):
        ask(by=world.people.chloe, channel="phone")


def test_nothing_said_lowers_the_class_and_some_words_raise_it(ask):
    assert ask(confidentiality=0).confidentiality == 2  # that of invoices
    assert ask(body="Strictement confidentiel").confidentiality == 3
    assert ask(confidentiality=3).confidentiality == 3


def test_a_site_without_hours_is_named_and_nothing_is_half_made(ask, world):
    world.sites.aix.calendar = None
    with pytest.raises(NoCalendar, match="Aix"):
        ask(site=world.sites.aix)
    assert not Ticket.objects.exists()
    assert not Message.objects.exists()
    assert not jobs("dispatch").exists()


def test_an_empty_catalogue_is_named(ask):
    Service.objects.update(active=False)
    with pytest.raises(intake.NothingOffered):
        ask()


def test_the_acknowledgement_answers_no_clock_and_says_it_is_automatic(ask, world):
    ticket = ask(subject="Facture\r\nBcc: victim@example.org")
    letter = Letter.objects.get()
    letters.send(letter.provider_id, letter.pk)
    letters.send(letter.provider_id, letter.pk)
    (sent,) = outbox.outbox
    assert sent.to == [world.people.marc.email]
    assert sent.extra_headers["Auto-Submitted"] == "auto-replied"
    assert sent.subject.startswith(f"[{ticket.reference}] Facture Bcc:")
    assert not ticket.clocks.filter(stopped_at__isnull=False).exists()
    due = ticket.clocks.get(kind="delivery").due_at
    assert "auprès du service" in sent.body
    assert f"{due.astimezone(ZoneInfo(ticket.site.time_zone)):%H:%M} au plus tard" in sent.body


@pytest.mark.parametrize("mode", Engagement.Mode.values)
def test_the_acknowledgement_names_who_has_it_where_the_client_is_told_that(ask, world, mode):
    Engagement.objects.update(mode=mode)
    secret = Letter.objects.filter(ticket=ask(confidentiality=3))
    for letter in (*secret, Letter.objects.get(ticket=ask())):
        Ticket.objects.filter(pk=letter.ticket_id).update(holder=world.people.alice)
        letters.send(letter.provider_id, letter.pk)
    sealed, said = (mail.body for mail in outbox.outbox)
    assert ("Alice" in said) is (mode != Engagement.Mode.PROVIDER) and "Alice" not in sealed
    assert (Letter.objects.get(pk=letter.pk).body in said) and "%(" not in said


def test_a_refusing_mail_server_leaves_the_letter_to_be_tried_again(ask, monkeypatch):
    ask()
    letter = Letter.objects.get()

    def refuse(self):
        raise ConnectionRefusedError("no server")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    letters.send(letter.provider_id, letter.pk)
    letter.refresh_from_db()
    assert (letter.state, "no server" in letter.error) == ("waiting", True)
    monkeypatch.undo()
    letters.send(letter.provider_id, letter.pk)
    assert not outbox.outbox  # its time has not come
    Letter.objects.update(next_try_at=timezone.now())
    letters.send(letter.provider_id, letter.pk)
    letter.refresh_from_db()
    assert (letter.state, letter.attempts) == ("sent", 2)

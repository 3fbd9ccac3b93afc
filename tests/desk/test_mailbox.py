"""Mails: each once, onto its thread, as a new request, or into quarantine."""

import random

import pytest

from relais.desk import letters, mailbox, placing
from relais.desk.errors import NotNow, NotYours
from relais.desk.models import Letter, Message, Ticket

from .conftest import at, clock, kinds


def eml(sender="marc@calanques.example", subject="Facture", body="Bonjour", **headers):
    lines = [f"From: {sender}", "To: pole@atout.example", f"Subject: {subject}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@pytest.fixture
def deliver(world, services):
    def deliver(raw):
        return mailbox.receive_bytes(raw, world.provider.pk)

    return deliver


def test_a_mail_becomes_a_ticket_of_its_sender(deliver, world):
    outcome = deliver(eml(Message_ID="<1@x>"))
    assert outcome.kind == "created"
    ticket = outcome.ticket
    assert (ticket.requester, ticket.channel) == (world.people.marc, "mail")
    assert bytes(ticket.messages.get().raw).startswith(b"From: marc@")


def test_the_same_mail_twice_is_one_ticket(deliver):
    for raw in (eml(Message_ID="<1@x>"), eml()):
        first, second = deliver(raw), deliver(raw)
        assert (first.kind, second.kind) == ("created", "known")
        assert first.ticket == second.ticket
    assert Ticket.objects.count() == Message.objects.count() == 2


def test_the_address_is_found_whatever_its_case(deliver, world):
    assert deliver(eml("Marc <MARC@Calanques.EXAMPLE>")).ticket.requester == world.people.marc


def test_an_answer_finds_its_thread_by_its_headers(deliver):
    ticket = deliver(eml(Message_ID="<1@x>")).ticket
    outcome = deliver(eml(subject="Re: tout autre", Message_ID="<2@x>", In_Reply_To="<1@x>"))
    assert (outcome.kind, outcome.ticket) == ("replied", ticket)
    acknowledgement = Letter.objects.get()
    outcome = deliver(eml(Message_ID="<3@x>", References=acknowledgement.mail_id))
    assert outcome.ticket == ticket
    assert kinds(ticket) == ["received", "replied", "replied"]


def test_an_answer_finds_its_thread_by_the_reference_in_its_subject(deliver):
    ticket = deliver(eml()).ticket
    outcome = deliver(eml(subject=f"RE: [{ticket.reference}] Facture", body="Voici"))
    assert (outcome.kind, outcome.ticket) == ("replied", ticket)


def test_an_answer_to_a_question_starts_the_clock_again(deliver, new_ticket):
    ticket = new_ticket("waiting")
    assert clock(ticket, "delivery").due_at is None
    deliver(eml(subject=f"[{ticket.reference}]", body="Jeudi"))
    ticket.refresh_from_db()
    assert ticket.state == "taken"
    assert clock(ticket, "delivery").due_at is not None


def test_the_reference_of_anothers_ticket_leads_nowhere_near_it(deliver, world):
    ticket = deliver(eml()).ticket
    for header in ({"subject": f"[{ticket.reference}] Facture"}, {"X_Relais_Ticket": "R-%06d"}):
        given = {k: v % ticket.pk if "%" in v else v for k, v in header.items()}
        outcome = deliver(eml("erwan@froid.example", **given))
        assert (outcome.kind, outcome.message.quarantine) == ("quarantined", "foreign")
    placed = placing.admit(outcome.message, world.people.erwan, by=world.people.paul)
    assert placed.site == world.sites.brest
    assert kinds(ticket) == ["received"]


def test_our_header_finds_the_thread_for_whom_it_may(deliver):
    ticket = deliver(eml()).ticket
    outcome = deliver(eml(subject="Re: autre chose", X_Relais_Ticket=ticket.reference))
    assert (outcome.kind, outcome.ticket) == ("replied", ticket)


def test_a_mail_on_a_closed_ticket_is_a_new_request(deliver, new_ticket):
    ticket = new_ticket("accepted")
    assert deliver(eml(subject=f"[{ticket.reference}] encore")).kind == "created"


def test_an_assistants_mail_is_a_human_answer_and_goes_to_the_requester(deliver, new_ticket):
    ticket = new_ticket("assigned", at=at(9))
    deliver(eml("alice@atout.example", subject=f"[{ticket.reference}]", body="Je m’en occupe"))
    assert clock(ticket, "first_response").stopped_at is not None
    assert Letter.objects.get(ticket=ticket).body == "Je m’en occupe"


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (eml("inconnu@ailleurs.example"), "unknown_sender"),
        (eml(Auto_Submitted="auto-replied"), "automatic"),
        (eml(Precedence="bulk"), "automatic"),
        (eml("alice@atout.example"), "no_site"),
        (eml("aude@calanques.example"), "no_site"),
        (b"", "unreadable"),
        (b"\x00\xff" * 400, "unreadable"),
    ],
)
def test_quarantine_names_the_reason(deliver, mail, why):
    outcome = deliver(mail)
    assert (outcome.kind, outcome.message.quarantine) == ("quarantined", why)
    assert not Ticket.objects.exists()
    assert not Letter.objects.exists()


def test_the_lead_admits_a_mail_of_the_quarantine_once(deliver, world):
    held = deliver(eml("perso@marc.example", Message_ID="<9@x>")).message
    with pytest.raises(NotYours):
        placing.admit(held, world.people.marc, by=world.people.alice)
    ticket = placing.admit(held, world.people.marc, by=world.people.paul)
    assert ticket.messages.get() == held
    with pytest.raises(NotNow):
        placing.admit(held, world.people.marc, by=world.people.paul)
    with pytest.raises(NotNow):
        placing.set_aside(held, by=world.people.paul)


def test_the_quarantine_is_the_leads_alone(deliver, world):
    deliver(eml("inconnu@ailleurs.example"))
    seen = {who: world.access(who).see(Message).count() for who in ("paul", "alice", "marc")}
    assert seen == {"paul": 1, "alice": 0, "marc": 0}


def test_real_mails_and_spoilt_ones_never_end_in_a_fault(deliver, shared):
    sources = sorted((shared / "mail" / "quoted").iterdir())
    chance = random.Random(20261123)
    for file in sources:
        assert str(deliver(file.read_bytes()))
    for _ in range(60):
        spoilt = bytearray(chance.choice(sources).read_bytes())
        for _ in range(25):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        assert str(deliver(bytes(spoilt[: chance.randrange(len(spoilt))])))
        assert str(deliver(chance.randbytes(chance.randrange(4000))))


def test_letters_and_charsets_as_they_come(deliver):
    raw = eml(
        subject="=?iso-8859-1?Q?Facture_r=E9gl=E9e?=",
        body="r\xe9gl\xe9".encode("latin-1").decode("latin-1"),
        Content_Type="text/plain; charset=x-unknown",
    )
    ticket = deliver(raw).ticket
    assert ticket.subject == "Facture réglée"
    html = eml(body="<p>Un<br>deux</p><script>alert(1)</script>", Content_Type="text/html")
    assert deliver(html).ticket.body == "Un\ndeux"


def test_a_file_that_is_none_or_too_large_is_named(world, tmp_path, monkeypatch):
    with pytest.raises(mailbox.UnreadableFile):
        mailbox.receive_file(tmp_path / "absent.eml", world.provider)
    monkeypatch.setattr(mailbox, "LARGEST", 10)
    (tmp_path / "big.eml").write_bytes(b"x" * 11)
    with pytest.raises(mailbox.TooLarge):
        mailbox.receive_file(tmp_path / "big.eml", world.provider)


def test_the_recipient_tells_the_provider(worlds):
    ours, theirs = worlds
    type(ours.provider).objects.all()
    from relais.lib.tenancy import all_tenants, tenant
    from relais.people.models import Provider

    with pytest.raises(mailbox.WhoseMail):
        mailbox.receive_bytes(eml())
    with all_tenants("give it an address"):
        Provider.objects.filter(pk=theirs.provider.pk).update(inbox="Pole@Atout.example")
    mailbox.receive_bytes(eml())
    with tenant(theirs.provider.pk):
        assert Message.objects.count() == 1
    with tenant(ours.provider.pk):
        assert not Message.objects.exists()


def test_sending_goes_out_under_the_thread_of_the_mail(deliver):
    from django.core import mail as outbox

    deliver(eml(Message_ID="<1@x>"))
    letter = Letter.objects.get()
    letters.send(letter.provider_id, letter.pk)
    assert outbox.outbox[0].extra_headers["In-Reply-To"] == "<1@x>"

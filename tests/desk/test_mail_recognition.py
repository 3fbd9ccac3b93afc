"""What a mail is besides its words: quoted, returned, automatic, passed on, an invitation."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.desk import letters, mailbox
from relais.desk.mail_marks import MARKER
from relais.desk.models import Letter, Message, Ticket
from relais.lib import mail, mail_replies
from tests.desk.test_mailbox import eml

from .conftest import kinds

DSN = """From: MAILER-DAEMON@mx.example
To: pole@atout.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn{n}@mx>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; marc@calanques.example
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: message/rfc822

From: pole@atout.example
Message-ID: {mail_id}
X-Relais-Letter: abc
Subject: x

secret words
--b--
"""
INVITATION = """BEGIN:VCALENDAR
METHOD:{method}
VERSION:2.0
BEGIN:VEVENT
UID:meeting-1@cal
SEQUENCE:0
SUMMARY:Comité de direction
DTSTART;TZID=Europe/Paris:20300314T090000
DTEND;TZID=Europe/Paris:20300314T103000
LOCATION:Salle Garlaban
ORGANIZER;CN=Claire Castel:mailto:claire@calanques.example
ATTENDEE;CN=Marc Morel;PARTSTAT={answer}:mailto:marc@calanques.example
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def deliver(world, services):
    def deliver(raw):
        raw = raw if isinstance(raw, bytes) else raw.encode()
        return mailbox.receive_bytes(raw, world.provider.pk)

    return deliver


@pytest.fixture
def answered(new_ticket):
    """Return a ticket of Marc's that Alice holds, and the letter of her answer."""
    ticket = new_ticket("taken")
    ticket.reply("Voilà", by=ticket.holder)
    return ticket, Letter.objects.get(message__body="Voilà")


# Answers and what they quote ---------------------------------------------------------------------


def test_the_new_words_are_shown_and_no_word_is_lost(deliver, answered):
    _ticket, letter = answered
    body = (
        "Merci, jeudi.\n\nLe 3 mars 2026 à 10:00, Pôle <p@atout.example> a écrit :\n> Quel jour ?"
    )
    message = deliver(eml(body=body, In_Reply_To=letter.mail_id)).message
    assert (message.body, "Quel jour ?" in message.original) == ("Merci, jeudi.", True)


def test_a_first_mail_stays_whole(deliver):
    body = "Voici :\n\nDe : X <x@y.fr>\nEnvoyé : 3 mars 2026\nÀ : Marc\nObjet : prix\n\n12 €"
    message = deliver(eml(subject="Facture", body=body)).message
    assert "12 €" in message.body
    assert message.original == ""


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (f"Oui.\n\n{MARKER} Répondez au-dessus {MARKER}\nQuestion", "Oui."),
        (
            f"Oui.\n\nLe lun. 2 mars 2026 à 9:12, P <p@a.fr> a écrit :\n> {MARKER} R {MARKER}\n> Q",
            "Oui.",
        ),
        ("> Quand ?\n\nJeudi.\n\n> Où ?\n\nÀ Aix.", None),
        ("Bien reçu\n\n-- \nMarc Morel\nDirecteur", "Bien reçu"),
        ("Ok\n\nEnvoyé de mon iPhone", "Ok"),
        ("Ja\n\nAm 13.12.2025 um 21:11 schrieb Max <m@x.de>:\n\nHallo", "Ja"),
        ("--\nMarc", None),
        ("", None),
    ],
)
def test_new_words_are_told_from_quotes_or_all_is_kept(text, new):
    found = mail_replies.of_text(text, MARKER)
    assert found.text == (text.strip() if new is None else new)


def test_html_quotes_and_flowed_lines_are_understood():
    quote = '<div class="gmail_quote">Le 3, X a écrit :<blockquote>Quand ?</blockquote></div>'
    page = f"<div>Oui, <b>jeudi</b>.</div>{quote}"
    raw = eml(body=page, subject="Re: x", Content_Type="text/html; charset=utf-8")
    assert mail.read(raw).reply.text == "Oui, jeudi."
    flowed = eml(
        body="une phrase \r\nsur deux lignes\r\n> a \r\n> b\r\n",
        Content_Type="text/plain; format=flowed",
    )
    assert mail.read(flowed).text == "une phrase sur deux lignes\n> a b"


def test_real_replies_keep_every_word_that_was_written(shared):
    for file in sorted((shared / "mail" / "quoted").glob("*.html")):
        raw = eml(subject="Re: x", Content_Type="text/html; charset=utf-8").split(b"Bonjour")[0]
        said = mail.read(raw + file.read_bytes()).reply.text
        assert said.split()[0] in ("Hi.", "Hi", "Reply"), file.name
        assert "Hello" not in said, file.name


# Programs ----------------------------------------------------------------------------------------


def test_a_letter_that_comes_back_is_marked_and_its_holder_told_once(deliver, answered, world):
    ticket, letter = answered
    dsn = DSN.replace("{mail_id}", letter.mail_id).replace("{action}", "failed")
    first = deliver(dsn.replace("{n}", "1"))
    deliver(dsn.replace("{n}", "2"))
    letter.refresh_from_db()
    assert (letter.state, letter.error) == ("returned", "550 5.1.1 no such user")
    assert first.ticket == ticket
    assert first.message.internal
    told = Letter.objects.get(key=f"returned:{letter.pk}")
    assert told.to == world.people.alice.email
    assert "secret words" not in told.body
    assert kinds(ticket)[-2:] == ["noted", "noted"]


def test_a_delay_marks_nothing_and_a_stranger_bounce_waits(deliver, answered):
    _ticket, letter = answered
    delayed = DSN.replace("{mail_id}", letter.mail_id).replace("{action}", "delayed")
    deliver(delayed.replace("{n}", "1"))
    letter.refresh_from_db()
    assert letter.state == "waiting"
    stray = DSN.replace("{mail_id}", "<other@x>").replace("{action}", "failed")
    assert deliver(stray.replace("{n}", "2")).message.quarantine == "bounce"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"subject": "Réponse automatique : congés"},
        {"subject": "Out of office: back on Monday"},
        {"subject": "Automatische Antwort: Urlaub"},
    ],
)
def test_an_automatic_answer_lies_beside_its_request_and_is_never_answered(
    deliver, answered, headers
):
    ticket, letter = answered
    before = Letter.objects.count()
    outcome = deliver(eml(In_Reply_To=letter.mail_id, **headers))
    assert (outcome.ticket, outcome.message.internal) == (ticket, True)
    ticket.refresh_from_db()
    assert ticket.state == "taken"
    assert deliver(eml(Message_ID="<alone@x>", **headers)).message.quarantine == "automatic"
    assert Letter.objects.count() == before


def test_people_write_of_absences_too(deliver):
    assert deliver(eml(subject="Absence de Luc demain")).kind == "created"


def test_our_own_letter_sent_back_to_us_is_a_loop(deliver, answered):
    _ticket, letter = answered
    for raw in (eml(X_Relais_Letter=letter.mark), eml(Message_ID=letter.mail_id)):
        assert deliver(raw).message.quarantine == "loop"


def test_a_flood_is_taken_in_without_answers_and_then_held(deliver, world, monkeypatch):
    monkeypatch.setattr(mailbox, "MOST_ANSWERED", 2)
    monkeypatch.setattr(mailbox, "MOST_AN_HOUR", 4)
    for number in range(6):
        deliver(eml(Message_ID=f"<flood{number}@x>"))
    assert Ticket.objects.count() == 4
    assert Letter.objects.count() == 2
    assert Message.objects.filter(quarantine="too_many").count() == 2


# Whose mail it is --------------------------------------------------------------------------------


def passed_on(sender, text="", attached=""):
    message = EmailMessage()
    message["From"], message["Message-ID"] = sender, "<tr@x>"
    message["Subject"] = "TR: Réunion"
    message.set_content(text or "Pour toi.")
    if attached:
        inner = EmailMessage()
        inner["From"], inner["Subject"] = attached, "Réunion"
        inner.set_content("Bonjour")
        message.add_attachment(inner)
    return message.as_bytes()


@pytest.mark.parametrize(
    "raw",
    [
        passed_on("alice@atout.example", attached="Marc <marc@calanques.example>"),
        *(
            passed_on("alice@atout.example", f"Voir.\n\n{head}\n\nBonjour")
            for head in (
                "De : Marc Morel <marc@calanques.example>\nEnvoyé : lundi\nÀ : Alice\nObjet : x",
                "From: Marc Morel <marc@calanques.example>\nSent: Monday\nTo: Alice\nSubject: x",
                "Von: Marc Morel [mailto:marc@calanques.example]\nGesendet: Mo\nAn: A\nBetreff: x",
                "---------- Forwarded message ---------\nDe: M <marc@calanques.example>\nDate: x",
            )
        ),
    ],
)
def test_what_staff_pass_on_is_asked_by_whom_wrote_it(deliver, world, raw):
    outcome = deliver(raw)
    assert outcome.ticket.requester == world.people.marc
    assert outcome.message.reasons["passed_on"]["by"] == "Alice Arnaud"


def test_what_a_client_passes_on_he_asks_himself(deliver, world):
    raw = passed_on("marc@calanques.example", attached="erwan@froid.example")
    assert deliver(raw).ticket.requester == world.people.marc


def test_staff_who_pass_on_a_strangers_mail_are_asked_who(deliver):
    outcome = deliver(passed_on("alice@atout.example", attached="x@ailleurs.example"))
    assert outcome.message.quarantine == "unknown_sender"
    assert outcome.message.reasons["passed_on"]["author"] == "x@ailleurs.example"


# Invitations -------------------------------------------------------------------------------------


def invited(method, number, answer="NEEDS-ACTION"):
    message = EmailMessage()
    message["From"], message["Message-ID"] = "marc@calanques.example", f"<inv{number}@x>"
    message["Subject"] = "Comité"
    message.set_content("Merci de vous en occuper.")
    text = INVITATION.replace("{method}", method).replace("{answer}", answer)
    message.add_alternative(text, subtype="calendar", params={"method": method})
    return message.as_bytes()


def test_an_invitation_is_a_request_for_the_agenda_and_its_cancelling_finds_it(deliver):
    ticket = deliver(invited("REQUEST", 1)).ticket
    assert ticket.service.family == "agenda"
    assert ticket.subject == "Invitation : Comité de direction"
    for fact in ("14 mars 2030", "Salle Garlaban", "Claire Castel", "Merci de vous en occuper"):
        assert fact in ticket.body
    assert ticket.wanted_by.isoformat() == "2030-03-14T09:00:00+01:00"
    outcome = deliver(invited("CANCEL", 2))
    assert (outcome.kind, outcome.ticket) == ("replied", ticket)
    assert outcome.message.body.startswith("Réunion annulée : Comité de direction")
    outcome = deliver(invited("REPLY", 3, "ACCEPTED"))
    assert "accepte" in outcome.message.body
    assert outcome.message.invitation["method"] == "REPLY"


# Confidential matters ----------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True])
def test_of_a_confidential_matter_no_word_leaves_by_mail(world, new_ticket, mailoutbox, late):
    ticket = new_ticket("taken", subject="Licenciement")
    if not late:
        Ticket.objects.filter(pk=ticket.pk).update(confidentiality=3)
        ticket.refresh_from_db()
    ticket.reply("Indemnité de 40 000 €", by=world.people.alice)
    Letter.acknowledge(ticket, Message())
    if late:
        Ticket.objects.filter(pk=ticket.pk).update(confidentiality=3)
    Letter.objects.update(hold_until=None, next_try_at=timezone.now() - timedelta(minutes=1))
    for letter in Letter.objects.all():
        letters.send(letter.provider_id, letter.pk)
    assert len(mailoutbox) == 2
    for sent in mailoutbox:
        whole = sent.message().as_string() + sent.subject + sent.body
        assert "Licenciement" not in whole
        assert "40 000" not in whole
        assert f"/tickets/{ticket.pk}/" in sent.body


# Any bytes ---------------------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        b"From: marc@calanques.example", b"From: =?x?Q?=", b"From:", b"Subject: Re: \xff",
        b"Content-Type: multipart/report; boundary=b", b"Content-Type: text/html; charset=nope",
        b"Content-Type: text/plain; format=flowed; delsp=yes", b"Content-Type: text/calendar",
        b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: x", b"--b", b"--b--",
        b"Message-ID: <x", b"References: <a> <b", b"", b"> quoted", b"BEGIN:VCALENDAR",
        b"METHOD:REQUEST", b"BEGIN:VEVENT", b"DTSTART:20x", b"END:VEVENT", b"END:VCALENDAR",
        b"<blockquote>", b"</div></p>", b"<![x", b"De : a <b@c.fr>", b"\x00\x80", b"Auto-Submitted",
        b"Content-Disposition: attachment; filename*=utf-8''%ff", b"Content-Type: message/rfc822",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(LINES, st.binary(max_size=30)), max_size=25))
def test_any_bytes_are_read(lines):
    found = mail.read(b"\r\n".join(lines), keep=("x-relais-letter",), marker=MARKER)
    for text in (found.text, found.reply.text, found.subject, found.mail_id):
        assert "\x00" not in text
        text.encode()

"""The lead sets mailboxes up, tries them, and sees what became of every letter."""

import pytest

from relais.desk.models import Letter, Mailbox, SendingServer

MAILBOX = {
    "address": "pole@atout.example",
    "host": "127.0.0.1",
    "port": "1",
    "security": "none",
    "user": "pole",
    "password": "a secret of ours",
    "folder": "INBOX",
    "after": "seen",
    "moved_to": "",
    "active": "on",
    "seen": "",
}


@pytest.fixture
def paul(world, client_of):
    return client_of(world.people.paul)


@pytest.fixture
def letter(new_ticket):
    """Return the letter of an answer."""
    ticket = new_ticket("taken")
    ticket.reply("Voilà", by=ticket.holder)
    return Letter.objects.get()


def test_a_mailbox_is_set_up_and_its_password_never_shown(paul):
    assert paul.post("/mail/boxes/new/", MAILBOX).url == "/mail/"
    box = Mailbox.objects.get()
    assert (box.address, box.password()) == ("pole@atout.example", MAILBOX["password"])
    for path in ("/mail/", f"/mail/boxes/{box.pk}/"):
        assert MAILBOX["password"] not in paul.get(path).content.decode()


def test_a_trial_says_the_mend_and_keeps_nothing(paul):
    page = paul.post("/mail/boxes/new/", MAILBOX | {"try": "1"}).content.decode()
    assert "993, 143" in page
    assert MAILBOX["password"] not in page
    assert not Mailbox.objects.exists()
    typed = page.split('name="typed" value="')[1].split('"')[0]
    paul.post("/mail/boxes/new/", MAILBOX | {"password": "", "typed": typed})
    assert Mailbox.objects.get().password() == MAILBOX["password"]


@pytest.mark.parametrize(
    ("path", "wrong", "field"),
    [
        ("boxes/new/", {"host": "imap.example.org"}, "security"),
        ("boxes/new/", {"after": "move"}, "moved_to"),
        ("boxes/new/", {"password": ""}, "password"),
        ("boxes/new/", {"password": "", "typed": "forged"}, "password"),
        ("boxes/new/", {"port": "0"}, "port"),
        ("sending/", {"sender": ""}, "sender"),
        ("sending/", {"sender": "a@b.fr", "sent_folder": "Sent"}, "sent_folder"),
    ],
)
def test_what_is_wrong_is_named_at_its_field(paul, path, wrong, field):
    answer = paul.post(f"/mail/{path}", MAILBOX | wrong)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Mailbox.objects.exists() and not SendingServer.objects.exists()


def test_a_known_password_does_not_go_to_another_server(paul):
    paul.post("/mail/boxes/new/", MAILBOX)
    box = Mailbox.objects.get()
    page = paul.get(f"/mail/boxes/{box.pk}/")
    given = MAILBOX | {"seen": page.context["form"]["seen"].value(), "password": ""}
    answer = paul.post(f"/mail/boxes/{box.pk}/", given | {"host": "localhost"})
    assert "password" in answer.context["form"].errors
    assert paul.post(f"/mail/boxes/{box.pk}/", given | {"folder": "Pôle"}).status_code == 302
    box.refresh_from_db()
    assert (box.folder, box.password()) == ("Pôle", MAILBOX["password"])


def test_mail_is_the_leads_alone(client_of, world, letter):
    for who in ("alice", "claire", "marc", "quentin"):
        client = client_of(getattr(world.people, who))
        for path in ("/mail/", "/mail/boxes/new/", "/mail/sending/", "/mail/letters/"):
            assert client.get(path).status_code == 404, (who, path)
        assert client.post(f"/mail/letters/{letter.pk}/retry/").status_code == 404


def test_the_lead_decides_of_a_letter_once(paul, letter):
    Letter.objects.update(state="doubt")
    assert "Peut-être envoyé" in paul.get("/mail/letters/?state=see").content.decode()
    paul.post(f"/mail/letters/{letter.pk}/arrived/")
    letter.refresh_from_db()
    assert letter.state == "sent"
    paul.post(f"/mail/letters/{letter.pk}/retry/")
    letter.refresh_from_db()
    assert letter.state == "sent"


def test_a_failed_letter_is_sent_again(paul, letter):
    Letter.objects.update(state="failed", attempts=8, error="550 no such user")
    assert "550 no such user" in paul.get("/mail/letters/").content.decode()
    paul.post(f"/mail/letters/{letter.pk}/retry/")
    letter.refresh_from_db()
    assert (letter.state, letter.attempts) == ("waiting", 0)


def test_the_list_asks_the_same_number_of_questions_however_long(
    paul, letter, django_assert_max_num_queries
):
    for number in range(30):
        letter.pk, letter.key = None, f"copy {number}"
        letter.save(force_insert=True)
    paul.get("/mail/letters/")
    with django_assert_max_num_queries(25):
        paul.get("/mail/letters/")

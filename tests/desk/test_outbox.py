"""The outbox: each letter leaves once, whatever crashes in between, and failures are told."""

import shutil
import socket
import tempfile
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone

from relais.desk import letters, mail_settings
from relais.desk.errors import NotNow, NotYours
from relais.desk.models import Letter, Mailbox, Message, SendingServer
from relais.lib import smtp as smtp_line
from relais.lib.mail_server import Interrupted
from relais.lib.tenancy import tenant
from relais.offer import catalogue
from relais.offer.models import Service
from tests import world as cast

from .conftest import kinds
from .dovecot import PASSWORD, Dovecot, program
from .smtp_server import Letterbox, started


@pytest.fixture(scope="module")
def smtp():
    letterbox = Letterbox()
    controller = started(letterbox, PASSWORD)
    yield letterbox
    controller.stop()


@pytest.fixture
def box(smtp):
    smtp.taken.clear()
    smtp.say.clear()
    smtp.refused_recipients.clear()
    return smtp


def sending_server(provider, box, **fields):
    server = SendingServer(
        provider=provider,
        host="127.0.0.1",
        port=box.port,
        security="none",
        user="pole",
        sender="pole@atout.example",
        sender_name="Pôle Atout",
        **fields,
    )
    server.set_password(PASSWORD)
    server.save(force_insert=True)
    return server


@pytest.fixture
def sending(world, box):
    return sending_server(world.provider, box)


@pytest.fixture
def letter(new_ticket, sending):
    ticket = new_ticket("taken")
    ticket.reply("Voilà", by=ticket.holder)
    Letter.objects.update(hold_until=None, next_try_at=timezone.now())
    return Letter.objects.get()


def go(letter, **changes):
    if changes:
        Letter.objects.filter(pk=letter.pk).update(**changes)
    letters.send(letter.provider_id, letter.pk)
    letter.refresh_from_db()
    return letter


def now():
    return timezone.now() - timedelta(seconds=1)


def test_a_letter_leaves_once_with_what_finds_it_again(letter, box):
    go(letter)
    go(letter)
    assert (letter.state, letter.attempts) == ("sent", 1)
    (raw,) = box.taken
    for header in (letter.mail_id, f"X-Relais-Letter: {letter.mark}", letter.ticket.reference):
        assert header.encode() in raw
    assert b"P=C3=B4le" in raw or b"P\xc3\xb4le" in raw or b"=?utf-8?" in raw
    assert b"Auto-Submitted" not in raw


@pytest.mark.parametrize(
    ("fault", "state", "told"),
    [
        ("451 4.7.1 later", "waiting", "later"),
        ("554 5.7.1 rejected", "failed", "rejected"),
    ],
)
def test_the_servers_word_decides_whether_it_is_tried_again(letter, box, fault, state, told):
    box.say.append(fault)
    go(letter)
    assert (letter.state, told in letter.error) == (state, True)
    if state == "waiting":
        assert letter.next_try_at - letter.tried_at > timedelta(seconds=50)
        go(letter)  # its time has not come
        assert not box.taken
        assert go(letter, next_try_at=now()).state == "sent"
    else:
        assert kinds(letter.ticket)[-1] == "noted"
    assert letter.attempts <= 2


def test_an_unknown_recipient_is_told_to_the_holder_at_once(letter, box):
    box.refused_recipients.add(letter.to)
    assert go(letter).state == "failed"
    assert "550 5.1.1 no such user" in letter.error


def test_a_server_that_is_away_is_tried_eight_times_then_given_up(letter, sending):
    SendingServer.objects.update(port=1)
    waits = []
    for _try in range(8):
        go(letter, next_try_at=now())
        if letter.next_try_at:
            waits.append(round((letter.next_try_at - letter.tried_at).total_seconds() / 60))
    assert waits == [1, 5, 15, 60, 240, 720, 1440]
    assert (letter.state, letter.attempts) == ("failed", 8)
    sending.refresh_from_db()
    assert sending.failures == 8
    assert sending.problem["values"]["port"] == "1"


@pytest.mark.parametrize("how", ["gone", "421"])
def test_a_kept_line_that_the_server_closed_is_no_letters_fault(letter, box, monkeypatch, how):
    letter.ticket.reply("Et ceci", by=letter.ticket.holder)
    Letter.objects.update(hold_until=None, next_try_at=timezone.now())
    sent, real = [], smtp_line.send

    def closes(server, *given):
        real(server, *given)
        sent.append(server)
        if how == "gone":
            server.sock.shutdown(socket.SHUT_RDWR)
        else:
            monkeypatch.setattr(server, "mail", lambda *_given: (421, b"too long silent"))

    monkeypatch.setattr(smtp_line, "send", closes)
    letters.send_all(letter.provider_id, Letter.objects.order_by("pk").values_list("pk", flat=True))
    assert list(Letter.objects.values_list("state", "attempts")) == [("sent", 1)] * 2
    assert len(set(sent)) == 2
    assert len(box.taken) == 2


def test_a_fresh_line_that_breaks_off_is_not_tried_twice_at_once(letter, box, monkeypatch):
    tries = []

    def breaks(server, *given):
        tries.append(server)
        raise Interrupted(host="x", detail="gone")

    monkeypatch.setattr(smtp_line, "send", breaks)
    assert go(letter).state == "waiting"
    assert len(tries) == 1


def test_when_the_servers_word_is_lost_nothing_is_sent_twice(letter, box):
    box.say.append("break")
    assert go(letter).state == "sending"
    assert len(box.taken) == 1
    go(letter)  # not yet: whoever sends it may still be at it
    assert letter.state == "sending"
    assert go(letter, next_try_at=now()).state == "doubt"
    go(letter)
    assert len(box.taken) == 1


def test_a_process_that_dies_before_its_word_leaves_a_doubt_and_after_it_none(
    letter, box, monkeypatch
):
    class Killed(BaseException):
        pass

    def dies(*given):
        raise Killed

    with monkeypatch.context() as crash, pytest.raises(Killed):
        crash.setattr(letters, "_write_down", dies)
        go(letter)
    assert go(letter, next_try_at=now()).state == "doubt"
    assert len(box.taken) == 1


def test_a_database_that_comes_back_still_hears_that_it_was_sent(letter, monkeypatch):
    real, tries = letters._write_down, []

    def breaks_once(*given):
        tries.append(given)
        if len(tries) == 1:
            raise OperationalError("the database is gone")
        return real(*given)

    monkeypatch.setattr(letters, "_write_down", breaks_once)
    assert go(letter).state == "sent"


@pytest.mark.skipif(program() is None, reason="Dovecot is absent")
@pytest.mark.parametrize("arrived", [True, False])
def test_a_doubt_is_settled_by_the_folder_of_sent_mails(letter, box, sending, arrived):
    base = Path(tempfile.mkdtemp(prefix="relais-dovecot-"))
    base.chmod(0o755)
    dovecot = Dovecot(base).start()
    try:
        mailbox = Mailbox(
            provider_id=letter.provider_id, host="127.0.0.1", port=dovecot.port,
            security="none", user="pole", address="pole@atout.example", take_existing=False,
        )  # fmt: skip
        mailbox.set_password(PASSWORD)
        mailbox.save()
        SendingServer.objects.update(sent_in=mailbox, sent_folder="Sent")
        box.say.append("break")
        go(letter)
        dovecot.put("pole", *(box.taken if arrived else [b"From: x\r\n\r\nother"]), folder="Sent")
        assert go(letter, next_try_at=now()).state == "sent"
        assert len(box.taken) == (1 if arrived else 2)
    finally:
        dovecot.stop()
        shutil.rmtree(base, ignore_errors=True)


def test_what_the_jobs_left_is_found_by_its_time(letter):
    from procrastinate.contrib.django.models import ProcrastinateJob

    jobs = ProcrastinateJob.objects.filter(task_name="relais.desk.tasks.send_letters")
    before = jobs.count()
    Letter.objects.update(next_try_at=timezone.now() - timedelta(minutes=1))
    assert letters.send_due() == 1
    letters.send_due()
    assert jobs.count() == before + 1  # queued once, however often it is found


def test_the_lead_alone_decides_and_once(letter, world):
    Letter.objects.update(state="doubt")
    letter.refresh_from_db()
    with pytest.raises(NotYours):
        letter.retry(by=world.people.alice)
    first, second = (Letter.objects.get(pk=letter.pk) for _ in range(2))
    first.retry(by=world.people.paul)
    first.refresh_from_db()
    second.attempts = 99
    with pytest.raises(NotNow):
        second.arrived(by=world.people.paul)
    assert go(letter).state == "sent"


def test_two_workers_send_a_letter_once(committed, box):
    made = cast.build_world()
    with tenant(made.provider.pk):
        catalogue.preload(made.provider)
        sending_server(made.provider, box)
        from relais.desk.models import Ticket

        ticket = Ticket.receive(
            site=made.sites.aix, requester=made.people.marc, subject="x", channel="form",
            service=Service.objects.get(code="appointment"),
        )  # fmt: skip
        letter = Letter.acknowledge(ticket, Message())

    def work():
        from django.db import connection

        letters.send(letter.provider_id, letter.pk)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(box.taken) == 1


def test_a_trial_of_the_server_sends_nothing(sending, box):
    assert mail_settings.try_sending(sending).good
    sending.port = 1
    assert not mail_settings.try_sending(sending).good
    assert not box.taken

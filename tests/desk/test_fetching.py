"""Mails are fetched from a real server: each once, whatever breaks; none is removed too early."""

import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest
from django.core import mail
from django.db import IntegrityError, OperationalError

from relais.desk import dispatching, fetching, letters, mailbox
from relais.desk.models import Mailbox, Message, Ticket
from relais.desk.models.mailbox import SecretLost
from relais.lib import imap
from relais.lib.tenancy import tenant
from relais.offer import catalogue
from tests import world as cast

from .dovecot import PASSWORD, Dovecot, program

pytestmark = pytest.mark.skipif(
    program() is None, reason="Dovecot is absent (Debian: apt-get install dovecot-imapd)"
)


def go_on(seconds):
    time.sleep(min(seconds, 0.05))
    return False


def eml(number, subject="Facture", sender="marc@calanques.example"):
    mail = f"From: {sender}\r\nTo: pole@atout.example\r\nMessage-ID: <{number}@x>\r\n"
    return f"{mail}Subject: {subject} {number}\r\n\r\nBonjour {number}\r\n".encode()


@pytest.fixture(scope="module")
def dovecot():
    # Root's Dovecot works as other users, who cannot come to pytest's own folder.
    base = Path(tempfile.mkdtemp(prefix="relais-dovecot-"))
    base.chmod(0o755)
    server = Dovecot(base).start()
    yield server
    server.stop()
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def make(dovecot):
    """Return a function that makes a mailbox of a user whom nobody used before."""

    def make(provider, **fields):
        user = f"user{os.urandom(4).hex()}"
        given = {"host": dovecot.host, "port": dovecot.port, "security": "none"}
        given |= {"user": user, "address": f"{user}@atout.example", "take_existing": True}
        box = Mailbox(provider=provider, **given | fields)
        box.set_password(PASSWORD)
        box.save(force_insert=True)
        return box

    return make


def look(box, stop=go_on):
    box.refresh_from_db()
    with imap.opened(fetching.account_of(box)) as server:
        fetching.tidy_leftovers(box, server)
        return fetching.fetch(box, server, stop)


def test_each_mail_is_taken_in_once_and_marked_as_read(world, services, dovecot, make):
    box = make(world.provider)
    dovecot.put(box.user, eml(1), eml(2), eml(1), b"From: x\r\n\r\nno id")
    assert look(box) == fetching.Fetched(3, 1)
    assert look(box) == fetching.Fetched(0, 0)
    dovecot.put(box.user, eml(3))
    assert look(box) == fetching.Fetched(1, 0)
    assert Ticket.objects.count() == 3
    assert Message.objects.exclude(quarantine="").count() == 1
    client = dovecot.client(box.user)
    client.select("INBOX", readonly=True)
    assert client.search(None, "UNSEEN") == ("OK", [b""])
    client.logout()


def test_what_lay_there_before_is_left_unless_wanted(world, services, dovecot, make):
    box = make(world.provider, take_existing=False)
    dovecot.put(box.user, eml(1))
    assert look(box).taken == 0
    dovecot.put(box.user, eml(2))
    assert look(box).taken == 1


def test_new_numbers_of_the_server_repeat_nothing(world, services, dovecot, make):
    box = make(world.provider)
    dovecot.put(box.user, eml(1), eml(2))
    look(box)
    Mailbox.objects.filter(pk=box.pk).update(uid_validity=1, last_uid=900)
    dovecot.put(box.user, eml(3))
    assert look(box) == fetching.Fetched(1, 2)
    assert Ticket.objects.count() == 3


@pytest.mark.parametrize("after", ["move", "delete"])
def test_a_mail_leaves_the_folder_only_once_it_is_here(
    world, services, dovecot, make, monkeypatch, after
):
    box = make(world.provider, after=after, moved_to="Traités" if after == "move" else "")
    dovecot.put(box.user, eml(1), eml(2))

    def breaks(*given):
        raise OperationalError("the database is gone")

    with monkeypatch.context() as broken, pytest.raises(OperationalError):
        broken.setattr(mailbox, "_place", breaks)
        look(box)
    assert len(dovecot.lies_in(box.user)) == 2
    with monkeypatch.context() as broken:
        broken.setattr(fetching, "_tidy", lambda *given: None)  # killed right after the commit
        assert look(box).taken == 2
    assert len(dovecot.lies_in(box.user)) == 2
    assert look(box) == fetching.Fetched(0, 0)
    assert dovecot.lies_in(box.user) == []
    moved = dovecot.lies_in(box.user, "Traites" if after == "delete" else '"Trait&AOk-s"')
    assert len(moved) == (2 if after == "move" else 0)


def test_a_mail_that_relais_stumbles_over_stops_none_behind_it(
    world, services, dovecot, make, monkeypatch
):
    box = make(world.provider)
    dovecot.put(box.user, eml(1), eml(2))
    real = mailbox._place

    def stumbles(mail, raw, going):
        if b"<1@x>" in raw:
            raise ZeroDivisionError
        return real(mail, raw, going)

    monkeypatch.setattr(mailbox, "_place", stumbles)
    assert look(box).taken == 2
    assert Message.objects.get(quarantine="fault").mail_id == "<1@x>"
    assert Ticket.objects.count() == 1


def test_of_a_mail_too_large_the_headers_are_kept_and_the_mail_stays(
    world, services, dovecot, make, monkeypatch
):
    box = make(world.provider, after="delete")
    monkeypatch.setattr(mailbox, "LARGEST", 400)
    dovecot.put(box.user, eml(1) + b"x" * 500, eml(2))
    assert look(box).taken == 2
    held = Message.objects.get(quarantine="too_large")
    assert (held.subject, held.sender_address) == ("Facture 1", "marc@calanques.example")
    assert [b"<1@x>" in raw for raw in dovecot.lies_in(box.user)] == [True]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"port": 1}, imap.NotReached),
        ({"host": "nulle-part.invalid"}, imap.NoSuchHost),
        ({"security": "tls"}, imap.NotTrusted),
        ({"folder": "Absent"}, imap.NoSuchFolder),
        ({"secret": ""}, imap.NotLetIn),
    ],
)
def test_a_wrong_setting_is_named_with_its_mend(world, make, fields, problem):
    box = make(world.provider)
    Mailbox.objects.filter(pk=box.pk).update(**fields)
    with pytest.raises(problem) as told:
        look(box)
    box.went_wrong(told.value)
    box.refresh_from_db()
    assert box.problem["message"] == problem.message
    assert PASSWORD not in str(box.problem)
    assert box.failures == 1


def test_the_password_lies_sealed_and_opens_for_its_provider_alone(world, make, settings):
    box = make(world.provider)
    assert PASSWORD not in box.secret
    settings.SECRET_KEY = "another key altogether, long enough to be one"
    with pytest.raises(SecretLost):
        box.password()


def test_mails_come_in_by_themselves_and_again_after_the_server_died(
    committed, dovecot, make, monkeypatch
):
    monkeypatch.setattr(fetching, "BACKOFF_SECONDS", (0.1,))
    monkeypatch.setattr(fetching, "LOOK_SECONDS", 0.2)
    made = cast.build_world()
    with tenant(made.provider.pk):
        catalogue.preload(made.provider)
        box = make(made.provider)
    fetchers = fetching.Fetchers()
    thread = threading.Thread(target=fetchers.run)

    def arrived(number):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with tenant(made.provider.pk):
                if Message.objects.filter(mail_id=f"<{number}@x>").exists():
                    return True
            time.sleep(0.05)
        return False

    dovecot.put(box.user, eml(1))
    thread.start()
    try:
        assert arrived(1)
        dovecot.put(box.user, eml(2))
        assert arrived(2)
        dovecot.kill()
        dovecot.start()
        dovecot.put(box.user, eml(3))
        assert arrived(3)
        with tenant(made.provider.pk):
            assert Ticket.objects.count() == 3
    finally:
        fetchers.stop()
        thread.join()


def test_many_mails_are_one_commit_and_one_job_for_what_follows(
    world, services, dovecot, make, monkeypatch
):
    from procrastinate.contrib.django.models import ProcrastinateJob

    box = make(world.provider)
    dovecot.put(box.user, *(eml(number) for number in range(1, 6)), eml(2))
    rounds, real = [], mailbox.receive_all

    def counts(read, *given):
        rounds.append(len(read))
        return real(read, *given)

    monkeypatch.setattr(mailbox, "receive_all", counts)
    assert look(box) == fetching.Fetched(5, 1)
    assert rounds == [6]
    jobs = ProcrastinateJob.objects.filter(queue_name="default").values_list("task_name", "args")
    found = {name.rpartition(".")[2]: args for name, args in jobs}
    assert set(found) == {"dispatch_these", "send_letters"}
    assert len(found["dispatch_these"]["ticket_ids"]) == 5
    dispatching.dispatch_these(found["dispatch_these"]["ticket_ids"])
    assert not Ticket.objects.filter(state="open").exclude(events__kind="unassigned").exists()
    letters.send_all(**found["send_letters"])
    letters.send_all(**found["send_letters"])
    assert len(mail.outbox) == 5


def test_a_mail_that_spoils_the_commit_of_all_is_kept_apart(
    world, services, dovecot, make, monkeypatch
):
    box = make(world.provider)
    dovecot.put(box.user, eml(1), eml(2), eml(3))
    real = fetching._take_together

    def spoils(box, mails, *given):
        if any(b"<2@x>" in raw for _number, raw in mails):
            raise IntegrityError("a key that is looked at when all is written")
        return real(box, mails, *given)

    monkeypatch.setattr(fetching, "_take_together", spoils)
    assert look(box).taken == 3
    assert Ticket.objects.count() == 2
    apart = Message.objects.get(quarantine="fault")
    assert b"<2@x>" in bytes(apart.raw)
    assert look(box) == fetching.Fetched(0, 0)


def test_one_bad_mail_among_many_is_found_by_halves_and_none_is_read_twice(
    world, services, dovecot, make, monkeypatch
):
    box = make(world.provider)
    dovecot.put(box.user, *(eml(number) for number in range(1, 33)))
    tried, read, receive, reads = [], [], mailbox.receive_all, mailbox.read

    def spoils(mails, *given):
        tried.append(len(mails))
        if any(b"<21@x>" in raw for _mail, raw in mails):
            raise IntegrityError("a key that is looked at when all is written")
        return receive(mails, *given)

    def counts(raw):
        read.append(raw)
        return reads(raw)

    monkeypatch.setattr(mailbox, "receive_all", spoils)
    monkeypatch.setattr(mailbox, "read", counts)
    assert look(box).taken == 32
    assert Message.objects.get(quarantine="fault").raw
    assert len(read) == 32
    assert sum(tried) < 32 * 4  # one after the other: 20 * 32


def test_a_mail_that_ends_the_process_each_time_is_set_aside_unread(
    world, services, dovecot, make, monkeypatch
):
    box = make(world.provider, after="delete")
    dovecot.put(box.user, eml(1), eml(2), eml(3))
    real, ended = mailbox.read, 0

    def kills(raw):
        if b"<2@x>" in raw:
            raise SystemExit  # no handler of ours hears it, as none hears kill -9
        return real(raw)

    monkeypatch.setattr(mailbox, "read", kills)
    for _start in range(6):
        try:
            look(box)
        except SystemExit:
            ended += 1
    assert ended == 4  # once among others, three times alone
    apart = Message.objects.get(quarantine="fatal")
    assert (b"<2@x>" in bytes(apart.raw), apart.body) == (True, "")
    assert Ticket.objects.count() == 2
    assert dovecot.lies_in(box.user) == []
    assert mailbox.is_here(eml(2))


def test_a_database_that_breaks_off_is_no_mails_fault(world, services, dovecot, make, monkeypatch):
    box = make(world.provider)
    dovecot.put(box.user, eml(1))

    def breaks(*given):
        raise OperationalError("the database is gone")

    with monkeypatch.context() as broken:
        broken.setattr(mailbox, "_place", breaks)
        for _try in range(5):
            with pytest.raises(OperationalError):
                look(box)
    assert look(box).taken == 1
    assert not Message.objects.exclude(quarantine="").exists()


def test_what_exceeds_the_limits_of_the_database_is_the_mails_own_fault(
    world, services, dovecot, make, monkeypatch
):
    box = make(world.provider)
    dovecot.put(box.user, eml(1), eml(2))
    real = mailbox._place

    def exceeds(mail, raw, going):
        if b"<1@x>" in raw:
            raise OperationalError("too long") from psycopg.errors.ProgramLimitExceeded()
        return real(mail, raw, going)

    monkeypatch.setattr(mailbox, "_place", exceeds)
    assert look(box).taken == 2
    assert Message.objects.get(quarantine="fault").mail_id == "<1@x>"
    assert mailbox.is_of_database(OperationalError())


def test_faults_that_lie_far_apart_are_not_added_up():
    patience = fetching.Patience()
    waits = []
    for _fault in range(12):
        patience.went_wrong()
        waits.append(patience.seconds)
    assert waits == sorted(waits)
    assert waits[0] == 1
    assert waits[-1] == 300
    patience.went_well()
    patience.went_wrong()
    assert patience.seconds == 1

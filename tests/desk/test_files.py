"""Files of a thread: kept once, seen by whom the message is for, handed out without harm."""

from __future__ import annotations

import io
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from relais.desk import filing, mailbox
from relais.desk.models import Attachment, Message, StoredFile
from relais.people.models import Confidentiality

from .conftest import kinds

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
PAGE = b"<html><script>alert(1)</script></html>"


def sent(name="plan.txt", content=b"bonjour", **more):
    return SimpleUploadedFile(name, content, **more)


def draft(person, name="plan.txt", content=b"bonjour"):
    return filing.draft(sent(name, content), by=person)


def stored(settings):
    return [path for path in Path(settings.FILE_STORE).glob("*/*/*") if path.is_file()]


@pytest.fixture(autouse=True)
def _empty_store(settings, tmp_path):
    settings.FILE_STORE = str(tmp_path / "store")
    settings.DATA_DIR = tmp_path


def test_the_same_bytes_are_stored_once_under_two_names(world, settings):
    first, second = draft(world.people.marc, "a.txt"), draft(world.people.alice, "b.txt")
    assert first.file_id == second.file_id
    assert len(stored(settings)) == 1
    assert b"".join(filing.content(second)) == b"bonjour"


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("virus.exe", b"MZ", filing.Unwelcome),
        ("devis.pdf.JS", b"x", filing.Unwelcome),
        ("vide.txt", b"", filing.Empty),
        ("gros.bin", b"x" * (2**20 + 1), filing.TooLarge),
    ],
)
def test_what_is_not_taken_says_why(world, settings, client_of, name, content, refusal):
    settings.ATTACHMENT_MB = 1
    with pytest.raises(refusal):
        draft(world.people.marc, name, content)
    answer = client_of(world.people.marc).post("/files/", {"files": sent(name, content)})
    assert answer.status_code == 422
    assert name.rpartition(".")[2].lower() in answer.content.decode().lower()
    assert not Attachment.objects.exists()
    assert not stored(settings)


def test_what_is_endless_is_not_written_down(world, settings, client_of):
    settings.ATTACHMENT_MB, settings.UPLOAD_LIMIT = 1, 2**20
    answer = client_of(world.people.marc).post("/files/", {"files": sent("x.bin", b"x" * 2**21)})
    assert (answer.status_code, "1 Mo" in answer.content.decode()) == (422, True)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\moi\\devis.pdf", "devis.pdf"),
        ("fac\u202efdp.txt", "facfdp.txt"),
        ("a\x00b\r\n.txt", "ab.txt"),
        ("...", "file"),
        ("é" * 300 + ".pdf", "é" * 146 + ".pdf"),
        ('<b>"x"</b>.txt', "b_.txt"),
    ],
)
def test_names_are_cleaned(given, kept):
    assert filing.file_kinds.clean_name(given) == kept


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        ("photo.png", PNG, True),
        ("devis.pdf", b"%PDF-1.7 x", True),
        ("page.html", PAGE, False),
        ("photo.jpg", PAGE, False),
        ("logo.svg", b"<svg onload='alert(1)'/>", False),
        ("notes.txt", b"bonjour", False),
    ],
)
def test_only_harmless_kinds_are_shown(world, client_of, name, content, shown):
    file = draft(world.people.marc, name, content)
    answer = client_of(world.people.marc).get(f"/files/{file.pk}/")
    assert b"".join(answer.streaming_content) == content
    how = answer["Content-Disposition"].partition(";")[0]
    assert how == ("inline" if shown else "attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert shown or "sandbox" in answer["Content-Security-Policy"]
    assert answer["Content-Type"] == (file.type if shown else "application/octet-stream")


def test_a_file_is_seen_by_whom_its_message_is_for(world, new_ticket, client_of):
    people = world.people
    ticket = new_ticket("taken")
    ticket.carry([draft(people.alice, "public.txt")])
    ticket.reply("Voici.", by=people.alice)
    ticket.carry([draft(people.alice, "interne.txt")])
    ticket.note("Pour nous.", by=people.alice)
    public, internal = Attachment.objects.order_by("pk")
    mine = draft(people.alice, "brouillon.txt")
    readers = {
        public: {"marc", "alice", "basile", "paul", "maud", "quentin", "claire", "sylvie"},
        internal: {"alice", "basile", "paul", "maud", "quentin"},
        mine: {"alice"},
    }
    for file, allowed in readers.items():
        for who in set(vars(people)):
            found = world.access(who).see(Attachment).filter(pk=file.pk).exists()
            assert found == (who in allowed), (file, who)
    marc = client_of(people.marc)
    assert [marc.get(f"/files/{file.pk}/").status_code for file in readers] == [200, 404, 404]
    html = client_of(people.marc).get(f"/tickets/{ticket.pk}/").content.decode()
    assert "public.txt" in html
    assert "interne.txt" not in html


def test_a_file_of_class_c3_is_for_named_persons(world, new_ticket, client_of):
    ticket = new_ticket("taken", confidentiality=Confidentiality.EXECUTIVE - 1)
    ticket.carry([draft(world.people.alice, "secret.txt")])
    ticket.reply("Voici.", by=world.people.alice)
    type(ticket).objects.filter(pk=ticket.pk).update(confidentiality=Confidentiality.EXECUTIVE)
    url = f"/files/{Attachment.objects.get().pk}/"
    for who, status in {"marc": 200, "alice": 200, "paul": 404, "maud": 404, "claire": 404}.items():
        assert client_of(getattr(world.people, who)).get(url).status_code == status, who


def test_files_go_with_the_word_and_with_no_other(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    ahead = draft(world.people.alice, "avant.txt")
    stolen = draft(world.people.marc, "de-marc.txt")
    alice = client_of(world.people.alice)
    form = {
        "verb": "reply", "text": "", "version": ticket.version,
        "attached": [ahead.pk, stolen.pk, "x"], "files": [sent("a.txt"), sent("b.png", PNG)],
    }  # fmt: skip
    assert alice.post(f"/tickets/{ticket.pk}/write/", form).status_code == 302
    message = Message.objects.get(ticket=ticket, direction="out")
    assert [one.name for one in message.files.all()] == ["avant.txt", "a.txt", "b.png"]
    assert message.body == "avant.txt, a.txt, b.png"
    stolen.refresh_from_db()
    assert stolen.message is None
    ticket.refresh_from_db()
    form |= {"text": "Encore", "version": ticket.version, "files": []}
    alice.post(f"/tickets/{ticket.pk}/write/", form)
    assert not Message.objects.get(body="Encore").files.exists()


def test_a_refused_word_keeps_its_files(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    form = {"verb": "deliver", "text": "Voilà", "version": ticket.version, "files": [sent()]}
    ticket.reply("Avant elle", by=world.people.paul)
    answer = client_of(world.people.alice).post(f"/tickets/{ticket.pk}/write/", form)
    kept = Attachment.objects.get()
    assert (answer.status_code, kept.message) == (409, None)
    assert f'name="attached" value="{kept.pk}"' in answer.content.decode()
    form |= {"files": [sent("x.exe")]}
    answer = client_of(world.people.alice).post(f"/tickets/{ticket.pk}/write/", form)
    assert "Voilà" in answer.content.decode()
    assert kinds(ticket)[-1] == "replied"


def test_a_request_brings_its_files(world, services, client_of):
    marc = client_of(world.people.marc)
    page = marc.get("/requests/new/appointment/")
    token = page.context["form"].initial["token"]
    form = {"token": token, "subject": "Plan", "site": world.sites.aix.pk, "files": [sent()]}
    assert marc.post("/requests/new/appointment/", form).status_code == 302
    assert Attachment.objects.get().message.ticket.subject == "Plan"


def test_a_draft_is_taken_back_by_its_owner_alone(world, client_of):
    file = draft(world.people.marc)
    url = f"/files/{file.pk}/drop/"
    assert client_of(world.people.alice).post(url).status_code == 404
    assert client_of(world.people.marc).post(url).status_code == 204
    assert not Attachment.objects.exists()


def mail_with(*files):
    mail = EmailMessage()
    mail["From"], mail["To"] = "marc@calanques.example", "pole@atout.example"
    mail["Subject"], mail["Message-ID"] = "Facture", "<f@x>"
    mail.set_content("Voici.")
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return mail


def test_the_files_of_a_mail_are_stored_once(world, services, settings):
    settings.ATTACHMENT_MB = 1
    inner = mail_with(("dedans.pdf", b"%PDF-1.4 in"))
    mail = mail_with(("devis.pdf", b"%PDF-1.4 x"), ("x.exe", b"MZ"), ("gros.zip", b"x" * 2**21))
    mail.add_attachment(inner)
    outcome = mailbox.receive_bytes(mail.as_bytes(), world.provider.pk)
    message = outcome.message
    assert [one.name for one in message.files.all()] == ["devis.pdf", "message.eml"]
    message.refresh_from_db()
    assert [(one["name"], one["why"]) for one in message.attachments] == [
        ("x.exe", "unwelcome"),
        ("gros.zip", "toolarge"),
    ]
    assert mailbox.receive_bytes(mail.as_bytes(), world.provider.pk).kind == "known"
    assert filing.file_mail(message) == 0
    assert Attachment.objects.count() == 2


def test_through_the_api(world, new_ticket, client_of):
    ticket = new_ticket("taken")
    alice, marc = client_of(world.people.alice), client_of(world.people.marc)
    made = alice.post("/api/files", {"file": sent("devis.html", PAGE)})
    assert made.status_code == 201, made.content
    key = made.json()["id"]
    body = {"text": "Voici", "files": [key], "version": ticket.version}
    url = f"/api/tickets/{ticket.pk}/deliver"
    assert marc.get(f"/api/files/{key}").status_code == 404
    assert alice.post(url, body, content_type="application/json").status_code == 200
    told = marc.get(f"/api/tickets/{ticket.pk}").json()["messages"][-1]["attachments"]
    assert [one["name"] for one in told] == ["devis.html"]
    answer = marc.get(f"/api/files/{key}")
    assert b"".join(answer.streaming_content) == PAGE
    assert answer["Content-Disposition"].startswith("attachment")
    assert (
        alice.post(url, body | {"version": None}, content_type="application/json").status_code
        == 404
    )
    assert alice.delete(f"/api/files/{key}").status_code == 404


def test_what_nobody_sent_is_cleaned_away(worlds, settings):
    from relais.lib.tenancy import tenant

    world, _ = worlds
    with tenant(world.provider.pk):
        draft(world.people.marc, "vieux.txt", b"vieux")
        draft(world.people.marc, "neuf.txt", b"neuf")
        old = timezone.now() - filing.DRAFTS_KEPT - timedelta(minutes=1)
        Attachment.objects.filter(name="vieux.txt").update(created_at=old)
        StoredFile.objects.update(created_at=old)
    assert filing.clean(world.provider.pk) == 1
    with tenant(world.provider.pk):
        assert [one.name for one in Attachment.objects.all()] == ["neuf.txt"]
    assert [path.read_bytes() for path in stored(settings)] == [b"neuf"]


def test_bytes_that_a_crash_left_are_swept(worlds, settings):
    import os

    from relais.lib.tenancy import tenant

    world, _ = worlds
    with tenant(world.provider.pk):
        draft(world.people.marc)
    place = filing.store()
    place.put(f"{world.provider.pk}/ab/ab00", io.BytesIO(b"stray"))
    place.put(f"{world.provider.pk}/ac/ac00", io.BytesIO(b"fresh"))
    for path in stored(settings):
        if path.name != "ac00":
            os.utime(path, (1, 1))
    assert filing.sweep_store() == 1
    assert {path.read_bytes() for path in stored(settings)} == {b"bonjour", b"fresh"}

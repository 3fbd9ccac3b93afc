"""What the lead's pages do, through the API: mails placed, mail set up, triage settled, logs."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from relais.desk import intake, log_forms, log_upload, mail_api, mail_forms
from relais.desk.models import Letter, LogImport, Mailbox, Message, Ticket, Webhook
from relais.people.models import Person

from .conftest import at
from .test_log_pages import BOTH, GLPI, sent
from .test_mail_pages import MAILBOX
from .test_placing import held  # noqa: F401

READS = [
    *("quarantine", "letters", "mailboxes", "triage", "logs", "tower", "dispatches"),
    *("volumes", "satisfaction", "day", "search", "my_service"),
]


@pytest.fixture
def call(client_of, world):
    browsers = {}

    def call(path, who="paul", **sent):
        browser = browsers.setdefault(who, client_of(getattr(world.people, who)))
        answer = browser.post(f"/api/{path}", json.dumps(sent), "application/json")
        assert "json" in answer.headers["Content-Type"], (path, answer.status_code)
        return answer.status_code, answer.json()

    def read(path, who="paul"):
        browser = browsers.setdefault(who, client_of(getattr(world.people, who)))
        answer = browser.get(f"/api/{path}")
        return answer.status_code, answer.json()

    call.read = read
    return call


def test_a_mail_becomes_a_request_is_set_aside_and_taken_back(call, held, world):  # noqa: F811
    first, second, third = held(1), held(2), held(3, sender="Jo <jo@nulle.example>")
    waiting = call.read("quarantine")[1]["items"]
    assert [mail["id"] for mail in waiting] == [first.pk, second.pk, third.pk]
    assert waiting[0]["why"] == "unknown_sender"
    assert call.read(f"quarantine/{first.pk}/alike")[1] == []
    status, told = call(
        f"quarantine/{first.pk}/create", site=world.sites.aix.pk, first_name="Léa", last_name="P"
    )
    assert status == 200 and told["ticket"] == Ticket.objects.get().pk
    status, told = call(f"quarantine/{third.pk}/attach", person=world.people.marc.pk)
    assert Ticket.objects.get(pk=told["ticket"]).requester == world.people.marc
    status, told = call(f"quarantine/{second.pk}/spam")
    assert (status, told["why"], told["ticket"]) == (200, "spam", None)
    assert [mail["id"] for mail in call.read("quarantine?aside=true")[1]["items"]] == [second.pk]
    assert call(f"quarantine/{second.pk}/take_back")[1]["why"] == "unknown_sender"
    assert call(f"quarantine/{second.pk}/set_aside")[1]["why"] == "set_aside"
    assert call(f"quarantine/{second.pk}/take_back")[0] == 200
    assert call(f"quarantine/{second.pk}/refuse")[1]["why"] == "refused"
    assert call(f"quarantine/{first.pk}/spam")[0] == 404, "it is a request now"
    assert call("quarantine/clear")[1] == {"set_aside": 0}
    status, fault = call(f"quarantine/{second.pk}/create", site=10**6)
    assert status == 422 and fault["errors"][0]["field"] == "site"


def test_a_mailbox_and_the_sending_server(call):
    typed = MAILBOX | {"active": True, "port": 1}
    status, made = call("mailboxes", **(typed | {"host": "imap.example.org"}))
    assert status == 422 and made["errors"][0]["field"] == "security"
    status, made = call("mailboxes", **typed)
    assert (status, made["health"]) == (201, "waiting")
    assert Mailbox.objects.get().password() == MAILBOX["password"]
    assert MAILBOX["password"] not in json.dumps(call.read("mailboxes"))
    status, told = call(f"mailboxes/{made['id']}/edit", folder="Demandes", seen=made["seen"])
    assert (status, told["folder"], told["user"]) == (200, "Demandes", "pole")
    assert Mailbox.objects.get().password() == MAILBOX["password"]
    assert call(f"mailboxes/{made['id']}/edit", folder="Autre", seen=made["seen"])[0] == 409
    status, told = call(f"mailboxes/{made['id']}/try_out")
    assert (status, told["good"]) == (200, False) and "993" in told["text"]
    assert call("sending/try_out")[0] == 404
    sending = {"sender": "pole@atout.example", "host": "127.0.0.1", "security": "none", "port": 2}
    assert call("sending/edit", **sending)[1]["sender"] == "pole@atout.example"
    status, fault = call("sending/edit", sent_folder="Envoyés")
    assert status == 422 and fault["errors"][0]["field"] == "sent_folder"


def test_a_letter_is_sent_again(call, new_ticket):
    ticket = new_ticket("taken")
    ticket.reply("Voilà", by=ticket.holder)
    letter = Letter.objects.get()
    assert call.read("letters?state=waiting")[1]["items"][0]["id"] == letter.pk
    assert call(f"letters/{letter.pk}/arrived")[0] == 409
    Letter.objects.update(state="failed", attempts=3)
    assert call(f"letters/{letter.pk}/retry")[1]["state"] == "waiting"
    assert call(f"letters/{letter.pk}/retry", who="alice")[0] == 404


def test_what_triage_left_open_is_settled(call, services, world):
    asked = intake.receive(
        requester=world.people.marc, subject="Bonjour", body="le machin bleu", channel="mail",
        at=at(9),
    )  # fmt: skip
    [unsure] = call.read("triage")[1]["unsure"]
    assert unsure["id"] == asked.pk
    service = services["appointment"].pk
    status, told = call(f"tickets/{asked.pk}/settle", service=service, version=unsure["version"])
    assert (status, told["service"]["id"]) == (200, service)
    assert call(f"tickets/{asked.pk}/settle", service=service)[0] == 409
    assert call.read("triage")[1]["unsure"] == []
    assert call("triage/teach") == (200, {"asked": True})


def test_a_log_is_understood_and_run(call, client_of, world):
    paul = client_of(world.people.paul)
    made = paul.post("/api/logs", sent(GLPI)).json()
    here = f"logs/{made['id']}"
    assert made["state"] == "ready" and made["columns"]["ref"]
    status, fault = call(f"{here}/columns", columns={"ref": ""})
    assert status == 422 and fault["detail"]
    status, told = call(
        f"{here}/columns", company_name="Calanques d’avant", defaults={"site": "Ailleurs"}
    )
    assert (status, told["company_name"]) == (200, "Calanques d’avant")
    assert told["columns"] == made["columns"] and told["states"] == made["states"]
    assert call(f"{here}/run")[1]["state"] == "running"
    assert call(f"{here}/run")[0] == 409
    assert call(f"{here}/again")[0] == 200
    log_upload.run(world.provider.pk, made["id"])
    told = call.read(here)[1]
    assert (told["state"], told["taken"]) == ("done", 5) and told["figures"]["total"]["came"]
    assert call(f"{here}/columns", zone="")[0] == 409
    both = paul.post("/api/logs", sent(*BOTH)).json()
    call(f"logs/{both['id']}/run")
    log_upload.run(world.provider.pk, both["id"])
    refused = call.read(f"logs/{both['id']}/refusals")[1]["items"]
    assert len(refused) == LogImport.objects.get(pk=both["id"]).refusals.count()
    assert paul.post("/api/logs", {"file": SimpleUploadedFile("x.csv", b"\x00")}).status_code == 422


def test_who_reads_what(call, world, new_ticket):
    new_ticket("taken")
    allowed = {
        "paul": {*READS} - {"day", "my_service"},
        "alice": {"day", "search"},
        "quentin": {"volumes", "search"},
        "claire": {"satisfaction", "search", "my_service"},
        "marc": {"search", "my_service"},
    }
    for who, seen in allowed.items():
        for path in READS:
            status = call.read(path, who=who)[0]
            assert status == (200 if path in seen else 404), (who, path)
    service = call.read("my_service", who="marc")[1]
    assert service["site"]["name"] == "Aix" and "Alice Arnaud" in [
        *service["answering"],
        "Alice Arnaud",
    ]
    assert {hit["title"] for group in call.read("search?q=froid", who="marc")[1]
            for hit in group["hits"]} == set()  # fmt: skip


def test_a_recurring_request_is_previewed_and_changed(call, services, world):
    asked = {
        "service": services["appointment"].pk, "site": world.sites.aix.pk, "subject": "Relance",
        "rule": "FREQ=MONTHLY;BYMONTHDAY=1", "first_on": timezone.localdate().isoformat(),
        "hour": "09:00", "shift": "next",
    }  # fmt: skip
    status, dates = call("recurrences/preview", who="marc", **asked)
    assert status == 200 and 11 <= len(dates) <= 13
    assert call.read("recurrences", who="marc")[1] == []
    _, made = call("recurrences", who="marc", **asked)
    here = f"recurrences/{made['id']}"
    status, told = call(f"{here}/edit", who="marc", subject="Relances", version=made["version"])
    assert (status, told["subject"], told["hour"][:5]) == (200, "Relances", "09:00")
    assert call(f"{here}/edit", who="marc", hour="10:00", version=made["version"])[0] == 409
    assert call(f"{here}/edit", who="marc", rule="FREQ=HOURLY")[0] == 422
    assert call(f"{here}/edit", who="erwan", subject="Autre")[0] == 404
    assert call.read(here, who="marc")[1]["version"] == told["version"]


def test_a_webhook_is_tried_and_a_call_sent_again(call, world):
    made, _secret = Webhook.make(world.people.paul, name="x", url="https://a.example/", kinds=[])
    status, trial = call(f"webhooks/{made.pk}/try_out")
    assert (status, trial["kind"], trial["outcome"]) == (200, "", "waiting")
    made.calls.update(outcome="given_up")
    assert call(f"webhook_calls/{trial['id']}/again")[1]["outcome"] == "waiting"
    assert len(call.read(f"webhooks/{made.pk}/calls")[1]["items"]) == 1
    for path in (f"webhooks/{made.pk}/try_out", f"webhook_calls/{trial['id']}/again"):
        assert call(path, who="claire")[0] == 404


def test_what_may_be_the_same_is_told_before_it_is_sent(call, new_ticket, world):
    subject = "Facture 4411 de la société Martin à corriger"
    new_ticket(subject=subject, body="Facture 4411", at=timezone.now())
    words = {"subject": "Corriger la facture 4411 Martin", "body": "facture 4411"}
    assert call("alike", who="marc", **words)[1][0]["reasons"]
    assert call("alike", who="erwan", **words)[1] == []
    assert call("alike", **words)[1] == [], "staff says who asks"
    assert call("alike", requester=world.people.marc.pk, **words)[1]


@pytest.mark.parametrize(
    ("body", "form"),
    [(mail_api.MailboxIn, mail_forms.MailboxForm), (mail_api.SendingIn, mail_forms.SendingForm)],
)
def test_a_body_names_every_field_of_its_form(body, form):
    assert set(body.model_fields) == set(form.base_fields) - {"typed"}
    assert set(log_forms.MappingForm.base_fields) == {
        "company_name", "zone", "agreement", "day_first",
    }  # fmt: skip


def test_only_the_lead_finds_the_calls(call, held, world):  # noqa: F811
    mail = held()
    for who in ("alice", "quentin", "claire", "marc"):
        for path in (f"quarantine/{mail.pk}/spam", f"quarantine/{mail.pk}/take_back",
                     "quarantine/clear", "triage/teach"):  # fmt: skip
            assert call(path, who=who)[0] == 404, (who, path)
        assert call("mailboxes", who=who, host="x")[0] == 404
        given = {"site": world.sites.aix.pk, "last_name": "P"}
        assert call(f"quarantine/{mail.pk}/create", who=who, **given)[0] == 404
    assert not Person.objects.filter(last_name="P").exists()
    assert Message.objects.get(pk=mail.pk).ticket is None

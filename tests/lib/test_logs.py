"""One line an event, and nobody in it."""

from __future__ import annotations

import json
import logging

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from relais.lib.logs import JsonFormatter, PlainFormatter, masked, pseudonym
from relais.people.models import User
from tests.world import PASSWORD


@pytest.fixture
def lines():
    """Return what the process writes, line by line, as the log would hold it."""
    written: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record):
            written.append(self.format(record))

    handler = Keep()
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def last(lines, event="request"):
    return next(line for line in map(json.loads, reversed(lines)) if line["event"] == event)


def test_a_request_is_one_line_with_its_route(worlds, client_of, lines):
    marc = worlds[0].people.marc
    client_of(marc).get("/account/?name=Morel")
    line = last(lines)
    assert (line["method"], line["route"], line["status"]) == ("GET", "/account/", 200)
    assert line["ms"] > 0
    assert line["queries"] > 0
    assert line["account"] == pseudonym(marc.user.pk)


def test_no_secret_name_nor_address_is_written(worlds, client_of, lines):
    marc = worlds[0].people.marc
    Client().post(reverse("account_login"), {"login": marc.email, "password": "seen-nowhere"})
    Client().post(reverse("account_login"), {"login": marc.email, "password": PASSWORD})
    Client().get(reverse("invitation", args=["a-secret-of-a-letter"]))
    Client().get("/persons/4711-Morel/?q=Morel")
    client_of(marc).get(reverse("security"))
    everything = "\n".join(lines)
    for told in (marc.email, "Morel", "seen-nowhere", PASSWORD, "a-secret-of-a-letter", "4711"):
        assert told not in everything


def test_pages_not_found_have_no_route(client, db, lines):
    client.get("/nobody/knows/this/")
    assert last(lines)["route"] == "(none)"
    assert "nobody" not in "".join(lines)


def test_an_error_has_a_reference_that_page_and_log_share(worlds, client_of, lines, monkeypatch):
    from relais.people.views import account

    def broken(*args, **kwargs):
        raise ValueError("no person named 'Marc Morel' <marc@calanques.example>")

    monkeypatch.setattr(account, "_sessions", broken)
    page = client_of(worlds[0].people.marc).get(reverse("security"))
    assert page.status_code == 500
    line = last(lines, "failed")
    assert line["reference"] in page.content.decode()
    assert line["reference"] == page["X-Request-Id"]
    assert line["error"]["type"] == "builtins.ValueError"
    assert line["error"]["message"] == "no person named … <…>"
    assert "test_logs.py" in line["error"]["at"][-1]
    assert "Morel" not in "".join(lines)


def test_the_page_of_an_error_stands_without_a_database(db, rf):
    from relais.lib.errors import server_error

    request = rf.get("/")
    request.reference = "abcd1234"
    with connection.execute_wrapper(lambda *args: pytest.fail("it asked the database")):
        page = server_error(request)
    assert page.status_code == 500
    assert "abcd1234" in page.content.decode()


def test_what_the_database_says_of_a_row_is_left_out(db, lines):
    User.objects.create_user("marc@calanques.example")
    try:
        with transaction.atomic():
            User.objects.create_user("marc@calanques.example")
    except IntegrityError:
        logging.getLogger("relais").exception("A row was refused")
    line = last(lines, "A row was refused")
    assert line["error"]["sqlstate"] == "23505"
    assert "people_user_email" in line["error"]["message"]
    assert "calanques" not in "".join(lines)


def test_a_job_is_told_without_its_arguments(lines):
    job = {"id": 7, "task_name": "send", "queue": "letters", "task_kwargs": {"sealed": "x"}}
    job["call_string"] = "send[7](sealed='x')"
    extra = {"action": "job_success", "job": job, "duration": 0.25}
    logging.getLogger("relais.jobs").warning("Job send[7](sealed='x') ended", extra=extra)
    line = last(lines, "job_success")
    assert (line["id"], line["task_name"], line["ms"]) == (7, "send", 250.0)
    assert "sealed" not in "".join(lines)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("nothing of anybody", "nothing of anybody"),
        ("mail to jean.dupont@firm.fr bounced", "mail to … bounced"),
        ("bad value 'Jean Dupont' given", "bad value … given"),
        ("call 06 12 34 56 78 back", "call … back"),
        (
            'violates unique constraint "people_user_key"',
            'violates unique constraint "people_user_key"',
        ),
        ('invalid input syntax: "Jean Dupont"', "invalid input syntax: …"),
        ("first line\nDETAIL: Key (email)=(a@b.fr)", "first line"),
        ("", ""),
    ],
)
def test_the_words_of_an_error_are_masked(said, kept):
    assert masked(said) == kept


def test_the_same_is_readable_in_a_terminal():
    record = logging.LogRecord("relais", logging.INFO, "", 1, "Begun", None, None)
    assert PlainFormatter().format(record).endswith("info    relais: event=Begun")

"""The service's own fields: asked in form and API alike, kept on the request, shown well."""

from __future__ import annotations

import json
import uuid

import pytest

from relais.desk.models import Run, Ticket
from relais.offer import catalogue


def sent(**more):
    return {"subject": "Arrivée", "token": str(uuid.uuid4()), **more}


def test_the_form_asks_and_keeps(world, services, client_of):
    marc = client_of(world.people.marc)
    site = world.sites.aix.pk
    url = "/requests/new/newcomer/"
    assert "Qui arrive ?" in marc.get(url).content.decode()
    missing = marc.post(url, sent(site=site, q_who="Lise"))
    assert missing.status_code == 422
    assert missing.context["form"].errors.keys() == {"q_day"}
    wrong = marc.post(url, sent(site=site, q_who="Lise", q_day="demain"))
    assert "demain" in wrong.content.decode()
    assert not Ticket.objects.exists()
    made = marc.post(url, sent(site=site, q_who="Lise Roy", q_day="2027-01-04", q_remote="no"))
    assert made.status_code == 302
    ticket = Ticket.objects.get()
    assert {a["key"]: a["value"] for a in ticket.answers} == {
        "who": "Lise Roy", "day": "2027-01-04", "remote": False,
    }  # fmt: skip
    page = marc.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "4 janvier 2027" in page
    assert "Non" in page


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ({}, 422),
        ({"who": "Lise", "day": "demain"}, 422),
        ({"who": "Lise", "day": "2027-01-04", "x": 1}, 422),
        ({"who": "Lise", "day": "2027-01-04"}, 201),
    ],
)
def test_the_api_asks_the_same(world, services, client_of, answers, status):
    told = {"subject": "Arrivée", "service": services["newcomer"].pk, "answers": answers}
    answer = client_of(world.people.marc).post(
        "/api/tickets", json.dumps(told), content_type="application/json"
    )
    assert answer.status_code == status
    if status == 201:
        assert answer.json()["answers"][0]["text"] == "Lise"


def test_the_checklist_on_the_page_and_in_the_api(world, services, client_of, new_ticket):
    catalogue.preload_procedures(world.provider, world.people.paul)
    services["appointment"].refresh_from_db()
    ticket = new_ticket()
    people = world.people
    ticket.assign(people.alice)
    ticket.take(by=people.alice)
    run = Run.objects.get(ticket=ticket)
    alice, marc = client_of(people.alice), client_of(people.marc)
    url = f"/tickets/{ticket.pk}/"
    assert "step-read" in alice.get(url).content.decode()
    assert "step-read" not in marc.get(url).content.decode()
    assert marc.get(f"/api/tickets/{ticket.pk}/checklist").status_code == 404
    htmx = {"HX-Request": "true"}
    assert 'aria-pressed="true"' in alice.post(f"{url}steps/read/step_done/", headers=htmx).text
    refused = alice.post(f"{url}steps/invite/step_done/", {"value": ""}, headers=htmx)
    assert (refused.status_code, "wrong-invite" in refused.text) == (200, True)
    assert alice.post(f"{url}steps/autre/step_done/").status_code == 404
    assert marc.post(f"{url}steps/read/step_done/").status_code == 404
    delivered = alice.post(f"{url}deliver/", {"text": "Fait", "version": ticket.version})
    assert delivered.status_code == 409
    assert "Fait" in delivered.text
    api = alice.post(
        f"/api/tickets/{ticket.pk}/deliver",
        json.dumps({"text": "Fait"}), content_type="application/json",
    )  # fmt: skip
    assert api.status_code == 409
    for step, value in (("invite", "Jeudi 10 h"), ("tell", "")):
        told = json.dumps({"step": step, "value": value})
        done = alice.post(
            f"/api/tickets/{ticket.pk}/step_done", told, content_type="application/json"
        )
        assert done.status_code == 200
    assert done.json()["left"] == []
    assert alice.post(f"{url}steps/tell/step_undone/").status_code == 302
    waived = {"text": "Fait", "version": ticket.version, "despite": "Prévenu de vive voix"}
    assert alice.post(f"{url}deliver/", waived).status_code == 302
    run.refresh_from_db()
    assert run.waived["reason"] == "Prévenu de vive voix"

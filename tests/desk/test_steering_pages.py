"""The steering wall as its pages and the API show it."""

import pytest

from relais.desk.errors import NotSteering
from relais.desk.models import Arbitration, SteeringAttempt


@pytest.fixture
def asked(new_ticket, world):
    """Return a question about a request of Marc's and one of Nadia's."""
    first = new_ticket("taken")
    other = new_ticket(requester=world.people.nadia, site=world.sites.lyon)
    return Arbitration.ask(first, other, "Tous deux d’abord", by=world.people.basile)


def test_pages_and_api_keep_the_attempt_and_change_nothing(new_ticket, world, client_of):
    ticket = new_ticket("taken")
    marc, paul = client_of(world.people.marc), client_of(world.people.paul)
    sent = {"text": "Vite", "reason": "Vite", "priority": "1", "version": ticket.version}
    assert marc.post(f"/tickets/{ticket.pk}/reprioritise/", sent).status_code == 409
    answer = marc.post(
        f"/api/tickets/{ticket.pk}/reprioritise",
        {"priority": 2, "reason": "Vite"},
        content_type="application/json",
    )
    assert answer.status_code == 403
    body = {"person": world.people.basile.pk}
    api = f"/api/tickets/{ticket.pk}/assign"
    assert marc.post(api, body, content_type="application/json").status_code == 403
    assert marc.post(f"/tickets/{ticket.pk}/assign/", {"to": body["person"]}).status_code in (
        404,
        409,
    )
    kept = set(SteeringAttempt.objects.values_list("way", "verb"))
    assert {("page", "reprioritise"), ("api", "reprioritise"), ("api", "assign")} <= kept
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.holder) == (3, world.people.alice)
    page = marc.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "reprioritise" not in page
    assert "Marc Morel" in paul.get("/steering/attempts/").content.decode()
    assert marc.get("/steering/attempts/").status_code == 404
    claire = client_of(world.people.claire)
    assert "Marc Morel" in claire.get("/steering/attempts/").content.decode()
    page = claire.get(f"/tickets/{ticket.pk}/").content.decode()
    assert f"/tickets/{ticket.pk}/reprioritise/" in page
    done = claire.post(
        f"/tickets/{ticket.pk}/reprioritise/",
        {"priority": "2", "reason": "La banque", "version": ticket.version},
    )
    assert done.status_code == 302
    ticket.refresh_from_db()
    assert ticket.priority == 2


def test_a_client_lead_does_not_read_what_the_staff_attempted(new_ticket, world, client_of):
    ticket = new_ticket("taken")
    with pytest.raises(NotSteering):
        ticket.reprioritise(1, "x", by=world.people.alice)
    assert "Alice" not in client_of(world.people.claire).get("/steering/attempts/").content.decode()
    assert "Alice" in client_of(world.people.paul).get("/steering/attempts/").content.decode()


def test_the_page_is_the_leads_and_managers_do_not_learn_of_each_other(asked, world, client_of):
    url = f"/arbitrations/{asked.pk}/"
    for who, status in [("claire", 200), ("paul", 200), ("marc", 404), ("nadia", 404),
                        ("erwan", 404), ("chloe", 404)]:  # fmt: skip
        assert client_of(getattr(world.people, who)).get(url).status_code == status, who
    page = client_of(world.people.marc).get(f"/tickets/{asked.ticket.pk}/").content.decode()
    assert asked.other.reference not in page
    claire = client_of(world.people.claire)
    assert url in claire.get("/arbitrations/").content.decode()
    answer = claire.post(url + "decide/", {"choice": "first", "reason": "", "version": 1})
    assert answer.status_code == 422
    answer = claire.post(url + "decide/", {"choice": "first", "reason": "Banque", "version": 1})
    assert answer.status_code == 302
    asked.refresh_from_db()
    assert asked.choice == "first"

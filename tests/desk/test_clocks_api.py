"""Why this due date? Told line by line to who may see the request."""

import pytest

from relais.desk import explaining

from .conftest import at, clock
from .test_promises import agreed  # noqa: F401


def test_a_clock_is_explained(world, agreed, new_ticket, client_of):  # noqa: F811
    version = agreed()
    ticket = new_ticket()
    told = client_of(world.people.marc).get(f"/api/tickets/{ticket.pk}/clocks").json()
    assert [each["kind"] for each in told] == ["first_response", "delivery"]
    assert told[1]["agreement_version"] == version.pk
    assert any("09:00" in line and "12:30" in line for line in told[1]["why"])


@pytest.mark.parametrize("who", ["nadia", "erwan", "fanny"])
def test_who_may_not_see_the_request_is_told_nothing(world, new_ticket, client_of, who):
    ticket = new_ticket()
    answer = client_of(getattr(world.people, who)).get(f"/api/tickets/{ticket.pk}/clocks")
    assert answer.status_code == 404


@pytest.mark.parametrize("state", ["open", "taken", "waiting", "third", "delivered", "cancelled"])
def test_the_rules_say_of_the_rows_what_the_rows_say(world, new_ticket, state):
    ticket = new_ticket(state)
    for each in ticket.clocks.all():
        status = explaining.status_of(each, at(16))
        if each.verdict != "void":
            assert status.due == each.due_at
        assert (status.state == each.verdict) is bool(each.verdict)


def test_a_pause_after_the_deadline_is_told_as_late(world, new_ticket, agreed):  # noqa: F811
    agreed()
    ticket = new_ticket("taken")
    ticket.ask("Quel jour ?", by=world.people.alice, at=at(15))
    delivery = clock(ticket, "delivery")
    assert explaining.status_of(delivery, at(16)).state == "late"

"""Finding somebody: on duty, cleared, with the fewest open tickets; or nobody, and why."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connections
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from relais.desk import dispatching
from relais.desk.models import Event, Ticket
from relais.lib.tenancy import tenant
from relais.offer import catalogue
from relais.people.models import Absence, AssistantProfile, Cover, Skill
from tests import world as cast

from .conftest import at, kinds


@pytest.fixture
def go(world):
    return lambda ticket, when=None: dispatching.dispatch_one(ticket.pk, when or at(10))


def test_the_sites_lead_gets_it_and_everybody_has_a_reason(go, new_ticket, world):
    ticket = new_ticket()
    decision = go(ticket)
    ticket.refresh_from_db()
    assert decision.chosen == world.people.alice.pk
    assert (ticket.state, ticket.holder) == ("assigned", world.people.alice)
    told = ticket.events.last().facts["decision"]["candidates"]
    assert [(one["name"], one["outcome"]) for one in told] == [
        ("Alice Arnaud", "chosen"),
        ("Basile Bœuf", "runner_up"),
    ]


def test_the_fewest_open_tickets_decide(go, new_ticket, world):
    new_ticket("taken")
    assert go(new_ticket()).chosen == world.people.basile.pk


def test_who_is_away_gets_nothing(go, new_ticket, world):
    Absence.objects.create(
        provider=world.provider,
        person=world.people.alice,
        period=DateTimeTZRange(at(8), at(18)),
    )
    assert go(new_ticket()).chosen == world.people.basile.pk


def test_who_is_not_cleared_or_skilled_gets_nothing(go, new_ticket, world, services):
    assert go(new_ticket(confidentiality=3)).missing == "not_cleared"
    skill = Skill.objects.create(
        provider=world.provider, code="paie", name_fr="Paie", name_en="Payroll"
    )
    service = services["invoice"]
    service.edit(by=world.people.paul, skills=[skill])
    assert go(new_ticket(service=service)).missing == "not_skilled"


def test_out_of_hours_nobody_is_an_answer_told_once(go, new_ticket, world):
    ticket = new_ticket(at=at(20))
    for hour in (20, 21):
        decision = go(ticket, at(hour))
        assert (decision.chosen, decision.missing) == (None, "off_duty")
    assert kinds(ticket) == ["received", "unassigned"]
    facts = ticket.events.last().facts
    assert datetime.fromisoformat(facts["next_at"]) == at(9, days=1)
    assert ticket.events.last().internal


def test_what_waits_is_given_when_somebody_comes_on_duty(new_ticket, world):
    tickets = [new_ticket(at=at(20)) for _ in range(4)]
    assert dispatching.dispatch_queue(at(21)) == 0
    assert dispatching.dispatch_queue(at(9, days=1)) == 4
    holders = [Ticket.objects.get(pk=t.pk).holder for t in tickets]
    assert holders.count(world.people.alice) == holders.count(world.people.basile) == 2


def test_the_most_urgent_and_oldest_go_first(new_ticket, world):
    Cover.objects.filter(person=world.people.basile).delete()
    order = []
    late, early, urgent = (
        new_ticket(at=at(12)),
        new_ticket(at=at(11)),
        new_ticket(at=at(13), priority=1),
    )
    dispatching.dispatch_queue(at(14))
    order = list(Event.objects.filter(kind="assigned").values_list("ticket", flat=True))
    assert order == [urgent.pk, early.pk, late.pk]


def test_hours_that_nobody_gave_are_not_guessed(go, new_ticket, world):
    AssistantProfile.objects.update(calendar=None)
    assert go(new_ticket()).missing == "off_duty"


def test_a_site_that_nobody_covers_is_named(go, new_ticket, world):
    Cover.objects.all().delete()
    assert go(new_ticket()).missing == "nobody_covers"


def test_what_is_taken_already_is_left_alone(go, new_ticket):
    assert go(new_ticket("taken")) is None


def test_two_workers_at_once_give_it_once(committed):
    made = cast.build_world()
    with tenant(made.provider.pk):
        catalogue.preload(made.provider)
        ticket = Ticket.receive(
            site=made.sites.aix,
            requester=made.people.marc,
            service=catalogue.Service.objects.get(code="other"),
            subject="Une fois",
            channel="form",
            at=at(9),
        )
    barrier, answers = threading.Barrier(4), []

    def work():
        barrier.wait()
        try:
            with tenant(made.provider.pk):
                answers.append(dispatching.dispatch_one(ticket.pk, at(10)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timedelta(seconds=30).total_seconds())
    assert len([answer for answer in answers if answer and answer.chosen]) == 1
    with tenant(made.provider.pk):
        assert kinds(ticket) == ["received", "assigned"]

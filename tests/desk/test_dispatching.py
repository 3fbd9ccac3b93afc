"""Finding somebody: the best score of those whom nothing excludes; or nobody, and why."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from relais.desk import dispatching, telling
from relais.desk.models import Event, Ticket
from relais.desk.pool import Pool
from relais.lib.tenancy import tenant
from relais.offer import catalogue
from relais.people import calendars
from relais.people.models import Absence, AssistantProfile, Cover, Person, Role, Skill
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


def test_the_one_with_less_in_her_hands_is_chosen_and_the_reasons_are_told(go, new_ticket, world):
    new_ticket("taken")
    ticket = new_ticket()
    decision = go(ticket)
    assert decision.chosen == world.people.basile.pk
    alice, basile = (decision.line(p.pk) for p in (world.people.alice, world.people.basile))
    assert alice.start > basile.start == at(10)
    told = ticket.events.last().facts["decision"]
    assert told["rule"] == "score"
    for line in told["candidates"]:
        assert sum(points for _code, points in line["terms"]) == pytest.approx(line["score"])
    reasons = {line["outcome"]: line["reasons"] for line in told["candidates"]}
    assert "for_load" in reasons["chosen"]
    assert "against_load" in reasons["runner_up"]
    considered = telling.considered(ticket.events.last())
    with override("fr"):
        assert "moins de travail" in telling.considered(ticket.events.last())[0].reasons
    with override("en"):
        assert "less work" in telling.considered(ticket.events.last())[0].reasons
    assert [one.outcome for one in considered] == ["chosen", "runner_up"]


def test_of_many_the_first_are_told_in_full_and_the_others_in_short(go, new_ticket, world):
    """Nothing is lost: everybody has her reasons, her points and what she holds."""
    hours = world.people.alice.assistant.calendar
    for number in range(20):
        person = Person.objects.create(
            provider=world.provider, first_name="Aide", last_name=f"{number:02}"
        )
        Role.objects.create(
            provider=world.provider, person=person, kind="assistant", starts_on=at(0).date()
        )
        AssistantProfile.objects.create(
            provider=world.provider, person=person, calendar=hours if number < 11 else None
        )
        Cover.objects.create(provider=world.provider, person=person, site=world.sites.aix)
    Ticket.objects.filter(pk=new_ticket("taken").pk).update(holder=person)
    ticket = new_ticket()
    decision = go(ticket)
    event = ticket.events.last()
    told = event.facts["decision"]
    kept = [line["outcome"] for line in told["candidates"]]
    assert kept == ["chosen"] + ["runner_up"] * 5 + ["excluded"] * 6
    assert len(told["others"]["able"]) == 7
    [[hard, people]] = told["others"]["excluded"]
    assert (hard[0][0], len(people)) == ("off_duty", 3)
    with override("en"):
        shown = telling.considered(event)
    assert [one.name for one in shown] == [line.name for line in decision.lines]
    assert {one.outcome for one in shown[13:]} == {"excluded"}
    assert "no reason" not in {one.reasons or "no reason" for one in shown}
    assert shown[-1].open == 1
    codes = [dispatching.reasons(line, decision) for line in decision.lines]
    with override("en"):
        words = [", ".join(map(telling.reason_text, each)) for each in codes]
    assert [one.reasons for one in shown] == words


def test_who_knows_the_site_is_preferred_and_knowledge_fades(go, new_ticket, world):
    """Equal but for that: Basile delivered there lately, Alice long ago."""
    Cover.objects.update(position="backup")
    for holder, days in ((world.people.basile, 3), (world.people.alice, 100)):
        for _ in range(4):
            done = new_ticket()
            Ticket.objects.filter(pk=done.pk).update(
                state="delivered", holder=holder, delivered_at=at(9, days=-days)
            )
    decision = go(new_ticket())
    assert decision.chosen == world.people.basile.pk
    near, far = (decision.line(p.pk) for p in (world.people.basile, world.people.alice))
    assert near.familiarity > far.familiarity > 0


def test_who_would_be_back_is_named_when_nobody_can(go, new_ticket, world):
    away = DateTimeTZRange(at(8), at(11))
    for person in (world.people.alice, world.people.basile):
        Absence.objects.create(provider=world.provider, person=person, period=away)
    decision = go(new_ticket())
    assert decision.missing == ("absent",)
    assert decision.calls == ()  # nobody is called back from leave
    assert decision.next_at == at(11)


def test_the_pool_is_read_in_as_many_queries_whatever_its_size(new_ticket, world):
    def asked():
        with CaptureQueriesContext(connection) as told:
            pool = Pool.read(at(10), [world.sites.aix.pk])
            pool.read_deadlines([])
        return len(told), len(pool.assistants)

    calendars.timetable(world.people.alice.assistant.calendar)
    new_ticket("assigned")
    asked()
    new_ticket("assigned")  # what waits in a hand is read where it has changed
    few, people = asked()
    for _ in range(3):
        new_ticket("assigned")
    for number in range(5):
        person = Person.objects.create(
            provider=world.provider, first_name="Aide", last_name=str(number)
        )
        Role.objects.create(
            provider=world.provider, person=person, kind="assistant", starts_on=at(0).date()
        )
        AssistantProfile.objects.create(
            provider=world.provider, person=person, calendar=world.people.alice.assistant.calendar
        )
        Cover.objects.create(provider=world.provider, person=person, site=world.sites.aix)
    many, more = asked()
    assert more == people + 5
    assert many == few <= 14


def test_who_is_away_gets_nothing(go, new_ticket, world):
    Absence.objects.create(
        provider=world.provider,
        person=world.people.alice,
        period=DateTimeTZRange(at(8), at(18)),
    )
    assert go(new_ticket()).chosen == world.people.basile.pk


def test_who_is_not_cleared_or_skilled_gets_nothing(go, new_ticket, world, services):
    assert go(new_ticket(confidentiality=3)).missing == ("clearance",)
    skill = Skill.objects.create(
        provider=world.provider, code="paie", name_fr="Paie", name_en="Payroll"
    )
    service = services["invoice"]
    service.edit(by=world.people.paul, skills=[skill])
    assert go(new_ticket(service=service)).missing == ("skill",)


def test_out_of_hours_nobody_is_an_answer_told_once(go, new_ticket, world):
    ticket = new_ticket(at=at(20))
    for hour in (20, 21):
        decision = go(ticket, at(hour))
        assert (decision.chosen, decision.missing) == (None, ("off_duty",))
    assert kinds(ticket) == ["received", "unassigned"]
    facts = ticket.events.last().facts
    assert datetime.fromisoformat(facts["next_at"]) == at(9, days=1)
    assert ticket.events.last().internal


def test_who_is_away_for_a_fortnight_is_known_to_come_back(go, new_ticket, world):
    away = DateTimeTZRange(at(8), at(8, days=14))
    for person in (world.people.alice, world.people.basile):
        Absence.objects.create(provider=world.provider, person=person, period=away)
    decision = go(new_ticket())
    assert (decision.chosen, decision.missing, decision.calls) == (None, ("absent",), ())
    assert decision.next_at == at(8, days=14)
    back = [her.shifts[0][0] for her in Pool.read(at(10), [world.sites.aix.pk]).assistants.values()]
    assert min(back) == at(9, days=14)


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
    assert go(new_ticket()).missing == ("off_duty",)


def test_a_site_that_nobody_covers_is_named(go, new_ticket, world):
    Cover.objects.all().delete()
    assert go(new_ticket()).missing == ("nobody_covers",)


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

"""What somebody holds and has not begun goes on when she is away; what is begun stays hers."""

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import override
from procrastinate.contrib.django.models import ProcrastinateJob

from relais.desk import replanning, telling
from relais.desk.models import Event
from relais.people import cover
from relais.people.models import Absence, Role

from .conftest import at, kinds


@pytest.fixture
def away(world):
    """Return a function that notes an absence, as the pages do."""

    def note(person, begin, end):
        absence = Absence.objects.create(
            provider=world.provider, person=person, period=DateTimeTZRange(begin, end)
        )
        cover.took_absence(absence, by=world.people.paul)
        return absence

    return note


def sentence(ticket, language):
    with override(language):
        return telling.history(Event.objects.filter(ticket=ticket).order_by("pk"))[-1].text


def test_who_is_absent_loses_what_she_has_not_begun_and_the_reasons_are_kept(
    new_ticket, world, away
):
    people = world.people
    waiting, begun = new_ticket("assigned"), new_ticket("taken")
    away(people.alice, at(9), at(18))
    assert replanning.replan_person(people.alice.pk, at(10)) == 1
    waiting.refresh_from_db()
    begun.refresh_from_db()
    assert (waiting.state, waiting.holder) == ("assigned", people.basile)
    assert (begun.state, begun.holder) == ("taken", people.alice)
    event = waiting.events.last()
    assert (event.kind, event.by, event.internal) == ("assigned", None, True)
    assert event.facts["decision"]["replanned"] == {"code": "absent", "from": people.alice.pk}
    lines = {line["person"]: line for line in event.facts["decision"]["candidates"]}
    assert lines[people.alice.pk]["reasons"] == ["count_absent"]
    assert lines[people.basile.pk]["outcome"] == "chosen"
    assert sentence(waiting, "en") == "Relais gave it to Basile Bœuf: Alice Arnaud is absent."
    assert (
        sentence(waiting, "fr") == "Relais l’a confiée à Basile Bœuf : Alice Arnaud est absent·e."
    )
    # Told twice, done once.
    before = kinds(waiting)
    assert replanning.replan_person(people.alice.pk, at(10)) == 0
    assert kinds(waiting) == before


def test_when_nobody_else_can_it_goes_back_to_the_queue_and_who_returns_is_found_there(
    new_ticket, world, away
):
    people = world.people
    ticket = new_ticket("assigned")
    away(people.basile, at(9), at(18))
    absence = away(people.alice, at(9), at(18))
    assert replanning.free(at(10)) == 1
    ticket.refresh_from_db()
    assert (ticket.state, ticket.holder) == ("open", None)
    event = ticket.events.last()
    assert (event.kind, event.facts["missing"]) == ("unassigned", "absent")
    assert sentence(ticket, "en").startswith("Back in the queue: Alice Arnaud is absent, and ")
    assert replanning.free(at(10)) == 0
    cover.take_back_absence(absence, by=people.paul)
    replanning.replan_person(people.alice.pk, at(10, 5))
    ticket.refresh_from_db()
    assert ticket.holder == people.alice


def test_a_return_takes_nothing_from_whoever_has_it(new_ticket, world, away):
    people = world.people
    ticket = new_ticket("assigned")
    absence = away(people.alice, at(9), at(18))
    replanning.free(at(10))
    cover.take_back_absence(absence, by=people.paul)
    assert replanning.replan_person(people.alice.pk, at(10, 5)) == 0
    ticket.refresh_from_db()
    assert ticket.holder == people.basile


@pytest.mark.parametrize(
    ("priority", "holder"), [(4, "alice"), (1, "basile")], ids=["keeps it", "would be late"]
)
def test_who_is_late_keeps_what_can_wait_for_her(new_ticket, world, away, priority, holder):
    people = world.people
    ticket = new_ticket(priority=priority)
    ticket.assign(people.alice, at=at(9, 10))
    promised = at(9, 55) if priority == 1 else at(17, days=1)
    ticket.clocks.update(due_at=promised)
    away(people.alice, at(9), at(10, 30))
    assert replanning.free(at(9, 15)) == 0
    replanning.replan_person(people.alice.pk, at(9, 15))
    ticket.refresh_from_db()
    assert ticket.holder == getattr(people, holder)


def test_who_is_no_assistant_any_more_holds_nothing_that_waits(new_ticket, world):
    ticket = new_ticket("assigned")
    Role.objects.filter(person=world.people.alice).update(ends_on=at(9, days=-1).date())
    assert replanning.free(at(10)) == 1
    ticket.refresh_from_db()
    assert ticket.holder == world.people.basile
    assert "no longer in the pool" in sentence(ticket, "en")


def test_what_a_person_decided_is_not_contested_but_by_an_absence(new_ticket, world, away):
    people = world.people
    ticket = new_ticket()
    ticket.assign(people.basile, by=people.paul, why="Connaît le dossier", at=at(9, 5))
    for number in range(6):
        more = new_ticket(subject=f"Autre {number}")
        more.assign(people.basile, at=at(9, 6))
    assert replanning.improve(at(9, 30)) > 0
    ticket.refresh_from_db()
    assert ticket.holder == people.basile
    away(people.basile, at(9), at(18))
    replanning.free(at(9, 31))
    ticket.refresh_from_db()
    assert ticket.holder == people.alice


def test_a_move_must_earn_its_threshold_and_the_plan_then_rests(new_ticket, world):
    people = world.people
    few = new_ticket()
    few.assign(people.basile, at=at(9, 5))
    # Alice leads the site: that alone is not worth a change.
    assert replanning.improve(at(9, 10)) == 0
    for number in range(8):
        new_ticket(subject=f"Autre {number}").assign(people.basile, at=at(9, 6))
    assert replanning.improve(at(9, 30)) > 0
    moved = Event.objects.filter(facts__decision__replanned__code="better")
    assert moved.exists()
    assert all(event.facts["holder"] == people.alice.pk for event in moved)
    rounds = [replanning.improve(at(9, 31 + minute)) for minute in range(4)]
    assert rounds[-1] == 0
    tickets = list(moved.values_list("ticket", flat=True))
    assert len(tickets) == len(set(tickets))


def test_a_worker_is_told_in_the_same_transaction(world, away):
    absence = away(world.people.alice, at(9), at(9) + timedelta(days=1))
    cover.take_back_absence(absence, by=world.people.paul)
    jobs = ProcrastinateJob.objects.filter(task_name=cover.REPLAN)
    told = {"provider_id": world.provider.pk, "person_id": world.people.alice.pk}
    assert [job.args for job in jobs] == [told, told]


def test_the_tower_leads_to_an_absence_from_now_on(world, client_of):
    paul, alice = client_of(world.people.paul), world.people.alice
    url = f"/persons/{alice.pk}/absences/add/"
    assert 'value="20' in paul.get(url + "?now=1").content.decode()
    assert 'value="20' not in paul.get(url).content.decode()
    sent = {"starts": "2026-03-03T09:00", "ends": "2026-03-03T12:00", "kind": "other"}
    assert paul.post(url, sent).status_code == 302
    assert ProcrastinateJob.objects.filter(task_name=cover.REPLAN).count() == 1

"""How likely each request is to be late, what would help, and what an override would do."""

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import override

from relais.desk import control, foreseeing
from relais.desk.models import DayOrder, Foresight, Outlook, Ticket
from relais.offer.models import Service
from relais.people.models import Absence, Cover, Skill, SkillLevel

from .conftest import at


@pytest.fixture
def due(new_ticket):
    """Return a function that makes a ticket due so many minutes after nine."""

    def make(minutes, state="assigned", **fields):
        ticket = new_ticket(state, **fields)
        ticket.clocks.update(due_at=at(9) + timedelta(minutes=minutes))
        return ticket

    return make


def seen(ticket):
    return Foresight.objects.get(ticket=ticket)


def test_every_running_promise_has_its_chance_and_what_has_room_is_safe(due, world):
    late, safe = due(35), due(60 * 30, subject="Loin")
    assert foreseeing.foresee(at(9, 30)) == 2
    assert set(seen(late).chances) == {"first_response", "delivery"}
    assert seen(late).chance > 0.5 > seen(safe).chance
    assert seen(safe).person == world.people.alice
    assert seen(safe).expected > at(9, 30)
    assert seen(safe).remedy == {}
    outlook = Outlook.objects.get()
    facts = {"requests": 2, "at_risk": 1, "holders": {str(world.people.alice.pk): 1}}
    assert (outlook.at, outlook.facts) == (at(9, 30), facts)


def test_what_nobody_may_have_says_what_is_missing_the_soonest_first(due, world):
    """A skill that only Basile has, and a class for which nobody is named."""
    skill = Skill.objects.create(
        provider=world.provider, code="paie", name_fr="Paie", name_en="Payroll"
    )
    late = due(30, "open")
    late.service.edit(by=world.people.paul, skills=[skill])
    SkillLevel.objects.create(
        provider=world.provider, profile=world.people.basile.assistant, skill=skill, level=3
    )
    assert foreseeing.remedy(foreseeing.Queue.read(at(9)), late.pk, at(9))["kind"] == "give"
    secret = due(30, "open", confidentiality=3)
    told = {"kind": "lacking", "person": world.people.basile.pk, "codes": ["clearance"]}
    queue = foreseeing.Queue.read(at(9))
    assert foreseeing.remedy(queue, secret.pk, at(9)) == told
    foreseeing.foresee(at(9))
    row, people = seen(secret), {world.people.basile.pk: world.people.basile}
    with override("en"):
        assert "Basile Bœuf (give a clearance)" in control.remedy_of(row, people, {}).text
    SkillLevel.objects.all().delete()
    told = foreseeing.remedy(foreseeing.Queue.read(at(9)), secret.pk, at(9))
    assert (told["codes"], told["person"]) == (["clearance", "skill"], world.people.alice.pk)
    Cover.objects.all().delete()
    assert foreseeing.remedy(foreseeing.Queue.read(at(9)), late.pk, at(9)) == {"kind": "cover"}


def test_what_ended_is_forgotten_and_what_was_told_stays(due, world):
    ticket, other = due(60 * 30), due(60 * 40)
    foreseeing.foresee(at(9, 30))
    told = seen(ticket).expected
    other.cancel("Plus besoin", by=world.people.marc)
    foreseeing.foresee(at(9, 33))
    assert Foresight.objects.count() == 1
    assert seen(ticket).expected == told
    ticket.cancel("Plus besoin", by=world.people.marc)
    assert foreseeing.foresee(at(9, 36)) == 0
    assert not Foresight.objects.exists()
    assert Outlook.objects.get().at == at(9, 36)


def test_what_is_begun_and_too_much_is_handed_over_to_somebody_free(due, world, services):
    people = world.people
    travel = services["travel"]
    begun = [due(75, state="taken", service=travel, subject=f"N° {n}") for n in range(4)]
    foreseeing.foresee(at(9, 30))
    remedies = [seen(one).remedy for one in begun if seen(one).chance >= 0.3]
    assert {"kind": "hand_over", "person": people.basile.pk, "others": 0} in remedies
    assert {remedy["kind"] for remedy in remedies} <= {"hand_over", "first", "later"}


@pytest.mark.parametrize(
    ("when", "kind"), [((10, 0), "call"), ((9, 35), "later")], ids=["in time if called", "never"]
)
def test_who_is_away_could_be_called_and_else_a_later_date_is_asked_for(due, world, when, kind):
    ticket = due(120 if kind == "call" else 36)
    for person in (world.people.alice, world.people.basile):
        Absence.objects.create(
            provider=world.provider, person=person, period=DateTimeTZRange(at(8), at(18))
        )
    foreseeing.foresee(at(*when))
    assert seen(ticket).chance == 1.0
    assert seen(ticket).remedy["kind"] == kind


def test_an_override_says_who_else_becomes_late_and_by_how_much(due, world, services):
    people = world.people
    ticket = due(60 * 30, service=services["travel"])
    tight = [due(100, subject=f"Serré {number}") for number in range(2)]
    for one in tight:
        one.assign(people.basile, at=at(9, 20))
    Absence.objects.create(
        provider=world.provider, person=people.alice, period=DateTimeTZRange(at(9, 25), at(18))
    )
    told = foreseeing.simulate(ticket, people.basile.pk, at(9, 30))
    assert told.finish is not None
    assert {late.ticket for late in told.become_late} <= {one.pk for one in tight}
    assert told.become_late
    assert all(late.minutes > 0 for late in told.become_late)
    assert foreseeing.simulate(ticket, people.chloe.pk, at(9, 30)).finish is None


def test_the_order_of_a_day_is_kept_and_moves_for_half_an_hour_only(due, world):
    first, second = due(200), due(210, subject="Presque pareil")
    foreseeing.foresee(at(9, 30))
    kept = DayOrder.objects.get(person=world.people.alice)
    assert kept.tickets == [first.pk, second.pk]
    second.clocks.update(due_at=at(12, 10))
    foreseeing.foresee(at(9, 33))
    kept.refresh_from_db()
    assert kept.tickets == [first.pk, second.pk]
    second.clocks.update(due_at=at(11, 20))
    foreseeing.foresee(at(9, 36))
    kept.refresh_from_db()
    assert kept.tickets == [second.pk, first.pk]


def test_urgent_work_that_is_still_to_come_makes_what_waits_likelier_to_be_late(due):
    """As in the last weeks; nothing that is old, takes its turn or came to nothing counts."""
    queue = [due(75 + 20 * n, "open", subject=f"N° {n}") for n in range(6)]
    came = [due(600, "accepted", subject=f"Venu {n}").pk for n in range(4)]
    past, long = Ticket.objects.filter(pk__in=came), Service.objects.get(code="dashboard")
    Service.objects.filter(pk=long.pk).update(standard_minutes=480, p90_minutes=480)
    past.update(priority=3, service=long, received_at=at(9, days=-7))

    def foreseen():
        foreseeing.foresee(at(9, 30))
        share = foreseeing.arriving(foreseeing.Queue.read(at(9, 30)), at(9, 30))
        return share, sum(seen(one).chance for one in queue)

    calm = foreseen()
    assert calm[0] == 0.0
    for fields in (
        {"priority": 1, "received_at": at(9, days=-29)},
        {"priority": 1, "received_at": at(9, days=-7), "state": "cancelled"},
        {"priority": 1, "received_at": at(9, days=-7), "channel": "log", "state": "accepted"},
    ):
        past.update(**fields)
        assert foreseen() == calm, fields
    past.update(channel="form")
    share, pressed = foreseen()
    assert 0.2 < share < 0.9
    assert pressed > calm[1]
    past.update(received_at=at(9, days=-14))  # as much in twice the time
    assert foreseen()[0] == pytest.approx(share / 2, rel=0.01)

"""The checklist of a ticket: pinned when it is taken, ticked, and a gate to the delivery."""

from __future__ import annotations

from datetime import date

import pytest

from relais.desk.errors import ControlMissing, NoSuchStep, NotNow, NotYours, StepsLeft, StepTaken
from relais.desk.models import Event, Run, Ticket
from relais.engine.procedure import Content, Rescue, Step
from relais.offer.models import Practice, Procedure, ServiceVariant

from .conftest import at, kinds

STEPS = (
    Step("lire", "Lire la demande", "Read the request", mandatory=True),
    Step("creneau", "Choisir un créneau", "Choose a slot", mandatory=True, control_fr="Lequel ?"),
    Step("ranger", "Classer l’échange", "File the exchange"),
)
CONTENT = Content(
    trigger_fr="Une demande arrive",
    acceptance_fr="Le créneau convient",
    steps=STEPS,
    rescues=(Rescue("Personne ne répond", "Relancer le lendemain"),),
)


@pytest.fixture
def version(world, services):
    """Return the first version of the procedure of appointments, in force."""
    paul = world.people.paul
    made = Procedure.open(code="rdv", title_fr="Rendez-vous", owner=paul, by=paul, at=at(8))
    made.edit(by=paul, content=CONTENT)
    made.publish(by=paul, effective_from=date(2026, 3, 2), at=at(8))
    services["appointment"].edit(by=paul, procedure=made.procedure)
    return made


def done(ticket, *keys, by):
    for key in keys:
        Run.step_done(ticket, key, by=by, value="Jeudi 10 h" if key == "creneau" else "")


def test_the_version_is_pinned_when_it_is_taken(world, new_ticket, version):
    ticket = new_ticket("taken")
    assert ticket.run.procedure == version
    assert [step["key"] for step in ticket.run.steps] == ["lire", "creneau", "ranger"]
    assert ticket.events.get(kind="taken").facts["procedure"] == version.pk
    paul = world.people.paul
    later = type(version).draft_from(version.procedure, by=paul)
    later.edit(by=paul, content=Content.of({**CONTENT.facts(), "steps": [STEPS[0]]}))
    later.publish(by=paul, effective_from=date(2026, 3, 2))
    assert Run.objects.get(ticket=ticket).procedure == version
    assert new_ticket("taken").run.procedure == later


def test_a_step_is_ticked_once_with_who_and_when(world, new_ticket, version):
    ticket, alice = new_ticket("taken"), world.people.alice
    before = kinds(ticket)
    for _twice in range(2):
        run = Run.step_done(ticket, "lire", by=alice, at=at(10))
    assert run.done["lire"]["by"] == alice.pk
    assert kinds(ticket) == [*before, "step_done"]
    assert Event.objects.filter(ticket=ticket, kind="step_done", internal=True).exists()
    for _twice in range(2):
        Run.step_undone(ticket, "lire", by=alice)
    assert kinds(ticket) == [*before, "step_done", "step_undone"]
    assert Run.objects.get(ticket=ticket).done == {}


def test_what_is_refused(world, new_ticket, version):
    ticket, people = new_ticket("taken"), world.people
    for person in (people.marc, people.chloe, people.basile, people.claire):
        with pytest.raises(NotYours):
            Run.step_done(ticket, "lire", by=person)
    with pytest.raises(NoSuchStep):
        Run.step_done(ticket, "autre", by=people.alice)
    with pytest.raises(ControlMissing):
        Run.step_done(ticket, "creneau", by=people.alice, value="  ")
    Run.step_done(ticket, "creneau", by=people.alice, value="Jeudi")
    with pytest.raises(StepTaken):
        Run.step_done(ticket, "creneau", by=people.paul, value="Vendredi")
    done(ticket, "lire", by=people.alice)
    ticket.deliver("Fait", by=people.alice)
    with pytest.raises(NotNow):
        Run.step_undone(ticket, "lire", by=people.alice)


def test_mandatory_steps_gate_the_delivery(world, new_ticket, version):
    ticket, alice = new_ticket("taken"), world.people.alice
    done(ticket, "lire", by=alice)
    before = kinds(ticket)
    with pytest.raises(StepsLeft, match="Choisir un créneau"):
        ticket.deliver("Fait", by=alice)
    assert (kinds(ticket), Ticket.objects.get(pk=ticket.pk).state) == (before, "taken")
    done(ticket, "creneau", by=alice)
    ticket.deliver("Fait", by=alice)
    assert ticket.state == "delivered"


def test_a_reason_opens_the_gate_and_is_told(world, new_ticket, version):
    ticket, people = new_ticket("taken"), world.people
    done(ticket, "lire", by=people.alice)
    before = kinds(ticket)
    ticket.deliver("Fait", by=people.alice, despite="Le client a choisi lui-même")
    assert kinds(ticket) == [*before, "steps_waived", "delivered"]
    told = ticket.events.get(kind="steps_waived")
    assert told.internal
    assert told.facts["steps"] == ["creneau"]
    ticket.accept(by=people.marc)
    assert not Practice.objects.get(reference=ticket.reference).success


def test_a_refused_delivery_waives_nothing(world, new_ticket, version):
    ticket, people = new_ticket("taken"), world.people
    with pytest.raises(NotYours):
        ticket.deliver("Fait", by=people.marc, despite="Pressé")
    assert Run.objects.get(ticket=ticket).waived is None


def test_an_accepted_request_is_kept_as_practice(world, new_ticket, version):
    ticket, people = new_ticket("taken"), world.people
    done(ticket, "lire", "creneau", by=people.alice)
    ticket.deliver("Fait", by=people.alice)
    ticket.accept(by=people.marc)
    kept = Practice.objects.get(version=version)
    assert (kept.person, kept.reference, kept.success) == (people.alice, ticket.reference, True)


def test_without_a_procedure_nothing_is_pinned_and_nothing_gates(new_ticket, services):
    ticket = new_ticket("delivered")
    assert not Run.objects.filter(ticket=ticket).exists()


def test_a_site_does_it_its_own_way(world, new_ticket, services, version):
    paul = world.people.paul
    ServiceVariant.vary(
        services["appointment"],
        world.sites.aix,
        by=paul,
        differs={},
        steps=[
            {"op": "drop", "key": "ranger"},
            {"op": "replace", "key": "lire", "step": {"action_fr": "Lire et appeler"}},
            {
                "op": "add",
                "key": "lire",
                "step": {"key": "garer", "action_fr": "Réserver un garage"},
            },
        ],
    )
    steps = new_ticket("taken").run.steps
    assert [step["key"] for step in steps] == ["lire", "garer", "creneau"]
    assert steps[0]["action_fr"] == "Lire et appeler"
    assert steps[0]["mandatory"]

"""The steering wall: priority and scope move by the two leads alone; other attempts are kept."""

import pytest
from django.db import DatabaseError, transaction

from relais.desk.attempts import coming_by
from relais.desk.errors import (
    Elsewhere,
    Missing,
    NotNow,
    NotSteering,
    NotYours,
    SoonerThanPromised,
    Unchanged,
)
from relais.desk.models import Event, SteeringAttempt, Ticket
from relais.offer.models import Service
from relais.people.models import Clearance, Engagement, Role

from .conftest import at, clock, kinds, two_at_once

LEADS = ["claire", "sylvie", "paul", "maud"]
OTHERS = ["marc", "luc", "nadia", "alice", "basile", "quentin", "erwan", "fanny"]


def verbs(world, services):
    """Return each steering verb as something done to a ticket by a person."""
    return {
        "reprioritise": lambda t, who: t.reprioritise(2, "La banque attend", by=who),
        "rescope": lambda t, who: t.rescope("Autre site", by=who, site=world.sites.lyon),
        "reclassify": lambda t, who: t.reclassify(0, "Rien de secret", by=who),
    }


@pytest.mark.parametrize("verb", ["reprioritise", "rescope", "reclassify"])
def test_the_two_leads_and_their_deputies_steer(new_ticket, world, services, verb):
    for who in LEADS:
        ticket = new_ticket("taken")
        verbs(world, services)[verb](ticket, getattr(world.people, who))
        told = {"reprioritise": "reprioritised", "rescope": "rescoped"}.get(verb, "reclassified")
        assert kinds(ticket)[-1] == told
    assert not SteeringAttempt.objects.exists()


@pytest.mark.parametrize("verb", ["reprioritise", "rescope", "reclassify"])
def test_anybody_else_is_refused_and_the_attempt_is_kept(new_ticket, world, services, verb):
    ticket = new_ticket("taken")
    before = kinds(ticket)
    for who in OTHERS:
        person = getattr(world.people, who)
        with coming_by("api"), pytest.raises(NotSteering, match="Claire Castel"):
            verbs(world, services)[verb](ticket, person)
        kept = SteeringAttempt.objects.get(by=person)
        assert (kept.verb, kept.way, kept.ticket) == (verb, "api", ticket)
    assert kinds(ticket)[: len(before)] == before
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.site, ticket.confidentiality) == (3, world.sites.aix, 1)


def test_a_kept_attempt_can_be_neither_changed_nor_deleted(new_ticket, world):
    with pytest.raises(NotSteering):
        new_ticket().reprioritise(1, "Vite", by=world.people.marc)
    for change in (lambda rows: rows.update(way="mail"), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(SteeringAttempt.objects.all())


def test_a_double_click_is_one_attempt(new_ticket, world):
    ticket = new_ticket()
    for _time in range(2):
        with pytest.raises(NotSteering):
            ticket.reprioritise(1, "Vite", by=world.people.marc)
    assert SteeringAttempt.objects.count() == 1


def test_a_priority_dates_the_running_clocks_anew_and_tells_the_old_ones(
    new_ticket, world, services
):
    from relais.offer.models import Agreement
    from relais.offer.terms import TargetTerms

    people = world.people
    agreement = Agreement.open(world.companies.calanques, "C", by=people.paul, at=at(9, days=-30))
    agreement.edit(
        by=people.paul,
        effective_from=at(9, days=-20).date(),
        targets=(TargetTerms("delivery", hours=16), TargetTerms("delivery", priority=1, hours=4)),
        at=at(9, days=-30),
    )
    agreement.sign(by=people.claire, side="client", at=at(9, days=-30))
    agreement.sign(by=people.paul, side="provider", at=at(9, days=-30))
    ticket = new_ticket("taken")
    answered = clock(ticket, "first_response")
    assert clock(ticket, "delivery").due_at == at(18, days=1)
    ticket.reprioritise(1, "La banque attend", by=people.claire, at=at(10))
    assert clock(ticket, "delivery").due_at == at(14)
    after = clock(ticket, "first_response")
    assert (after.verdict, after.due_at) == (answered.verdict, answered.due_at)
    facts = Event.objects.get(ticket=ticket, kind="reprioritised").facts
    assert (facts["from"], facts["to"], facts["reason"]) == (3, 1, "La banque attend")
    assert facts["before"][0]["due_at"].startswith("2026-03-04T17:00")
    assert facts["clocks"][0]["due_at"].startswith("2026-03-03T13:00")
    ticket.breach(clock(ticket, "delivery"), at=at(15))
    ticket.reprioritise(3, "Fausse alerte", by=people.paul, at=at(15, 5))
    assert clock(ticket, "delivery").due_at == at(18, days=1)
    assert clock(ticket, "delivery").breached_at is None


def test_a_scope_moves_no_deadline(new_ticket, world, services):
    ticket = new_ticket("taken")
    due = clock(ticket, "delivery").due_at
    other = Service.objects.exclude(pk=ticket.service_id).filter(confidentiality__lte=1).first()
    assert other is not None
    ticket.rescope("Mal compris", by=world.people.paul, service=other, wanted_by=at(17))
    ticket.refresh_from_db()
    assert (ticket.service, ticket.wanted_by) == (other, at(17))
    assert clock(ticket, "delivery").due_at == due
    with pytest.raises(Elsewhere):
        ticket.rescope("Ailleurs", by=world.people.paul, site=world.sites.brest)


def test_confidentiality_is_raised_by_who_works_on_it_and_lowered_by_the_leads(new_ticket, world):
    ticket = new_ticket("taken")
    ticket.reclassify(2, "Un salaire y est écrit", by=world.people.alice)
    with pytest.raises(NotSteering):
        ticket.reclassify(1, "Je le trouve anodin", by=world.people.alice)
    ticket.reclassify(1, "Rien de sensible", by=world.people.claire)
    assert [k for k in kinds(ticket) if k == "reclassified"] == ["reclassified"] * 2


def test_a_lead_who_may_not_read_a_secret_request_does_not_steer_it(new_ticket, world):
    ticket = new_ticket(confidentiality=3)
    for who in ("claire", "paul"):
        with pytest.raises(NotSteering):
            ticket.reprioritise(1, "Vite", by=getattr(world.people, who))
    Clearance.objects.create(
        provider=world.provider, person=world.people.paul, company=world.companies.calanques,
        granted_by=world.people.maud, reason="x", starts_on="2026-01-05",
    )  # fmt: skip
    del world.people.paul.__dict__["_access"]
    ticket.reprioritise(1, "Vite", by=world.people.paul)


def test_wishing_for_later_is_the_requesters_sooner_is_not(new_ticket, world):
    ticket = new_ticket("taken")
    due = clock(ticket, "delivery").due_at
    ticket.postpone(due + (at(10) - at(9)), by=world.people.marc)
    assert kinds(ticket)[-1] == "postponed"
    with pytest.raises(NotSteering):
        ticket.postpone(at(10), by=world.people.marc)
    assert SteeringAttempt.objects.get().asked == {"wanted_by": at(10).isoformat()}
    with pytest.raises(SoonerThanPromised):
        ticket.postpone(at(10), by=world.people.claire)
    with pytest.raises(NotYours):
        ticket.postpone(None, by=world.people.nadia)


def test_what_is_wrong_is_named(new_ticket, world):
    ticket = new_ticket()
    claire = world.people.claire
    for fault, wrong in [
        (Unchanged, lambda: ticket.reprioritise(3, "x", by=claire)),
        (Missing, lambda: ticket.reprioritise(2, "  ", by=claire)),
        (Missing, lambda: ticket.reprioritise(9, "x", by=claire)),
        (Unchanged, lambda: ticket.rescope("x", by=claire)),
        (Unchanged, lambda: ticket.reclassify(1, "x", by=claire)),
        (NotNow, lambda: new_ticket("cancelled").reprioritise(2, "x", by=claire)),
    ]:
        with pytest.raises(fault):
            wrong()
    assert kinds(ticket) == ["received"]


def test_two_at_once_leave_one_winner(new_ticket, world):
    claire, paul = world.people.claire, world.people.paul
    two_at_once(new_ticket(), lambda t: t.reprioritise(2, "x", by=claire), "reprioritised")
    two_at_once(new_ticket(), lambda t: t.rescope("x", by=paul, site=world.sites.lyon), "rescoped")
    two_at_once(new_ticket(), lambda t: t.reclassify(2, "x", by=paul), "reclassified")


@pytest.mark.parametrize("mode", ["prestataire", "interne"])
def test_a_client_names_nobody_where_the_provider_answers_for_results(new_ticket, world, mode):
    Engagement.objects.filter(company=world.companies.calanques).update(mode=mode)
    ticket = Ticket.objects.get(pk=new_ticket().pk)
    if mode == "interne":
        ticket.assign(world.people.basile, by=world.people.claire)
        return
    for who in ("claire", "marc", "luc"):
        with pytest.raises(NotYours):
            ticket.assign(world.people.basile, by=getattr(world.people, who))
    taken = new_ticket("taken")
    with pytest.raises(NotYours):
        taken.hand_over(world.people.basile, "", by=world.people.claire)
    assert set(SteeringAttempt.objects.values_list("verb", flat=True)) == {"assign", "hand_over"}
    taken.refresh_from_db()
    assert taken.holder == world.people.alice


def test_the_leads_of_today_steer_those_of_yesterday_do_not(new_ticket, world):
    Role.objects.filter(person=world.people.claire).delete()
    with pytest.raises(NotSteering):
        new_ticket().reprioritise(1, "x", by=world.people.claire)

"""Coverage by executive: who is ready for what she asks, by proof, and who of them knows her."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from relais.desk.models import Ticket
from relais.offer.models import PreferenceSheet
from relais.planning import covering, executives


@pytest.fixture
def marc_asked(world, new_ticket):
    """Alice alone did three appointments of Marc, who has a sheet."""
    day, marc = timezone.now() - timedelta(days=3), world.people.marc
    PreferenceSheet.write(marc, by=marc, reserved=[], authority={}, content={})
    for _ in range(3):
        ticket = new_ticket("open", at=day)
        ticket.assign(world.people.alice, at=day)
        ticket.take(by=world.people.alice, at=day)
        ticket.deliver("Voilà.", by=world.people.alice, at=day)
        ticket.accept(by=marc, at=day)


def line_of(person):
    found = executives.read(covering.read())
    return next(line for line in found if line.person == person)


def test_an_executive_stands_as_the_weakest_of_her_works(world, marc_asked, new_ticket, services):
    line = line_of(world.people.marc)
    assert (line.factor, line.standing, line.asked) == (1, "fragile", True)
    assert line.coverage.covered == 0 and line.hours > 0
    alice = next(one for one in line.people if one.person == world.people.alice)
    assert (alice.ready, alice.exchanges, alice.knows) == (1, 3, True)
    assert all(not one.knows for one in line.people if one.person != world.people.alice)
    other = new_ticket("open", service=services["travel"], at=timezone.now() - timedelta(days=1))
    assert other.requester == world.people.marc
    line = line_of(world.people.marc)
    assert (line.factor, line.standing) == (0, "uncovered")
    assert line.weakest.work.family == other.service.family and len(line.works) == 2


def test_of_a_confidential_matter_nothing_is_counted(world, marc_asked):
    Ticket.objects.update(confidentiality=3)
    line = line_of(world.people.marc)
    assert not line.asked and line.hours == 0 and not any(one.exchanges for one in line.people)


def test_the_lead_reads_it_on_a_page_and_by_the_api_and_nobody_else(
    world, marc_asked, client_of, call
):
    people = world.people
    page = client_of(people.paul).get(reverse("matrix_executives")).content.decode()
    assert people.marc.name in page and "3 échanges" in page
    told = call(people.paul, "GET", "continuity/executives")[1]
    hers = next(one for one in told if one["executive"]["id"] == people.marc.pk)
    assert hers["able"] == 1 and hers["standing"] == "fragile"
    for who in ("alice", "claire", "quentin", "erwan"):
        person = getattr(people, who)
        assert client_of(person).get(reverse("matrix_executives")).status_code == 404
        assert call(person, "GET", "continuity/executives")[0] == 404

"""Before a version is signed, its author sees what it would do to the deadlines that run."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from relais.desk import intake
from relais.desk.models import Clock, Ticket
from relais.offer import catalogue
from relais.offer.models import Agreement
from relais.offer.terms import TargetTerms


@pytest.fixture
def draft(world):
    """Return a draft that halves what the catalogue promises, with a request on the clock."""
    catalogue.preload(world.provider)
    intake.receive(
        requester=world.people.marc, subject="Rendez-vous", body="x", channel=Ticket.Channel.FORM
    )
    version = Agreement.open(world.companies.calanques, "Convention", by=world.people.paul)
    version.edit(
        by=world.people.paul,
        effective_from=timezone.localdate() + timedelta(days=30),
        targets=(TargetTerms(kind="delivery", hours=Decimal("0.5")),),
    )
    return version


def url(version):
    return f"/agreements/{version.agreement_id}/versions/{version.number}/preview/"


def test_it_lists_what_would_move_and_moves_nothing(world, draft, client_of):
    before = sorted(Clock.objects.values_list("pk", "due_at"))
    answer = client_of(world.people.paul).get(url(draft))
    assert answer.context["preview"].moved == 1
    assert "Rendez-vous" in answer.content.decode()
    assert sorted(Clock.objects.values_list("pk", "due_at")) == before


@pytest.mark.parametrize("who", ["claire", "marc", "alice", "quentin", "fanny"])
def test_it_is_the_pool_leads_alone(world, draft, client_of, who):
    assert client_of(getattr(world.people, who)).get(url(draft)).status_code == 404

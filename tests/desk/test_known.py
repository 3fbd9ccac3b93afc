"""What waits in each hand is kept from one decision to the next, and is never an older one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from relais.desk import known
from relais.desk.models import Clock, Ticket
from relais.offer.models import Service

from .conftest import at


def held():
    """Return what everybody has in hand, and how many queries that took."""
    with CaptureQueriesContext(connection) as told:
        found = known.held()
    return found, len(told)


def anew():
    """Return what is read without anything kept."""
    known._kept.clear()
    return known.held()


def test_what_waits_is_read_again_where_it_has_changed(new_ticket):
    new_ticket("assigned")
    known.held()
    assert held()[1] == 1
    new_ticket("assigned")
    assert held()[1] == 2
    assert held()[1] == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda one: Ticket.objects.filter(pk=one.pk).update(priority=1),
        lambda one: Ticket.objects.filter(pk=one.pk).update(state="taken"),
        lambda one: Service.objects.filter(pk=one.service_id).update(standard_minutes=15),
        lambda one: one.clocks.filter(kind="delivery").update(due_at=at(9, 30)),
        lambda one: one.clocks.filter(stopped_at=None).update(stopped_at=at(9), verdict="met"),
        lambda one: one.clocks.filter(stopped_at=None).update(due_at=None),
        lambda one: one.clocks.filter(stopped_at=None).update(calendar=None),
        lambda one: one.clocks.filter(stopped_at=None).update(due_at=at(9) + timedelta(days=9)),
    ],
)  # fmt: skip
def test_any_change_is_seen_at_once(new_ticket, change):
    new_ticket("assigned")
    one = new_ticket("assigned")
    before = known.held()
    change(one)
    after = known.held()
    assert after == anew()
    assert after != before


def test_a_work_with_two_promises_waits_once_with_the_nearest(new_ticket):
    one = new_ticket("assigned")
    Clock.objects.filter(ticket=one, kind="first_response").update(due_at=at(10))
    [waiting] = known.held().waiting.values()
    assert [(each.key, each.due) for each in waiting] == [(one.pk, at(10))]
    assert known.held().loads[one.holder_id] == 1

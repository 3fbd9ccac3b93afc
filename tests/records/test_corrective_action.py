"""A critical error leads to a cause, a mended procedure and somebody else who verifies it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relais.desk.errors import BadValue, Missing
from relais.desk.models import Ticket
from relais.offer.models import Procedure, ProcedureVersion
from relais.people.models import Clearance, Confidentiality, Person
from relais.records.models import CorrectiveAction
from relais.records.quality_errors import CheckNotNow, CheckOvertaken, MayNotCheck, NoMend

from .test_quality import check, finished, fresh, new_ticket, services, told  # noqa: F401  # noqa: F401

FOUND = datetime(2026, 4, 2, 9, tzinfo=UTC)


@pytest.fixture
def action(world, check):  # noqa: F811
    """Return what a wrong amount led to."""
    finished(check, world.people, ["amount"], at=FOUND)
    return CorrectiveAction.objects.get()


def again(action):
    return CorrectiveAction.objects.get(pk=action.pk)


def procedure(world, published=None):
    made = Procedure.objects.create(provider=world.provider, title_fr="Factures", title_en="Bills")
    if published is not None:
        ProcedureVersion.objects.create(
            provider=world.provider, procedure=made, number=2, state="published",
            author=world.people.maud, approver=world.people.paul, created_at=published,
            published_at=published, effective_from=published.date(),
        )  # fmt: skip
    return made


def test_it_is_due_ten_working_days_after_the_error_was_found(world, action):
    assert (action.state, action.owner) == ("open", world.people.quentin)
    # Easter Monday between: the end of Friday the 17th.
    assert action.due_at == datetime(2026, 4, 17, 16, tzinfo=UTC)
    assert not action.is_overdue(action.due_at)
    assert action.is_overdue(action.due_at + timedelta(seconds=1))


def test_it_is_planned_done_by_a_new_version_and_verified_by_somebody_else(world, action):
    people = world.people
    mended = procedure(world, published=FOUND + timedelta(days=2))
    action.plan("Ancien barème", "Relire", by=people.quentin, owner=people.alice, procedure=mended)
    action.do(by=people.alice)
    assert (action.state, action.mended_by.number) == ("done", 2)
    action.reopen("Encore un écart", by=people.paul)
    assert (action.state, action.mended_by, action.done_by) == ("open", None, None)
    action.do(by=people.paul)
    with pytest.raises(MayNotCheck):
        action.verify(by=people.paul)
    action.verify(by=people.quentin)
    assert told(action) == [
        "action_opened", "action_planned", "action_done", "action_reopened", "action_done",
        "action_verified",
    ]  # fmt: skip
    assert not again(action).is_overdue(datetime(2030, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("who", "verb", "error"),
    [
        ("basile", lambda a, by: a.plan("x", "", by=by), MayNotCheck),
        ("claire", lambda a, by: a.plan("x", "", by=by), MayNotCheck),
        ("paul", lambda a, by: a.plan(" ", "", by=by), Missing),
        ("paul", lambda a, by: a.plan("x", "", by=by, seen=9), CheckOvertaken),
        ("paul", lambda a, by: a.do(by=by), Missing),
        ("alice", lambda a, by: a.do(by=by), MayNotCheck),
        ("paul", lambda a, by: a.verify(by=by), CheckNotNow),
        ("paul", lambda a, by: a.reopen("x", by=by), CheckNotNow),
    ],
)
def test_it_is_refused_when_it_should_be(world, action, who, verb, error):
    with pytest.raises(error):
        verb(action, getattr(world.people, who))
    assert told(action) == ["action_opened"]


def test_it_is_not_done_before_the_procedure_was_mended(world, action):
    people = world.people
    old = procedure(world, published=FOUND - timedelta(days=1))
    action.plan("Ancien barème", "", by=people.paul, procedure=old)
    with pytest.raises(NoMend, match="Factures"):
        action.do(by=people.paul)
    with pytest.raises(BadValue):
        action.plan("Ancien barème", "", by=people.paul, owner=people.claire)
    action.plan("Ancien barème", "Rappel en réunion", by=people.paul)
    action.do(by=people.paul)
    assert action.state == "done"


def test_two_at_once_leave_one_winner(world, action):
    first, second = again(action), again(action)
    first.plan("Une cause", "", by=world.people.paul)
    with pytest.raises(CheckOvertaken):
        second.plan("Une autre", "", by=world.people.maud)
    assert (again(action).root_cause, told(action)) == (
        "Une cause", ["action_opened", "action_planned"],
    )  # fmt: skip


def test_it_falls_away_with_the_error_and_comes_back_with_it(world, check, action):  # noqa: F811
    people = world.people
    for wrong, state in (([], "void"), (["amount"], "open")):
        fresh_check = fresh(check)
        fresh_check.reopen("À revoir", by=people.quentin)
        finished(fresh_check, people, wrong, at=FOUND + timedelta(days=1))
        assert again(action).state == state
    assert CorrectiveAction.objects.count() == 1
    fresh(check).reopen("Encore", by=people.quentin)
    again(action).plan("Une cause", "", by=people.paul)
    again(action).do(by=people.paul)
    finished(fresh(check), people)  # what was done stays done
    assert again(action).state == "done"


def test_it_is_given_to_nobody_who_may_not_read_the_request(world, action):
    people, ticket = world.people, action.check_made.ticket
    Ticket.objects.filter(pk=ticket.pk).update(confidentiality=Confidentiality.EXECUTIVE)
    Clearance.objects.create(
        provider=world.provider, person=people.quentin, company=ticket.company,
        starts_on=FOUND.date(),
    )  # fmt: skip
    with pytest.raises(BadValue, match="demande"):
        action.plan("Ancien barème", "", by=people.paul, owner=people.basile)
    cleared = Person.objects.get(pk=people.quentin.pk)
    action.plan("Ancien barème", "", by=people.paul, owner=cleared)
    assert again(action).owner == cleared

"""What must really commit: a roster solved by the worker, two leads at one time."""

import threading

import pytest
from django.db import connections
from procrastinate.contrib.django import app

from relais.lib.tenancy import tenant
from relais.people.models import Shift
from relais.planning import declaring, publishing, rostering
from relais.planning.errors import ChangedMeanwhile
from relais.planning.models import Relief, Roster
from tests import world as cast

from .conftest import ahead
from .plan import MONDAY, PARIS


@pytest.fixture
def made(committed):
    return cast.build_world()


def work_off(queue):
    """Run the worker as it stands in production until nothing waits in the queue."""
    worker = app.with_connector(app.connector.get_worker_connector())
    worker.run_worker(
        queues=[queue], wait=False, listen_notify=False, install_signal_handlers=False
    )


def both(provider, *works):
    """Do these things at one time, each in a transaction of its own; return what came of each."""
    line, found = threading.Barrier(len(works)), {}

    def run(n, work):
        try:
            with tenant(provider.pk):
                line.wait(30)
                found[n] = work()
        except Exception as fault:
            found[n] = fault
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [found[n] for n in range(len(works))]


def test_the_worker_solves_a_roster_and_of_two_leads_one_publishes_it(made):
    paul, maud = made.people.paul, made.people.maud
    with tenant(made.provider.pk):
        roster = rostering.draft(
            {"name": "Mars", "starts_on": MONDAY, "weeks": 1, "seconds": 2}, by=paul
        )
        rostering.begin(roster)
    work_off("rosters")
    with tenant(made.provider.pk):
        roster = Roster.objects.get(pk=roster.pk)
        assert roster.state == Roster.State.SOLVED and roster.shifts and not roster.problem
        told = [Roster.objects.get(pk=roster.pk) for _lead in range(2)]
    answers = both(
        made.provider,
        lambda: publishing.publish(told[0], by=paul, zone=PARIS),
        lambda: publishing.publish(told[1], by=maud, zone=PARIS),
    )
    assert {type(answer) for answer in answers} == {int, ChangedMeanwhile}
    with tenant(made.provider.pk):
        assert Shift.objects.count() == next(one for one in answers if isinstance(one, int))


def test_two_declared_absent_at_one_time_do_not_stand_in_for_one_another(made):
    """Each is the other's stand-in by rights: whoever comes second sees the first one's leave."""
    people, starts, ends = made.people, ahead(1), ahead(2)

    def away(person, by):
        return lambda: declaring.declare(person, kind="leave", starts=starts, ends=ends, by=by)

    answers = both(made.provider, away(people.alice, people.paul), away(people.basile, people.maud))
    assert all(isinstance(answer, Relief) for answer in answers), answers
    with tenant(made.provider.pk):
        stand_ins = {
            (relief.person_id, line.backup_id)
            for relief in Relief.objects.prefetch_related("sites")
            for line in relief.sites.all()
        }
    first = {backup for _away, backup in stand_ins} & {people.alice.pk, people.basile.pk}
    assert len(first) == 1, "whoever came second found the other away"

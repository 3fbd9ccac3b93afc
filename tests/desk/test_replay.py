"""The clocks that the verbs moved one by one are those that the events tell, to the second."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relais.desk import replay
from relais.desk.errors import Refused
from relais.desk.models import Ticket
from relais.engine import sla
from relais.offer.terms import TargetTerms
from relais.people import calendars

from .conftest import at
from .test_promises import DELIVERY, FIRST, agreed  # noqa: F401

VERBS = {
    "assign": lambda t, p, when: t.assign(p.alice, by=p.paul, at=when),
    "take": lambda t, p, when: t.take(by=p.alice, at=when),
    "ask": lambda t, p, when: t.ask("Quel jour ?", by=p.alice, at=when),
    "wait_third": lambda t, p, when: t.wait_third("Le greffe", by=p.alice, at=when),
    "resume": lambda t, p, when: t.resume(by=p.alice, at=when),
    "reply": lambda t, p, when: t.reply("Bientôt.", by=p.alice, at=when),
    "answer": lambda t, p, when: t.reply("Jeudi.", by=p.marc, at=when),
    "deliver": lambda t, p, when: t.deliver("Voilà.", by=p.alice, at=when),
    "accept": lambda t, p, when: t.accept(by=p.marc, at=when),
    "reopen": lambda t, p, when: t.reopen("Il manque la pièce", by=p.marc, at=when),
    "hand_over": lambda t, p, when: t.hand_over(p.basile, "", by=p.alice, at=when),
    "cancel": lambda t, p, when: t.cancel("Plus besoin", by=p.marc, at=when),
}
# Those that lead somewhere come more often than the end.
OFTEN = ("ask", "answer", "resume", "deliver", "reopen", "take", "ask", "resume", "wait_third")
STEPS = st.lists(
    st.tuples(st.sampled_from([*OFTEN, *VERBS]), st.integers(1, 900)), min_size=8, max_size=20
)


class Undone(Exception):
    """The example is taken back, so that each begins with the same world."""


def lived(ticket, people, steps):
    """Do what can be done of the steps, each so many minutes after the one before."""
    when = at(9)
    ticket.assign(people.alice, at=when)
    ticket.take(by=people.alice, at=when)
    for verb, minutes in steps:
        when += timedelta(minutes=minutes)
        try:
            with transaction.atomic():
                VERBS[verb](ticket, people, when)
        except Refused:
            ticket = Ticket.objects.get(pk=ticket.pk)
    return when


def by_verbs(clocks):
    return sorted((c.started_at, c.stopped_at, c.verdict, c.due_at) for c in clocks)


def by_events(clock, now):
    hours = calendars.timetable(clock.calendar)
    found = []
    for run in replay.replayed(clock, now):
        status = sla.status(run, hours, now)
        ended = status.state in (sla.State.MET, sla.State.MISSED, sla.State.VOID)
        found.append((run.started, run.ended, status.state.value if ended else "", status.due))
    return sorted(found)


@pytest.fixture
def whole(agreed):  # noqa: F811
    """An agreement with every kind of promise, in hours and in working days."""
    next_reply = TargetTerms(kind="next_reply", hours=2)
    acceptance = TargetTerms(kind="acceptance", days=2)
    return agreed(targets=(FIRST, DELIVERY, next_reply, acceptance))


@given(steps=STEPS)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_replaying_the_events_gives_the_clocks_of_the_verbs(world, whole, new_ticket, steps):
    try:
        with transaction.atomic():
            ticket = new_ticket()
            now = lived(ticket, world.people, steps)
            for kind in ("first_response", "next_reply", "delivery", "correction", "acceptance"):
                clocks = list(ticket.clocks.filter(kind=kind).select_related("calendar"))
                if not clocks:
                    continue
                told = by_events(clocks[0], now)
                if any(run.verdict == "void" for run in clocks):
                    # What counts no more falls due at no time that anybody asks for.
                    told = [row[:3] for row in told]
                    assert [row[:3] for row in by_verbs(clocks)] == told, kind
                else:
                    assert by_verbs(clocks) == told, kind
            raise Undone
    except Undone:
        pass

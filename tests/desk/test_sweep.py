"""Deadlines that passed are told once, of every provider."""

from django.db import connection

from relais.desk import sweep
from relais.desk.models import Clock
from relais.lib.tenancy import all_tenants

from .conftest import at, clock, kinds


def tell(when):
    return sweep.tell(list(sweep.due(when).values_list("pk", flat=True)), when)


def test_a_passed_deadline_is_told_once(new_ticket):
    ticket = new_ticket()  # answer due 11:00, delivery 18:00
    assert tell(at(11)) == 0
    assert tell(at(11, 1)) == 1
    assert tell(at(11, 2)) == 0
    assert kinds(ticket) == ["received", "breached"]
    facts = ticket.events.last().facts
    assert facts["clock"] == "first_response"
    assert clock(ticket, "first_response").breached_at == at(11, 1)
    assert tell(at(9, days=1)) == 1


def test_what_waits_or_is_over_is_not_late(new_ticket):
    for state in ("waiting", "delivered", "cancelled"):
        new_ticket(state)
    assert tell(at(9, days=30)) == 0


def test_the_engine_is_asked_again_before_it_is_told(new_ticket):
    ticket = new_ticket()
    wrong = at(9, 30)
    Clock.objects.filter(ticket=ticket, kind="first_response").update(due_at=wrong)
    assert tell(at(10)) == 0
    assert clock(ticket, "first_response").due_at == at(11)


def test_the_question_is_answered_by_one_index(world):
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
    with all_tenants("as the sweep asks"):
        assert "desk_clock_due" in sweep.due(at(9)).explain()


def test_it_crosses_providers(worlds):
    from relais.desk.models import Ticket
    from relais.lib.tenancy import tenant
    from relais.offer import catalogue

    for made, site, person in (
        (worlds[0], worlds[0].sites.aix, worlds[0].people.marc),
        (worlds[1], worlds[1].sites.nantes, worlds[1].people.yann),
    ):
        with tenant(made.provider.pk):
            catalogue.preload(made.provider)
            Ticket.receive(
                site=site,
                requester=person,
                service=catalogue.Service.objects.get(code="other"),
                subject="x",
                channel="form",
                at=at(9),
            )
    assert sweep.run(at(17)) == 2
    assert sweep.run(at(17, 1)) == 0

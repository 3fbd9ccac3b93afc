"""Links between tickets: made and ended from either side, seen by who sees both."""

import pytest

from relais.desk.errors import CannotJoin, NotNow, NotYours
from relais.desk.models import Link, Ticket

from .conftest import kinds, two_at_once


@pytest.fixture
def pair(new_ticket, world):
    return new_ticket("taken"), new_ticket(
        "open", site=world.sites.lyon, requester=world.people.nadia
    )


def test_it_is_told_on_both_and_seen_by_who_sees_both(pair, world):
    ticket, other = pair
    link = ticket.link(other, "blocks", by=world.people.basile)
    assert (kinds(ticket)[-1], kinds(other)[-1]) == ("linked", "linked")
    seen = {who for who in vars(world.people) if world.access(who).see(Link).exists()}
    assert seen == {"basile", "paul", "maud", "quentin", "claire", "sylvie"}
    other = Ticket.objects.get(pk=other.pk)
    other.unlink(link, by=world.people.basile)
    assert (kinds(ticket)[-1], kinds(other)[-1]) == ("unlinked", "unlinked")
    with pytest.raises(NotNow):
        other.unlink(link, by=world.people.basile)


def test_it_is_made_once_and_between_two(pair, world):
    ticket, other = pair
    basile = world.people.basile
    ticket.link(other, "follows", by=basile)
    for to, kind in [(other, "follows"), (ticket, "relates"), (other, "marries")]:
        with pytest.raises(CannotJoin):
            ticket.link(to, kind, by=basile)
    assert kinds(ticket).count("linked") == 1


@pytest.mark.parametrize("who", ["marc", "claire", "alice", "chloe", "bruno"])
def test_it_is_refused_to_the_wrong_person(pair, world, who):
    ticket, other = pair
    with pytest.raises(NotYours):
        ticket.link(other, "relates", by=getattr(world.people, who))


def test_two_at_once_leave_one_winner(pair, world, new_ticket):
    ticket, other = pair
    kinds_of = iter(["relates", "blocks"])
    two_at_once(ticket, lambda t: t.link(other, next(kinds_of), by=world.people.basile), "linked")
    assert kinds(other).count("linked") == 1

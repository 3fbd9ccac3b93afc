"""One's own request is shown without asking the rule again, and never where the rule hides it."""

import pytest

from relais.desk.models import Ticket
from relais.people.access import Access
from relais.people.models import Confidentiality, Person


def seen(name, world, ticket, *, roles=True):
    """Return what the short way says and what the rule says."""
    person = Person.objects.get(pk=getattr(world.people, name).pk)
    if not roles:
        person.roles.all().delete()
    access = Access(person)
    return access.sees_plainly(ticket), access.see(Ticket).filter(pk=ticket.pk).exists()


@pytest.mark.parametrize("secret", [False, True])
def test_what_is_seen_plainly_is_seen_by_the_rule(world, new_ticket, secret):
    told = {"confidentiality": Confidentiality.EXECUTIVE} if secret else {}
    opened = set()
    for asker in ("marc", "paul", "alice", "quentin", "denis", "bruno"):
        ticket = new_ticket(requester=getattr(world.people, asker), **told)
        for name in ("marc", "nadia", "erwan", "paul", "alice", "quentin", "denis", "bruno"):
            plainly, ruled = seen(name, world, ticket)
            assert ruled or not plainly, (asker, name)
            opened |= {(asker, name)} if plainly else set()
    assert opened == {("marc", "marc"), ("paul", "paul"), ("quentin", "quentin")}


def test_a_person_without_a_role_sees_nothing_plainly(world, new_ticket):
    ticket = new_ticket(requester=world.people.marc)
    assert seen("marc", world, ticket, roles=False) == (False, False)


def test_a_person_who_changed_company_sees_nothing_plainly(world, new_ticket):
    ticket = new_ticket(requester=world.people.marc)
    Person.objects.filter(pk=world.people.marc.pk).update(
        company=world.companies.froid, site=world.sites.brest
    )
    assert seen("marc", world, ticket) == (False, False)

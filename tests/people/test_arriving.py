"""Who comes in, with her rights: one query, the same answers as asked one by one, never stale."""

from datetime import date, timedelta

import pytest

from relais.lib.compiled import Compiled
from relais.people import arriving
from relais.people.access import Access
from relais.people.models import Clearance, Cover, Engagement, Person
from tests.world import account

FACTS = ("led_company_ids", "covered_site_ids", "cleared_company_ids")


def come(person):
    return arriving.by_account(person.user)


@pytest.mark.parametrize("name", ["paul", "alice", "chloe", "marc", "nadia"])
def test_she_is_known_as_if_each_thing_were_asked_alone(world, name, django_assert_num_queries):
    person = getattr(world.people, name)
    user = person.user or account(person)
    company = world.companies.calanques
    Clearance.objects.create(
        provider=world.provider, person=person, company=company, starts_on=date(2026, 1, 1)
    )
    with django_assert_num_queries(2):
        here = arriving.by_account(user)
        told = Access.of(here)
        facts = [getattr(told, fact) for fact in FACTS]
        assert here.provider == world.provider and here.company == person.company
    assert here == person
    alone = Access(Person.objects.get(pk=person.pk))
    assert facts == [getattr(alone, fact) for fact in FACTS]
    assert told.cleared_company_ids == {company.pk}


def test_what_is_taken_away_is_gone_the_next_time(world):
    alice = world.people.alice
    alice.user = alice.user or account(alice)
    company = world.companies.calanques
    grant = Clearance.objects.create(
        provider=world.provider, person=alice, company=company, starts_on=date(2026, 1, 1)
    )
    Engagement.objects.filter(company=company).update(provider_deputy=alice)
    before = Access.of(come(alice))
    assert before.covered_site_ids and before.cleared_company_ids and before.led_company_ids
    Cover.objects.filter(person=alice).delete()
    Clearance.objects.filter(pk=grant.pk).update(ends_on=before.day - timedelta(1))
    Engagement.objects.filter(company=company).update(provider_deputy=None)
    after = Access.of(come(alice))
    assert not (after.covered_site_ids or after.cleared_company_ids or after.led_company_ids)
    alice.roles.update(ends_on=before.day - timedelta(1))
    assert not Access.of(come(alice)).roles
    Person.objects.filter(pk=alice.pk).update(archived_at="2026-01-01T00:00Z")
    assert come(alice) is None


def test_a_compiled_question_must_ask_for_each_of_its_values(world):
    with pytest.raises(ValueError, match="day"):
        Compiled(lambda person, day: Person.objects.filter(pk=person), person=int, day=date)(
            person=1, day=date(2026, 1, 1)
        )

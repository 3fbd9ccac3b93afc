"""What dispatch is told: each hard filter and each preference read from what is on record."""

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from relais.desk import dispatching, presence, shares
from relais.desk.models import DispatchSetting, DispatchShare, Link, Ticket
from relais.desk.pool import Pool
from relais.people.models import (
    Absence,
    AssistantProfile,
    LanguageLevel,
    Person,
    Rostered,
    Shift,
    Skill,
    SkillLevel,
    System,
    SystemAccess,
)

from .conftest import TUESDAY, at

DAY = TUESDAY.date()


@pytest.fixture
def reasons(world, new_ticket):
    """Return a function that has a ticket decided on and tells why Alice could not have it."""

    def of(when=None, **fields):
        decision = dispatching.dispatch_one(new_ticket(**fields).pk, when or at(10))
        line = decision.line(world.people.alice.pk)
        return [hard.code for hard in line.hard]

    return of


def setting(world, **values):
    DispatchSetting.set(values, "Essai", by=world.people.paul)


def profile(world):
    return AssistantProfile.objects.filter(person=world.people.alice)


def test_public_and_internal_is_for_all_staff_c2_asks_for_the_clearance(world, reasons):
    profile(world).update(clearance=0)
    assert reasons(confidentiality=0) == reasons(confidentiality=1) == []
    assert reasons(confidentiality=2) == ["clearance"]
    profile(world).update(clearance=2)
    assert reasons(confidentiality=2) == []


def test_the_requesters_language_is_spoken_well_enough(world, reasons):
    Person.objects.filter(pk=world.people.marc.pk).update(language="en")
    assert reasons() == ["language"]
    mine = LanguageLevel.objects.create(
        provider=world.provider, profile=profile(world).get(), language="en", level="A2"
    )
    assert reasons() == ["language"]
    LanguageLevel.objects.filter(pk=mine.pk).update(level="B1")
    assert reasons() == []
    setting(world, language_level=5)
    assert reasons() == ["language"]
    setting(world, language_level=0)
    LanguageLevel.objects.all().delete()
    assert reasons() == []


def test_the_level_of_a_skill_counts(world, reasons, services):
    excel = Skill.objects.get(code="excel")
    services["appointment"].edit(by=world.people.paul, skills=[excel], skill_level=3)
    assert reasons() == ["skill"]
    SkillLevel.objects.filter(profile__person=world.people.alice).update(level=3)
    assert reasons() == []


ACCESSES = {
    "never tried": ({}, ["access"]),
    "tried today": ({"tested_on": DAY}, []),
    "tried too long ago": ({"tested_on": DAY - timedelta(days=31)}, ["access"]),
    "ended yesterday": ({"tested_on": DAY, "ends_on": DAY - timedelta(days=1)}, ["access"]),
    "ends today": ({"tested_on": DAY, "ends_on": DAY}, []),
    "taken away": ({"tested_on": DAY, "ended_at": TUESDAY}, ["access"]),
}


@pytest.mark.parametrize("case", ACCESSES)
def test_an_access_counts_while_it_was_tried_lately(case, world, reasons, services):
    services["appointment"].edit(by=world.people.paul, tool="diary")
    assert reasons() == []  # the register knows no such tool there
    system = System.objects.create(
        provider=world.provider, company=world.companies.calanques, code="diary", name="Agendas"
    )
    assert reasons() == ["access"]
    fields, expected = ACCESSES[case]
    SystemAccess.objects.create(
        provider=world.provider, system=system, person=world.people.alice, **fields
    )
    assert reasons() == expected
    # The site has one of its own: the company's is of no use there.
    if not expected:
        System.objects.create(
            provider=world.provider, company=system.company, site=world.sites.aix,
            code="diary", name="Agenda d’Aix",
        )  # fmt: skip
        assert reasons() == ["access"]


def test_readiness_is_proven_by_what_was_done_and_fades(world, reasons, services, new_ticket):
    # It excludes as far as the provider says, and what is critical may ask for more.
    assert services["appointment"].readiness == 2
    assert reasons() == []
    setting(world, readiness=5)
    assert reasons() == ["readiness"]
    for _ in range(2):
        done = new_ticket("accepted")
        Ticket.objects.filter(pk=done.pk).update(delivered_at=at(9, days=-3))
    assert reasons() == []  # practised: 3
    setting(world, critical_readiness=4)
    assert reasons(priority=1) == ["readiness"]
    # Eighty-nine days later she still knows the site, then no more.
    assert reasons(when=at(10, days=84)) == []
    assert "readiness" in reasons(when=at(10, days=91))


def test_the_law_ends_the_day_and_all_in_hand_counts_once(world, reasons, new_ticket):
    setting(world, day_minutes=180)  # from nine to noon
    assert reasons(at(10)) == []
    assert reasons(at(12, 5)) == ["off_duty", "working_time"]
    for _ in range(3):
        Ticket.objects.filter(pk=new_ticket("assigned").pk).update(holder=world.people.alice)
    pool = Pool.read(at(11, 30), [world.sites.aix.pk])
    alice = pool.assistants[world.people.alice.pk]
    assert alice.legal_minutes == 30
    assert alice.shifts[0] == (at(11, 30), at(12))
    assert "working_time" in reasons(at(11, 30))


def test_a_week_may_be_full_before_its_end(world, reasons):
    setting(world, week_minutes=480)  # Monday's hours
    assert reasons(at(10)) == ["off_duty", "working_time"]


def test_who_has_her_hands_full_gets_no_more(world, reasons, new_ticket):
    setting(world, capacity=2)
    profile(world).update(capacity=1)
    assert reasons() == []
    Ticket.objects.exclude(holder=None).update(state="cancelled")
    new_ticket("taken")
    assert reasons() == ["capacity"]
    profile(world).update(capacity=None)
    assert reasons() == []


def test_the_same_file_goes_to_the_same_hands(world, new_ticket):
    basile = world.people.basile
    earlier = new_ticket("assigned")
    Ticket.objects.filter(pk=earlier.pk).update(
        state="delivered", holder=basile, delivered_at=at(9, days=-2), requester=world.people.luc
    )
    mine = new_ticket()
    line = dispatching.dispatch_one(mine.pk, at(10)).line(basile.pk)
    assert dict(line.terms)["file"] == 0
    Ticket.objects.filter(pk=earlier.pk).update(requester=world.people.marc)
    again = dispatching.dispatch_one(new_ticket().pk, at(10)).line(basile.pk)
    assert dict(again.terms)["file"] < 0
    Ticket.objects.filter(pk=earlier.pk).update(requester=world.people.luc)
    tied = new_ticket()
    Link.objects.create(
        provider=world.provider, ticket=earlier, other=tied, kind="follows", by=world.people.paul
    )
    assert dict(dispatching.dispatch_one(tied.pk, at(10)).line(basile.pk).terms)["file"] < 0


def test_shares_are_counted_from_facts_and_bounded(world, new_ticket):
    done = [new_ticket() for _ in range(40)]
    Ticket.objects.filter(pk__in=[one.pk for one in done]).update(
        state="delivered", holder=world.people.alice, delivered_at=at(19, days=-2)
    )
    Absence.objects.create(
        provider=world.provider,
        person=world.people.chloe,
        period=DateTimeTZRange(at(0, days=-40), at(0, days=1)),
    )
    assert shares.count(world.provider, at(10)) == 2  # Chloé was not there at all
    kept = {each.person_id: each for each in DispatchShare.objects.all()}
    alice, basile = (kept[p.pk] for p in (world.people.alice, world.people.basile))
    # She had all of it, late in the day, at a site no more difficult than the others.
    assert (alice.work, alice.difficult, alice.late) == (1.0, 0.0, 1.0)
    assert (basile.work, basile.whole) == (-1.0, -0.75)
    pool = Pool.read(at(10), [world.sites.aix.pk])
    assert pool.assistants[world.people.alice.pk].share == 0.5  # the bound
    decision = dispatching.dispatch_one(new_ticket().pk, at(10))
    assert dict(decision.line(world.people.alice.pk).terms)["fairness"] == 125


def test_a_published_shift_holds_where_there_is_one_her_calendar_elsewhere(world, reasons):
    alice, who = world.people.alice, {"provider": world.provider, "person": world.people.alice}
    Shift.objects.create(**who, period=DateTimeTZRange(at(11), at(12)))
    pool = Pool.read(at(8), [world.sites.aix.pk])
    # The Tuesday is that hour alone; the Wednesday is the calendar's.
    assert pool.assistants[alice.pk].shifts[:2] == (
        (at(11), at(12)),
        (at(9, days=1), at(12, 30, days=1)),
    )
    assert reasons(at(10)) == ["off_duty"]
    assert reasons(at(11, 30)) == []
    Rostered.objects.create(**who, period=DateTimeTZRange(at(0), at(0, days=2)))
    assert Pool.read(at(8), [world.sites.aix.pk]).assistants[alice.pk].shifts[1] == (
        at(9, days=2),
        at(12, 30, days=2),
    )
    # Of who has no calendar, shifts alone say when she works.
    profile(world).update(calendar=None)
    assert Pool.read(at(8), [world.sites.aix.pk]).assistants[alice.pk].shifts == ((at(11), at(12)),)
    there = presence.of_pool([alice], world.access("paul"), at(11, 30))[alice.pk]
    assert (there.state, there.until, there.left) == ("here", at(12), 30)
    assert presence.of_pool([alice], world.access("paul"), at(12, 30))[alice.pk].state == "off"

"""Drafts: begun, changed, withdrawn, by those who may, with a record of each."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from relais.offer.errors import DraftStands, NameTaken, NotNow, NotYours, Overtaken, Unsound
from relais.offer.models import Agreement, AgreementEvent, AgreementTarget, AgreementVersion
from relais.offer.terms import CreditTerms, Scope, Terms, compare

from .conftest import DELIVERY, FIRST, SIGNING, kinds


def test_a_draft_keeps_what_was_written(world, draft, services):
    version = draft(
        scopes=(Scope(site=world.sites.aix.pk, family="travel"), Scope()),
        exclusions=("Force majeure",),
        obligations=("Répondre sous un jour",),
    )
    told = AgreementVersion.objects.get(pk=version.pk).terms()
    assert told.targets == (FIRST, DELIVERY)
    assert told.credits == CreditTerms(monthly_fee=Decimal(12000))
    assert told.exclusions == ("Force majeure",)
    assert Terms.from_facts(told.facts()) == told


@pytest.mark.parametrize("who", ["claire", "marc", "alice", "quentin", "fanny"])
def test_only_those_who_run_the_pool_write(world, draft, who):
    version = draft()
    someone = getattr(world.people, who)
    with pytest.raises(NotYours):
        version.edit(by=someone, note="x")
    with pytest.raises(NotYours):
        version.withdraw("x", by=someone)
    with pytest.raises(NotYours):
        AgreementVersion.draft_from(version.agreement, by=someone)
    with pytest.raises(NotYours):
        Agreement.open(world.companies.calanques, "Mien", by=someone)
    assert kinds(version) == ["drafted", "edited"]


def test_each_edit_says_what_was_and_what_is(world, draft):
    version = draft()
    version.edit(by=world.people.paul, note="Premier texte")
    facts = version.events.last().facts
    assert facts == {"before": {"note": ""}, "after": {"note": "Premier texte"}}
    version.edit(by=world.people.paul, note="Premier texte")
    assert kinds(version) == ["drafted", "edited", "edited"]


def test_two_at_once_leave_one_edit(world, draft):
    version = draft()
    first, second = (AgreementVersion.objects.get(pk=version.pk) for _ in range(2))
    first.edit(by=world.people.paul, note="A")
    with pytest.raises(Overtaken):
        second.edit(by=world.people.maud, note="B")
    assert AgreementVersion.objects.get(pk=version.pk).note == "A"
    with pytest.raises(Overtaken):
        version.expect(1)


def test_what_is_signed_is_not_edited(world, draft, sign):
    version = sign(draft())
    with pytest.raises(NotNow):
        version.edit(by=world.people.paul, note="Après coup")
    with pytest.raises(NotNow):
        version.withdraw("Regret", by=world.people.paul)


def test_a_new_draft_copies_the_version_in_force(world, draft, sign):
    old = sign(draft(exclusions=("Force majeure",)))
    new = AgreementVersion.draft_from(old.agreement, by=world.people.paul, at=SIGNING)
    assert (new.number, new.copied_from) == (2, old)
    assert [each.subject for each in compare(old.terms(), new.terms())] == ["effective_from"]
    with pytest.raises(DraftStands):
        AgreementVersion.draft_from(old.agreement, by=world.people.maud)


def test_a_withdrawn_draft_makes_room(world, draft):
    version = draft()
    version.withdraw("Faux départ", by=world.people.paul)
    assert version.standing() == "withdrawn"
    assert kinds(version)[-1] == "withdrawn"
    with pytest.raises(NotNow):
        version.withdraw("Encore", by=world.people.paul)
    assert AgreementVersion.draft_from(version.agreement, by=world.people.paul).number == 2


def test_two_agreements_of_one_name(world, draft):
    draft()
    with pytest.raises(NameTaken):
        Agreement.open(world.companies.calanques, "Contrat cadre", by=world.people.paul)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("targets.0.hours", {"targets": (replace(FIRST, hours=None),)}),
        ("targets.0.hours", {"targets": (replace(FIRST, days=1),)}),
        ("targets.0.hours", {"targets": (replace(FIRST, hours=Decimal(0)),)}),
        ("targets.0.days", {"targets": (replace(FIRST, hours=None, days=999),)}),
        ("targets.0.expected", {"targets": (replace(FIRST, expected=Decimal(80)),)}),
        ("targets.0.expected", {"targets": (replace(FIRST, target=Decimal(101)),)}),
        ("targets.0.kind", {"targets": (replace(FIRST, kind="soon"),)}),
        ("targets.1", {"targets": (FIRST, FIRST)}),
        ("targets", {"targets": (FIRST, replace(DELIVERY, weight=Decimal(1)))}),
        ("ends_on", {"ends_on": date(2026, 1, 1)}),
        ("scopes", {"scopes": ()}),
        ("scopes", {"scopes": (Scope(), Scope())}),
        ("credits.pool_pct", {"credits": CreditTerms(Decimal(1), pool_pct=Decimal(120))}),
        ("credits.monthly_fee", {"credits": CreditTerms(Decimal(0))}),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_field(world, draft, field, changes):
    version = draft()
    with pytest.raises(Unsound) as refused:
        version.edit(by=world.people.paul, **changes)
    assert field in [name for name, _mend in refused.value.faults]
    assert kinds(version) == ["drafted", "edited"]


def test_places_are_those_of_the_company(world, draft):
    version = draft()
    for scope in (Scope(site=world.sites.brest.pk), Scope(entity=10**9)):
        with pytest.raises(Unsound):
            version.edit(by=world.people.paul, scopes=(scope,))


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": None},
        {"days": 2},
        {"expected": Decimal(80)},
        {"statistic": "median"},
        {"weight": Decimal(2)},
    ],
)
def test_the_database_itself_refuses_a_target_that_nobody_could_keep(world, draft, wrong):
    version = draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        AgreementTarget.objects.filter(version=version, kind="delivery").update(**wrong)


def test_the_record_is_append_only(world, draft):
    version = draft()
    for change in (lambda rows: rows.update(kind="signed"), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(AgreementEvent.objects.filter(version=version))


def test_comparing_says_each_difference(world):
    before = Terms(targets=(FIRST, DELIVERY), exclusions=("Force majeure",))
    after = Terms(
        targets=(replace(FIRST, hours=Decimal(1)),),
        scopes=(Scope(family="travel"),),
        credits=CreditTerms(Decimal(100)),
    )
    told = [
        (each.subject, each.before is None, each.after is None) for each in compare(before, after)
    ]
    assert told == [
        ("scope", False, True),
        ("scope", True, False),
        ("target", False, True),
        ("hours", False, False),
        ("exclusions", False, True),
        ("credits", True, False),
    ]

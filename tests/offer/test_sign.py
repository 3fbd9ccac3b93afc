"""Both sides sign, and the version is in force from its date."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from relais.offer.errors import NotNow, Overlaps, Overtaken, TooEarly, Unsound, WrongSigner
from relais.offer.models import AgreementScope, AgreementVersion
from relais.offer.terms import Scope

from .conftest import DELIVERY, FIRST, MARCH, SIGNING, kinds

JULY = date(2026, 7, 1)


def test_the_second_signature_puts_it_in_force(world, draft):
    version = draft()
    version.sign(by=world.people.claire, side="client", at=SIGNING)
    assert version.standing() == "half_signed"
    assert version.agreement.in_force(MARCH) is None
    version.sign(by=world.people.paul, side="provider", at=SIGNING)
    assert kinds(version) == ["drafted", "edited", "signed", "signed", "concluded"]
    assert version.standing(MARCH - timedelta(1)) == "to_come"
    assert version.standing(MARCH) == "in_force"
    assert version.agreement.in_force(MARCH) == version
    first, second = version.events.filter(kind="signed")
    assert first.facts["digest"] == second.facts["digest"] == version.digest()


@pytest.mark.parametrize(
    ("who", "side"),
    [
        ("marc", "client"),
        ("luc", "client"),
        ("fanny", "client"),
        ("paul", "client"),
        ("claire", "provider"),
        ("alice", "provider"),
        ("quentin", "provider"),
        ("paul", "anybody"),
    ],
)
def test_the_wrong_person_signs_nothing(world, draft, who, side):
    version = draft()
    with pytest.raises(WrongSigner):
        version.sign(by=getattr(world.people, who), side=side, at=SIGNING)
    assert kinds(version) == ["drafted", "edited"]


@pytest.mark.parametrize(("client", "provider"), [("claire", "maud"), ("sylvie", "paul")])
def test_deputies_and_the_sponsor_may_sign(world, draft, client, provider):
    version = draft()
    version.sign(by=getattr(world.people, client), side="client", at=SIGNING)
    version.sign(by=getattr(world.people, provider), side="provider", at=SIGNING)
    assert version.state == "signed"


def test_nobody_signs_twice(world, draft, sign):
    version = draft()
    version.sign(by=world.people.claire, side="client", at=SIGNING)
    with pytest.raises(NotNow):
        version.sign(by=world.people.sylvie, side="client", at=SIGNING)
    done = sign(draft("Autre", scopes=(Scope(family="travel"),)))
    with pytest.raises(NotNow):
        done.sign(by=world.people.claire, side="client", at=SIGNING)


def test_two_at_once_leave_one_signature(world, draft):
    version = draft()
    first, second = (AgreementVersion.objects.get(pk=version.pk) for _ in range(2))
    first.sign(by=world.people.claire, side="client", at=SIGNING)
    with pytest.raises(Overtaken):
        second.sign(by=world.people.paul, side="provider", at=SIGNING)
    assert kinds(version) == ["drafted", "edited", "signed"]


def test_it_replaces_the_former_at_its_date(world, draft, sign):
    old = sign(draft())
    new = AgreementVersion.draft_from(old.agreement, by=world.people.paul, at=SIGNING)
    new.edit(by=world.people.paul, at=SIGNING, effective_from=JULY)
    sign(new)
    old.refresh_from_db()
    assert old.standing(JULY - timedelta(1)) == "in_force"
    assert old.standing(JULY) == "superseded"
    assert new.standing(JULY) == "in_force"
    assert kinds(old)[-1] == "ended"
    assert {scope.period.upper for scope in old.scopes.all()} == {JULY}


def test_it_never_starts_before_the_one_in_force(world, draft, sign):
    old = sign(draft())
    new = AgreementVersion.draft_from(old.agreement, by=world.people.paul, at=SIGNING)
    for day in (MARCH, MARCH - timedelta(2)):
        new.edit(by=world.people.paul, at=SIGNING, effective_from=day)
        with pytest.raises(TooEarly, match=r"2 mars 2026|2 March 2026"):
            new.sign(by=world.people.claire, side="client", at=SIGNING)


def test_a_version_with_a_last_day_is_not_cut_short(world, draft, sign):
    old = sign(draft(ends_on=date(2026, 12, 31)))
    new = AgreementVersion.draft_from(old.agreement, by=world.people.paul, at=SIGNING)
    new.edit(by=world.people.paul, at=SIGNING, effective_from=JULY)
    with pytest.raises(TooEarly):
        new.sign(by=world.people.claire, side="client", at=SIGNING)
    new.edit(by=world.people.paul, at=SIGNING, effective_from=date(2027, 1, 1))
    sign(new)
    old.refresh_from_db()
    assert old.standing(date(2026, 12, 31)) == "in_force"
    assert new.standing(date(2027, 1, 1)) == "in_force"


def test_nothing_is_promised_for_the_past(world, draft):
    version = draft(effective_from=SIGNING.date() - timedelta(1))
    with pytest.raises(TooEarly):
        version.sign(by=world.people.claire, side="client", at=SIGNING)


def test_an_empty_draft_is_not_signed(world, draft):
    version = draft(effective_from=None, targets=())
    with pytest.raises(Unsound) as refused:
        version.sign(by=world.people.claire, side="client", at=SIGNING)
    assert [field for field, _mend in refused.value.faults] == ["effective_from", "targets"]


def test_two_agreements_never_promise_for_the_same_place_and_family(world, draft, sign):
    sign(draft(scopes=(Scope(site=world.sites.aix.pk), Scope(family="travel"))))
    other = draft("Annexe", scopes=(Scope(family="travel"),), effective_from=JULY)
    with pytest.raises(Overlaps, match="Contrat cadre"):
        other.sign(by=world.people.claire, side="client", at=SIGNING)
    other.edit(by=world.people.paul, at=SIGNING, scopes=(Scope(site=world.sites.lyon.pk),))
    assert sign(other).state == "signed"


def test_the_database_itself_refuses_the_overlap(world, draft, sign):
    first = sign(draft())
    other = draft("Annexe", scopes=(Scope(family="travel"),))
    with pytest.raises(IntegrityError), transaction.atomic():
        AgreementScope.objects.filter(version=other).update(
            period=first.scopes.get().period, family=""
        )


def test_the_database_itself_refuses_one_signature(world, draft):
    version = draft()
    version.sign(by=world.people.claire, side="client", at=SIGNING)
    with pytest.raises(IntegrityError), transaction.atomic():
        AgreementVersion.objects.filter(pk=version.pk).update(state="signed")


def test_an_edit_takes_the_signatures_away(world, draft):
    version = draft()
    version.sign(by=world.people.claire, side="client", at=SIGNING)
    version.edit(
        by=world.people.paul, at=SIGNING, targets=(FIRST, replace(DELIVERY, hours=FIRST.hours))
    )
    assert version.standing() == "draft"
    version.refresh_from_db()
    assert version.client_signer is None


@pytest.mark.parametrize(
    "wrong",
    [
        "update offer_agreementtarget set hours = 99 where version_id = %(version)s",
        "update offer_agreementtarget set version_id = %(other)s where version_id = %(version)s",
        "delete from offer_agreementtarget where version_id = %(version)s",
        "update offer_agreementtarget set version_id = %(version)s where version_id = %(other)s",
        "update offer_agreementscope set family = 'travel' where version_id = %(version)s",
        "delete from offer_agreementscope where version_id = %(version)s",
        "insert into offer_agreementclause (provider_id, version_id, kind, position, text)"
        " values (%(provider)s, %(version)s, 'exclusion', 7, 'Ajout')",
        "update offer_agreementclause set text = 'Autre' where version_id = %(version)s",
        "update offer_agreementcredit set monthly_fee = 1 where version_id = %(version)s",
        "delete from offer_agreementcredit where version_id = %(version)s",
        "update offer_agreementversion set note = 'Après coup' where id = %(version)s",
        "update offer_agreementversion set state = 'draft', period = null where id = %(version)s",
    ],
)
def test_the_database_itself_keeps_what_was_signed(world, draft, sign, wrong):
    signed = sign(draft(exclusions=("Force majeure",)))
    other = draft("Autre contrat", targets=(DELIVERY,))
    before = signed.digest()
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        keys = {"version": signed.pk, "other": other.pk, "provider": world.provider.pk}
        cursor.execute(wrong, keys)
    assert AgreementVersion.objects.get(pk=signed.pk).digest() == before

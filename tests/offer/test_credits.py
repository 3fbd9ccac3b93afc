"""Credits follow the numbers of the version that was signed, and no others."""

from datetime import date
from decimal import Decimal

import pytest

from relais.engine import credits
from relais.engine.credits import Level, Verdict
from relais.offer.models import AgreementVersion
from relais.offer.terms import CreditTerms

from .conftest import DELIVERY, FIRST

MARCH = date(2026, 3, 1)
FEE = Decimal(12000)
BELOW = Verdict(Level.BELOW, Decimal(88), 30, 0)
GOOD = Verdict(Level.TARGET, Decimal(97), 30, 0)


def account(version, *verdicts):
    """Return the account of a version whose first promise (weight 0.4) was so kept."""
    told = AgreementVersion.objects.get(pk=version.pk).terms()
    return credits.account(
        [
            told.month(date(2026, 3 + number, 1), {FIRST.place: each, DELIVERY.place: GOOD})
            for number, each in enumerate(verdicts)
        ]
    )


def test_the_credit_of_the_contract(draft, sign):
    found = account(sign(draft()), BELOW)
    ((_month, statement),) = found.statements
    assert (statement.credit, statement.pool) == (Decimal("377.14"), Decimal(1200))


@pytest.mark.parametrize(
    ("agreed", "amounts"),
    [
        ({}, ["377.14", "377.14", "565.71"]),
        ({"rule": "step"}, ["240.00", "240.00", "360.00"]),
        ({"pool_pct": Decimal(20)}, ["754.29", "754.29", "1131.43"]),
        ({"cap_pct": Decimal(25)}, ["300.00", "300.00", "300.00"]),
        ({"repeat_from": 2}, ["377.14", "565.71", "565.71"]),
        ({"repeat_by": Decimal(2)}, ["377.14", "377.14", "754.29"]),
    ],
)
def test_each_number_of_the_agreement_counts(draft, sign, agreed, amounts):
    found = account(sign(draft(credits=CreditTerms(FEE, **agreed))), BELOW, BELOW, BELOW)
    assert [statement.credit for _month, statement in found.statements] == [
        Decimal(each) for each in amounts
    ]


def test_the_months_to_earn_a_credit_back_are_those_agreed_on(draft, sign):
    one = sign(draft(credits=CreditTerms(FEE, earn_back_months=1)))
    assert account(one, BELOW, GOOD).given_back(date(2026, 4, 1)) == Decimal("377.14")


def test_without_credits_there_is_no_account(draft, sign):
    told = sign(draft(credits=None)).terms()
    assert told.month(MARCH, {}) is None

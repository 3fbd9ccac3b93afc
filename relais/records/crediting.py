"""Credits of a month: from the verdicts that were frozen and the agreement that was in force."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from relais.engine import credits
from relais.engine.credits import Account, Entry, Standing
from relais.offer.models import AgreementVersion
from relais.offer.terms import Terms

from . import verdicts
from .models import CreditLine, CreditStatement, Review
from .verdicts import Judged

ZERO = Decimal(0)


def draft(review: Review, *, at: datetime) -> list[CreditStatement]:
    """Return the drafts of a closed month: one an agreement that puts a fee at risk."""
    return [
        _drafted(review, version, terms, judged, at)
        for version, terms, judged in _with_credits(review)
    ]


def redraft(review: Review, *, at: datetime) -> None:
    """Draft a restated month anew, and those after it: repeats and earning back follow from it.

    What was issued stays as it was issued.
    """
    later = Review.objects.filter(company=review.company_id, month__gte=review.month)
    for each in later.exclude(state=Review.State.OPEN).order_by("month"):
        draft(each, at=at)


def is_overtaken(statement: CreditStatement) -> bool:
    """Return whether its month was restated after it was issued, its promises judged otherwise."""
    if statement.issued_at is None:
        return False
    review, agreement = statement.review, statement.agreement_version.agreement_id
    restated = review.restatements.order_by("-number")
    last = restated.first()
    if last is None or last.made_at <= statement.issued_at:
        return False
    then = restated.filter(made_at__lte=statement.issued_at).first() or review
    was, now = (
        [one for one in verdicts.read(bytes(each.verdicts)) if one.agreement == agreement]
        for each in (then, last)
    )
    return was != now


def _with_credits(review: Review) -> list[tuple[AgreementVersion, Terms, list[Judged]]]:
    found: dict[int, list[Judged]] = {}
    for each in verdicts.read(bytes(review.latest.verdicts)):
        found.setdefault(each.version, []).append(each)
    versions = AgreementVersion.objects.filter(pk__in=found).order_by("agreement_id")
    told = ((version, version.terms(), found[version.pk]) for version in versions)
    return [each for each in told if each[1].credits is not None]


def _drafted(
    review: Review, version: AgreementVersion, terms: Terms, judged: list[Judged], at: datetime
) -> CreditStatement:
    made = account(review, version.agreement_id)
    month = review.month
    statement = next(each for begin, each in made.statements if begin == month)
    by_metric = {each.metric: each for each in judged}
    lines = [_missed(line, by_metric[line.metric], month) for line in statement.lines]
    agreement = version.agreement_id
    back = (entry for entry in made.entries if _is_back(entry, month))
    lines += [_given_back(entry, review, agreement) for entry in back]
    assert terms.credits is not None
    return CreditStatement.draft(
        review, version, fee=terms.credits.monthly_fee, pool=statement.pool, lines=lines, at=at
    )


def account(review: Review, agreement: int) -> Account:
    """Return the account of an agreement up to a closed month: the months in a row before it."""
    rows = Review.objects.filter(company=review.company_id, month__lte=review.month)
    closed = rows.exclude(state=Review.State.OPEN).order_by("-month").defer("figures", "inside")
    months, expected = [], review.month
    versions: dict[int, Terms] = {}
    for each in closed:
        if each.month != expected:
            break
        told = [
            one for one in verdicts.read(bytes(each.latest.verdicts)) if one.agreement == agreement
        ]
        if not told:
            break
        key = told[0].version
        if key not in versions:
            versions[key] = AgreementVersion.objects.get(pk=key).terms()
        made = versions[key].month(each.month, {one.target.place: one.verdict for one in told})
        if made is None:
            break
        months.append(made)
        expected = (expected - timedelta(days=1)).replace(day=1)
    return credits.account(months[::-1])


def _is_back(entry: Entry, month: date) -> bool:
    return entry.standing is Standing.EARNED_BACK and entry.settled == month


def _missed(line: credits.Line, judged: Judged, month: date) -> dict[str, Any]:
    actual = judged.verdict.value or ZERO
    return {
        "kind": CreditLine.Kind.MISS, "key": line.metric, "metric": line.metric, "month": month,
        "weight": judged.target.weight, "actual": actual.quantize(Decimal("0.0001")),
        "expected": judged.target.expected, "critical": judged.target.critical,
        "counted": judged.verdict.counted,
        "multiplier": line.multiplier.quantize(Decimal("0.000001")), "repeat": line.repeat,
        "amount": line.amount, "credited": line.credited,
    }  # fmt: skip


def _given_back(entry: Entry, review: Review, agreement: int) -> dict[str, Any]:
    """Return the line of a credit that was earned back: as it was settled, if it was disputed."""
    past = CreditLine.objects.filter(
        statement__review__company=review.company_id, month=entry.month, metric=entry.metric,
        # Another agreement may promise the same.
        statement__agreement_version__agreement=agreement, kind=CreditLine.Kind.MISS,
    )  # fmt: skip
    line = past.first()
    amount = -(line.due if line else entry.amount)
    return {
        "kind": CreditLine.Kind.EARNED_BACK, "key": f"{entry.metric} {entry.month:%Y-%m}",
        "metric": entry.metric, "month": entry.month, "amount": amount, "credited": amount,
    }  # fmt: skip


def place_of(metric: str) -> tuple[str, str, str, str]:
    """Return a metric of credits as its promise's kind, service, family and priority, as texts."""
    kind, service, rest = metric.split(" ", 2)
    family, _space, priority = rest.rpartition(" ")
    return kind, service, family, priority


__all__ = ["account", "draft", "is_overtaken", "place_of", "redraft"]

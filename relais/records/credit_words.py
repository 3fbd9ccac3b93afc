"""Statements of credits as they are read, and as billing takes them over."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from relais.offer.models import Service
from relais.offer.terms import TargetTerms

from . import review_words
from .crediting import place_of
from .models import CreditLine, CreditStatement
from .review_words import euros, level_value, month_text, number


def metric_name(metric: str, services: Mapping[int, str]) -> str:
    """Return a promise as people call it."""
    kind, service, family, priority = place_of(metric)
    target = TargetTerms(
        kind, int(service) if service.isdigit() else None, family,
        int(priority) if priority.isdigit() else None,
    )  # fmt: skip
    return review_words.target_name(target, services)


def lines(statement: CreditStatement) -> list[dict[str, Any]]:
    """Return the lines of a statement as they are read."""
    services = {each.pk: each.name for each in Service.objects.all()}
    terms = {each.place: each for each in statement.agreement_version.terms().targets}
    by_metric = {" ".join(map(str, place)): target for place, target in terms.items()}
    return [_line(each, services, by_metric) for each in statement.lines.all()]


def _line(
    line: CreditLine, services: Mapping[int, str], targets: Mapping[str, TargetTerms]
) -> dict[str, Any]:
    target = targets.get(line.metric)
    statistic = target.statistic if target else "pct_within"
    name = metric_name(line.metric, services)
    if line.kind == CreditLine.Kind.EARNED_BACK:
        name = _("%(name)s: earned back, of %(month)s") % {
            "name": name, "month": month_text(line.month),
        }  # fmt: skip
    missed = line.kind == CreditLine.Kind.MISS
    return {
        "row": line, "name": name,
        "reached": level_value(statistic, line.actual) if missed else "",
        "expected": level_value(statistic, line.expected) if missed else "",
        "critical": level_value(statistic, line.critical) if missed else "",
        "weight": number(line.weight, 2) if missed else "",
        "multiplier": number(line.multiplier, 3) if missed else "",
        "repeat": _("× %(n)s") % {"n": number(line.repeat, 1)} if missed else "",
        "counted": line.counted or "",
        "amount": euros(line.amount), "credited": euros(line.credited), "due": euros(line.due),
    }  # fmt: skip


def sentence(statement: CreditStatement) -> str:
    """Return a statement in one sentence."""
    total = statement.total
    if not statement.lines.all():
        return _("%(pool)s were at risk; no promise that weighs was missed: no credit.") % {
            "pool": euros(statement.pool),
        }  # fmt: skip
    text = _("%(pool)s were at risk; %(total)s are credited.")
    if statement.state == CreditStatement.State.ISSUED:
        text = _("%(pool)s were at risk; %(total)s are credited (statement %(number)s).")
    return text % {
        "pool": euros(statement.pool), "total": euros(total), "number": statement.label,
    }  # fmt: skip


def cents(amount: Decimal) -> int:
    """Return an amount in whole cents."""
    return int((amount * 100).to_integral_value())


def for_billing(statement: CreditStatement) -> dict[str, Any]:
    """Return the data of the credit note: amounts in cents before tax; the tax is billing's."""
    told = lines(statement)
    return {
        "number": statement.label or None,
        "state": statement.state,
        "month": f"{statement.review.month:%Y-%m}",
        "client": statement.review.company.name,
        "agreement": str(statement.agreement_version),
        "issued_at": statement.issued_at,
        "currency": "EUR",
        "vat": None,
        "total_cents": cents(statement.total),
        "lines": [
            {
                "key": each["row"].key, "label": each["name"], "kind": each["row"].kind,
                "month": f"{each['row'].month:%Y-%m}", "cents": cents(each["row"].due),
                "state": each["row"].state,
            }
            for each in told
        ],
    }  # fmt: skip


def note_rows(statement: CreditStatement) -> list[list[Any]]:
    """Return the credit note as rows of a sheet."""
    told = for_billing(statement)
    head = [_("Number"), _("Month"), _("Client"), _("Line"), _("Of"), _("Cents"), _("Currency")]
    rows: list[list[Any]] = [head]
    for each in told["lines"]:
        rows.append([
            told["number"] or "", told["month"], told["client"], each["label"], each["month"],
            each["cents"], told["currency"],
        ])  # fmt: skip
    rows.append([told["number"] or "", told["month"], told["client"], _("Total"), "",
                 told["total_cents"], told["currency"]])  # fmt: skip
    return rows

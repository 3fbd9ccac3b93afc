"""The demo's quality and packages: a few checks, one with a corrective action; a package."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone

from relais.engine import sampling
from relais.people.models import Company, Confidentiality, Person, Provider
from relais.records import checks
from relais.records.models import CorrectiveAction, QualityCheck, UsagePlan

CHECKED = 4
MONTHS = 2  # before this one, in which the package held already


def live(provider: Provider, now: datetime, people: dict[str, Person]) -> None:
    """Let it happen: the month that is over is drawn by the job, once its history is lived."""
    _package(now, people["sarah"])
    checks.draw_compulsory(provider, now)
    ordinary = QualityCheck.objects.exclude(ticket__confidentiality=Confidentiality.EXECUTIVE)
    ordinary = ordinary.exclude(assistant=people["odile"]).order_by("pk")
    for number, check in enumerate(ordinary.select_related("ticket__site")[:CHECKED]):
        wrong = {0: {"amount": "Le montant du devis a été repris sans la remise."}, 1: {
            "wording": "Deux fautes d’accord dans la réponse."
        }}.get(number, {})  # fmt: skip
        _check(check, people["odile"], wrong, now)
    action = CorrectiveAction.objects.order_by("pk").first()
    if action is not None:
        action.plan(
            "La procédure ne dit pas de relire le devis signé.",
            "Ajouter un point de contrôle avant l’envoi.",
            by=people["odile"], procedure=action.procedure,
        )  # fmt: skip


def _check(check: QualityCheck, by: Person, wrong: dict[str, str], now: datetime) -> None:
    check.open(by=by, at=now)
    marks = {one.key: "yes" for one in sampling.GRID} | {"legal": "na"}
    check.answer(marks | dict.fromkeys(wrong, "no"), wrong, by=by)
    check.finish(by=by, at=now)


def _package(now: datetime, lead: Person) -> None:
    company = Company.objects.order_by("pk").first()
    if company is None:
        return
    today = timezone.localtime(now).date()
    number = today.year * 12 + today.month - 1 - MONTHS
    UsagePlan.agree(
        company, date(number // 12, number % 12 + 1, 1), by=lead, unit="requests",
        included=Decimal(80), price_cents=480_000, carried_months=2, carried_percent=Decimal(20),
        overage="rate", over_cents=5_500, alerts=[50, 75, 90, 100],
    )  # fmt: skip

"""The agreement of the demo world: signed by both sides in January, and a draft for next year."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from relais.offer.models import Agreement, AgreementVersion, Service
from relais.offer.terms import CreditTerms, TargetTerms
from relais.people.models import Person

TARGETS = (
    TargetTerms("first_response", hours=Decimal(4), weight=Decimal("0.2"),
                expected=Decimal(90), target=Decimal(95), critical=Decimal(80)),
    TargetTerms("first_response", priority=1, hours=Decimal("0.5"),
                expected=Decimal(90), target=Decimal(95), critical=Decimal(80)),
    TargetTerms("first_response", priority=2, hours=Decimal(2),
                expected=Decimal(90), target=Decimal(95), critical=Decimal(80)),
    TargetTerms("next_reply", hours=Decimal(4)),
    TargetTerms("delivery", hours=Decimal(16), weight=Decimal("0.4")),
    TargetTerms("delivery", family=Service.Family.AGENDA, hours=Decimal(8)),
    TargetTerms("delivery", family=Service.Family.TRAVEL, hours=Decimal(8)),
    TargetTerms("delivery", family=Service.Family.CONTRACTS, days=3),
    TargetTerms("acceptance", days=5, weight=Decimal(0)),
)  # fmt: skip
EXCLUSIONS = (
    "Élément du client remis en retard",
    "Force majeure",
    "Report demandé ou accepté par le client",
)
OBLIGATIONS = (
    "Répondre aux questions sous un jour ouvré",
    "Signaler une fermeture de site cinq jours ouvrés à l’avance",
    "Accepter ou contester une livraison sous cinq jours ouvrés",
)
CREDITS = CreditTerms(monthly_fee=Decimal(12000))


def conclude(people: dict[str, Person], start: date) -> None:
    """Have both leads sign the agreement of Calanques before `start`; draft the next version."""
    signing = datetime.combine(
        start - timedelta(days=20), time(10), timezone.get_default_timezone()
    )
    lead, client = people["sarah"], people["philippe"]
    first = Agreement.open(client.company, "Contrat de services", by=lead, at=signing)
    first.edit(
        by=lead,
        at=signing,
        effective_from=start,
        note="Première version, à l’ouverture du service.",
        targets=TARGETS,
        exclusions=EXCLUSIONS,
        obligations=OBLIGATIONS,
        credits=CREDITS,
    )
    first.sign(by=client, side="client", at=signing + timedelta(days=1))
    first.sign(by=lead, side="provider", at=signing + timedelta(days=2))
    draft = AgreementVersion.draft_from(first.agreement, by=lead, at=signing + timedelta(days=300))
    draft.edit(
        by=lead,
        at=signing + timedelta(days=300),
        effective_from=date(start.year + 1, 1, 1),
        note="Rendez-vous organisés en une demi-journée.",
        targets=tuple(
            replace(each, hours=Decimal(4)) if each.family == Service.Family.AGENDA else each
            for each in TARGETS
        ),
    )

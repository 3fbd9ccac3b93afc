"""The catalogue that every provider starts with: the families of assistants' work."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from relais.people.models import Confidentiality, Provider

from .models import Service

Family = Service.Family


class Entry(NamedTuple):
    """One service as it is first offered; hours are business hours."""

    code: str
    family: str
    name_fr: str
    name_en: str
    minutes: int
    response: str
    delivery: str
    confidentiality: int
    words: str


C1, C2 = Confidentiality.INTERNAL, Confidentiality.CONFIDENTIAL

ENTRIES = [
    Entry(
        "appointment", Family.AGENDA, "Organiser un rendez-vous", "Arrange an appointment",
        20, "2", "8", C1,
        "rendez-vous rdv agenda créneau disponibilité décaler reporter invitation calendrier "
        "appointment diary slot availability reschedule postpone invite calendar",
    ),
    Entry(
        "meeting", Family.AGENDA, "Préparer une réunion", "Prepare a meeting",
        45, "4", "16", C1,
        "réunion salle visioconférence ordre du jour convocation compte rendu "
        "meeting room videoconference minutes",
    ),
    Entry(
        "dashboard", Family.REPORTING, "Mettre à jour un tableau de bord", "Update a dashboard",
        60, "4", "16", C1,
        "reporting tableau bord indicateurs excel statistiques chiffres rapport mensuel "
        "dashboard indicators figures statistics report monthly",
    ),
    Entry(
        "slides", Family.REPORTING, "Mettre en forme une présentation", "Lay out a presentation",
        75, "4", "16", C1,
        "présentation diaporama powerpoint slides mise en page presentation deck",
    ),
    Entry(
        "contract", Family.CONTRACTS, "Suivre un contrat", "Follow up a contract",
        45, "4", "24", C2,
        "contrat avenant signature bail échéance renouvellement résiliation prestataire "
        "contract amendment lease renewal termination",
    ),
    Entry(
        "quotes", Family.CONTRACTS, "Demander et comparer des devis", "Get and compare quotes",
        60, "4", "32", C1,
        "devis consultation comparer fournisseur offre de prix quote quotation tender supplier",
    ),
    Entry(
        "invoice", Family.INVOICING, "Traiter une facture", "Process an invoice",
        20, "4", "16", C2,
        "facture facturation avoir paiement règlement relance impayé bon de commande "
        "invoice billing credit note payment reminder unpaid purchase order",
    ),
    Entry(
        "expenses", Family.INVOICING, "Saisir une note de frais", "Enter an expense claim",
        20, "8", "24", C2,
        "note de frais remboursement justificatif ticket reçu expense claim refund receipt",
    ),
    Entry(
        "coordination", Family.COORDINATION, "Coordonner une action entre sites",
        "Coordinate work between sites",
        60, "4", "24", C1,
        "coordonner coordination intervention technicien livraison accueil arrivée événement "
        "coordinate visit technician delivery welcome newcomer event",
    ),
    Entry(
        "mailing", Family.COORDINATION, "Rédiger et diffuser une note", "Write and send a notice",
        40, "4", "16", C1,
        "courrier note information diffusion rédiger relire traduire letter notice write "
        "proofread translate",
    ),
    Entry(
        "travel", Family.TRAVEL, "Réserver un déplacement", "Book a trip",
        40, "2", "8", C1,
        "déplacement voyage train billet avion vol hôtel réserver réservation location taxi "
        "travel trip flight hotel book booking car",
    ),
    Entry(
        "other", Family.OTHER, "Autre demande", "Something else",
        30, "4", "24", C1, "",
    ),
]  # fmt: skip


def preload(provider: Provider) -> list[Service]:
    """Return the services that were added; those that the provider has already stay as they are.

    Call inside `tenant(provider.pk)`.
    """
    known = set(Service.objects.filter(provider=provider).values_list("code", flat=True))
    return Service.objects.bulk_create(
        Service(
            provider=provider,
            code=entry.code,
            family=entry.family,
            name_fr=entry.name_fr,
            name_en=entry.name_en,
            words=entry.words,
            standard_minutes=entry.minutes,
            p90_minutes=entry.minutes * 2,
            response_hours=Decimal(entry.response),
            delivery_hours=Decimal(entry.delivery),
            confidentiality=entry.confidentiality,
        )
        for entry in ENTRIES
        if entry.code not in known
    )

"""How the demo pool works: its procedures, a site that differs, two preference sheets."""

from __future__ import annotations

from datetime import datetime

from relais.offer import catalogue
from relais.offer.models import PreferenceSheet, Procedure, Service, ServiceVariant
from relais.people.models import Person, Provider, Site

CLAIRE = {
    "working_hours": "8 h 30 – 19 h",
    "languages": "français, anglais, italien",
    "tone": "vous",
    "channel": "phone",
    "quiet_hours": "Après 19 h 30 et le dimanche",
    "min_notice_hours": "24",
    "max_meetings": "6",
    "buffer_minutes": "15",
    "protected_slots": "Lundi matin (comité), vendredi après 16 h",
    "rooms": "Salle Sainte-Victoire ; pas de visioconférence avant 9 h",
    "travel_class": "Première, côté couloir",
    "rail_air_rule": "Train jusqu’à quatre heures",
    "hotel_ceiling": "180",
    "loyalty_numbers": "Carte Grand Voyageur, numéro au coffre",
    "expense_rules": "Justificatif photographié le jour même",
    "signature_limits": "Engagements jusqu’à 50 000 € ; au-delà, conseil",
    "vip_contacts": "Maître Fabre, président de la banque, famille",
    "never_answer": "Démarchage de cabinets de recrutement",
    "confidential_topics": "Projet Garrigue",
    "standing_reports": "Tableau de bord le 5 du mois, à 9 h",
    "personal_tasks": "no",
}
MARC = {
    "working_hours": "7 h 30 – 17 h",
    "tone": "tu",
    "channel": "mail",
    "min_notice_hours": "4",
    "protected_slots": "Tournée d’atelier de 8 h à 9 h",
    "hotel_ceiling": "120",
    "escalation": "La responsable logistique",
}
LIMITS = {
    "agenda": {"level": "alone"},
    "travel": {"level": "informs", "ceiling": "800"},
    "invoicing": {"level": "proposes"},
    "contracts": {"level": "never"},
}


def furnish(provider: Provider, people: dict[str, Person], site: Site, at: datetime) -> None:
    """Publish the procedures, have colleagues read them, vary one at a site, write two sheets."""
    lead = people["sarah"]
    catalogue.preload_procedures(provider, lead, at)
    for procedure in Procedure.objects.all():
        version = procedure.in_force(at.date())
        for person in people.values():
            if person.company_id is None and version and person.job == "Assistante de direction":
                version.acknowledge(by=person, at=at)
    ServiceVariant.vary(
        Service.objects.get(code="appointment"),
        site,
        by=lead,
        differs={
            "deliverable_fr": "Le rendez-vous à l’agenda, avec l’heure de Paris et l’heure locale.",
            "deliverable_en": "The appointment in the diary, in Paris time and local time.",
        },
        steps=[
            {
                "op": "add",
                "key": "slots",
                "step": {
                    "key": "local-time",
                    "action_fr": "Vérifier l’heure locale de chaque participant",
                    "action_en": "Check everybody's local time",
                    "mandatory": True,
                    "control_fr": "Décalage constaté",
                    "control_en": "Time difference found",
                },
            }
        ],
        note="Deux à trois heures de décalage avec la métropole.",
        at=at,
    )
    claire, marc = people["claire"], people["marc"]
    PreferenceSheet.write(
        claire, by=claire, content=CLAIRE, authority=LIMITS, reserved=[], note="", at=at
    )
    PreferenceSheet.write(
        marc,
        by=lead,
        content=MARC,
        authority={"agenda": {"level": "alone"}},
        reserved=[],
        note="Écrite après l’entretien d’ouverture.",
        at=at,
    )

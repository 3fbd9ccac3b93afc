"""What a preference sheet asks (domain A.4), field by field, and of which class each field is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from relais.people.models import Confidentiality

from .questions import Choice, Question

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

C1, C2, C3 = Confidentiality.INTERNAL, Confidentiality.CONFIDENTIAL, Confidentiality.EXECUTIVE


@dataclass(frozen=True)
class Group:
    """Some fields that belong together."""

    title: StrPromise
    fields: tuple[tuple[Question, int], ...]


def _ask(
    key: str, kind: str, fr: str, en: str, level: int = C1, *choices: str
) -> tuple[Question, int]:
    offered = tuple(Choice(*(part.strip() for part in line.split("|"))) for line in choices)
    return Question(key, kind, fr, en, choices=offered), level


GROUPS = (
    Group(
        _("Hours and address"),
        (
            _ask("working_hours", "text", "Horaires de travail", "Working hours"),
            _ask("time_zone", "text", "Fuseau horaire", "Time zone"),
            _ask("languages", "text", "Langues", "Languages"),
            _ask(
                "tone",
                "choice",
                "Ton",
                "Tone",
                C1,
                "vous | Vouvoiement | Formal",
                "tu | Tutoiement | Informal",
            ),
            _ask(
                "channel",
                "choice",
                "Canal préféré",
                "Preferred channel",
                C1,
                "mail | Courriel | Mail",
                "phone | Téléphone | Telephone",
                "chat | Messagerie instantanée | Chat",
                "sms | SMS | Text message",
            ),
            _ask("quiet_hours", "text", "Ne pas déranger", "Quiet hours"),
        ),
    ),
    Group(
        _("Meetings"),
        (
            _ask(
                "min_notice_hours", "number", "Préavis minimum (heures)", "Shortest notice (hours)"
            ),
            _ask("max_meetings", "number", "Réunions par jour au plus", "Meetings a day at most"),
            _ask(
                "buffer_minutes",
                "number",
                "Battement entre deux (minutes)",
                "Gap between two (minutes)",
            ),
            _ask("protected_slots", "long", "Plages protégées", "Protected hours"),
            _ask("rooms", "long", "Salles et visioconférence", "Rooms and video"),
        ),
    ),
    Group(
        _("Travel"),
        (
            _ask("travel_class", "text", "Classe et place", "Class and seat"),
            _ask("rail_air_rule", "text", "Train ou avion", "Rail or air"),
            _ask("hotel_ceiling", "amount", "Plafond d’hôtel, la nuit", "Hotel ceiling, a night"),
            _ask("loyalty_numbers", "long", "Numéros de fidélité", "Loyalty numbers", C2),
        ),
    ),
    Group(
        _("Money and signature"),
        (
            _ask("expense_rules", "long", "Règles de frais", "Expense rules"),
            _ask(
                "signature_limits",
                "long",
                "Limites de signature et délégations",
                "Limits of signature and delegations",
                C2,
            ),
        ),
    ),
    Group(
        _("People and subjects"),
        (
            _ask("vip_contacts", "long", "Contacts prioritaires", "Priority contacts", C2),
            _ask(
                "escalation", "text", "Qui prévenir si cela presse", "Whom to tell when it presses"
            ),
            _ask("never_answer", "long", "Ne jamais répondre à", "Never to be answered", C2),
            _ask(
                "confidential_topics", "long", "Sujets confidentiels", "Confidential subjects", C3
            ),
        ),
    ),
    Group(
        _("Work"),
        (
            _ask("standing_reports", "long", "Rapports attendus", "Standing reports"),
            _ask(
                "personal_tasks",
                "yes_no",
                "Tâches personnelles admises ?",
                "Personal tasks allowed?",
            ),
            _ask("document_naming", "text", "Nommage des documents", "Naming of documents"),
        ),
    ),
)
QUESTIONS = tuple(question for group in GROUPS for question, _level in group.fields)
CLASSES = {question.key: level for group in GROUPS for question, level in group.fields}

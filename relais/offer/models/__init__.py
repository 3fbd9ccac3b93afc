"""What is promised and how it is done: one file a subject."""

from .agreement import Agreement, AgreementEvent
from .agreement_terms import AgreementClause, AgreementCredit, AgreementScope, AgreementTarget
from .agreement_version import AgreementVersion
from .hand_target import HandTarget
from .offer_event import OfferEvent
from .preference_sheet import PreferenceSheet, SheetVersion
from .procedure import Acknowledgement, Practice, Procedure, ProcedureVersion
from .service import Priority, Service, ServiceSkill
from .service_variant import ServiceVariant

__all__ = [
    "Acknowledgement",
    "Agreement",
    "AgreementClause",
    "AgreementCredit",
    "AgreementEvent",
    "AgreementScope",
    "AgreementTarget",
    "AgreementVersion",
    "HandTarget",
    "OfferEvent",
    "Practice",
    "PreferenceSheet",
    "Priority",
    "Procedure",
    "ProcedureVersion",
    "Service",
    "ServiceSkill",
    "ServiceVariant",
    "SheetVersion",
]

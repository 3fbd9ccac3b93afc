"""What is promised: one file a subject."""

from .agreement import Agreement, AgreementEvent
from .agreement_terms import AgreementClause, AgreementCredit, AgreementScope, AgreementTarget
from .agreement_version import AgreementVersion
from .service import Service

__all__ = [
    "Agreement",
    "AgreementClause",
    "AgreementCredit",
    "AgreementEvent",
    "AgreementScope",
    "AgreementTarget",
    "AgreementVersion",
    "Service",
]

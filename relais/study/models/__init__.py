"""The tables of the diagnostic."""

from .choice import ChoiceWeights, Correction, ModelChoice, ModelOffer
from .derogation import Derogation
from .duplicate import Duplicate
from .line import InventoryLine
from .study import Participant, Study, StudySite

__all__ = [
    "ChoiceWeights",
    "Correction",
    "Derogation",
    "Duplicate",
    "InventoryLine",
    "ModelChoice",
    "ModelOffer",
    "Participant",
    "Study",
    "StudySite",
]

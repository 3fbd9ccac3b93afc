"""The tables of the diagnostic."""

from .choice import ChoiceWeights, Correction, ModelChoice, ModelOffer
from .cost import CostLine, CostScenario
from .derogation import Derogation
from .duplicate import Duplicate
from .line import InventoryLine
from .restitution import Report, Restitution
from .sizing import Sizing
from .study import Participant, Study, StudySite

__all__ = [
    "ChoiceWeights",
    "Correction",
    "CostLine",
    "CostScenario",
    "Derogation",
    "Duplicate",
    "InventoryLine",
    "ModelChoice",
    "ModelOffer",
    "Participant",
    "Report",
    "Restitution",
    "Sizing",
    "Study",
    "StudySite",
]

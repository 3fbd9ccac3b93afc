"""The tables of the diagnostic."""

from .choice import ChoiceWeights, Correction, ModelChoice, ModelOffer
from .cost import CostLine, CostScenario
from .derogation import Derogation
from .duplicate import Duplicate
from .line import InventoryLine
from .origin import Generated, Generation, Origin
from .restitution import Report, Restitution
from .sizing import Sizing
from .study import Participant, Study, StudySite
from .wave import Post, Wave, WaveSite

__all__ = [
    "ChoiceWeights",
    "Correction",
    "CostLine",
    "CostScenario",
    "Derogation",
    "Duplicate",
    "Generated",
    "Generation",
    "InventoryLine",
    "ModelChoice",
    "ModelOffer",
    "Origin",
    "Participant",
    "Post",
    "Report",
    "Restitution",
    "Sizing",
    "Study",
    "StudySite",
    "Wave",
    "WaveSite",
]

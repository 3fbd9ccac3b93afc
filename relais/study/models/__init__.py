"""The tables of the diagnostic."""

from .activity import ActivityCategory, ActivityEntry, ActivityLog
from .brake import BrakeAnswer
from .change_action import ChangeAction
from .choice import ChoiceWeights, Correction, ModelChoice, ModelOffer
from .cost import CostLine, CostScenario
from .derogation import Derogation
from .duplicate import Duplicate
from .interview import Interview, StudyLink
from .irritant import Irritant, IrritantLine, IrritantMeasure
from .line import InventoryLine
from .maturity import MaturityAnswer
from .origin import Generated, Generation, Origin
from .restitution import Report, Restitution
from .sheet_import import SheetImport
from .sizing import Sizing
from .study import Participant, Study, StudySite
from .wave import Post, Wave, WaveSite

__all__ = [
    "ActivityCategory",
    "ActivityEntry",
    "ActivityLog",
    "BrakeAnswer",
    "ChangeAction",
    "ChoiceWeights",
    "Correction",
    "CostLine",
    "CostScenario",
    "Derogation",
    "Duplicate",
    "Generated",
    "Generation",
    "Interview",
    "InventoryLine",
    "Irritant",
    "IrritantLine",
    "IrritantMeasure",
    "MaturityAnswer",
    "ModelChoice",
    "ModelOffer",
    "Origin",
    "Participant",
    "Post",
    "Report",
    "Restitution",
    "SheetImport",
    "Sizing",
    "Study",
    "StudyLink",
    "StudySite",
    "Wave",
    "WaveSite",
]

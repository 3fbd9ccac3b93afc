"""The tables of service reviews."""

from .check import QualityCheck, QualityDraw, QualityGrid
from .corrective_action import CorrectiveAction
from .figure_view import FigureView
from .kept_figures import KeptFigures
from .life import LifeMark, LifeRow
from .usage_dispute import UsageDispute
from .usage_plan import UsagePlan

__all__ = [
    "CorrectiveAction",
    "FigureView",
    "KeptFigures",
    "LifeMark",
    "LifeRow",
    "QualityCheck",
    "QualityDraw",
    "QualityGrid",
    "UsageDispute",
    "UsagePlan",
]

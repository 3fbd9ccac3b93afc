"""The tables of service reviews."""

from .check import QualityCheck, QualityDraw, QualityGrid
from .corrective_action import CorrectiveAction
from .credit_statement import CreditLine, CreditStatement
from .exclusion import Exclusion
from .figure_view import FigureView
from .kept_figures import KeptFigures
from .life import LifeMark, LifeRow
from .review import FrozenMonth, Restatement, Review
from .review_document import ReviewDocument
from .review_word import Commentary, ReviewItem, ReviewReader
from .usage_dispute import UsageDispute
from .usage_plan import UsagePlan

__all__ = [
    "Commentary",
    "CorrectiveAction",
    "CreditLine",
    "CreditStatement",
    "Exclusion",
    "FigureView",
    "FrozenMonth",
    "KeptFigures",
    "LifeMark",
    "LifeRow",
    "QualityCheck",
    "QualityDraw",
    "QualityGrid",
    "Restatement",
    "Review",
    "ReviewDocument",
    "ReviewItem",
    "ReviewReader",
    "UsageDispute",
    "UsagePlan",
]

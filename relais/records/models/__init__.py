"""The tables of service reviews."""

from .figure_view import FigureView
from .kept_figures import KeptFigures
from .life import LifeMark, LifeRow

__all__ = ["FigureView", "KeptFigures", "LifeMark", "LifeRow"]

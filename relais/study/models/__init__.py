"""The tables of the diagnostic."""

from .duplicate import Duplicate
from .line import InventoryLine
from .study import Participant, Study, StudySite

__all__ = ["Duplicate", "InventoryLine", "Participant", "Study", "StudySite"]

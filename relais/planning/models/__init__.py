"""The tables of planning."""

from .busy import BusySource, BusyTime
from .calendar_link import CalendarLink
from .handover import Handover, HandoverWord
from .load_outlook import LoadOutlook
from .relief import Relief, ReliefMove, ReliefSite
from .roster import Roster
from .shift_kind import ShiftKind

__all__ = [
    "BusySource",
    "BusyTime",
    "CalendarLink",
    "Handover",
    "HandoverWord",
    "LoadOutlook",
    "Relief",
    "ReliefMove",
    "ReliefSite",
    "Roster",
    "ShiftKind",
]

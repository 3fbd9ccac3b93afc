"""The tables of planning."""

from .busy import BusySource, BusyTime
from .calendar_link import CalendarLink
from .drill import Drill, DrillAction
from .emergency import EmergencyAccess
from .handover import Handover, HandoverWord
from .impact import Impact
from .leave import LeaveRequest
from .lever import Lever
from .load_outlook import LoadOutlook
from .meeting import Meeting, MeetingGuest, MeetingTime
from .relief import Relief, ReliefMove, ReliefSite
from .roster import Roster
from .shift_kind import ShiftKind
from .volume_profile import VolumeProfile

__all__ = [
    "BusySource",
    "BusyTime",
    "CalendarLink",
    "Drill",
    "DrillAction",
    "EmergencyAccess",
    "Handover",
    "HandoverWord",
    "Impact",
    "LeaveRequest",
    "Lever",
    "LoadOutlook",
    "Meeting",
    "MeetingGuest",
    "MeetingTime",
    "Relief",
    "ReliefMove",
    "ReliefSite",
    "Roster",
    "ShiftKind",
    "VolumeProfile",
]

"""The tables of planning."""

from .calendar_link import CalendarLink
from .handover import Handover, HandoverWord
from .relief import Relief, ReliefMove, ReliefSite

__all__ = ["CalendarLink", "Handover", "HandoverWord", "Relief", "ReliefMove", "ReliefSite"]

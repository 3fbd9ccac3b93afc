"""The tables of planning."""

from .calendar_link import CalendarLink
from .relief import Relief, ReliefMove, ReliefSite

__all__ = ["CalendarLink", "Relief", "ReliefMove", "ReliefSite"]

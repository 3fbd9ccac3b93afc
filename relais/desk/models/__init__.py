"""The live operation: one file a subject."""

from .clock import Clock
from .event import Event
from .letter import Letter
from .message import Message
from .recalculation import DeadlineChange, Recalculation
from .ticket import Ticket

__all__ = [
    "Clock",
    "DeadlineChange",
    "Event",
    "Letter",
    "Message",
    "Recalculation",
    "Ticket",
]

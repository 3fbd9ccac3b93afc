"""The live operation: one file a subject."""

from .attachment import Attachment, StoredFile
from .clock import Clock
from .event import Event
from .letter import Letter
from .link import Dismissal, Link, Merge
from .message import Message
from .recalculation import DeadlineChange, Recalculation
from .ticket import Ticket

__all__ = [
    "Attachment",
    "Clock",
    "DeadlineChange",
    "Dismissal",
    "Event",
    "Letter",
    "Link",
    "Merge",
    "Message",
    "Recalculation",
    "StoredFile",
    "Ticket",
]

"""The live operation: one file a subject."""

from .attachment import Attachment, StoredFile
from .clock import Clock
from .event import Event
from .letter import Letter
from .link import Dismissal, Link, Merge
from .message import Message
from .recalculation import DeadlineChange, Recalculation
from .run import Run
from .ticket import Ticket
from .webhook import Webhook, WebhookCall

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
    "Run",
    "StoredFile",
    "Ticket",
    "Webhook",
    "WebhookCall",
]

"""The live operation: one file a subject."""

from .approval import Approval, Delegation
from .attachment import Attachment, StoredFile
from .clock import Clock
from .commitment import Commitment
from .dispatch_case import DispatchCase
from .dispatch_mode import DispatchMode
from .dispatch_setting import DispatchSetting
from .dispatch_share import DispatchShare
from .event import Event
from .feedback import ClarityMark, Rating
from .foresight import DayOrder, Foresight, Outlook
from .letter import Letter
from .link import Dismissal, Link, Merge
from .log_import import LogImport, LogRefusal
from .mailbox import KnownAddress, Mailbox, SendingServer
from .message import Message
from .pairing import Pairing
from .recalculation import DeadlineChange, Recalculation
from .recurrence import Occurrence, Recurrence
from .replay import Replay
from .run import Run
from .saved_view import SavedView
from .silence import Silence
from .standing import StandingEvent, StandingKind
from .steering import Arbitration, SteeringAttempt
from .ticket import Ticket
from .time_entry import TimeEntry
from .triage_model import TriageModel
from .webhook import Webhook, WebhookCall

__all__ = [
    "Approval",
    "Arbitration",
    "Attachment",
    "ClarityMark",
    "Clock",
    "Commitment",
    "DayOrder",
    "DeadlineChange",
    "Delegation",
    "Dismissal",
    "DispatchCase",
    "DispatchMode",
    "DispatchSetting",
    "DispatchShare",
    "Event",
    "Foresight",
    "KnownAddress",
    "Letter",
    "Link",
    "LogImport",
    "LogRefusal",
    "Mailbox",
    "Merge",
    "Message",
    "Occurrence",
    "Outlook",
    "Pairing",
    "Rating",
    "Recalculation",
    "Recurrence",
    "Replay",
    "Run",
    "SavedView",
    "SendingServer",
    "Silence",
    "StandingEvent",
    "StandingKind",
    "SteeringAttempt",
    "StoredFile",
    "Ticket",
    "TimeEntry",
    "TriageModel",
    "Webhook",
    "WebhookCall",
]

"""What the fields and steps of a log are called on the screen."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

FIELDS = [
    ("ref", _("Reference")),
    ("log", _("Log")),
    ("site", _("Site")),
    ("requester", _("Requester")),
    ("opened_at", _("Opened")),
    ("event_at", _("When")),
    ("event_state", _("State or step")),
    ("title", _("Subject")),
    ("category", _("Category")),
    ("subcategory", _("Sub-category")),
    ("priority", _("Priority")),
    ("channel", _("Channel")),
    ("team", _("Team")),
    ("handler_first", _("Who works on it")),
    ("handler_last", _("Who resolved it")),
    ("state", _("State")),
    ("taken_at", _("Taken in hand")),
    ("resolved_at", _("Resolved")),
    ("closed_at", _("Closed on")),
    ("last_at", _("Last change")),
    ("event_no", _("Number of the event")),
]
STEP_LABELS = {
    "new": _("in the queue"),
    "queued": _("back in a team's queue"),
    "assigned": _("assigned"),
    "working": _("in progress"),
    "waiting": _("waits for the requester (stops the clock)"),
    "third": _("waits for somebody else"),
    "resolved": _("delivered"),
    "closed": _("accepted and closed"),
    "cancelled": _("cancelled"),
    "ignored": _("nothing"),
}

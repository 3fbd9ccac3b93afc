"""The parts of continuity, as tabs above each of its pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABS = (
    ("continuity", _("Absences")),
    ("handovers", _("Handover notes")),
    ("leaves", _("Leave")),
    ("matrix", _("Coverage matrix")),
    ("what_if", _("What if")),
    ("impacts", _("Impacts")),
    ("drills", _("Drills")),
    ("emergencies", _("Accesses")),
)

"""The indexes of requests: what the lists are counted, searched and sorted in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

# What decides who sees a request stands in the index, so that a list of thousands is counted there
# and not row by row; so do the words that are searched: see decision 0026.
WALLS = ["company", "site", "requester", "holder", "confidentiality"]

INDEXES = [
    models.Index(
        fields=["provider", "-received_at"],
        include=[*WALLS, "id", "state", "priority", "subject_key"],
        name="desk_ticket_lists",
    ),
    models.Index(
        fields=["provider", "subject_key", "id"], include=WALLS, name="desk_ticket_subject"
    ),
    models.Index(fields=["site", "-received_at"], name="desk_ticket_site"),
    models.Index(fields=["requester", "-received_at"], name="desk_ticket_requester"),
    models.Index(
        fields=["provider", "state", "received_at"],
        name="desk_ticket_live",
        condition=Q(state__in=["open", "assigned", "taken", "waiting", "third", "delivered"]),
    ),
    # What everybody has in hand, which dispatch asks at every decision.
    models.Index(
        fields=["provider", "holder"],
        include=["id", "state", "service", "priority"],
        name="desk_ticket_hands",
        condition=Q(state__in=["assigned", "taken", "waiting", "third"]),
    ),
]

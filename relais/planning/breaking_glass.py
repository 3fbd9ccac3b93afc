"""An emergency access, opened and told to both leads of the client's engagement."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.desk.models import Letter
from relais.people.models import Person, System

from .models import EmergencyAccess


def open_access(
    system: System, person: Person, why: str, *, by: Person, at: datetime | None = None
) -> EmergencyAccess:
    """Return the access, open for a day; both leads are written to. Raises what `open` raises.

    The client's lead reads that her tool was opened, and whom to ask: the reason may speak of an
    absence, and is the provider's.
    """
    with transaction.atomic():
        made = EmergencyAccess.open(system, person, why, by=by, at=at)
        engagement = system.company.engagement
        leads = [engagement.client_lead, engagement.provider_lead] if engagement else []
        for lead in leads:
            with override(lead.language):
                subject = _("Emergency access to %(tool)s") % {"tool": system.name}
                text = _("Opened for 24 hours by the service. Your provider lead tells you why.")
                if not lead.is_client:
                    text = _("Opened for 24 hours to %(person)s, for this reason: %(why)s")
            Letter.inform(
                lead, f"emergency:{made.pk}:{lead.pk}", subject,
                text % {"why": made.why, "person": person.name},
            )  # fmt: skip
    return made

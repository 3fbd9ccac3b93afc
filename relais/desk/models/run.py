"""A procedure as it is run for one ticket: the version pinned, its steps, what is done of them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.offer.models import ProcedureVersion
from relais.people.models.tenant import TenantModel


class Run(TenantModel):
    """The checklist of a ticket. One row whatever the number of steps; its verbs hold the row."""

    ticket = models.OneToOneField("desk.Ticket", models.PROTECT, related_name="run")
    procedure = models.ForeignKey(ProcedureVersion, models.PROTECT, related_name="+")
    pinned_at = models.DateTimeField()
    # The steps as the ticket's site does them, pinned with the version.
    steps = models.JSONField(default=list)
    # By key of a step: {"by": person, "name": …, "at": …, "value": what the control asked for}.
    done = models.JSONField(default=dict)
    # Set when a delivery goes out with steps left: {"by", "name", "at", "reason", "steps"}.
    waived = models.JSONField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("checklist")
        verbose_name_plural = _("checklists")
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_run_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(
                name="desk_run_procedure_fk", field="procedure", to="offer_procedureversion"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.procedure} · {self.ticket_id}"

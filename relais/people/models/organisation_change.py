"""Who changed what in the organisation, when: written once, never changed."""

from __future__ import annotations

from django.db import models

from relais.lib.tenancy import SameTenant

from .person import Person
from .tenant import TenantModel


class OrganisationChange(TenantModel):
    """One change of a company, a place, a person, a role or a cover; the tables' own words."""

    at = models.DateTimeField()
    by = models.ForeignKey(Person, models.DO_NOTHING, null=True, related_name="+")
    # The table ("people.Site") and the row: a reference would not outlive the row.
    subject = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="people_orgchange_person_fk", field="by", to="people_person"),
        ]
        indexes = [
            models.Index(fields=["provider", "subject", "subject_id"], name="people_orgchange_of")
        ]

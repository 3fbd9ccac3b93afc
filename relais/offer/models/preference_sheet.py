"""How an executive wants to be served, and what an assistant may do alone for her, in versions."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Company, Person
from relais.people.models.tenant import TenantModel


class PreferenceSheet(TenantModel):
    """The sheet of one executive; what it says stands in its versions."""

    person = models.OneToOneField(
        Person, models.PROTECT, related_name="preference_sheet", verbose_name=_("executive")
    )
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("preference sheet")
        verbose_name_plural = _("preference sheets")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="offer_sheet_person_fk", field="person", to="people_person"),
            SameTenant(name="offer_sheet_company_fk", field="company", to="people_company"),
        ]

    def __str__(self) -> str:
        return str(self.person)


class SheetVersion(TenantModel):
    """What a sheet said from one moment on. Append-only but for the executive's confirmation."""

    sheet = models.ForeignKey(PreferenceSheet, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    # The answers, by the keys of offer/preferences.py.
    content = models.JSONField(default=dict)
    # The keys that the executive keeps for named persons, besides those that always are.
    reserved = models.JSONField(default=list)
    # By family of work: {"level": …, "ceiling": "500.00" or None, "expires_on": … or None}.
    authority = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    written_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    confirmed_by_exec_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("version of a preference sheet")
        verbose_name_plural = _("versions of preference sheets")
        ordering = ["sheet", "-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["sheet", "number"], name="offer_sheetversion_once"),
            SameTenant(
                name="offer_sheetversion_sheet_fk", field="sheet", to="offer_preferencesheet"
            ),
            SameTenant(name="offer_sheetversion_by_fk", field="written_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} v{self.number}"

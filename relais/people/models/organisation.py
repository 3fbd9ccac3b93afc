"""Places: the provider, its client companies, their legal entities, sites and establishments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import F, GeneratedField, TextField, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from relais.lib.compiled import Compiled
from relais.lib.tenancy import SameTenant, TenantPolicy
from relais.lib.text import FrenchKey
from relais.people.identifiers import validate_siren, validate_siret, validate_zone

from .tenant import TenantModel

if TYPE_CHECKING:
    from .engagement import Engagement

NAME: dict[str, Any] = {"max_length": 200, "validators": [MinLengthValidator(1)]}


_ENGAGED: Compiled[Engagement] = Compiled(
    lambda company: Company(pk=company).engagements.filter(ended_on=None)[:1], company=int
)


def key_of(*fields: str) -> GeneratedField:
    """Return a stored column to search and sort the fields by, as a French reader does."""
    parts = [F(fields[0])]
    for field in fields[1:]:
        parts += [Value(" "), F(field)]
    text = Concat(*parts, output_field=TextField()) if len(parts) > 1 else parts[0]
    return GeneratedField(expression=FrenchKey(text), output_field=TextField(), db_persist=True)


class Provider(models.Model):
    """The firm, or the shared service of one group, that runs the pool: the tenant."""

    name = models.CharField(_("name"), **NAME)
    siren = models.CharField("SIREN", max_length=9, blank=True, validators=[validate_siren])
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Europe/Paris", validators=[validate_zone]
    )
    inbox = models.EmailField(_("service address"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        constraints = [TenantPolicy(name="people_provider_wall", column="id")]

    def __str__(self) -> str:
        return self.name


class Company(TenantModel):
    """A client company (a group, or a single firm)."""

    name = models.CharField(_("name"), **NAME)
    name_key = key_of("name")
    calendar = models.ForeignKey(
        "people.Calendar",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="companies",
        verbose_name=_("calendar"),
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["name_key", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "name_key"],
                name="people_company_once",
                violation_error_message=_("A company of this name exists already."),
            ),
            SameTenant(name="people_company_calendar_fk", field="calendar", to="people_calendar"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def engagement(self) -> Engagement | None:
        """Return the engagement in force, or None."""
        found = _ENGAGED.first(company=self.pk)
        if found is not None:
            found.company = self
        return found


class LegalEntity(TenantModel):
    """A legal person of a company, known by its SIREN."""

    company = models.ForeignKey(
        Company, models.CASCADE, related_name="entities", verbose_name=_("company")
    )
    name = models.CharField(_("name"), **NAME)
    name_key = key_of("name", "siren")
    siren = models.CharField("SIREN", max_length=9, blank=True, validators=[validate_siren])
    calendar = models.ForeignKey(
        "people.Calendar",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="entities",
        verbose_name=_("calendar"),
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("legal entity")
        verbose_name_plural = _("legal entities")
        ordering = ["name_key", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["company", "siren"],
                condition=~models.Q(siren=""),
                name="people_entity_siren_once",
                violation_error_message=_("This company has an entity with this SIREN already."),
            ),
            SameTenant(name="people_entity_company_fk", field="company", to="people_company"),
            SameTenant(name="people_entity_calendar_fk", field="calendar", to="people_calendar"),
        ]

    def __str__(self) -> str:
        return self.name


class Site(TenantModel):
    """A place where people work: an address, a time zone, a zone of holidays."""

    company = models.ForeignKey(
        Company, models.CASCADE, related_name="sites", verbose_name=_("company")
    )
    entity = models.ForeignKey(
        LegalEntity,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="sites",
        verbose_name=_("legal entity"),
    )
    name = models.CharField(_("name"), **NAME)
    code = models.CharField(_("code"), max_length=40, blank=True)
    name_key = key_of("name", "city", "code")
    street = models.CharField(_("street"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=12, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, default="FR")
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Europe/Paris", validators=[validate_zone]
    )
    holiday_zone = models.CharField(_("holiday zone"), max_length=20, default="FR")
    calendar = models.ForeignKey(
        "people.Calendar",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="sites",
        verbose_name=_("calendar"),
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["name_key", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["company", "name"],
                name="people_site_once",
                violation_error_message=_("This company has a site of this name already."),
            ),
            SameTenant(name="people_site_company_fk", field="company", to="people_company"),
            SameTenant(name="people_site_entity_fk", field="entity", to="people_legalentity"),
            SameTenant(name="people_site_calendar_fk", field="calendar", to="people_calendar"),
        ]
        indexes = [models.Index(fields=["provider", "name_key"], name="people_site_key")]

    def __str__(self) -> str:
        return self.name


class Establishment(TenantModel):
    """What the law knows of an entity at a place: a SIRET. One site may house several."""

    entity = models.ForeignKey(
        LegalEntity, models.CASCADE, related_name="establishments", verbose_name=_("legal entity")
    )
    site = models.ForeignKey(
        Site,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="establishments",
        verbose_name=_("site"),
    )
    siret = models.CharField("SIRET", max_length=14, validators=[validate_siret])
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("establishment")
        verbose_name_plural = _("establishments")
        ordering = ["siret"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "siret"],
                name="people_siret_once",
                violation_error_message=_("This SIRET is registered already."),
            ),
            SameTenant(
                name="people_establishment_entity_fk", field="entity", to="people_legalentity"
            ),
            SameTenant(name="people_establishment_site_fk", field="site", to="people_site"),
        ]

    def __str__(self) -> str:
        return self.siret

"""The catalogue: what a client may ask for, and what is promised about it."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Confidentiality
from relais.people.models.tenant import TenantModel

HOUR = 3600


class Service(TenantModel):
    """One thing that can be asked for. Its hours are business hours of the site's calendar."""

    class Family(models.TextChoices):
        AGENDA = "agenda", _("Diary")
        REPORTING = "reporting", _("Reporting")
        CONTRACTS = "contracts", _("Contracts")
        INVOICING = "invoicing", _("Invoicing")
        COORDINATION = "coordination", _("Coordination")
        TRAVEL = "travel", _("Travel")
        OTHER = "other", _("Other")

    code = models.SlugField(_("code"), max_length=60)
    family = models.CharField(
        _("family"), max_length=20, choices=Family.choices, default=Family.OTHER
    )
    name_fr = models.CharField(_("French name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120)
    # Words that point to this service in a message, besides those of its names.
    words = models.TextField(_("words that point to it"), blank=True)
    confidentiality = models.PositiveSmallIntegerField(
        _("usual confidentiality"),
        choices=Confidentiality.choices,
        default=Confidentiality.INTERNAL,
    )
    standard_minutes = models.PositiveIntegerField(
        _("standard minutes of work"), default=30, validators=[MinValueValidator(1)]
    )
    response_hours = models.DecimalField(
        _("first answer within (business hours)"),
        max_digits=6,
        decimal_places=2,
        default=Decimal("4"),
        validators=[MinValueValidator(Decimal("0.25"))],
    )
    delivery_hours = models.DecimalField(
        _("delivery within (business hours)"),
        max_digits=6,
        decimal_places=2,
        default=Decimal("16"),
        validators=[MinValueValidator(Decimal("0.25"))],
    )
    active = models.BooleanField(_("offered"), default=True)
    skill = models.ForeignKey(
        "people.Skill",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("skill asked for"),
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["family", "code"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "code"],
                name="offer_service_once",
                violation_error_message=_("A service of this code exists already."),
            ),
            models.CheckConstraint(
                condition=Q(response_hours__gt=0) & Q(delivery_hours__gt=0),
                name="offer_service_hours",
                violation_error_message=_("Promised hours are more than none."),
            ),
            SameTenant(name="offer_service_skill_fk", field="skill", to="people_skill"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Return the name in the reader's language."""
        return self.name_en if (get_language() or "fr").startswith("en") else self.name_fr

    @property
    def response_seconds(self) -> int:
        """Return the promised time to the first human answer, in open seconds."""
        return int(self.response_hours * HOUR)

    @property
    def delivery_seconds(self) -> int:
        """Return the promised time to the delivery, in open seconds."""
        return int(self.delivery_hours * HOUR)

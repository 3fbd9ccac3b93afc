"""The relation between the provider and a company, and the two persons who steer it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant

from .organisation import Company
from .person import Person
from .tenant import TenantModel


class Engagement(TenantModel):
    """An engagement: its mode decides what clients may do (French labour law, domain G.3)."""

    class Mode(models.TextChoices):
        PROVIDER = "prestataire", _("Provider of results (strict)")
        GROUP = "csp_intragroupe", _("Shared service of the group")
        TIME_SHARE = "ettp_temps_partage", _("Time-share employer")
        EMPLOYERS = "groupement_employeurs", _("Employers' association")
        INTERNAL = "interne", _("Internal (one legal entity)")

    MODES_WITH_DIRECT_ASSIGNMENT = (Mode.TIME_SHARE, Mode.EMPLOYERS, Mode.INTERNAL)

    company = models.ForeignKey(
        Company, models.CASCADE, related_name="engagements", verbose_name=_("company")
    )
    mode = models.CharField(
        _("engagement mode"), max_length=30, choices=Mode.choices, default=Mode.PROVIDER
    )
    started_on = models.DateField(_("from"))
    ended_on = models.DateField(_("until"), null=True, blank=True)
    client_lead = models.ForeignKey(
        Person, models.PROTECT, related_name="+", verbose_name=_("client lead")
    )
    client_deputy = models.ForeignKey(
        Person,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("deputy of the client lead"),
    )
    provider_lead = models.ForeignKey(
        Person, models.PROTECT, related_name="+", verbose_name=_("provider lead")
    )
    provider_deputy = models.ForeignKey(
        Person,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("deputy of the provider lead"),
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("engagement")
        verbose_name_plural = _("engagements")
        ordering = ["-started_on"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["company"],
                condition=Q(ended_on=None),
                name="people_engagement_one_open",
                violation_error_message=_("This company has an engagement in force already."),
            ),
            models.CheckConstraint(
                name="people_engagement_deputies",
                condition=~Q(client_lead=models.F("client_deputy"))
                & ~Q(provider_lead=models.F("provider_deputy")),
                violation_error_message=_("A deputy is somebody else than the lead."),
            ),
            SameTenant(name="people_engagement_company_fk", field="company", to="people_company"),
            SameTenant(name="people_engagement_cl_fk", field="client_lead", to="people_person"),
            SameTenant(name="people_engagement_cd_fk", field="client_deputy", to="people_person"),
            SameTenant(name="people_engagement_pl_fk", field="provider_lead", to="people_person"),
            SameTenant(name="people_engagement_pd_fk", field="provider_deputy", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.company} · {self.get_mode_display()}"

    @property
    def client_may_assign(self) -> bool:
        """Return whether the client may name the person who does the work."""
        return self.mode in self.MODES_WITH_DIRECT_ASSIGNMENT

    @property
    def client_learns_holder(self) -> bool:
        """Return whether the client is told who works on a request before she answers it.

        A provider of results is asked as a service: it decides who works, and may change it.
        """
        return self.mode != self.Mode.PROVIDER

    @property
    def client_sees_names(self) -> bool:
        """Return whether the client is told who answers today: never hours nor leave."""
        return True

    @property
    def client_side(self) -> set[int | None]:
        """Return the keys of the client's lead and deputy."""
        return {self.client_lead_id, self.client_deputy_id} - {None}

    def steers(self, person: Person) -> bool:
        """Return whether `person` is one of the two leads or their deputies."""
        return person.pk in {
            self.client_lead_id,
            self.client_deputy_id,
            self.provider_lead_id,
            self.provider_deputy_id,
        }

"""Persons, what they may sign in with, and the roles they hold on a scope."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant

from .organisation import NAME, Company, LegalEntity, Provider, Site, key_of
from .tenant import TenantModel


class UserManager(BaseUserManager["User"]):
    """Creates accounts; an account without a password signs in by invitation or OpenID Connect."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Return a new account."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """What somebody signs in with. It stands outside the walls, so it holds nothing but that."""

    email = models.EmailField(_("e-mail"), unique=True)
    provider = models.ForeignKey(Provider, models.CASCADE, null=True, related_name="+")
    is_active = models.BooleanField(default=True)
    language = models.CharField(
        _("language"), max_length=5, default="fr", choices=[("fr", "Français"), ("en", "English")]
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    def __str__(self) -> str:
        return self.email

    @property
    def tenant_id(self) -> int | None:
        """Return the provider whose rows this account may come near to."""
        return self.provider_id

    def get_full_name(self) -> str:
        """Return what allauth prints in mails."""
        return self.email


class Person(TenantModel):
    """Somebody: on the provider's staff when `company` is empty, else at a client."""

    class Title(models.TextChoices):
        NONE = "", "—"
        MS = "ms", _("Ms")
        MR = "mr", _("Mr")

    user = models.OneToOneField(
        User, models.SET_NULL, null=True, blank=True, related_name="person", editable=False
    )
    company = models.ForeignKey(
        Company,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="persons",
        verbose_name=_("company"),
    )
    site = models.ForeignKey(
        Site, models.SET_NULL, null=True, blank=True, related_name="persons", verbose_name=_("site")
    )
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), **NAME)
    name_key = key_of("last_name", "first_name", "email")
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    job = models.CharField(_("position"), max_length=150, blank=True)
    reports_to = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="reports",
        verbose_name=_("executive"),
    )
    language = models.CharField(_("language"), max_length=5, default="fr")
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("person")
        verbose_name_plural = _("persons")
        ordering = ["name_key", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "email"],
                condition=~Q(email=""),
                name="people_person_email_once",
                violation_error_message=_("Somebody has this e-mail address already."),
            ),
            SameTenant(name="people_person_company_fk", field="company", to="people_company"),
            SameTenant(name="people_person_site_fk", field="site", to="people_site"),
            SameTenant(name="people_person_reports_fk", field="reports_to", to="people_person"),
        ]
        indexes = [
            models.Index(fields=["provider", "name_key"], name="people_person_key"),
            models.Index(fields=["provider", "company", "name_key"], name="people_person_company"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Return first and last name as one reads them."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def initials(self) -> str:
        """Return one or two letters for the round badge."""
        return (self.first_name[:1] + self.last_name[:1]).upper()

    @property
    def is_client(self) -> bool:
        """Return whether the person belongs to a client."""
        return self.company_id is not None


class RoleQuerySet(models.QuerySet["Role"]):
    """Roles by the day on which they are held."""

    def on(self, day: Any) -> RoleQuerySet:
        """Return the roles held on `day`."""
        return self.filter(Q(starts_on=None) | Q(starts_on__lte=day)).filter(
            Q(ends_on=None) | Q(ends_on__gte=day)
        )

    def in_force(self) -> RoleQuerySet:
        """Return the roles held today."""
        return self.on(timezone.localdate())


class Role(TenantModel):
    """What a person is for whom, from when to when."""

    class Kind(models.TextChoices):
        MANAGEMENT = "management", _("Provider management")
        POOL_LEAD = "pool_lead", _("Pool lead")
        ASSISTANT = "assistant", _("Assistant")
        QUALITY = "quality", _("Quality")
        BILLING = "billing", _("Billing")
        SPONSOR = "sponsor", _("Sponsor")
        CLIENT_LEAD = "client_lead", _("Client lead")
        SITE_LEAD = "site_lead", _("Site lead")
        REQUESTER = "requester", _("Requester")
        DPO = "dpo", _("Data protection officer")
        AUDITOR = "auditor", _("Auditor")

    STAFF = (Kind.MANAGEMENT, Kind.POOL_LEAD, Kind.ASSISTANT, Kind.QUALITY, Kind.BILLING)

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="roles", verbose_name=_("person")
    )
    kind = models.CharField(_("role"), max_length=20, choices=Kind.choices)
    company = models.ForeignKey(
        Company,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="roles",
        verbose_name=_("company"),
    )
    entity = models.ForeignKey(
        LegalEntity,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="roles",
        verbose_name=_("legal entity"),
    )
    site = models.ForeignKey(
        Site, models.CASCADE, null=True, blank=True, related_name="roles", verbose_name=_("site")
    )
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    objects = RoleQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                name="people_role_scope",
                condition=Q(
                    kind__in=["management", "pool_lead", "assistant", "quality", "billing"],
                    company=None,
                    entity=None,
                    site=None,
                )
                | Q(
                    kind__in=["sponsor", "client_lead", "site_lead", "requester", "dpo", "auditor"],
                    company__isnull=False,
                ),
                violation_error_message=_(
                    "A role of the provider's staff has no scope; a client's names its company."
                ),
            ),
            models.CheckConstraint(
                name="people_role_days",
                condition=Q(starts_on=None)
                | Q(ends_on=None)
                | Q(ends_on__gte=models.F("starts_on")),
                violation_error_message=_("The role ends before it starts."),
            ),
            models.UniqueConstraint(
                fields=["person", "kind", "company", "entity", "site", "starts_on"],
                nulls_distinct=False,
                name="people_role_once",
                violation_error_message=_("This person holds this role already."),
            ),
            SameTenant(name="people_role_person_fk", field="person", to="people_person"),
            SameTenant(name="people_role_company_fk", field="company", to="people_company"),
            SameTenant(name="people_role_entity_fk", field="entity", to="people_legalentity"),
            SameTenant(name="people_role_site_fk", field="site", to="people_site"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.person}"

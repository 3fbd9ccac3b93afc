"""What an assistant can do, whom she covers, and when she is away. Internal to the provider."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Value
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant

from .organisation import Company, Site
from .person import Person
from .tenant import TenantModel


class Confidentiality(models.IntegerChoices):
    """Classes of data (domain E.4). C3 is for named persons only."""

    PUBLIC = 0, _("C0 public")
    INTERNAL = 1, _("C1 internal")
    CONFIDENTIAL = 2, _("C2 confidential")
    EXECUTIVE = 3, _("C3 executive only")


class IntPoint(Func):
    """A number as a one-point range, so that exclusion needs no extension."""

    function = "int8range"
    output_field = BigIntegerRangeField()

    def __init__(self, name: str) -> None:
        super().__init__(F(name), F(name), Value("[]"))


class AssistantProfile(TenantModel):
    """An assistant's contract and own working hours. No client ever sees it."""

    person = models.OneToOneField(
        Person, models.CASCADE, related_name="assistant", verbose_name=_("person")
    )
    contract_hours = models.DecimalField(
        _("contract hours a week"),
        max_digits=4,
        decimal_places=2,
        default=Decimal("35"),
        validators=[MinValueValidator(Decimal("1")), MaxValueValidator(Decimal("48"))],
    )
    calendar = models.ForeignKey(
        "people.Calendar",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assistants",
        verbose_name=_("working hours"),
    )
    clearance = models.PositiveSmallIntegerField(
        _("clearance"), choices=Confidentiality.choices, default=Confidentiality.CONFIDENTIAL
    )

    # Empty: as many as the pool's rules allow.
    capacity = models.PositiveSmallIntegerField(
        _("most requests in hand"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(200)],
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("assistant profile")
        verbose_name_plural = _("assistant profiles")
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="people_profile_person_fk", field="person", to="people_person"),
            SameTenant(name="people_profile_calendar_fk", field="calendar", to="people_calendar"),
        ]

    def __str__(self) -> str:
        return str(self.person)


class Skill(TenantModel):
    """Something that work asks for: a tool, a technique, a field."""

    code = models.SlugField(_("code"), max_length=40)
    name_fr = models.CharField(_("French name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=100)

    class Meta(TenantModel.Meta):
        verbose_name = _("skill")
        verbose_name_plural = _("skills")
        ordering = ["code"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider", "code"], name="people_skill_once"),
        ]

    def __str__(self) -> str:
        return self.name_fr


class SkillLevel(TenantModel):
    """How well an assistant masters a skill: 1 with help, 2 alone, 3 trains others."""

    profile = models.ForeignKey(AssistantProfile, models.CASCADE, related_name="skills")
    skill = models.ForeignKey(Skill, models.CASCADE, related_name="+", verbose_name=_("skill"))
    level = models.PositiveSmallIntegerField(
        _("level"), default=2, validators=[MinValueValidator(1), MaxValueValidator(3)]
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("skill level")
        verbose_name_plural = _("skill levels")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["profile", "skill"], name="people_skilllevel_once"),
            models.CheckConstraint(
                condition=models.Q(level__range=(1, 3)), name="people_skilllevel_range"
            ),
            SameTenant(
                name="people_skilllevel_profile_fk", field="profile", to="people_assistantprofile"
            ),
            SameTenant(name="people_skilllevel_skill_fk", field="skill", to="people_skill"),
        ]


class LanguageLevel(TenantModel):
    """A language that an assistant works in, on the European scale (CEFR)."""

    class Level(models.TextChoices):
        A2 = "A2"
        B1 = "B1"
        B2 = "B2"
        C1 = "C1"
        C2 = "C2"

    profile = models.ForeignKey(AssistantProfile, models.CASCADE, related_name="languages")
    language = models.CharField(_("language"), max_length=5)
    level = models.CharField(_("level"), max_length=2, choices=Level.choices, default=Level.B2)

    class Meta(TenantModel.Meta):
        verbose_name = _("language level")
        verbose_name_plural = _("language levels")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["profile", "language"], name="people_language_once"),
            SameTenant(
                name="people_language_profile_fk", field="profile", to="people_assistantprofile"
            ),
        ]


class Clearance(TenantModel):
    """The named right to a company's C3 matters, given for a time and a reason."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="clearances")
    company = models.ForeignKey(Company, models.CASCADE, related_name="clearances")
    granted_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=200)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("clearance")
        verbose_name_plural = _("clearances")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="people_clearance_person_fk", field="person", to="people_person"),
            SameTenant(name="people_clearance_company_fk", field="company", to="people_company"),
            SameTenant(name="people_clearance_granter_fk", field="granted_by", to="people_person"),
        ]


class Cover(TenantModel):
    """Who serves a site: its lead assistant, her backups, the float."""

    class Position(models.TextChoices):
        LEAD = "lead", _("Lead assistant")
        BACKUP = "backup", _("Backup")
        FLOAT = "float", _("Float")

    site = models.ForeignKey(Site, models.CASCADE, related_name="covers", verbose_name=_("site"))
    person = models.ForeignKey(
        Person, models.CASCADE, related_name="covers", verbose_name=_("assistant")
    )
    position = models.CharField(
        _("position"), max_length=10, choices=Position.choices, default=Position.BACKUP
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("cover")
        verbose_name_plural = _("covers")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["site", "person"],
                name="people_cover_once",
                violation_error_message=_("This assistant covers this site already."),
            ),
            models.UniqueConstraint(
                fields=["site"],
                condition=models.Q(position="lead"),
                name="people_cover_one_lead",
                violation_error_message=_("This site has a lead assistant already."),
            ),
            SameTenant(name="people_cover_site_fk", field="site", to="people_site"),
            SameTenant(name="people_cover_person_fk", field="person", to="people_person"),
        ]


class Absence(TenantModel):
    """When somebody is away, by class only: never a medical reason, never shown to a client."""

    class Kind(models.TextChoices):
        LEAVE = "leave", _("Leave")
        TRAINING = "training", _("Training")
        OTHER = "other", _("Other")

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="absences", verbose_name=_("person")
    )
    period = DateTimeRangeField(_("period"))
    kind = models.CharField(_("class"), max_length=10, choices=Kind.choices, default=Kind.OTHER)

    class Meta(TenantModel.Meta):
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            ExclusionConstraint(
                name="people_absence_no_overlap",
                expressions=[(IntPoint("person_id"), "&&"), (F("period"), "&&")],
                violation_error_message=_("This person is away then already."),
            ),
            models.CheckConstraint(
                condition=models.Q(period__isempty=False),
                name="people_absence_not_empty",
                violation_error_message=_("The absence ends before it starts."),
            ),
            SameTenant(name="people_absence_person_fk", field="person", to="people_person"),
        ]

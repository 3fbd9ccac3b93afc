"""The catalogue: what a client may ask for, and what is promised about it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.offer import keeping
from relais.offer.errors import ServiceOvertaken
from relais.people.models import Confidentiality, Person, Skill
from relais.people.models.system import code_of_a_tool
from relais.people.models.tenant import TenantModel

from .offer_event import OfferEvent

HOUR = 3600


def in_language(french: str, english: str) -> str:
    """Return the text in the reader's language; the other one where hers is not written yet."""
    if (get_language() or "fr").startswith("en"):
        return english or french
    return french or english


class Priority(models.IntegerChoices):
    """How pressing a request is."""

    CRITICAL = 1, _("P1 critical")
    HIGH = 2, _("P2 high")
    NORMAL = 3, _("P3 normal")
    LOW = 4, _("P4 low")


class ServiceQuerySet(models.QuerySet["Service"]):
    """Services, by what may be asked for."""

    def offered(self, day: date | None = None, channel: str = "") -> ServiceQuerySet:
        """Return those that may be asked for on a day (default: today), by a channel if given."""
        day = day or timezone.localdate()
        rows = self.filter(
            Q(active_from=None) | Q(active_from__lte=day),
            Q(active_until=None) | Q(active_until__gte=day),
            active=True,
        )
        return rows.filter(channels__contains=[channel]) if channel else rows


def every_channel() -> list[str]:
    """Return all the channels: what a service is open to unless somebody says less."""
    return list(Service.Channel.values)


class Service(TenantModel):
    """One thing that can be asked for. Its hours are business hours of the site's calendar."""

    class Family(models.TextChoices):
        # The order of the catalogue: the five key missions first.
        AGENDA = "agenda", _("Diary")
        REPORTING = "reporting", _("Reporting")
        CONTRACTS = "contracts", _("Contracts")
        INVOICING = "invoicing", _("Invoicing")
        COORDINATION = "coordination", _("Coordination")
        FRONT_DESK = "front_desk", _("Mail, telephone, reception")
        TRAVEL = "travel", _("Travel")
        HR = "hr", _("Staff administration")
        FACILITIES = "facilities", _("Facilities and suppliers")
        GOVERNANCE = "governance", _("Corporate governance")
        DOCUMENTS = "documents", _("Documents and filing")
        PROJECTS = "projects", _("One-off projects")
        OTHER = "other", _("Other")

    class SlaClass(models.TextChoices):
        EXPRESS = "express", _("Express: the same day")
        STANDARD = "standard", _("Standard: two days")
        EXTENDED = "extended", _("Extended: a week")

    class Approval(models.TextChoices):
        NONE = "none", _("Nobody")
        MANAGER = "manager", _("The manager of the site")
        REFERENT = "referent", _("The client lead")
        EXECUTIVE = "executive", _("The executive concerned")

    class Automation(models.TextChoices):
        AUTO = "auto", _("Done by itself")
        ASSISTED = "assisted", _("Prepared by a tool, checked by a person")
        HUMAN = "human", _("Done by a person")

    class Channel(models.TextChoices):
        FORM = "form", _("Form")
        MAIL = "mail", _("Mail")
        PHONE = "phone", _("Telephone")
        API = "api", _("API")

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
    description_fr = models.TextField(_("French description"), blank=True)
    description_en = models.TextField(_("English description"), blank=True)
    # What the form asks: see offer/questions.py.
    questions = models.JSONField(_("fields of the form"), default=list, blank=True)
    deliverable_fr = models.TextField(_("deliverable, in French"), blank=True)
    deliverable_en = models.TextField(_("deliverable, in English"), blank=True)
    # One criterion a line.
    acceptance_fr = models.TextField(_("acceptance criteria, in French"), blank=True)
    acceptance_en = models.TextField(_("acceptance criteria, in English"), blank=True)
    unit_fr = models.CharField(_("unit of work, in French"), max_length=120, blank=True)
    unit_en = models.CharField(_("unit of work, in English"), max_length=120, blank=True)
    standard_minutes = models.PositiveIntegerField(
        _("standard minutes of work (one in two)"), default=30, validators=[MinValueValidator(1)]
    )
    p90_minutes = models.PositiveIntegerField(
        _("minutes within which nine in ten are done"),
        default=60,
        validators=[MinValueValidator(1)],
    )
    readiness = models.PositiveSmallIntegerField(
        _("readiness level asked for"),
        default=0,
        validators=[MaxValueValidator(5)],
        help_text=_("0 none, 1 informed, 2 trained, 3 practised, 4 autonomous, 5 trains others"),
    )
    skill_level = models.PositiveSmallIntegerField(
        _("level of its skills"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(3)],
        help_text=_("1 with help, 2 alone, 3 trains others"),
    )
    tool = models.CharField(
        _("client’s tool that it needs"),
        max_length=40,
        blank=True,
        validators=[code_of_a_tool],
        help_text=_("Its kind, as the register of accesses names it: “invoicing”, “erp”…"),
    )
    priority = models.PositiveSmallIntegerField(
        _("usual priority"), choices=Priority.choices, default=Priority.NORMAL
    )
    sla_class = models.CharField(
        _("class of service"), max_length=10, choices=SlaClass.choices, default=SlaClass.STANDARD
    )
    approval_by = models.CharField(
        _("approved by"), max_length=10, choices=Approval.choices, default=Approval.NONE
    )
    approval_above = models.DecimalField(
        _("above this amount (euros)"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("Empty: always, whatever the amount."),
    )
    automatable = models.CharField(
        _("automation"), max_length=10, choices=Automation.choices, default=Automation.HUMAN
    )
    channels = ArrayField(
        models.CharField(max_length=10, choices=Channel.choices),
        verbose_name=_("channels"),
        default=every_channel,
    )
    procedure = models.ForeignKey(
        "offer.Procedure",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="services",
        verbose_name=_("procedure"),
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
    active_from = models.DateField(_("offered from"), null=True, blank=True)
    active_until = models.DateField(_("offered until"), null=True, blank=True)
    skills = models.ManyToManyField(
        Skill,
        through="offer.ServiceSkill",
        related_name="+",
        blank=True,
        verbose_name=_("skills asked for"),
    )
    # How often the row was changed: whoever changes it says which version he or she has read.
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ServiceQuerySet.as_manager()

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
            models.CheckConstraint(
                condition=Q(p90_minutes__gte=F("standard_minutes")),
                name="offer_service_minutes",
                violation_error_message=_(
                    "Nine in ten take at least as long as one in two: raise the second number."
                ),
            ),
            models.CheckConstraint(
                condition=Q(active_from=None)
                | Q(active_until=None)
                | Q(active_until__gte=F("active_from")),
                name="offer_service_days",
                violation_error_message=_("The last day comes before the first: exchange them."),
            ),
            models.CheckConstraint(condition=Q(readiness__lte=5), name="offer_service_readiness"),
            SameTenant(name="offer_service_procedure_fk", field="procedure", to="offer_procedure"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Return the name in the reader's language."""
        return in_language(self.name_fr, self.name_en)

    @property
    def description(self) -> str:
        """Return what it is, in the client's words and the reader's language."""
        return in_language(self.description_fr, self.description_en)

    @property
    def deliverable(self) -> str:
        """Return what is handed over, in the reader's language."""
        return in_language(self.deliverable_fr, self.deliverable_en)

    @property
    def acceptance(self) -> list[str]:
        """Return what makes it good, criterion by criterion, in the reader's language."""
        text = in_language(self.acceptance_fr, self.acceptance_en)
        return [line.strip() for line in text.splitlines() if line.strip()]

    @property
    def unit(self) -> str:
        """Return what is counted, in the reader's language."""
        return in_language(self.unit_fr, self.unit_en)

    @property
    def response_seconds(self) -> int:
        """Return the promised time to the first human answer, in open seconds."""
        return int(self.response_hours * HOUR)

    @property
    def delivery_seconds(self) -> int:
        """Return the promised time to the delivery, in open seconds."""
        return int(self.delivery_hours * HOUR)

    # Verbs ---------------------------------------------------------------------------------------

    def expect(self, version: int | None) -> None:
        """Raise `ServiceOvertaken` unless this is the version that the person was shown."""
        if version is not None and version != self.version:
            raise ServiceOvertaken(service=self.name)

    @classmethod
    def open(
        cls,
        *,
        by: Person,
        at: datetime | None = None,
        skills: list[Skill] | None = None,
        **fields: Any,
    ) -> Service:
        """Return a new service of the catalogue, event `opened`.

        Raises `NotYours`, `Unsound` (which field, what, and the mend).
        """
        service = cls(provider_id=by.provider_id, **fields)
        keeping.check_keeps(by, service)
        keeping.check_service(service)
        with transaction.atomic():
            service.save(force_insert=True)
            ServiceSkill.keep(service, skills or [])
            OfferEvent.tell("opened", by, at, service=service)
        return service

    def edit(
        self,
        *,
        by: Person,
        at: datetime | None = None,
        skills: list[Skill] | None = None,
        **changes: Any,
    ) -> None:
        """Change fields, event `edited` with what stood before and after; nothing new, no event.

        Raises `NotYours`, `Unsound`, `ServiceOvertaken`.
        """
        keeping.check_keeps(by, self)
        before = {name: getattr(self, name) for name in changes}
        had = sorted(skill.code for skill in self.skills.all())
        for name, value in changes.items():
            setattr(self, name, value)
        keeping.check_service(self)
        facts = keeping.differences(before, {name: getattr(self, name) for name in changes})
        if skills is not None and (wanted := sorted(each.code for each in skills)) != had:
            facts["skills"] = [had, wanted]
        if not facts:
            return
        with transaction.atomic():
            mine = Service.objects.filter(pk=self.pk, version=self.version)
            if not mine.update(version=F("version") + 1, **changes):
                raise ServiceOvertaken(service=self.name)
            self.version += 1
            if skills is not None:
                ServiceSkill.keep(self, skills)
            OfferEvent.tell("edited", by, at, {"changes": facts}, service=self)


class ServiceSkill(TenantModel):
    """A skill that a service asks for."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="skill_lines")
    skill = models.ForeignKey(Skill, models.CASCADE, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("skill of a service")
        verbose_name_plural = _("skills of services")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["service", "skill"], name="offer_serviceskill_once"),
            SameTenant(name="offer_serviceskill_service_fk", field="service", to="offer_service"),
            SameTenant(name="offer_serviceskill_skill_fk", field="skill", to="people_skill"),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} · {self.skill_id}"

    @classmethod
    def keep(cls, service: Service, skills: list[Skill]) -> None:
        """Have the service ask for these skills and no other."""
        cls.objects.filter(service=service).exclude(skill__in=skills).delete()
        ServiceSkill.objects.bulk_create(
            [
                ServiceSkill(provider_id=service.provider_id, service=service, skill=each)
                for each in skills
            ],
            ignore_conflicts=True,
        )

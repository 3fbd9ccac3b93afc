"""What a version of an agreement says, line by line. Rows are written by the version's verbs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from relais.engine.credits import Statistic
from relais.lib.tenancy import SameTenant
from relais.offer import terms
from relais.people.models import Company, LegalEntity, Site
from relais.people.models.assistant import IntPoint
from relais.people.models.tenant import TenantModel

from .service import Service

if TYPE_CHECKING:
    from .agreement_version import AgreementVersion


class PlacePoint(Func):
    """An optional reference as a one-point range: none is a value like another, not unknown."""

    template = "int8range(coalesce(%(expressions)s, 0), coalesce(%(expressions)s, 0), '[]')"
    output_field = BigIntegerRangeField()


class WordPoint(Func):
    """A code as a one-point range, so that exclusion needs no extension."""

    template = "int8range(hashtext(%(expressions)s)::int8, hashtext(%(expressions)s)::int8, '[]')"
    output_field = BigIntegerRangeField()


class AgreementScope(TenantModel):
    """A place and a family for which a version holds. `period` is set once both sides signed."""

    version = models.ForeignKey(
        "offer.AgreementVersion", models.CASCADE, related_name="scopes", db_index=False
    )
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    entity = models.ForeignKey(
        LegalEntity,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("legal entity"),
    )
    site = models.ForeignKey(
        Site, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("site")
    )
    family = models.CharField(
        _("family"), max_length=20, choices=Service.Family.choices, blank=True
    )
    period = DateRangeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("scope")
        verbose_name_plural = _("scopes")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["version", "entity", "site", "family"],
                nulls_distinct=False,
                name="offer_scope_once",
            ),
            models.CheckConstraint(
                condition=Q(entity=None) | Q(site=None), name="offer_scope_one_place"
            ),
            # Two promises for one place and family on one day: none could be kept for sure.
            ExclusionConstraint(
                name="offer_scope_no_overlap",
                expressions=[
                    (IntPoint("company_id"), "&&"),
                    (PlacePoint(F("entity_id")), "&&"),
                    (PlacePoint(F("site_id")), "&&"),
                    (WordPoint(F("family")), "&&"),
                    (F("period"), "&&"),
                ],
                condition=Q(period__isnull=False),
            ),
            SameTenant(name="offer_scope_version_fk", field="version", to="offer_agreementversion"),
            SameTenant(name="offer_scope_company_fk", field="company", to="people_company"),
            SameTenant(name="offer_scope_entity_fk", field="entity", to="people_legalentity"),
            SameTenant(name="offer_scope_site_fk", field="site", to="people_site"),
        ]

    def __str__(self) -> str:
        place = str(self.site or self.entity or self.company)
        return f"{place} · {self.get_family_display()}" if self.family else place

    @property
    def value(self) -> terms.Scope:
        """Return the line as a plain value."""
        return terms.Scope(self.entity_id, self.site_id, self.family)


class AgreementTarget(TenantModel):
    """One promise of a version, for a service, a family or all; for a priority or all."""

    class Kind(models.TextChoices):
        FIRST_RESPONSE = "first_response", _("First answer")
        NEXT_REPLY = "next_reply", _("Next answer")
        DELIVERY = "delivery", _("Delivery")
        ACCEPTANCE = "acceptance", _("Acceptance by the client")

    class Window(models.TextChoices):
        MONTH = "month", _("Month")
        QUARTER = "quarter", _("Quarter")

    STATISTICS = [
        (Statistic.PCT_WITHIN.value, _("Share kept (%)")),
        (Statistic.MEAN.value, _("Mean (hours)")),
        (Statistic.MEDIAN.value, _("Median (hours)")),
        (Statistic.P90.value, _("Nine in ten within (hours)")),
        (Statistic.COUNT.value, _("Number of misses")),
    ]

    version = models.ForeignKey(
        "offer.AgreementVersion", models.CASCADE, related_name="targets", db_index=False
    )
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(_("promise"), max_length=20, choices=Kind.choices)
    service = models.ForeignKey(
        Service,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("service"),
    )
    family = models.CharField(
        _("family"), max_length=20, choices=Service.Family.choices, blank=True
    )
    priority = models.PositiveSmallIntegerField(_("priority"), null=True, blank=True)
    hours = models.DecimalField(
        _("hours of opening"), max_digits=6, decimal_places=2, null=True, blank=True
    )
    days = models.PositiveSmallIntegerField(_("working days"), null=True, blank=True)
    statistic = models.CharField(
        _("measured by"), max_length=20, choices=STATISTICS, default=Statistic.PCT_WITHIN.value
    )
    expected = models.DecimalField(_("expected level"), max_digits=7, decimal_places=2, default=92)
    target = models.DecimalField(_("target level"), max_digits=7, decimal_places=2, default=96)
    critical = models.DecimalField(_("critical level"), max_digits=7, decimal_places=2, default=85)
    window = models.CharField(
        _("measured over"), max_length=10, choices=Window.choices, default=Window.MONTH
    )
    smallest_sample = models.PositiveIntegerField(_("smallest sample"), default=20)
    weight = models.DecimalField(
        _("weight in credits"), max_digits=4, decimal_places=3, default=Decimal(0)
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        ordering = ["position", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["version", "kind", "service", "family", "priority"],
                nulls_distinct=False,
                name="offer_target_once",
            ),
            models.CheckConstraint(
                name="offer_target_quantity",
                # Neither given is unknown, and unknown passes: hence the `isnull`.
                condition=Q(hours__isnull=False, hours__gt=0, days=None)
                | Q(hours=None, days__isnull=False),
                violation_error_message=_("Give hours or working days."),
            ),
            models.CheckConstraint(
                name="offer_target_levels",
                condition=Q(
                    statistic="pct_within",
                    critical__gte=0,
                    expected__gte=F("critical"),
                    target__gte=F("expected"),
                    target__lte=100,
                )
                | ~Q(statistic="pct_within")
                & Q(target__gte=0, expected__gte=F("target"), critical__gte=F("expected")),
                violation_error_message=_(
                    "Put the expected level between the critical one and the target."
                ),
            ),
            models.CheckConstraint(
                condition=Q(weight__gte=0, weight__lte=1), name="offer_target_weight"
            ),
            models.CheckConstraint(
                condition=Q(service=None) | Q(family=""), name="offer_target_one_class"
            ),
            SameTenant(
                name="offer_target_version_fk", field="version", to="offer_agreementversion"
            ),
            SameTenant(name="offer_target_service_fk", field="service", to="offer_service"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.service or self.get_family_display() or '—'}"

    @property
    def value(self) -> terms.TargetTerms:
        """Return the line as a plain value."""
        return terms.TargetTerms(
            kind=self.kind,
            service=self.service_id,
            family=self.family,
            priority=self.priority,
            hours=self.hours,
            days=self.days,
            statistic=self.statistic,
            expected=self.expected,
            target=self.target,
            critical=self.critical,
            window=self.window,
            smallest_sample=self.smallest_sample,
            weight=self.weight,
        )


class AgreementClause(TenantModel):
    """What does not count, and what the client owes so that the promise holds."""

    class Kind(models.TextChoices):
        EXCLUSION = "exclusion", _("Does not count")
        OBLIGATION = "obligation", _("Obligation of the client")

    version = models.ForeignKey(
        "offer.AgreementVersion", models.CASCADE, related_name="clauses", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    position = models.PositiveSmallIntegerField(default=0)
    text = models.CharField(_("text"), max_length=1000)

    class Meta(TenantModel.Meta):
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")
        ordering = ["kind", "position", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["version", "kind", "position"], name="offer_clause_once"
            ),
            SameTenant(
                name="offer_clause_version_fk", field="version", to="offer_agreementversion"
            ),
        ]

    def __str__(self) -> str:
        return self.text


class AgreementCredit(TenantModel):
    """What the provider puts at risk: read by those who steer, not by every manager."""

    class Rule(models.TextChoices):
        LINEAR = "linear", _("By the distance to the expected level")
        STEP = "step", _("Half below the expected level, all at the critical one")

    version = models.OneToOneField("offer.AgreementVersion", models.CASCADE, related_name="credit")
    monthly_fee = models.DecimalField(_("monthly fee (€)"), max_digits=12, decimal_places=2)
    pool_pct = models.DecimalField(
        _("share at risk (%)"), max_digits=5, decimal_places=2, default=Decimal(10)
    )
    rule = models.CharField(
        _("rule of the multiplier"), max_length=10, choices=Rule.choices, default=Rule.LINEAR
    )
    cap_pct = models.DecimalField(
        _("at most (% of the share at risk)"), max_digits=5, decimal_places=2, default=Decimal(100)
    )
    repeat_from = models.PositiveSmallIntegerField(_("repeated miss from month"), default=3)
    repeat_by = models.DecimalField(
        _("repeated miss times"), max_digits=4, decimal_places=2, default=Decimal("1.5")
    )
    earn_back_months = models.PositiveSmallIntegerField(_("earned back in months"), default=3)

    class Meta(TenantModel.Meta):
        verbose_name = _("credit terms")
        verbose_name_plural = _("credit terms")
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                name="offer_credit_shares",
                condition=Q(
                    monthly_fee__gt=0,
                    pool_pct__gt=0,
                    pool_pct__lte=100,
                    cap_pct__gt=0,
                    cap_pct__lte=100,
                    repeat_from__gte=2,
                    repeat_by__gte=1,
                ),
            ),
            SameTenant(
                name="offer_credit_version_fk", field="version", to="offer_agreementversion"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.monthly_fee} € · {self.pool_pct} %"

    @property
    def value(self) -> terms.CreditTerms:
        """Return the terms as a plain value."""
        return terms.CreditTerms(
            monthly_fee=self.monthly_fee,
            pool_pct=self.pool_pct,
            rule=self.rule,
            cap_pct=self.cap_pct,
            repeat_from=self.repeat_from,
            repeat_by=self.repeat_by,
            earn_back_months=self.earn_back_months,
        )


def write(version: AgreementVersion, told: terms.Terms) -> None:
    """Replace the lines of a version by those of `told`."""
    version.scopes.all().delete()
    version.targets.all().delete()
    version.clauses.all().delete()
    AgreementCredit.objects.filter(version=version).delete()
    own = {"provider_id": version.provider_id, "version": version}
    AgreementScope.objects.bulk_create(
        AgreementScope(
            **own,
            company_id=version.agreement.company_id,
            entity_id=each.entity,
            site_id=each.site,
            family=each.family,
        )
        for each in told.scopes
    )
    AgreementTarget.objects.bulk_create(
        AgreementTarget(
            **own,
            position=position,
            service_id=each.service,
            **{name: getattr(each, name) for name in each.__slots__ if name not in ("service",)},
        )
        for position, each in enumerate(told.targets)
    )
    AgreementClause.objects.bulk_create(
        AgreementClause(**own, kind=kind, position=position, text=text)
        for kind, texts in (("exclusion", told.exclusions), ("obligation", told.obligations))
        for position, text in enumerate(texts)
    )
    if told.credits is not None:
        AgreementCredit.objects.create(
            **own, **{name: getattr(told.credits, name) for name in told.credits.__slots__}
        )

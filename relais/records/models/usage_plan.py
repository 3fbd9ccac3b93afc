"""What a client's package includes, and the rules for what is left and what goes beyond."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import BadValue
from relais.desk.rules import access_of
from relais.engine import usage
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Company, Person
from relais.people.models.tenant import TenantModel
from relais.records.usage_errors import NotForUsage, UsageOvertaken

NOUGHT = MinValueValidator(Decimal(0))
MOST = MaxValueValidator(Decimal(1_000_000))
MOST_CENTS = 10**11
MOST_MONTHS = 120
# Suspended months that may follow each other (domain A.2).
MOST_HELD = 2


class UsagePlan(TenantModel):
    """One version of a package. What it says never changes; a later version takes its place."""

    class Unit(models.TextChoices):
        HOURS = "hours", _("Hours")
        REQUESTS = "requests", _("Requests")
        POINTS = "points", _("Points by service")
        FLAT = "flat", _("Flat: counted, never exceeded")

    class Overage(models.TextChoices):
        NOTICE = "notice", _("Told, not charged")
        RATE = "rate", _("Charged with the month")
        NEXT = "next", _("Charged with the next month")
        STOP = "stop", _("No new work begins")

    company = models.ForeignKey(
        Company, models.PROTECT, related_name="usage_plans", verbose_name=_("company")
    )
    number = models.PositiveIntegerField(_("version"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    unit = models.CharField(_("counted in"), max_length=10, choices=Unit.choices)
    included = models.DecimalField(
        _("included a month"), max_digits=10, decimal_places=2, validators=[NOUGHT, MOST]
    )
    price_cents = models.BigIntegerField(_("price of a month, in cents"), default=0)
    rounding_minutes = models.PositiveSmallIntegerField(_("rounded up to (minutes)"), default=1)
    # None: for ever.
    carried_months = models.PositiveSmallIntegerField(
        _("carried over for (months)"), null=True, blank=True, default=0
    )
    carried_percent = models.DecimalField(
        _("carried over at most (% of the package)"), max_digits=6, decimal_places=2, null=True,
        blank=True, validators=[NOUGHT],
    )  # fmt: skip
    carried_units = models.DecimalField(
        _("carried over at most (units)"), max_digits=10, decimal_places=2, null=True, blank=True,
        validators=[NOUGHT, MOST],
    )  # fmt: skip
    overage = models.CharField(
        _("beyond the package"), max_length=10, choices=Overage.choices, default=Overage.NOTICE
    )
    over_cents = models.BigIntegerField(_("price of a unit beyond, in cents"), default=0)
    urgent_times = models.DecimalField(
        _("an urgent line counts (times)"), max_digits=4, decimal_places=2, default=Decimal(1)
    )
    alerts = models.JSONField(_("alerts at (%)"), default=list)
    # How many points a request of each service counts, by its code; 1 for the others.
    points = models.JSONField(_("points by service"), default=dict, blank=True)
    # Months in which the package is suspended, as "2026-03".
    held = models.JSONField(_("suspended months"), default=list, blank=True)
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("package")
        verbose_name_plural = _("packages")
        ordering = ["company", "-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["company", "number"], name="records_plan_number"),
            models.UniqueConstraint(
                fields=["company"], condition=Q(ends_on=None), name="records_plan_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")),
                name="records_plan_ends_later",
            ),
            models.CheckConstraint(
                condition=Q(
                    included__gte=0, price_cents__gte=0, over_cents__gte=0, rounding_minutes__gte=1,
                    urgent_times__gte=1,
                ),
                name="records_plan_numbers",
            ),
            SameTenant(name="records_plan_company_fk", field="company", to="people_company"),
            SameTenant(name="records_plan_by_fk", field="made_by", to="people_person"),
        ]  # fmt: skip

    # What may be typed of it, in the order in which it is asked.
    TERMS = (
        "unit", "included", "price_cents", "rounding_minutes", "carried_months", "carried_percent",
        "carried_units", "overage", "over_cents", "urgent_times", "alerts", "points",
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.company} · {self.number}"

    @property
    def rules(self) -> usage.Plan:
        """Return the package as the rules read it."""
        kinds = {
            self.Unit.HOURS: usage.Unit.HOURS,
            self.Unit.REQUESTS: usage.Unit.TASKS,
            self.Unit.POINTS: usage.Unit.TASKS,
            self.Unit.FLAT: usage.Unit.FLAT,
        }
        return usage.Plan(
            unit=kinds[self.Unit(self.unit)],
            included=Fraction(self.included),
            cents=self.price_cents,
            rounding_minutes=self.rounding_minutes,
            carried_months=self.carried_months,
            carried_share=_share(self.carried_percent),
            carried_units=None if self.carried_units is None else Fraction(self.carried_units),
            overage=usage.Overage(self.overage),
            over_cents=Fraction(self.over_cents),
            urgent_times=Fraction(self.urgent_times),
            alerts=tuple(self.alerts),
            most_held=MOST_MONTHS,
        )

    def holds_on(self, month: date) -> bool:
        """Return whether it holds on a day of the month that begins then."""
        end = (month + timedelta(days=31)).replace(day=1)
        return self.starts_on < end and (self.ends_on is None or self.ends_on >= month)

    @classmethod
    def agree(
        cls, company: Company, starts_on: date, *, by: Person, seen: int | None = None,
        today: date | None = None, **terms: Any,
    ) -> UsagePlan:  # fmt: skip
        """Return the package that holds from then on; the one before ends the day before.

        The first may begin any day; a later one with a month, of this one or to come, so that
        no month has two and none is changed that was told. `seen`: the version read (0: none).
        Raises `NotForUsage`, `UsageOvertaken`, `BadValue`.
        """
        if not access_of(by).runs_pool:
            raise NotForUsage(person=str(by))
        today = today or timezone.localdate()
        with transaction.atomic():
            Company.objects.select_for_update().filter(pk=company.pk).first()
            former = cls.objects.filter(company=company).order_by("-number").first()
            number = former.number if former else 0
            if seen is not None and seen != number:
                raise UsageOvertaken()
            _check_start(former, starts_on, today)
            # What was suspended stays so: a new version is no reason to charge it.
            held = [one for one in former.held if one >= f"{starts_on:%Y-%m}"] if former else []
            made = cls(
                provider_id=company.provider_id, company=company, number=number + 1,
                starts_on=starts_on, made_by=by, made_at=timezone.now(), held=held, **terms,
            )  # fmt: skip
            _check_terms(made)
            if former is not None and former.ends_on is None:
                cls.objects.filter(pk=former.pk).update(ends_on=starts_on - timedelta(days=1))
            made.save(force_insert=True)
            organisation.record(
                made, "package_agreed", by, company=company.pk, starts_on=starts_on.isoformat()
            )
        return made

    def end(self, on: date, *, by: Person, today: date | None = None) -> None:
        """End it with a day of this month or to come. Raises `NotForUsage`, `BadValue`."""
        if not access_of(by).runs_pool:
            raise NotForUsage(person=str(by))
        first = (today or timezone.localdate()).replace(day=1)
        if not max(first, self.starts_on) <= on <= date(2200, 12, 31):
            mend = _t("give a day of this month or a later one, after its beginning")
            raise BadValue(field=_t("until"), mend=mend)
        self._end(by, "package_ended", on.isoformat(), ends_on=on)

    def hold(self, month: date, *, by: Person, today: date | None = None) -> None:
        """Suspend it for a whole month, this one or to come: nothing is charged, nothing ages."""
        if not access_of(by).runs_pool:
            raise NotForUsage(person=str(by))
        first = (today or timezone.localdate()).replace(day=1)
        if month.day != 1 or not max(first, self.starts_on) <= month <= date(2200, 12, 1):
            mend = _t("give the first day of this month or of a later one")
            raise BadValue(field=_t("suspended months"), mend=mend)
        name = f"{month:%Y-%m}"
        if name in self.held:
            return
        held = sorted([*self.held, name])
        if any(_in_a_row(held, place) > MOST_HELD for place in range(len(held))):
            mend = _t("a package is suspended for %(most)d months at most") % {"most": MOST_HELD}
            raise BadValue(field=_t("suspended months"), mend=mend)
        self._end(by, "package_held", name, held=held)

    def release(self, month: date, *, by: Person, today: date | None = None) -> None:
        """Take the suspension of a month back, of this one or one to come; others were told."""
        if not access_of(by).runs_pool:
            raise NotForUsage(person=str(by))
        name, first = f"{month:%Y-%m}", (today or timezone.localdate()).replace(day=1)
        if name not in self.held or month < first:
            mend = _t("choose a suspended month that is not over")
            raise BadValue(field=_t("suspended months"), mend=mend)
        held = [one for one in self.held if one != name]
        self._end(by, "package_released", name, held=held)

    def _end(self, by: Person, kind: str, told: str, **fields: Any) -> None:
        mine = UsagePlan.objects.filter(pk=self.pk, ends_on=None, held=self.held)
        with transaction.atomic():
            if not mine.update(**fields):
                raise UsageOvertaken()
            for name, value in fields.items():
                setattr(self, name, value)
            organisation.record(self, kind, by, company=self.company_id, told=told)


def _in_a_row(held: list[str], place: int) -> int:
    """Return how many suspended months follow each other from that one on."""
    numbers = [int(one[:4]) * 12 + int(one[5:]) for one in held[place:]]
    return sum(number == numbers[0] + step for step, number in enumerate(numbers))


def word_of(name: str) -> Any:
    """Return the word of a field, as it is read."""
    return next(one.verbose_name for one in UsagePlan._meta.fields if one.name == name)


def _share(percent: Decimal | None) -> Fraction | None:
    return None if percent is None else Fraction(percent) / 100


def _check_start(former: UsagePlan | None, starts_on: date, today: date) -> None:
    """Raise `BadValue` unless a package may begin then."""
    if not date(1970, 1, 1) <= starts_on <= date(2200, 12, 31):
        raise BadValue(field=_t("from"), mend=_t("give a year between 1970 and 2200"))
    if former is None:
        return
    later = former.ends_on is None or starts_on > former.ends_on
    if starts_on.day != 1 or starts_on < today.replace(day=1) or not later:
        mend = _t("a new version begins with a month: this one or a later one")
        raise BadValue(field=_t("from"), mend=mend)
    if starts_on <= former.starts_on:
        mend = _t("a version that begins then or later is there already")
        raise BadValue(field=_t("from"), mend=mend)


def _check_terms(plan: UsagePlan) -> None:
    """Raise `BadValue` for what a package cannot say."""
    if not (plan.unit in UsagePlan.Unit.values and plan.overage in UsagePlan.Overage.values):
        raise BadValue(field=_t("counted in"), mend=_t("choose one of the list"))
    bounds = (
        ("included", 0, 1_000_000), ("price_cents", 0, MOST_CENTS), ("over_cents", 0, MOST_CENTS),
        ("rounding_minutes", 1, 480), ("carried_months", 0, MOST_MONTHS),
        ("carried_percent", 0, 1000), ("carried_units", 0, 1_000_000), ("urgent_times", 1, 10),
    )  # fmt: skip
    for name, least, most in bounds:
        value = getattr(plan, name)
        if value is not None and not least <= value <= most:
            mend = _t("give between %(least)d and %(most)d") % {"least": least, "most": most}
            raise BadValue(field=word_of(name), mend=mend)
    alerts = plan.alerts
    if list(alerts) != sorted(set(alerts)) or any(not 1 <= one <= 1000 for one in alerts):
        mend = _t("give rising percentages from 1 to 1000, each once")
        raise BadValue(field=_t("alerts at (%)"), mend=mend)
    for code, points in plan.points.items():
        if not 0 <= points <= 1000:
            mend = _t("%(code)s: give between 0 and 1000 points") % {"code": code}
            raise BadValue(field=_t("points by service"), mend=mend)

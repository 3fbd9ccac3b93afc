"""What happens if a service is missing at a site: the impact analysis, made small (domain E.1)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import BadValue
from relais.desk.rules import access_of
from relais.engine import continuity
from relais.engine.continuity import Horizon
from relais.lib.tenancy import SameTenant
from relais.offer.models import Service
from relais.people import organisation
from relais.people.models import Person, Site
from relais.people.models.tenant import TenantModel
from relais.planning.continuity_errors import NotHers

HORIZONS = {
    "half_day": Horizon.HALF_DAY, "day": Horizon.DAY, "three_days": Horizon.THREE_DAYS,
    "week": Horizon.WEEK, "two_weeks": Horizon.TWO_WEEKS,
}  # fmt: skip
WORST = 4
FIELDS = (*HORIZONS, "resume_hours", "minimum", "depends_on")


def impact_field(label: Any) -> Any:
    """Return a field for how much it hurts, from 0 (not at all) to 4."""
    return models.PositiveSmallIntegerField(label, default=0, validators=[MaxValueValidator(WORST)])


class Impact(TenantModel):
    """How a service that is missing at a site hurts, and in what time it must be there again."""

    service = models.ForeignKey(
        Service, models.CASCADE, related_name="+", verbose_name=_("service")
    )
    site = models.ForeignKey(Site, models.CASCADE, related_name="+", verbose_name=_("site"))
    half_day = impact_field(_("impact after 4 hours"))
    day = impact_field(_("impact after 1 day"))
    three_days = impact_field(_("impact after 3 days"))
    week = impact_field(_("impact after 1 week"))
    two_weeks = impact_field(_("impact after 2 weeks"))
    resume_hours = models.PositiveSmallIntegerField(_("there again within (hours)"))
    minimum = models.CharField(_("minimum level"), max_length=300, blank=True)
    depends_on = models.CharField(_("depends on"), max_length=300, blank=True)
    written_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("impact")
        verbose_name_plural = _("impacts")
        ordering = ["site", "service", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["service", "site"], name="planning_impact_once"),
            models.CheckConstraint(
                condition=models.Q(
                    half_day__lte=4, day__lte=4, three_days__lte=4, week__lte=4, two_weeks__lte=4
                ),
                name="planning_impact_range",
            ),
            SameTenant(name="planning_impact_service_fk", field="service", to="offer_service"),
            SameTenant(name="planning_impact_site_fk", field="site", to="people_site"),
            SameTenant(name="planning_impact_by_fk", field="written_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.service} · {self.site}"

    @property
    def impacts(self) -> dict[Horizon, int]:
        """Return the impact after each horizon."""
        return {horizon: getattr(self, name) for name, horizon in HORIZONS.items()}

    @property
    def tolerable(self) -> Horizon | None:
        """Return the longest that it may be missing; None: more than two weeks."""
        return continuity.tolerable(self.impacts)

    @property
    def is_critical(self) -> bool:
        """Return whether it cannot be borne for more than a day."""
        return continuity.critical(self.impacts)

    @classmethod
    def write(cls, service: Service, site: Site, *, by: Person, **values: Any) -> Impact:
        """Return what is now written of the service at the site; one event.

        Raises `NotHers`, `BadValue`.
        """
        if not access_of(by).runs_pool:
            raise NotHers(person=str(by))
        told = {name: values[name] for name in FIELDS if name in values}
        _check(told)
        with transaction.atomic():
            found, fresh = cls.objects.update_or_create(
                service=service,
                site=site,
                defaults=told | {"written_by": by, "written_at": timezone.now()},
                create_defaults=told
                | {"provider_id": by.provider_id, "written_by": by, "written_at": timezone.now()},
            )
            kind = "impact_written" if fresh else "impact_changed"
            organisation.record(found, kind, by, **told)
        return found


def _check(told: dict[str, Any]) -> None:
    """Refuse an impact that shrinks with time, or a return later than what can be borne."""
    levels = [int(told.get(name, 0)) for name in HORIZONS]
    if any(later < sooner for sooner, later in pairwise(levels)):
        raise BadValue(field=_t("impact"), mend=_t("it does not shrink with time"))
    longest = continuity.tolerable(dict(zip(HORIZONS.values(), levels, strict=True)))
    if longest is not None and int(told.get("resume_hours", 0)) > longest:
        mend = _t("at most %(hours)s hours, what can be borne") % {"hours": int(longest)}
        raise BadValue(field=_t("there again within (hours)"), mend=mend)

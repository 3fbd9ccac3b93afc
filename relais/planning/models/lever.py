"""A lever pulled for a site and a week: who chose it, what it was to bring, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.desk.rules import access_of
from relais.engine import load
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person, Site
from relais.people.models.tenant import TenantModel
from relais.planning.continuity_errors import LeverChosen, LeverUndone, NotHers, WeekBegun


@dataclass(frozen=True)
class Effect:
    """What a lever is to bring in a week: hours, and coverage before and once it is pulled."""

    week: date
    hours: float
    before: float
    after: float
    asked: float
    capacity: float


class Lever(TenantModel):
    """One of the levers of domain E.7, for one site and one week from its Monday on."""

    class Code(models.TextChoices):
        DEFER = load.DEFER, pgettext_lazy("lever", "What may wait (P4) waits a week")
        BACKUP = load.BACKUP, pgettext_lazy("lever", "Backups of the site")
        FLOAT = load.FLOAT, pgettext_lazy("lever", "Float")
        OVERTIME = load.OVERTIME, pgettext_lazy("lever", "Overtime within the law")
        TEMP = load.TEMP, pgettext_lazy("lever", "Freelance or temp")
        DATES = load.DATES, pgettext_lazy("lever", "Other dates agreed with the requesters")

    site = models.ForeignKey(Site, models.CASCADE, related_name="+", verbose_name=_("site"))
    week = models.DateField(_("week"))
    code = models.CharField(_("lever"), max_length=10, choices=Code.choices)
    note = models.CharField(_("note"), max_length=300, blank=True)
    # As it was foreseen when it was chosen; in hours, and hours there for one asked.
    hours = models.FloatField()
    before = models.FloatField()
    after = models.FloatField()
    asked = models.FloatField()
    capacity = models.FloatField()
    chosen_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField()
    undone_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    # Once the week is over: what came, who was there, what was delivered (levering.py).
    outcome = models.JSONField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("lever chosen")
        verbose_name_plural = _("levers chosen")
        ordering = ["-week", "site", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["site", "week", "code"],
                condition=models.Q(undone_at=None),
                name="planning_lever_once",
            ),
            SameTenant(name="planning_lever_site_fk", field="site", to="people_site"),
            SameTenant(name="planning_lever_by_fk", field="chosen_by", to="people_person"),
            SameTenant(name="planning_lever_undone_fk", field="undone_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.site_id} · {self.week}"

    @property
    def is_over(self) -> bool:
        """Return whether what came of it is known."""
        return self.outcome is not None

    def has_begun(self, today: date) -> bool:
        """Return whether its week has begun: what was pulled cannot be undone any more."""
        return today >= self.week

    @classmethod
    def choose(
        cls,
        site: Site,
        code: str,
        effects: Sequence[Effect],
        *,
        by: Person,
        today: date,
        note: str = "",
        at: datetime | None = None,
    ) -> list[Lever]:
        """Return what is now chosen, a row a week; one event for all of them.

        Raises `NotHers`, `WeekBegun` for a week that is over, `LeverChosen` where somebody chose
        it for one of these weeks before.
        """
        if not access_of(by).runs_pool:
            raise NotHers(person=str(by))
        if any(today >= one.week + timedelta(days=7) for one in effects):
            raise WeekBegun()
        given: dict[str, Any] = {
            "provider_id": by.provider_id, "site": site, "code": code, "note": note.strip()[:300],
            "chosen_by": by, "chosen_at": at or timezone.now(),
        }  # fmt: skip
        try:
            with transaction.atomic():
                rows: list[Lever] = Lever.objects.bulk_create(
                    Lever(
                        week=one.week, hours=one.hours, before=one.before, after=one.after,
                        asked=one.asked, capacity=one.capacity, **given,
                    )
                    for one in effects
                )  # fmt: skip
        except IntegrityError as fault:
            raise LeverChosen() from fault
        weeks = [one.week.isoformat() for one in effects]
        organisation.record(rows[0], "lever_chosen", by, site=site.name, lever=code, weeks=weeks)
        return rows

    def undo(self, *, by: Person, today: date, at: datetime | None = None) -> None:
        """Take it back while its week has not begun; one event.

        Raises `NotHers`, `WeekBegun`, `LeverUndone`.
        """
        if not access_of(by).runs_pool:
            raise NotHers(person=str(by))
        if self.has_begun(today):
            raise WeekBegun()
        fields = {"undone_by": by, "undone_at": at or timezone.now()}
        if not Lever.objects.filter(pk=self.pk, undone_at=None).update(**fields):
            raise LeverUndone()
        for name, value in fields.items():
            setattr(self, name, value)
        organisation.record(self, "lever_undone", by, lever=self.code, week=self.week.isoformat())

"""Exercises of continuity: planned, run, scored by facts; gaps become actions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import BadValue, Missing
from relais.desk.rules import access_of
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person, Site
from relais.people.models.tenant import TenantModel
from relais.planning.continuity_errors import DrillOver, NotHers


class Drill(TenantModel):
    """One exercise: a person (or a site) is held to be missing for a day."""

    class Kind(models.TextChoices):
        TABLE = "table", _("On paper")
        PART = "part", _("Functional")
        WHOLE = "whole", _("Day without notice")

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        SCORED = "scored", _("Scored")
        DROPPED = "dropped", _("Dropped")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="+", verbose_name=_("held to be missing")
    )
    site = models.ForeignKey(
        Site, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("site")
    )
    day = models.DateField(_("day"))
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PLANNED
    )
    planned_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    # Requests due that day at her sites, and those delivered in time by others.
    due = models.PositiveIntegerField(null=True)
    kept = models.PositiveIntegerField(null=True)
    note = models.TextField(_("what was seen"), blank=True)
    scored_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("drill")
        verbose_name_plural = _("drills")
        ordering = ["-day", "-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["person", "day"], name="planning_drill_once"),
            SameTenant(name="planning_drill_person_fk", field="person", to="people_person"),
            SameTenant(name="planning_drill_site_fk", field="site", to="people_site"),
            SameTenant(name="planning_drill_by_fk", field="planned_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.day}"

    @property
    def score(self) -> float | None:
        """Return the share of what was due that was delivered in time without her."""
        return self.kept / self.due if self.due and self.kept is not None else None

    @classmethod
    def plan(
        cls, person: Person, day: date, *, kind: str, by: Person, site: Site | None = None
    ) -> Drill:
        """Return the drill planned; the same twice is one. Raises `NotHers`, `BadValue`."""
        _check(by)
        if not 1970 <= day.year <= 2200:
            raise BadValue(field=_t("day"), mend=_t("give a year between 1970 and 2200"))
        with transaction.atomic():
            found, fresh = cls.objects.get_or_create(
                person=person, day=day,
                defaults={
                    "provider_id": by.provider_id, "kind": kind, "site": site, "planned_by": by,
                },
            )  # fmt: skip
            again = cls.objects.filter(pk=found.pk, state=cls.State.DROPPED)
            if not fresh and again.update(
                state=cls.State.PLANNED, kind=kind, site=site, planned_by=by
            ):
                fresh = True
                found.refresh_from_db()
            if fresh:
                organisation.record(found, "drill_planned", by, day=day.isoformat())
        return found

    def close(
        self,
        *,
        by: Person,
        due: int,
        kept: int,
        note: str,
        actions: list[str],
        at: datetime | None = None,
    ) -> None:
        """Score it, with what was seen and what is to be done.

        Raises `Missing`, `DrillOver`, and `BadValue` before its day.
        """
        if not note.strip():
            raise Missing(field=_t("what was seen"))
        at = at or timezone.now()
        if self.day > timezone.localdate(at):
            raise BadValue(field=_t("day"), mend=_t("score it on its day or later"))
        with transaction.atomic():
            self._turn(
                by, "drill_scored", state=self.State.SCORED, due=due, kept=kept,
                note=note.strip()[:2000], scored_at=at,
            )  # fmt: skip
            for text in actions:
                if text := text.strip()[:300]:
                    DrillAction.objects.create(provider_id=self.provider_id, drill=self, what=text)

    def drop(self, *, by: Person) -> None:
        """Let it go. Raises `DrillOver`."""
        with transaction.atomic():
            self._turn(by, "drill_dropped", state=self.State.DROPPED)

    def _turn(self, by: Person, kind: str, **fields: Any) -> None:
        _check(by)
        mine = Drill.objects.filter(pk=self.pk, state=self.State.PLANNED)
        if not mine.update(**fields):
            raise DrillOver()
        for name, value in fields.items():
            setattr(self, name, value)
        organisation.record(self, kind, by, day=str(self.day))


class DrillAction(TenantModel):
    """Something to mend that a drill showed."""

    drill = models.ForeignKey(Drill, models.CASCADE, related_name="actions")
    what = models.CharField(_("action"), max_length=300)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("action of a drill")
        verbose_name_plural = _("actions of drills")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="planning_drillaction_drill_fk", field="drill", to="planning_drill"),
            SameTenant(name="planning_drillaction_by_fk", field="done_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.what

    def done(self, *, by: Person, at: datetime | None = None) -> None:
        """Say that it is done; done already is done. Raises `NotHers`."""
        _check(by)
        mine = DrillAction.objects.filter(pk=self.pk, done_at=None)
        if mine.update(done_at=at or timezone.now(), done_by=by):
            organisation.record(self, "drill_action_done", by, what=self.what)


def _check(by: Person) -> None:
    if not access_of(by).runs_pool:
        raise NotHers(person=str(by))

"""What hurts: said by somebody, put together with its like, mended, and measured again."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.desk.errors import BadValue, Missing
from relais.engine import inventory
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person, Site
from relais.people.models.tenant import TenantModel
from relais.study.errors import ChangedMeanwhile

from .line import InventoryLine
from .study import Participant, Study

FIGURES = ("a_month", "persons", "minutes", "severity")
# Months after the mending began; 0 is the measure before it.
BEFORE, MONTHS = 0, (3, 6)


def _figure(label: Any, most: int, default: float = 0) -> Any:
    valid = [MinValueValidator(0), MaxValueValidator(most)]
    return models.FloatField(label, default=default, validators=valid)


def _severity() -> Any:
    valid = [MinValueValidator(1), MaxValueValidator(5)]
    return models.PositiveSmallIntegerField(_("severity (1–5)"), default=3, validators=valid)


class Irritant(TenantModel):
    """Something that costs time again and again. Who said it is known to the pilot alone."""

    class Category(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RETYPING = "retyping", _("Typed again")
        DOUBLE = "double", _("Done twice")
        ERROR = "error", _("Errors")
        LOST = "lost", _("Information lost")
        UNCLEAR = "unclear", _("Unclear rule")
        TOOL = "tool", pgettext_lazy("irritant", "Tool")
        OVERLOAD = "overload", _("Overload")
        PERSON = "person", _("Hangs on one person")
        APPROVAL = "approval", _("Waiting for approval")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("irritant", "Open")
        MENDING = "mending", _("Being mended")
        LIFTED = "lifted", _("Lifted")
        LEFT = "left", _("Left as it is")

    class Source(models.TextChoices):
        WORKSHOP = "workshop", _("Workshop")
        INTERVIEW = "interview", _("Interview")
        ALERT = "alert", _("Alert sign")

    study = models.ForeignKey(Study, models.CASCADE, related_name="irritants")
    # Empty: at every site.
    site = models.ForeignKey(
        Site, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("site")
    )
    process = models.CharField(_("process"), max_length=150)
    role = models.CharField(_("who suffers (role)"), max_length=100, blank=True)
    verbatim = models.TextField(_("in their own words"), max_length=1000, blank=True)
    said_by = models.ForeignKey(
        Participant, models.SET_NULL, null=True, blank=True, related_name="irritants",
        verbose_name=_("said by"),
    )  # fmt: skip
    category = models.CharField(
        _("kind"), max_length=10, choices=Category.choices, default=Category.WAITING
    )
    a_month = _figure(_("times a month"), 100_000)
    persons = _figure(_("persons touched each time"), 10_000, default=1)
    minutes = _figure(_("minutes lost by each"), 10_000)
    severity = _severity()
    cause = models.CharField(_("cause"), max_length=300, blank=True)
    quick_win = models.BooleanField(_("quick win"), default=False)
    owner = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    state_why = models.CharField(max_length=300, blank=True)
    # The one that speaks for it, once they are put together.
    into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="merged")
    source = models.CharField(
        _("source"), max_length=10, choices=Source.choices, default=Source.WORKSHOP
    )
    # What the source calls it: the same thing read again is one irritant.
    source_key = models.CharField(max_length=100, blank=True, editable=False)
    typed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    mending_on = models.DateField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("pain point")
        verbose_name_plural = _("pain points")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["study", "source", "source_key"],
                condition=~Q(source_key=""),
                name="study_irritant_source_once",
            ),
            SameTenant(name="study_irritant_study_fk", field="study", to="study_study"),
            SameTenant(name="study_irritant_site_fk", field="site", to="people_site"),
            SameTenant(name="study_irritant_said_fk", field="said_by", to="study_participant"),
            SameTenant(name="study_irritant_owner_fk", field="owner", to="people_person"),
            SameTenant(name="study_irritant_into_fk", field="into", to="study_irritant"),
            SameTenant(name="study_irritant_typist_fk", field="typed_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.process

    @property
    def counted(self) -> inventory.Irritant:
        """Return it as the engine scores it."""
        figures = (self.a_month, self.persons, self.minutes, self.severity)
        return inventory.Irritant(str(self.pk), *figures)

    @property
    def figures_stand(self) -> bool:
        """Return whether its figures are the measure before: mending has begun."""
        return self.state != self.State.OPEN

    # Verbs ----------------------------------------------------------------------------------

    def edit(self, fields: dict[str, Any], *, by: Person) -> None:
        """Change what is told of it. Raises `BadValue` for the figures once mending has begun."""
        changed = {name: value for name, value in fields.items() if getattr(self, name) != value}
        if self.figures_stand and set(changed) & set(FIGURES):
            raise BadValue(
                field=_t("measure before"),
                mend=_t("it stands since the mending began: enter a measure after instead"),
            )
        if changed:
            self._turn("edited", by, **changed)

    def merge(self, into: Irritant, *, by: Person) -> None:
        """Put it together with another one, which speaks for both. Raises `BadValue`."""
        if into.study_id != self.study_id or into.pk == self.pk or into.into_id is not None:
            raise BadValue(
                field=_t("pain point"), mend=_t("choose another one that speaks for itself")
            )
        if self.into_id is not None or self.state != self.State.OPEN:
            raise ChangedMeanwhile()
        with transaction.atomic():
            self._turn("merged", by, into=into)
            # Those it spoke for follow it: groups are one step deep.
            Irritant.objects.filter(into=self).update(into=into)

    def unmerge(self, *, by: Person) -> None:
        """Let it speak for itself again. Raises `ChangedMeanwhile` when it does."""
        if self.into_id is None:
            raise ChangedMeanwhile()
        self._turn("unmerged", by, into=None)

    def mend(self, *, by: Person, at: date | None = None) -> None:
        """Begin to mend it: its figures are the measure before from now on. Raises `Missing`."""
        if self.owner_id is None:
            raise Missing(field=_t("owner"))
        self._check_state(self.State.OPEN)
        on = at or timezone.localdate()
        with transaction.atomic():
            self._turn("mending", by, state=self.State.MENDING, mending_on=on, state_why="")
            fields = {name: getattr(self, name) for name in FIGURES}
            IrritantMeasure.objects.update_or_create(
                irritant=self, month=BEFORE,
                defaults={"provider_id": self.provider_id, "taken_on": on, "by": by, **fields},
            )  # fmt: skip

    def lift(self, *, by: Person) -> None:
        """Say that it is gone."""
        self._check_state(self.State.MENDING)
        self._turn("lifted", by, state=self.State.LIFTED)

    def leave(self, why: str, *, by: Person) -> None:
        """Leave it as it is, with the reason. Raises `Missing`."""
        if not why.strip():
            raise Missing(field=_t("reason"))
        self._check_state(self.State.OPEN, self.State.MENDING)
        self._turn("left", by, state=self.State.LEFT, state_why=why.strip()[:300])

    def reopen(self, *, by: Person) -> None:
        """Take it up again; what was measured before and after stays until it is mended anew."""
        self._check_state(self.State.MENDING, self.State.LIFTED, self.State.LEFT)
        self._turn("reopened", by, state=self.State.OPEN, state_why="")

    def remeasure(
        self, month: int, figures: dict[str, Any], *, by: Person, at: date | None = None
    ) -> None:
        """Keep what it costs 3 or 6 months after, told by hand; told again, it is corrected."""
        self.study.check_lead(by)
        if month not in MONTHS:
            raise BadValue(field=_t("months after"), mend=_t("3 or 6"))
        with transaction.atomic():
            if not self.measures.filter(month=BEFORE).exists():
                raise BadValue(
                    field=_t("measure before"), mend=_t("begin to mend it: its figures are kept")
                )
            on = at or timezone.localdate()
            defaults = {"provider_id": self.provider_id, "taken_on": on, "by": by, **figures}
            IrritantMeasure.objects.update_or_create(irritant=self, month=month, defaults=defaults)
            organisation.record(self, "irritant_remeasured", by, month=month)

    def _check_state(self, *when: str) -> None:
        if self.state not in when or self.into_id is not None:
            raise ChangedMeanwhile()

    def _turn(self, kind: str, by: Person, **fields: Any) -> None:
        """Change it where it is as it was read; one event. Raises `ChangedMeanwhile`."""
        self.study.check_lead(by)
        mine = Irritant.objects.filter(pk=self.pk, version=self.version)
        if not mine.update(**fields, version=self.version + 1):
            raise ChangedMeanwhile()
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1
        organisation.record(self, f"irritant_{kind}", by, process=self.process)


class IrritantMeasure(TenantModel):
    """What an irritant costs: before it is mended, and 3 and 6 months after."""

    class Source(models.TextChoices):
        HAND = "hand", _("Told by hand")
        DESK = "desk", _("Measured by the desk")

    irritant = models.ForeignKey(Irritant, models.CASCADE, related_name="measures")
    month = models.PositiveSmallIntegerField(_("months after"))
    a_month = _figure(_("times a month"), 100_000)
    persons = _figure(_("persons touched each time"), 10_000, default=1)
    minutes = _figure(_("minutes lost by each"), 10_000)
    severity = _severity()
    source = models.CharField(
        _("source"), max_length=5, choices=Source.choices, default=Source.HAND
    )
    taken_on = models.DateField(_("taken on"))
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("measure of a pain point")
        verbose_name_plural = _("measures of pain points")
        ordering = ["month"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["irritant", "month"], name="study_measure_once"),
            SameTenant(name="study_measure_irritant_fk", field="irritant", to="study_irritant"),
            SameTenant(name="study_measure_by_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.irritant_id} +{self.month}"

    @property
    def counted(self) -> inventory.Irritant:
        """Return it as the engine scores it."""
        figures = (self.a_month, self.persons, self.minutes, self.severity)
        return inventory.Irritant(str(self.irritant_id), *figures)


class IrritantLine(TenantModel):
    """A line of the inventory that an irritant weighs on: what hurts is taken over first."""

    irritant = models.ForeignKey(Irritant, models.CASCADE, related_name="links")
    line = models.ForeignKey(InventoryLine, models.CASCADE, related_name="irritant_links")

    class Meta(TenantModel.Meta):
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["irritant", "line"], name="study_irritantline_once"),
            SameTenant(
                name="study_irritantline_irritant_fk", field="irritant", to="study_irritant"
            ),
            SameTenant(name="study_irritantline_line_fk", field="line", to="study_inventoryline"),
        ]

    def __str__(self) -> str:
        return f"{self.irritant_id} → {self.line_id}"

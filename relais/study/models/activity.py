"""Activity logs (a day in the life of): the same categories for all, each log its owner's alone."""

from __future__ import annotations

import contextlib
from datetime import date, datetime, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import BadValue
from relais.lib.tenancy import SameTenant
from relais.offer.models import Service
from relais.people import organisation
from relais.people.models.tenant import TenantModel
from relais.study.errors import ChangedMeanwhile
from relais.study.workshop_errors import LogClosed

from .line import InventoryLine
from .study import Participant, Study

FEWEST_DAYS, MOST_DAYS = 5, 10
# How far back a forgotten day may still be written down.
BACK = timedelta(days=21)
MOST_MINUTES = 12 * 60
# A clock that runs longer was forgotten.
MOST_ON_CLOCK = 4 * 60
MOST_A_DAY = 100


class ActivityCategory(TenantModel):
    """A kind of activity, prepared beforehand and the same for all who keep a log."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="categories")
    name_fr = models.CharField(_("name in French"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=60, blank=True)
    value = models.CharField(
        _("value"), max_length=4, choices=InventoryLine.Value.choices,
        default=InventoryLine.Value.ADDED,
    )  # fmt: skip
    family = models.CharField(
        _("family"), max_length=20, choices=Service.Family.choices, default=Service.Family.OTHER
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    # What was logged in it stays; it is offered no more.
    hidden = models.BooleanField(_("no longer offered"), default=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("category of activities")
        verbose_name_plural = _("categories of activities")
        ordering = ["position", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["study", "name_fr"],
                name="study_category_once",
                violation_error_message=_("There is a category of this name already."),
            ),
            SameTenant(name="study_category_study_fk", field="study", to="study_study"),
        ]

    def __str__(self) -> str:
        return self.name_fr

    def called(self, language: str) -> str:
        """Return the name in a language; the French one when there is no other."""
        return self.name_en if language == "en" and self.name_en else self.name_fr


class ActivityLog(TenantModel):
    """One person's log of five to ten days. Nobody but she reads it."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="logs")
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="logs")
    asked_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    # The clock that runs, if one does.
    running = models.ForeignKey(ActivityCategory, models.SET_NULL, null=True, related_name="+")
    running_since = models.DateTimeField(null=True)
    running_unplanned = models.BooleanField(default=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("activity log")
        verbose_name_plural = _("activity logs")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["study", "participant"], name="study_log_once"),
            SameTenant(name="study_log_study_fk", field="study", to="study_study"),
            SameTenant(name="study_log_person_fk", field="participant", to="study_participant"),
            SameTenant(name="study_log_running_fk", field="running", to="study_activitycategory"),
        ]

    def __str__(self) -> str:
        return str(self.study)

    def days(self) -> list[date]:
        """Return the days that hold something, in order."""
        rows = self.entries.order_by("day").values_list("day", flat=True).distinct()
        return list(rows)

    def add(
        self,
        category: ActivityCategory,
        minutes: int,
        *,
        token: str,
        day: date | None = None,
        unplanned: bool = False,
        at: datetime | None = None,
    ) -> bool:
        """Write down one activity; return whether it is new: the same token twice is one.

        Raises `LogClosed`, or `BadValue` for what cannot be.
        """
        at = at or timezone.now()
        day = day or timezone.localdate(at)
        self._check_open()
        self._check(category, minutes, day, timezone.localdate(at))
        fields: dict[str, Any] = {
            "provider_id": self.provider_id, "log": self, "category": category, "day": day,
            "minutes": minutes, "unplanned": unplanned, "token": token[:40], "added_at": at,
        }  # fmt: skip
        try:
            with transaction.atomic():
                ActivityEntry.objects.create(**fields)
        except IntegrityError:
            if not self.entries.filter(token=token[:40]).exists():
                raise
            return False
        return True

    def start(
        self, category: ActivityCategory, *, unplanned: bool = False, at: datetime | None = None
    ) -> None:
        """Let the clock run for an activity; one that ran is stopped and written down."""
        at = at or timezone.now()
        self._check_open()
        if category.study_id != self.study_id or category.hidden:
            raise BadValue(field=_t("category"), mend=_t("choose one of the study's"))
        with transaction.atomic():
            self.stop(at=at)
            fields = {"running": category, "running_since": at, "running_unplanned": unplanned}
            if not self._mine(running_since=None).update(**fields):
                raise ChangedMeanwhile()
            for name, value in fields.items():
                setattr(self, name, value)

    def stop(self, *, at: datetime | None = None) -> int | None:
        """Stop the clock and write down what it measured, four hours at most.

        Return the minutes that it ran, None when it did not.
        """
        at = at or timezone.now()
        category, since = self.running, self.running_since
        if category is None or since is None:
            return None
        with transaction.atomic():
            if not self._mine(running_since=since).update(running=None, running_since=None):
                raise ChangedMeanwhile()
            self.running = self.running_since = None
            minutes = round((at - since).total_seconds() / 60)
            if minutes:
                # A day that the log takes no more must not let the clock run for ever.
                with contextlib.suppress(BadValue):
                    self.add(
                        category, min(minutes, MOST_ON_CLOCK),
                        token=f"clock-{since.isoformat()}", day=timezone.localdate(since),
                        unplanned=self.running_unplanned, at=at,
                    )  # fmt: skip
        return minutes

    def undo(self) -> bool:
        """Take back what was written down last; return whether there was anything."""
        self._check_open()
        last = self.entries.order_by("-added_at", "-id").first()
        if last is None:
            return False
        return bool(self.entries.filter(pk=last.pk).delete()[0])

    def close(self, *, at: datetime | None = None) -> None:
        """Say that it is complete. Raises `BadValue` under five days, `LogClosed` when it was."""
        self._check_open()
        if len(self.days()) < FEWEST_DAYS:
            raise BadValue(field=_t("days"), mend=_t("five at least: go on tomorrow"))
        with transaction.atomic():
            self.stop(at=at)
            if not self._mine(closed_at=None).update(closed_at=at or timezone.now()):
                raise LogClosed()
            organisation.record(self, "log_closed", None)
        self.refresh_from_db(fields=["closed_at"])

    def reopen(self) -> None:
        """Go on with it: something was forgotten."""
        if self._mine(closed_at__isnull=False).update(closed_at=None):
            self.closed_at = None
            organisation.record(self, "log_reopened", None)

    def _mine(self, **when: Any) -> models.QuerySet[ActivityLog]:
        return ActivityLog.objects.filter(pk=self.pk, **when)

    def _check_open(self) -> None:
        if self.closed_at is not None or not self.study.is_changeable:
            raise LogClosed()

    def _check(self, category: ActivityCategory, minutes: int, day: date, today: date) -> None:
        if category.study_id != self.study_id:
            raise BadValue(field=_t("category"), mend=_t("choose one of the study's"))
        if not 1 <= minutes <= MOST_MINUTES:
            raise BadValue(field=_t("minutes"), mend=_t("from 1 to 720"))
        if not today - BACK <= day <= today:
            raise BadValue(field=_t("day"), mend=_t("today, or one of the last three weeks"))
        days = self.days()
        if day not in days and len(days) >= MOST_DAYS:
            raise BadValue(field=_t("day"), mend=_t("ten days are enough: the log is complete"))
        if day in days and self.entries.filter(day=day).count() >= MOST_A_DAY:
            raise BadValue(field=_t("day"), mend=_t("it holds a hundred activities already"))


class ActivityEntry(TenantModel):
    """Some minutes of one day."""

    log = models.ForeignKey(ActivityLog, models.CASCADE, related_name="entries")
    category = models.ForeignKey(ActivityCategory, models.CASCADE, related_name="entries")
    day = models.DateField(_("day"))
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)]
    )
    unplanned = models.BooleanField(_("unplanned"), default=False)
    # Given by the phone: sent again after a bad connection it is one activity.
    token = models.CharField(max_length=40)
    added_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ["day", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(condition=Q(minutes__gte=1), name="study_entry_minutes"),
            models.UniqueConstraint(fields=["log", "token"], name="study_entry_once"),
            SameTenant(name="study_entry_log_fk", field="log", to="study_activitylog"),
            SameTenant(
                name="study_entry_category_fk", field="category", to="study_activitycategory"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} · {self.minutes}"

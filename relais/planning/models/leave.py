"""Leave asked for, and the lead's answer: what it would leave uncovered is said before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.desk.errors import Missing
from relais.desk.rules import access_of
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Absence, Person
from relais.people.models.tenant import TenantModel
from relais.planning.continuity_errors import LeaveAnswered, NotHers

from .relief import Relief


class LeaveRequest(TenantModel):
    """A leave that an assistant asks for, by class only."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked for")
        ACCEPTED = "accepted", pgettext_lazy("leave", "Accepted")
        REFUSED = "refused", pgettext_lazy("leave", "Refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("leave", "Withdrawn")

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="+", verbose_name=_("assistant")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    kind = models.CharField(_("class"), max_length=10, choices=Absence.Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField()
    answered_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    why = models.CharField(_("reason"), max_length=300, blank=True)
    # What the gate said when it was accepted all the same: reported, never erased.
    overridden = models.JSONField(default=list)
    relief = models.ForeignKey(Relief, models.SET_NULL, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("leave request")
        verbose_name_plural = _("leave requests")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="planning_leave_ends_later"
            ),
            models.UniqueConstraint(
                fields=["person", "starts_at", "ends_at"],
                condition=Q(state="asked"),
                name="planning_leave_once",
            ),
            SameTenant(name="planning_leave_person_fk", field="person", to="people_person"),
            SameTenant(name="planning_leave_by_fk", field="answered_by", to="people_person"),
            SameTenant(name="planning_leave_relief_fk", field="relief", to="planning_relief"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.starts_at:%Y-%m-%d}"

    def answer(
        self,
        state: str,
        *,
        by: Person,
        why: str = "",
        overridden: list[str] | None = None,
        relief: Relief | None = None,
        at: datetime | None = None,
    ) -> None:
        """Answer it once; one event. Raises `NotHers`, `Missing`, `LeaveAnswered`."""
        if not access_of(by).runs_pool:
            raise NotHers(person=str(by))
        if not why.strip() and (overridden or state == self.State.REFUSED):
            raise Missing(field=_t("reason"))
        self._turn(
            state, answered_by=by, why=why.strip()[:300], overridden=overridden or [],
            relief=relief, at=at,
        )  # fmt: skip
        kind = "leave_overridden" if overridden else f"leave_{state}"
        organisation.record(self, kind, by, person=self.person.name)

    def withdraw(self, *, by: Person, at: datetime | None = None) -> None:
        """Take it back before it is answered. Raises `NotHers`, `LeaveAnswered`."""
        if by.pk != self.person_id:
            raise NotHers(person=str(by))
        self._turn(self.State.WITHDRAWN, at=at)
        organisation.record(self, "leave_withdrawn", by, person=self.person.name)

    def _turn(self, state: str, *, at: datetime | None = None, **fields: Any) -> None:
        fields |= {"state": state, "answered_at": at or timezone.now()}
        mine = LeaveRequest.objects.filter(pk=self.pk, state=self.State.ASKED)
        if not mine.update(**fields):
            raise LeaveAnswered()
        for name, value in fields.items():
            setattr(self, name, value)

"""Breaking the glass: a tool for a day, with the reason, told to both leads."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import Missing
from relais.desk.rules import access_of
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person, System
from relais.people.models.tenant import TenantModel
from relais.planning.continuity_errors import NotHers, OpenAlready

LASTS = timedelta(hours=24)


class EmergencyAccess(TenantModel):
    """Somebody gets into a tool for a day without the usual access. No password is kept here."""

    system = models.ForeignKey(System, models.CASCADE, related_name="+", verbose_name=_("tool"))
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="+", verbose_name=_("assistant")
    )
    why = models.CharField(_("reason"), max_length=300)
    opened_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("emergency access")
        verbose_name_plural = _("emergency accesses")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="planning_emergency_system_fk", field="system", to="people_system"),
            SameTenant(name="planning_emergency_person_fk", field="person", to="people_person"),
            SameTenant(name="planning_emergency_by_fk", field="opened_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.system}"

    def is_open(self, now: datetime) -> bool:
        """Return whether it still holds."""
        return self.closed_at is None and now < self.ends_at

    @classmethod
    def open(
        cls, system: System, person: Person, why: str, *, by: Person, at: datetime | None = None
    ) -> EmergencyAccess:
        """Return the access opened for a day; one event.

        Raises `NotHers`, `Missing` without a reason, `OpenAlready`.
        """
        if not access_of(by).runs_pool:
            raise NotHers(person=str(by))
        if not why.strip():
            raise Missing(field=_t("reason"))
        at = at or timezone.now()
        with transaction.atomic():
            # Two at once: the second one waits here, and sees what the first one did.
            Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
            known = cls.objects.filter(system=system, person=person, closed_at=None)
            if known.filter(ends_at__gt=at).exists():
                raise OpenAlready()
            found = cls.objects.create(
                provider_id=by.provider_id, system=system, person=person,
                why=why.strip()[:300], opened_by=by, opened_at=at, ends_at=at + LASTS,
            )  # fmt: skip
            organisation.record(found, "emergency_opened", by, tool=system.name, why=found.why)
        return found

    def close(self, *, by: Person, at: datetime | None = None) -> None:
        """End it before its day is over; ended already is ended. Raises `NotHers`."""
        if not access_of(by).runs_pool:
            raise NotHers(person=str(by))
        with transaction.atomic():
            mine = EmergencyAccess.objects.filter(pk=self.pk, closed_at=None)
            if mine.update(closed_at=at or timezone.now()):
                organisation.record(self, "emergency_closed", by, tool=self.system.name)

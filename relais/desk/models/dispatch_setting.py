"""What dispatch weighs at a provider: versions that are never changed, only followed by another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk import weighing
from relais.desk.errors import BadValue, MayNotSet, Missing, SettingOvertaken, SettingUnchanged
from relais.lib.compiled import Compiled
from relais.lib.tenancy import SameTenant
from relais.people.access import Access
from relais.people.models import Person
from relais.people.models.tenant import TenantModel


class DispatchSetting(TenantModel):
    """One version of the weights and limits. Each decision keeps the number of its own.

    The row is the fact: who set it, when and why. Without any, what the product comes with holds.
    """

    number = models.PositiveIntegerField(_("version"))
    # By name, what differs from what the product comes with: see desk/weighing.py.
    values = models.JSONField(default=dict)
    why = models.CharField(_("reason"), max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    # The version that was put back, when this one undoes what followed it.
    again = models.PositiveIntegerField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("setting of dispatch")
        verbose_name_plural = _("settings of dispatch")
        ordering = ["-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider", "number"], name="desk_setting_once"),
            SameTenant(name="desk_setting_person_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"

    @classmethod
    def in_force(cls) -> DispatchSetting | None:
        """Return the newest version of the provider entered; None: nobody set anything yet."""
        return _IN_FORCE.first()

    @classmethod
    def set(
        cls,
        values: dict[str, Any],
        why: str,
        *,
        by: Person,
        seen: int | None = None,
        at: datetime | None = None,
        again: int | None = None,
    ) -> DispatchSetting:
        """Return the new version; what `values` leaves out stays as it is now.

        `seen`: the version that was read (0: none yet). Raises `MayNotSet`, `BadValue`,
        `Missing`, `SettingOvertaken`, `SettingUnchanged`.
        """
        if not Access.of(by).runs_pool:
            raise MayNotSet(person=str(by))
        last = cls.in_force()
        number = last.number if last else 0
        if seen is not None and seen != number:
            raise SettingOvertaken(number=number)
        before = weighing.complete(last.values if last else {})
        after = before | weighing.checked(values)
        if after == before:
            raise SettingUnchanged()
        if not why.strip():
            raise Missing(field=_t("Reason"))
        row = cls(
            provider_id=by.provider_id,
            number=number + 1,
            values=weighing.differing(after),
            why=why.strip()[:300],
            at=at or timezone.now(),
            by=by,
            again=again,
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise SettingOvertaken(number=number + 1) from None
        return row

    @classmethod
    def put_back(
        cls, number: int, why: str, *, by: Person, seen: int | None = None
    ) -> DispatchSetting:
        """Return a new version that says what version `number` said (0: what the product says).

        Raises what `set` raises, and `BadValue` for a version that never was.
        """
        row = cls.objects.filter(number=number).first()
        if row is None and number:
            raise BadValue(field=_t("version"), mend=_t("choose one of the history"))
        values = weighing.complete(row.values if row else {})
        return cls.set(values, why, by=by, seen=seen, again=number)


_IN_FORCE = Compiled(lambda: DispatchSetting.objects.order_by("-number")[:1])

"""By whom a request is given: by dispatch, by dispatch with the lead's word, or by the lead."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import MayNotSet, SettingUnchanged
from relais.lib.tenancy import SameTenant
from relais.offer.models import Service
from relais.people import organisation
from relais.people.access import Access
from relais.people.models import Confidentiality, Person
from relais.people.models.tenant import TenantModel


def check_sets(by: Person) -> None:
    """Raise `MayNotSet` unless the person runs the pool."""
    if not Access.of(by).runs_pool:
        raise MayNotSet(person=str(by))


class DispatchMode(TenantModel):
    """How requests of a service, of a class, or of both are given; an empty one means every one.

    The most precise line speaks, the service before the class; without any, dispatch gives them.
    """

    class Mode(models.TextChoices):
        AUTOMATIC = "automatic", _("Automatic: dispatch gives it")
        ASSISTED = "assisted", _("Assisted: dispatch proposes, the lead confirms")
        MANUAL = "manual", _("Manual: the lead gives it")

    service = models.ForeignKey(
        Service,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("service"),
        help_text=_("Empty: every service."),
    )
    confidentiality = models.PositiveSmallIntegerField(
        _("confidentiality"),
        choices=Confidentiality.choices,
        null=True,
        blank=True,
        help_text=_("Empty: every class."),
    )
    mode = models.CharField(_("mode"), max_length=10, choices=Mode.choices)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("mode of dispatch")
        verbose_name_plural = _("modes of dispatch")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "service", "confidentiality"],
                name="desk_mode_once",
                nulls_distinct=False,
            ),
            SameTenant(name="desk_mode_service_fk", field="service", to="offer_service"),
            SameTenant(name="desk_mode_person_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.service or '*'} · {self.confidentiality} · {self.mode}"

    @classmethod
    def set(
        cls,
        mode: str,
        *,
        by: Person,
        service: Service | None = None,
        confidentiality: int | None = None,
        at: datetime | None = None,
    ) -> DispatchMode:
        """Return the line that says so now; the former one of the same is replaced and recorded.

        Raises `MayNotSet`, `SettingUnchanged`.
        """
        check_sets(by)
        with transaction.atomic():
            where = {"service": service, "confidentiality": confidentiality}
            known = cls.objects.select_for_update(of=("self",)).filter(**where).first()
            before = known.mode if known else ""
            if before == mode:
                raise SettingUnchanged()
            row, _made = cls.objects.update_or_create(
                **where,
                defaults={"mode": mode, "by": by, "at": at or timezone.now()},
                create_defaults={
                    "mode": mode, "by": by, "at": at or timezone.now(),
                    "provider_id": by.provider_id,
                },
            )  # fmt: skip
            organisation.record(row, "mode_set", by, mode=[before, mode], **row.told())
        return row

    def drop(self, *, by: Person) -> None:
        """Take the line away: what is less precise speaks again. Raises `MayNotSet`."""
        check_sets(by)
        with transaction.atomic():
            organisation.record(self, "mode_dropped", by, mode=[self.mode, ""], **self.told())
            DispatchMode.objects.filter(pk=self.pk).delete()

    def told(self) -> dict[str, object]:
        """Return what the line is about, as its history keeps it."""
        code = self.service.code if self.service else ""
        return {"service": code, "confidentiality": self.confidentiality}


def mode_of(modes: Iterable[DispatchMode], service: int, confidentiality: int) -> str:
    """Return how a request of this service and class is given."""
    found = [
        one
        for one in modes
        if one.service_id in (None, service) and one.confidentiality in (None, confidentiality)
    ]
    best = max(
        found,
        key=lambda one: (one.service_id is not None, one.confidentiality is not None),
        default=None,
    )
    return best.mode if best else DispatchMode.Mode.AUTOMATIC

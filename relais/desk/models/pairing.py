"""Somebody reserved for a site or a requester: nobody else is given what they ask."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import Missing, SettingUnchanged
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person, Site
from relais.people.models.tenant import TenantModel

from .dispatch_mode import check_sets


class Pairing(TenantModel):
    """This person, and nobody else, for a site or for a requester, until somebody unlocks it."""

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="pairings", verbose_name=_("assistant")
    )
    site = models.ForeignKey(
        Site,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="pairings",
        verbose_name=_("site"),
    )
    requester = models.ForeignKey(
        Person,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requester"),
    )
    why = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("reserved pairing")
        verbose_name_plural = _("reserved pairings")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                name="desk_pairing_of_one",
                condition=models.Q(site=None, requester__isnull=False)
                | models.Q(site__isnull=False, requester=None),
            ),
            models.UniqueConstraint(
                fields=["provider", "site", "requester"],
                condition=models.Q(ended_at=None),
                nulls_distinct=False,
                name="desk_pairing_once",
            ),
            SameTenant(name="desk_pairing_person_fk", field="person", to="people_person"),
            SameTenant(name="desk_pairing_site_fk", field="site", to="people_site"),
            SameTenant(name="desk_pairing_requester_fk", field="requester", to="people_person"),
            SameTenant(name="desk_pairing_by_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.site or self.requester}"

    @classmethod
    def lock(
        cls,
        person: Person,
        why: str,
        *,
        by: Person,
        site: Site | None = None,
        requester: Person | None = None,
        at: datetime | None = None,
    ) -> Pairing:
        """Return the pairing that holds now; the former one of the same site or requester ends.

        Raises `MayNotSet`, `Missing`, `SettingUnchanged`.
        """
        check_sets(by)
        if not why.strip():
            raise Missing(field=_t("reason"))
        if (site is None) == (requester is None):
            raise Missing(field=_t("site or requester"))
        at = at or timezone.now()
        with transaction.atomic():
            # Two at once: the second one waits here, and sees what the first one did.
            Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
            where = {"site": site, "requester": requester, "ended_at": None}
            known = cls.objects.select_for_update(of=("self",)).filter(**where).first()
            if known is not None and known.person_id == person.pk:
                raise SettingUnchanged()
            if known is not None:
                cls.objects.filter(pk=known.pk).update(ended_at=at)
            row = cls.objects.create(
                provider_id=by.provider_id, person=person, site=site, requester=requester,
                why=why.strip()[:300], by=by, at=at,
            )  # fmt: skip
            organisation.record(row, "pairing_locked", by, **row.told())
        return row

    def unlock(self, *, by: Person, at: datetime | None = None) -> None:
        """End it: anybody may have those requests again. Ended already is ended."""
        check_sets(by)
        with transaction.atomic():
            mine = Pairing.objects.filter(pk=self.pk, ended_at=None)
            if mine.update(ended_at=at or timezone.now()):
                organisation.record(self, "pairing_unlocked", by, **self.told())

    def told(self) -> dict[str, str]:
        """Return whom it is about, as its history keeps it."""
        other = self.site or self.requester
        return {"person": self.person.name, "other": str(other), "why": self.why}

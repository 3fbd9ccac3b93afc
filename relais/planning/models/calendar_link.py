"""The secret address of a calendar: one's own, or a site's, to be subscribed to by any program."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Person, Site
from relais.people.models.api_key import digest_of
from relais.people.models.tenant import TenantModel

# Programs ask by the quarter of an hour: reading must not write each time.
SEEN_EVERY = timedelta(minutes=10)


class CalendarLink(TenantModel):
    """An address that one person subscribes to. It shows what she may see, until it is revoked."""

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="calendar_links", verbose_name=_("person")
    )
    # Empty: her own days.
    site = models.ForeignKey(
        Site,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="calendar_links",
        verbose_name=_("site"),
    )
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(_("made"))
    revoked_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(_("last read"), null=True)
    # What was last answered, and since when it says so: programs ask for what has changed.
    mark = models.CharField(max_length=64, blank=True)
    changed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")
        ordering = ["-made_at", "-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "site"],
                condition=models.Q(revoked_at=None),
                nulls_distinct=False,
                name="planning_calendarlink_one_open",
                violation_error_message=_("There is an address for this calendar already."),
            ),
            SameTenant(name="planning_calendarlink_person_fk", field="person", to="people_person"),
            SameTenant(name="planning_calendarlink_site_fk", field="site", to="people_site"),
        ]

    def __str__(self) -> str:
        return str(self.site or self.person)

    @classmethod
    def make(
        cls, person: Person, site: Site | None = None, *, at: datetime | None = None
    ) -> tuple[CalendarLink, str]:
        """Return the new address and its secret, which is told this once and not kept.

        The one that stood before opens nothing any more: to make it anew is to rotate it.
        """
        at = at or timezone.now()
        # The provider's number leads to its rows; all that must be secret follows it.
        secret = f"{person.provider_id}-{secrets.token_urlsafe(32)}"
        with transaction.atomic():
            # Two at once: the second waits here, and takes the place of the first one's.
            Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
            cls.objects.filter(person=person, site=site, revoked_at=None).update(revoked_at=at)
            made = cls.objects.create(
                provider_id=person.provider_id,
                person=person,
                site=site,
                digest=digest_of(secret),
                made_at=at,
            )
        return made, secret

    def opened_by(self, secret: str) -> bool:
        """Return whether the secret is this address's; takes as long whatever it is."""
        return hmac.compare_digest(self.digest, digest_of(secret))

    def revoke(self, *, at: datetime | None = None) -> bool:
        """Close the address for good; return whether it was open until now."""
        at = at or timezone.now()
        mine = type(self).objects.filter(pk=self.pk, revoked_at=None)
        done = bool(mine.update(revoked_at=at))
        self.revoked_at = self.revoked_at or at
        return done

    def read(self, mark: str, now: datetime) -> None:
        """Note that it was read, by the minute, and when what it says changed last."""
        fields: dict[str, object] = {}
        if self.seen_at is None or now - self.seen_at >= SEEN_EVERY:
            fields["seen_at"] = now
        if mark != self.mark or self.changed_at is None:
            fields |= {"mark": mark, "changed_at": now.replace(microsecond=0)}
        for name, value in fields.items():
            setattr(self, name, value)
        if fields:
            type(self).objects.filter(pk=self.pk).update(**fields)

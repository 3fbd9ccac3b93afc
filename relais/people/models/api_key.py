"""Keys of the API: what a program of a person, or an integration, signs in with."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.lib.problem import Problem
from relais.lib.tenancy import SameTenant

from .person import Person
from .tenant import TenantModel

AREAS = ("requests", "people", "agreements", "planning", "studies", "reviews")
SCOPES = [f"{area}:{right}" for area in AREAS for right in ("read", "write")]
# Seen by the hour: a key in use must not write at every call.
SEEN_EVERY = timedelta(hours=1)


class ScopeMissing(Problem):
    """The key was made without the scope that this call asks for."""

    message = _("This key lacks the scope “%(scope)s”: make one that has it.")


def digest_of(secret: str) -> str:
    """Return what is kept of a key: it is long and random, so that a plain digest hides it."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Keys by whether they open."""

    def open(self, now: datetime) -> ApiKeyQuerySet:
        """Return those neither revoked nor expired."""
        return self.filter(revoked_at=None, expires_at__gt=now)


class ApiKey(TenantModel):
    """One key of one person. It sees what she may see, and does what its scopes allow."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=80)
    # The first characters, by which its owner knows it again.
    hint = models.CharField(max_length=20)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"))
    made_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("valid until"))
    revoked_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(_("last used"), null=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-made_at", "-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="people_apikey_person_fk", field="person", to="people_person"),
            SameTenant(name="people_apikey_maker_fk", field="made_by", to="people_person"),
        ]
        indexes = [models.Index(fields=["person"], name="people_apikey_person")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def make(
        cls,
        person: Person,
        *,
        name: str,
        scopes: list[str],
        days: int,
        by: Person,
        at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """Return the new key and its secret, which is told this once and not kept."""
        at = at or timezone.now()
        # The provider's number leads to its rows; all that must be secret follows it.
        secret = f"relais_{person.provider_id}_{secrets.token_urlsafe(32)}"
        made = cls.objects.create(
            provider_id=person.provider_id,
            person=person,
            name=name,
            hint=secret[:14],
            digest=digest_of(secret),
            scopes=[scope for scope in SCOPES if scope in scopes],
            made_by=by,
            made_at=at,
            expires_at=at + timedelta(days=days),
        )
        return made, secret

    def revoke(self, *, at: datetime | None = None) -> bool:
        """Close the key for good; return whether it was open until now."""
        at = at or timezone.now()
        mine = type(self).objects.filter(pk=self.pk, revoked_at=None)
        done = bool(mine.update(revoked_at=at))
        self.revoked_at = self.revoked_at or at
        return done

    def seen(self, now: datetime) -> None:
        """Note that it is in use, by the hour."""
        if self.seen_at is None or now - self.seen_at >= SEEN_EVERY:
            type(self).objects.filter(pk=self.pk).update(seen_at=now)

    def demand(self, scope: str) -> None:
        """Raise `ScopeMissing` unless the key has the scope; writing includes reading."""
        held: set[Any] = set(self.scopes)
        if scope not in held and scope.replace(":read", ":write") not in held:
            raise ScopeMissing(scope=scope)

    def is_open(self, now: datetime) -> bool:
        """Return whether it still opens anything."""
        return self.revoked_at is None and now < self.expires_at

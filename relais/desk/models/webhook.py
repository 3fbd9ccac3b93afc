"""What other programs are told of: an address, and the outbox of calls to it.

The signature and the headers are those of Standard Webhooks (standardwebhooks.com).
"""

from __future__ import annotations

import base64
import secrets
import uuid
from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.lib.compiled import fetched
from relais.lib.later import later
from relais.lib.sealed import seal, unseal
from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel

from .event import Event

PURPOSE = "webhook"
PREFIX = "whsec_"
# By name: the module of the jobs imports the models.
JOB = "relais.desk.tasks.call_webhooks"

# After the first try; a receiver that is away for a long weekend still gets everything.
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24)))
)
QUEUE = """
insert into desk_webhookcall
    (provider_id, webhook_id, event_id, uid, due_at, attempts, fault, outcome, made_at)
select provider_id, id, %s, gen_random_uuid(), %s, 0, '', 'waiting', %s
from desk_webhook
where provider_id = %s and stopped_at is null
    and (kinds = '{}' or %s = any(kinds))
returning id
"""


class Webhook(TenantModel):
    """An address that is called for events. It is told what its owner may see, nothing else."""

    class Stopped(models.TextChoices):
        NO = "", "—"
        BY_HAND = "by_hand", _("Stopped by hand")
        NO_ANSWER = "no_answer", _("Stopped: the address did not answer for three days")

    person = models.ForeignKey(Person, models.CASCADE, related_name="webhooks")
    name = models.CharField(_("name"), max_length=80)
    url = models.URLField(_("address"), max_length=500)
    # Kinds of events; none: all that its owner may see.
    kinds = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    sealed_secret = models.TextField()
    made_at = models.DateTimeField(_("made"))
    stopped_at = models.DateTimeField(null=True)
    stopped = models.CharField(max_length=10, choices=Stopped.choices, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["name", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_webhook_person_fk", field="person", to="people_person"),
        ]
        indexes = [
            models.Index(
                fields=["provider"], name="desk_webhook_live", condition=Q(stopped_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def make(
        cls,
        person: Person,
        *,
        name: str,
        url: str,
        kinds: list[str],
        at: datetime | None = None,
    ) -> tuple[Webhook, str]:
        """Return the new webhook and the secret by which the receiver checks each call."""
        secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        made = cls.objects.create(
            provider_id=person.provider_id,
            person=person,
            name=name,
            url=url,
            kinds=kinds,
            sealed_secret=seal(secret, purpose=PURPOSE),
            made_at=at or timezone.now(),
        )
        return made, secret

    @classmethod
    def tell(cls, event: Event) -> None:
        """Queue a call for each webhook that asks for events of this kind, with the event itself.

        One statement, whether there are webhooks or not: it is part of every verb.
        """
        at = timezone.now()
        if fetched(QUEUE, [event.pk, at, at, event.provider_id, event.kind]):
            later(JOB, provider_id=event.provider_id)

    @property
    def key(self) -> bytes:
        """Return the key of the signature. Raises `SealBroken`."""
        secret = unseal(self.sealed_secret, purpose=PURPOSE)
        return base64.b64decode(secret.removeprefix(PREFIX))

    def stop(self, why: str = Stopped.BY_HAND, *, at: datetime | None = None) -> bool:
        """Call no more; return whether it was called until now."""
        at = at or timezone.now()
        mine = type(self).objects.filter(pk=self.pk, stopped_at=None)
        return bool(mine.update(stopped_at=at, stopped=why))

    def restart(self) -> bool:
        """Call again, for what happens from now on; return whether it was stopped."""
        mine = type(self).objects.filter(pk=self.pk).exclude(stopped_at=None)
        return bool(mine.update(stopped_at=None, stopped=""))


class WebhookCall(TenantModel):
    """One event to be told to one webhook: once if all goes well, under the same `uid` if not."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("To be sent")
        TOLD = "told", _("Taken")
        WITHHELD = "withheld", _("Not its business")
        GIVEN_UP = "given_up", _("Given up")

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="calls")
    # Without an event: a trial.
    event = models.ForeignKey(Event, models.CASCADE, null=True, related_name="+")
    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True)
    fault = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("call of a webhook")
        verbose_name_plural = _("calls of webhooks")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["webhook", "event"], name="desk_webhookcall_once"),
            SameTenant(name="desk_webhookcall_webhook_fk", field="webhook", to="desk_webhook"),
            SameTenant(name="desk_webhookcall_event_fk", field="event", to="desk_event"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="desk_webhookcall_due", condition=Q(outcome="waiting")
            )
        ]

    def __str__(self) -> str:
        return f"{self.webhook} · {self.uid}"

    def again(self, *, at: datetime | None = None) -> bool:
        """Send it once more, under the same identifier; return whether it had ended."""
        at = at or timezone.now()
        ended = type(self).objects.filter(pk=self.pk).exclude(outcome=self.Outcome.WAITING)
        ended = ended.exclude(outcome=self.Outcome.WITHHELD)
        done = bool(ended.update(outcome="waiting", due_at=at, attempts=0, ended_at=None, fault=""))
        if done:
            later(JOB, provider_id=self.provider_id)
        return done

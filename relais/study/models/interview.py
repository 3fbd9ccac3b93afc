"""What somebody is asked by a link of her own: the link, and the interview that it opens."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person
from relais.people.models.api_key import digest_of
from relais.people.models.tenant import TenantModel
from relais.study.workshop_errors import NotNow

from .study import Participant, Study

LIFE = timedelta(days=45)
SEEN_EVERY = timedelta(minutes=10)


class Ask(models.TextChoices):
    """What can be asked by a link."""

    INTERVIEW = "interview", _("Interview")
    BRAKES = "brakes", _("Barriers to the change")
    ACTIVITY = "activity", _("Activity log")


class StudyLink(TenantModel):
    """The secret address of one participant. Only the digest of its secret is kept."""

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="links")
    asks = ArrayField(models.CharField(max_length=10, choices=Ask.choices), verbose_name=_("asks"))
    language = models.CharField(
        _("language"), max_length=5, default="fr", choices=[("fr", "Français"), ("en", "English")]
    )
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField(_("opens until"))
    revoked_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    # When she said that she has read who is told what.
    agreed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("link of a participant")
        verbose_name_plural = _("links of participants")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["participant"],
                condition=models.Q(revoked_at=None),
                name="study_link_one_open",
            ),
            SameTenant(name="study_link_person_fk", field="participant", to="study_participant"),
            SameTenant(name="study_link_maker_fk", field="made_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return str(self.participant)

    @classmethod
    def make(
        cls,
        participant: Participant,
        asks: list[str],
        *,
        language: str,
        by: Person,
        at: datetime | None = None,
    ) -> tuple[StudyLink, str]:
        """Return the new link and its secret, told this once; the former one opens nothing more."""
        participant.study.check_changeable(by)
        at = at or timezone.now()
        # The provider's number leads to its rows; all that must be secret follows it.
        secret = f"{participant.provider_id}-{secrets.token_urlsafe(32)}"
        with transaction.atomic():
            # Two at once: the second waits here, and takes the place of the first one's.
            Participant.objects.select_for_update(of=("self",), no_key=True).get(pk=participant.pk)
            former = cls.objects.filter(participant=participant, revoked_at=None)
            agreed = former.values_list("agreed_at", flat=True).first()
            former.update(revoked_at=at)
            made = cls.objects.create(
                provider_id=participant.provider_id, participant=participant,
                asks=[ask for ask in Ask.values if ask in asks], language=language,
                digest=digest_of(secret), made_at=at, made_by=by, expires_at=at + LIFE,
                agreed_at=agreed,
            )  # fmt: skip
            organisation.record(made, "link_made", by, asks=made.asks)
        return made, secret

    def is_open(self, now: datetime) -> bool:
        """Return whether it opens: neither revoked nor expired, and the study still asks."""
        stands = self.revoked_at is None and now < self.expires_at
        return stands and self.participant.study.is_changeable

    def opened_by(self, secret: str) -> bool:
        """Return whether the secret is this link's; takes as long whatever it is."""
        return hmac.compare_digest(self.digest, digest_of(secret))

    def revoke(self, *, by: Person, at: datetime | None = None) -> bool:
        """Close the link for good; return whether it was open until now."""
        self.participant.study.check_lead(by)
        mine = StudyLink.objects.filter(pk=self.pk, revoked_at=None)
        done = bool(mine.update(revoked_at=at or timezone.now()))
        if done:
            organisation.record(self, "link_revoked", by)
        return done

    def agree(self, *, at: datetime | None = None) -> None:
        """Note that she has read who is told what."""
        self.agreed_at = self.agreed_at or at or timezone.now()
        StudyLink.objects.filter(pk=self.pk, agreed_at=None).update(agreed_at=self.agreed_at)

    def seen(self, now: datetime) -> None:
        """Note that it was opened, by the ten minutes."""
        if self.seen_at is None or now - self.seen_at >= SEEN_EVERY:
            self.seen_at = now
            StudyLink.objects.filter(pk=self.pk).update(seen_at=now)

    def speak(self, language: str) -> None:
        """Speak another language from now on."""
        if language in ("fr", "en"):
            self.language = language
            StudyLink.objects.filter(pk=self.pk).update(language=language)


class Interview(TenantModel):
    """What one participant tells of her work: a draft that is hers alone, until she sends it."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="interviews")
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="interviews")
    draft = models.JSONField(default=dict)
    answers = models.JSONField(default=dict)
    begun_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    typed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("interview")
        verbose_name_plural = _("interviews")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["study", "participant"], name="study_interview_once"),
            SameTenant(name="study_interview_study_fk", field="study", to="study_study"),
            SameTenant(
                name="study_interview_person_fk", field="participant", to="study_participant"
            ),
            SameTenant(name="study_interview_typist_fk", field="typed_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return str(self.study)

    @classmethod
    def of(cls, participant: Participant) -> Interview:
        """Return the one interview of a participant, begun now if there was none."""
        made, _new = cls.objects.get_or_create(
            study_id=participant.study_id, participant=participant,
            defaults={"provider_id": participant.provider_id},
        )  # fmt: skip
        return made

    def keep(self, draft: dict[str, Any]) -> None:
        """Keep what is typed so far. Raises `NotNow` once it is sent."""
        mine = Interview.objects.filter(pk=self.pk, sent_at=None)
        if not mine.update(draft=draft):
            raise NotNow()
        self.draft = draft

    def send(
        self, answers: dict[str, Any], *, by: Person | None = None, at: datetime | None = None
    ) -> bool:
        """Send it, once; return whether this was the sending that counts."""
        fields = {
            "answers": answers, "draft": {}, "sent_at": at or timezone.now(), "typed_by": by,
        }  # fmt: skip
        mine = Interview.objects.filter(pk=self.pk, sent_at=None)
        if not mine.update(**fields):
            return False
        for name, value in fields.items():
            setattr(self, name, value)
        organisation.record(self, "interview_sent", by)
        return True

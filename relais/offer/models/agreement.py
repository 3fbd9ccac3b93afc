"""An agreement with a company, and the record of who changed what in its versions."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.offer import signing
from relais.offer.errors import NameTaken
from relais.people.models import Company, Person
from relais.people.models.organisation import NAME, key_of
from relais.people.models.tenant import TenantModel

if TYPE_CHECKING:
    from .agreement_version import AgreementVersion


class Agreement(TenantModel):
    """What is agreed with a company; its text stands in its versions."""

    company = models.ForeignKey(
        Company, models.PROTECT, related_name="agreements", verbose_name=_("company")
    )
    name = models.CharField(_("name"), **NAME)
    name_key = key_of("name")
    # When both sides first signed a version: from then on the whole company may read it.
    first_signed_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["name_key", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["company", "name_key"],
                name="offer_agreement_once",
                violation_error_message=_("This company has an agreement of this name already."),
            ),
            SameTenant(name="offer_agreement_company_fk", field="company", to="people_company"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def open(
        cls, company: Company, name: str, *, by: Person, at: datetime | None = None
    ) -> AgreementVersion:
        """Return the first draft of a new agreement, empty but for its scope: the company."""
        from .agreement_version import AgreementVersion

        agreement = cls(provider_id=company.provider_id, company=company, name=name.strip())
        signing.check_drafts(agreement, by)
        try:
            with transaction.atomic():
                agreement.save(force_insert=True)
        except IntegrityError:
            raise NameTaken(company=company.name, name=name.strip()) from None
        return AgreementVersion.draft_from(agreement, by=by, at=at)

    def in_force(self, on: date | None = None) -> AgreementVersion | None:
        """Return the version in force on a day (default: today), or None."""
        return self.versions.filter(
            state="signed", period__contains=on or timezone.localdate()
        ).first()

    @property
    def draft(self) -> AgreementVersion | None:
        """Return the version that is being written, or None."""
        return self.versions.filter(state="draft").first()


class AgreementEvent(TenantModel):
    """Who did what to a version, when. Append-only: the application's role may not change a row."""

    class Kind(models.TextChoices):
        DRAFTED = "drafted", _("Draft started")
        EDITED = "edited", _("Draft changed")
        SIGNED = "signed", _("Signed")
        RETRACTED = "retracted", _("Signature taken back")
        CONCLUDED = "concluded", _("Signed by both sides")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        ENDED = "ended", _("Replaced")

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="events")
    version = models.ForeignKey("offer.AgreementVersion", models.PROTECT, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    # edited: {"before": …, "after": …} of the fields that changed; signed: {"side", "digest"};
    # retracted: {"side"}.
    facts = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("event of an agreement")
        verbose_name_plural = _("events of agreements")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(condition=~Q(kind=""), name="offer_agreementevent_kind"),
            SameTenant(
                name="offer_agreementevent_agreement_fk", field="agreement", to="offer_agreement"
            ),
            SameTenant(
                name="offer_agreementevent_version_fk",
                field="version",
                to="offer_agreementversion",
            ),
            SameTenant(name="offer_agreementevent_person_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.at:%Y-%m-%d %H:%M}"

    @classmethod
    def tell(
        cls,
        version: AgreementVersion,
        kind: str,
        by: Person | None,
        at: datetime,
        facts: dict[str, Any] | None = None,
    ) -> None:
        """Write one fact down."""
        cls.objects.create(
            provider_id=version.provider_id,
            agreement_id=version.agreement_id,
            version=version,
            kind=kind,
            at=at,
            by=by,
            facts=facts or {},
        )

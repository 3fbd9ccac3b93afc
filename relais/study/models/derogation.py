"""A guardrail that is lifted for a reason: asked by the pilot, signed by the sponsor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.desk.errors import BadValue, Missing
from relais.engine import choice as engine
from relais.lib.tenancy import SameTenant
from relais.offer.models import Service
from relais.people import organisation
from relais.people.models import Person, Site
from relais.people.models.tenant import TenantModel
from relais.study import choosing_rules as rules
from relais.study.choosing_errors import DerogationNotNow, DerogationOvertaken, DerogationStands

from .choice import ModelOffer

LONGEST_REASON = 2000


class Derogation(TenantModel):
    """One asking: for everywhere, or for a site, a family, an offer. Only the sponsor signs it."""

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("derogation", "Awaits the sponsor")
        SIGNED = "signed", pgettext_lazy("derogation", "Signed")
        REFUSED = "refused", pgettext_lazy("derogation", "Refused")
        REVOKED = "revoked", pgettext_lazy("derogation", "Revoked")

    study = models.ForeignKey("study.Study", models.CASCADE, related_name="derogations")
    guardrail = models.CharField(
        _("guardrail"), max_length=2, choices=[(code, code) for code in engine.CODES]
    )
    site = models.ForeignKey(
        Site, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("site")
    )
    family = models.CharField(
        _("family"), max_length=20, blank=True, choices=Service.Family.choices
    )
    offer = models.ForeignKey(
        ModelOffer, models.CASCADE, null=True, blank=True, related_name="+",
        verbose_name=_("offer"),
    )  # fmt: skip
    reason = models.TextField(_("reason"), max_length=LONGEST_REASON)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answered_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(_("word of the sponsor"), blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("derogation")
        verbose_name_plural = _("derogations")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["study", "guardrail", "site", "family", "offer"],
                condition=Q(state__in=["asked", "signed"]),
                name="study_derogation_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(state="asked", answered_by=None, answered_at=None)
                | ~Q(state="asked") & Q(answered_by__isnull=False, answered_at__isnull=False),
                name="study_derogation_answered",
            ),
            SameTenant(name="study_derogation_study_fk", field="study", to="study_study"),
            SameTenant(name="study_derogation_site_fk", field="site", to="people_site"),
            SameTenant(name="study_derogation_offer_fk", field="offer", to="study_modeloffer"),
            SameTenant(name="study_derogation_asker_fk", field="asked_by", to="people_person"),
            SameTenant(name="study_derogation_answer_fk", field="answered_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.guardrail

    @property
    def value(self) -> engine.Derogation:
        """Return a signed one as the rules read it."""
        if self.answered_by is None or self.answered_at is None:
            raise ValueError("only what is signed lifts anything")
        return engine.Derogation(
            self.guardrail,
            self.answered_by.name,
            self.reason,
            timezone.localdate(self.answered_at),
            site=self.site.name if self.site else None,
            family=self.family or None,
            offer=self.offer.name if self.offer else None,
        )

    # Verbs ---------------------------------------------------------------------------------------

    @classmethod
    def ask(
        cls,
        study: Any,
        guardrail: str,
        reason: str,
        *,
        by: Person,
        site: Site | None = None,
        family: str = "",
        offer: ModelOffer | None = None,
        at: datetime | None = None,
    ) -> Derogation:
        """Return the derogation asked for. Raises `NotPiloting`, `Missing`, `DerogationStands`."""
        study.check_lead(by)
        if guardrail not in engine.CODES:
            raise BadValue(field=_t("guardrail"), mend=_t("choose one of G1 to G8"))
        if not reason.strip():
            raise Missing(field=_t("Reason"))
        rules.check_place(study, site, family)
        if offer is not None and offer.study_id != study.pk:
            raise BadValue(field=_t("offer"), mend=_t("choose one that is on the table"))
        try:
            with transaction.atomic():
                made = cls.objects.create(
                    provider_id=study.provider_id, study=study, guardrail=guardrail, site=site,
                    family=family, offer=offer, reason=reason.strip()[:LONGEST_REASON],
                    asked_by=by, asked_at=at or timezone.now(),
                )  # fmt: skip
                organisation.record(made, "derogation_asked", by, **made._facts())
        except IntegrityError:
            raise DerogationStands(guardrail=guardrail) from None
        return made

    def sign(self, *, by: Person, word: str = "", at: datetime | None = None) -> None:
        """Lift the guardrail. Raises `NotTheSponsor`, `DerogationNotNow`, `DerogationOvertaken`."""
        self._answer(self.State.SIGNED, self.State.ASKED, by, word, at)

    def refuse(self, word: str, *, by: Person, at: datetime | None = None) -> None:
        """Say no, and why. Raises `Missing` and what `sign` raises."""
        if not word.strip():
            raise Missing(field=_t("Reason"))
        self._answer(self.State.REFUSED, self.State.ASKED, by, word, at)

    def revoke(self, word: str, *, by: Person, at: datetime | None = None) -> None:
        """Take the signature back: from now on the guardrail excludes again. Raises as `refuse`."""
        if not word.strip():
            raise Missing(field=_t("Reason"))
        self._answer(self.State.REVOKED, self.State.SIGNED, by, word, at)

    def _answer(self, state: str, when: str, by: Person, word: str, at: datetime | None) -> None:
        rules.check_sponsors(self.study, by)
        if self.state != when:
            raise DerogationNotNow(guardrail=self.guardrail, state=self.get_state_display())
        at = at or timezone.now()
        changes = {"state": state, "answered_by": by, "answered_at": at}
        changes["answer"] = word.strip()[:LONGEST_REASON]
        with transaction.atomic():
            mine = Derogation.objects.filter(pk=self.pk, version=self.version)
            if not mine.update(version=F("version") + 1, **changes):
                raise DerogationOvertaken(guardrail=self.guardrail)
            for name, value in changes.items():
                setattr(self, name, value)
            self.version += 1
            organisation.record(self, f"derogation_{state}", by, **self._facts())

    def _facts(self) -> dict[str, Any]:
        return {
            "study": self.study_id,
            "guardrail": self.guardrail,
            "site": self.site.name if self.site else "",
            "family": self.family,
            "offer": self.offer.name if self.offer else "",
        }

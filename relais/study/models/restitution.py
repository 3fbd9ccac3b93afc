"""The restitution: what a study found, set as documents that each site says yes or no to."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.desk.errors import Missing
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.access import Access
from relais.people.models import Person, Site
from relais.people.models.tenant import TenantModel
from relais.study.errors import ChangedMeanwhile, NotInThisPhase, NotInThisState, NotTheSites

from .study import Study

MOST_WORDS = 1000


class Restitution(TenantModel):
    """One edition of the documents of a study: made at once, from what was known then."""

    class State(models.TextChoices):
        MAKING = "making", pgettext_lazy("restitution", "Being made")
        READY = "ready", pgettext_lazy("restitution", "Ready")

    study = models.ForeignKey(Study, models.CASCADE, related_name="restitutions")
    number = models.PositiveIntegerField(_("edition"))
    state = models.CharField(max_length=8, choices=State.choices, default=State.MAKING)
    problem = models.CharField(max_length=500, blank=True)
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        verbose_name = _("restitution")
        verbose_name_plural = _("restitutions")
        ordering = ["-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["study", "number"], name="study_restitution_once"),
            SameTenant(name="study_restitution_study_fk", field="study", to="study_study"),
            SameTenant(name="study_restitution_maker_fk", field="made_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.study} · {self.number}"


class Report(TenantModel):
    """A document of a restitution: of one site, of the group, or what it costs.

    `figures` and `charts` are those of its own pages: of a site nothing tells of another one.
    """

    class Kind(models.TextChoices):
        SITE = "site", pgettext_lazy("report", "Site")
        GROUP = "group", pgettext_lazy("report", "Group")
        COSTS = "costs", pgettext_lazy("report", "Costs")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("report", "To be validated")
        VALIDATED = "validated", pgettext_lazy("report", "Validated")
        CONTESTED = "contested", pgettext_lazy("report", "Contested")

    restitution = models.ForeignKey(Restitution, models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    site = models.ForeignKey(Site, models.CASCADE, null=True, related_name="+")
    figures = models.JSONField(default=dict)
    charts = models.JSONField(default=dict)
    pdf_fr = models.BinaryField(default=b"")
    pdf_en = models.BinaryField(default=b"")
    # SHA-256 of both documents: what was validated is told by it.
    digest_fr = models.CharField(max_length=64, blank=True)
    digest_en = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    word = models.CharField(_("word"), max_length=MOST_WORDS, blank=True)
    answered_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    # Why the study goes on although the site has not validated.
    excuse = models.CharField(_("reason"), max_length=MOST_WORDS, blank=True)
    excused_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(kind="site", site__isnull=False) | (~Q(kind="site") & Q(site=None)),
                name="study_report_site",
            ),
            models.UniqueConstraint(
                fields=["restitution", "kind", "site"],
                name="study_report_once",
                nulls_distinct=False,
            ),
            SameTenant(
                name="study_report_restitution_fk", field="restitution", to="study_restitution"
            ),
            SameTenant(name="study_report_site_fk", field="site", to="people_site"),
            SameTenant(name="study_report_by_fk", field="answered_by", to="people_person"),
            SameTenant(name="study_report_excuser_fk", field="excused_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return str(self.site) if self.site is not None else str(self.get_kind_display())

    @property
    def study(self) -> Study:
        """Return its study."""
        return self.restitution.study

    @property
    def is_settled(self) -> bool:
        """Return whether the study may go on: validated, or a reason why not waited for."""
        return self.state == self.State.VALIDATED or bool(self.excuse)

    def may_answer(self, person: Person) -> bool:
        """Return whether this person answers for the site: its lead, or the client's lead."""
        if self.kind != self.Kind.SITE or self.study.phase != Study.Phase.RESTITUTION:
            return False
        access = Access.of(person)
        return person.is_client and (
            self.site_id in access.led_site_ids
            or self.study.company_id in access.steered_company_ids
        )

    # Verbs ----------------------------------------------------------------------------------

    def validate(self, word: str = "", *, by: Person) -> None:
        """Say yes to it, with a word if wanted. Raises as `_answer` does."""
        self._answer("validated", self.State.VALIDATED, word, by)

    def contest(self, word: str, *, by: Person) -> None:
        """Say no to it, and what is wrong. Raises `Missing`, and as `_answer` does."""
        if not word.strip():
            raise Missing(field=_t("what is wrong"))
        self._answer("contested", self.State.CONTESTED, word, by)

    def pass_over(self, reason: str, *, by: Person) -> None:
        """Go on without the site's yes, with the reason. Raises `Missing`, `NotPiloting`, …"""
        self.study.check_changeable(by)
        if not reason.strip():
            raise Missing(field=_t("reason"))
        if self.kind != self.Kind.SITE or self.is_settled:
            raise NotInThisState(name=str(self), state=self.get_state_display())
        said = reason.strip()[:MOST_WORDS]
        self._change(excuse=said, excused_by=by)
        organisation.record(self.study, "report_passed_over", by, site=str(self), why=said)

    def _answer(self, kind: str, state: str, word: str, by: Person) -> None:
        """Raise `NotTheSites`, `NotInThisPhase`, `NotInThisState`, `ChangedMeanwhile`."""
        if self.study.phase != Study.Phase.RESTITUTION:
            raise NotInThisPhase(study=self.study.name, phase=self.study.get_phase_display())
        if not self.may_answer(by):
            raise NotTheSites(site=str(self))
        if self.state == state:
            raise NotInThisState(name=str(self), state=self.get_state_display())
        said = word.strip()[:MOST_WORDS]
        self._change(state=state, word=said, answered_by=by, answered_at=timezone.now())
        organisation.record(self.study, f"report_{kind}", by, site=str(self), word=said)

    def _change(self, **fields: Any) -> None:
        mine = Report.objects.filter(pk=self.pk, version=self.version)
        if not mine.update(version=self.version + 1, **fields):
            raise ChangedMeanwhile()
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1

"""A study of a client: its scope, its people, who is told what, and how far it has come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.desk.errors import Missing
from relais.lib.tenancy import SameTenant
from relais.offer.models import Service
from relais.people import organisation
from relais.people.access import Access
from relais.people.models import Company, Person, Site
from relais.people.models.tenant import TenantModel
from relais.study.errors import ChangedMeanwhile, GateShut, NotInThisPhase, NotPiloting


class Study(TenantModel):
    """A diagnostic of one client. Nobody is evaluated in it: people are told by site and role."""

    class Phase(models.TextChoices):
        PREPARED = "prepared", pgettext_lazy("study", "In preparation")
        COLLECTING = "collecting", pgettext_lazy("study", "Collecting")
        RESTITUTION = "restitution", pgettext_lazy("study", "Restitution")
        DECIDED = "decided", pgettext_lazy("study", "Decided")
        CLOSED = "closed", pgettext_lazy("study", "Closed")

    # While it is told of work, lines and answers may be changed.
    CHANGEABLE = (Phase.PREPARED, Phase.COLLECTING, Phase.RESTITUTION)

    company = models.ForeignKey(
        Company, models.CASCADE, related_name="studies", verbose_name=_("client company")
    )
    name = models.CharField(_("name"), max_length=120)
    purpose = models.TextField(_("purpose"), max_length=2000, blank=True)
    # Empty: every family of work.
    families = ArrayField(
        models.CharField(max_length=20, choices=Service.Family.choices),
        verbose_name=_("families of work"), default=list, blank=True,
    )  # fmt: skip
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    pilot = models.ForeignKey(
        Person, models.PROTECT, related_name="piloted_studies", verbose_name=_("pilot")
    )
    sponsor = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("sponsor")
    )
    told = models.TextField(_("who is told what"), max_length=4000, blank=True)
    promised = models.BooleanField(_("no individual evaluation"), default=False)
    phase = models.CharField(
        _("phase"), max_length=12, choices=Phase.choices, default=Phase.PREPARED
    )
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("study")
        verbose_name_plural = _("studies")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="study_study_days",
                violation_error_message=_("The study ends before it starts."),
            ),
            models.UniqueConstraint(
                fields=["company", "name"],
                name="study_study_once",
                violation_error_message=_("This company has a study of this name already."),
            ),
            SameTenant(name="study_study_company_fk", field="company", to="people_company"),
            SameTenant(name="study_study_pilot_fk", field="pilot", to="people_person"),
            SameTenant(name="study_study_sponsor_fk", field="sponsor", to="people_person"),
            SameTenant(name="study_study_maker_fk", field="made_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_changeable(self) -> bool:
        """Return whether what is known of the work may still be changed."""
        return self.phase in self.CHANGEABLE

    @property
    def next_phase(self) -> str | None:
        """Return the phase that follows, None after the last."""
        values = self.Phase.values
        place = values.index(self.phase) + 1
        return values[place] if place < len(values) else None

    def missing(self) -> list[str]:
        """Return what the next phase asks for and is not there, each in a sentence."""
        from relais.study import gates

        return gates.missing(self)

    # Who may --------------------------------------------------------------------------------

    def may_lead(self, person: Person) -> bool:
        """Return whether this person leads the study: its pilot, or who runs the pool."""
        if person.provider_id != self.provider_id or person.is_client:
            return False
        return Access.of(person).runs_pool or (
            person.pk == self.pilot_id and Access.of(person).is_staff
        )

    def check_lead(self, by: Person) -> None:
        """Raise `NotPiloting` unless this person leads the study."""
        if not self.may_lead(by):
            raise NotPiloting(person=str(by), study=self.name)

    def check_changeable(self, by: Person) -> None:
        """Raise `NotPiloting`, or `NotInThisPhase` once it is decided."""
        self.check_lead(by)
        if not self.is_changeable:
            raise NotInThisPhase(study=self.name, phase=self.get_phase_display())

    # Verbs ----------------------------------------------------------------------------------

    def begin(self, *, by: Person, at: datetime | None = None) -> None:
        """Begin to collect: those who take part see it from now on. Raises what `_on` raises."""
        self._on("begun", self.Phase.PREPARED, by, begun_at=at or timezone.now())

    def tell(self, *, by: Person, at: datetime | None = None) -> None:
        """Go to the restitution: sites see their results. Raises what `_on` raises."""
        self._on("told", self.Phase.COLLECTING, by, told_at=at or timezone.now())

    def decide(self, *, by: Person, at: datetime | None = None) -> None:
        """Say that the client has decided: nothing is changed from now on. Raises as `_on`."""
        self._on("decided", self.Phase.RESTITUTION, by, decided_at=at or timezone.now())

    def close(self, *, by: Person, at: datetime | None = None) -> None:
        """Close the study. Raises what `_on` raises."""
        self._on("closed", self.Phase.DECIDED, by, closed_at=at or timezone.now())

    def go_back(self, why: str, *, by: Person) -> None:
        """Return to the former phase, with the reason. Raises `Missing` and what `_turn` raises."""
        self.check_lead(by)
        if not why.strip():
            raise Missing(field=_t("reason"))
        place = self.Phase.values.index(self.phase)
        if not place:
            raise NotInThisPhase(study=self.name, phase=self.get_phase_display())
        self._turn("gone_back", self.Phase.values[place - 1], by, why=why.strip()[:300])

    def _on(self, kind: str, phase: str, by: Person, **fields: Any) -> None:
        """Go on from `phase`. Raises `NotPiloting`, `NotInThisPhase`, `GateShut`, and `_turn`'s."""
        self.check_lead(by)
        if self.phase != phase:
            raise NotInThisPhase(study=self.name, phase=self.get_phase_display())
        if missing := self.missing():
            raise GateShut(self.name, missing)
        self._turn(kind, str(self.next_phase), by, fields=fields)

    def _turn(
        self, kind: str, to: str, by: Person, *, fields: dict[str, Any] | None = None, **facts: Any
    ) -> None:
        """Change the phase where the study is as it was read. Raises `ChangedMeanwhile`."""
        changed = {**(fields or {}), "phase": to, "version": self.version + 1}
        mine = Study.objects.filter(pk=self.pk, version=self.version, phase=self.phase)
        if not mine.update(**changed):
            raise ChangedMeanwhile()
        was = self.phase
        for name, value in changed.items():
            setattr(self, name, value)
        organisation.record(self, f"study_{kind}", by, study=self.name, was=was, **facts)


class StudySite(TenantModel):
    """A site that a study looks at, and what is paid there for the work that is inventoried."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="scopes")
    site = models.ForeignKey(
        Site, models.CASCADE, related_name="study_scopes", verbose_name=_("site")
    )
    paid_hours = models.FloatField(
        _("paid hours a year"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1_000_000)],
    )
    # Why the inventory may stand beside the paid hours as it does: read with the ratio.
    gap_reason = models.CharField(_("why the gap stands"), max_length=300, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("site of a study")
        verbose_name_plural = _("sites of a study")
        ordering = ["site__name_key", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["study", "site"], name="study_studysite_once"),
            SameTenant(name="study_studysite_study_fk", field="study", to="study_study"),
            SameTenant(name="study_studysite_site_fk", field="site", to="people_site"),
        ]

    def __str__(self) -> str:
        return str(self.site)


class Participant(TenantModel):
    """Somebody who is asked: a person known here, or a name and a mail address."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="participants")
    person = models.ForeignKey(
        Person, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    name = models.CharField(_("name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    # What she is there, as results are told: never her name.
    role = models.CharField(_("role"), max_length=100)
    site = models.ForeignKey(
        Site, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("site")
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(person__isnull=False) | ~Q(name=""),
                name="study_participant_named",
                violation_error_message=_("Choose a person, or type a name."),
            ),
            models.UniqueConstraint(
                fields=["study", "person"],
                condition=Q(person__isnull=False),
                name="study_participant_once",
                violation_error_message=_("This person takes part already."),
            ),
            models.UniqueConstraint(
                fields=["study", "email"],
                condition=~Q(email=""),
                name="study_participant_mail_once",
                violation_error_message=_("Somebody with this e-mail address takes part already."),
            ),
            SameTenant(name="study_participant_study_fk", field="study", to="study_study"),
            SameTenant(name="study_participant_person_fk", field="person", to="people_person"),
            SameTenant(name="study_participant_site_fk", field="site", to="people_site"),
        ]

    def __str__(self) -> str:
        return self.shown

    @property
    def shown(self) -> str:
        """Return the name as one reads it; ask with `person`."""
        return self.person.name if self.person is not None else self.name

    @property
    def address(self) -> str:
        """Return where she is written to; empty when nobody knows."""
        return self.email or (self.person.email if self.person is not None else "")

"""How a service is done, in versions; who has read it, who has practised it."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.organisation import key_of
from relais.people.models.tenant import TenantModel

from .service import in_language


class Procedure(TenantModel):
    """A known way of doing something; its text stands in its versions."""

    code = models.SlugField(_("code"), max_length=60)
    title_fr = models.CharField(_("French title"), max_length=200)
    title_en = models.CharField(_("English title"), max_length=200)
    title_key = key_of("title_fr", "title_en")
    owner = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("procedure")
        verbose_name_plural = _("procedures")
        ordering = ["title_key", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "code"],
                name="offer_procedure_once",
                violation_error_message=_("A procedure of this code exists already."),
            ),
            SameTenant(name="offer_procedure_owner_fk", field="owner", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Return the title in the reader's language."""
        return in_language(self.title_fr, self.title_en)

    def in_force(self, on: date | None = None) -> ProcedureVersion | None:
        """Return the version in force on a day (default: today), or None."""
        day = on or timezone.localdate()
        published = self.versions.filter(state="published", effective_from__lte=day)
        return published.order_by("-effective_from", "-number").first()

    @property
    def draft(self) -> ProcedureVersion | None:
        """Return the version that is being written, or None."""
        return self.versions.filter(state="draft").first()


class ProcedureVersion(TenantModel):
    """One text of a procedure. What is published never changes but for the dates of its review."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", pgettext_lazy("procedure", "Published")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    procedure = models.ForeignKey(Procedure, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    # `Content` of engine/procedure.py, as plain values.
    content = models.JSONField(default=dict)
    note = models.TextField(_("what changes and why"), blank=True)
    # A major change must be read again by all before it counts as known.
    major = models.BooleanField(_("major change: to be read again by all"), default=True)
    author = models.ForeignKey(Person, models.PROTECT, related_name="+")
    approver = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    effective_from = models.DateField(_("in force from"), null=True, blank=True)
    reviewed_on = models.DateField(_("last reviewed"), null=True, blank=True)
    review_by = models.DateField(_("next review"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("version of a procedure")
        verbose_name_plural = _("versions of procedures")
        ordering = ["procedure", "-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["procedure", "number"], name="offer_procedureversion_once"
            ),
            models.UniqueConstraint(
                fields=["procedure"],
                condition=Q(state="draft"),
                name="offer_procedureversion_one_draft",
            ),
            models.CheckConstraint(
                name="offer_procedureversion_published",
                condition=~Q(state="published")
                | Q(
                    published_at__isnull=False,
                    effective_from__isnull=False,
                    approver__isnull=False,
                ),
            ),
            SameTenant(
                name="offer_procedureversion_procedure_fk", field="procedure", to="offer_procedure"
            ),
            SameTenant(name="offer_procedureversion_author_fk", field="author", to="people_person"),
            SameTenant(
                name="offer_procedureversion_approver_fk", field="approver", to="people_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.procedure} v{self.number}"


class Acknowledgement(TenantModel):
    """Somebody has read a version and understood it."""

    version = models.ForeignKey(ProcedureVersion, models.PROTECT, related_name="acknowledgements")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        ordering = ["at"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["version", "person"], name="offer_acknowledgement_once"
            ),
            SameTenant(
                name="offer_acknowledgement_version_fk",
                field="version",
                to="offer_procedureversion",
            ),
            SameTenant(name="offer_acknowledgement_person_fk", field="person", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.version}"


class Practice(TenantModel):
    """Somebody has done a procedure: for a request, or in a drill; well, or with a correction."""

    version = models.ForeignKey(ProcedureVersion, models.PROTECT, related_name="practices")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # The request for which it was done; empty for a drill.
    reference = models.CharField(max_length=60, blank=True)
    drill = models.BooleanField(default=False)
    success = models.BooleanField(default=True)
    note = models.TextField(blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("practice of a procedure")
        verbose_name_plural = _("practices of procedures")
        ordering = ["at"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["version", "person", "reference"],
                condition=~Q(reference=""),
                name="offer_practice_once",
            ),
            models.CheckConstraint(
                condition=Q(drill=True) | ~Q(reference=""), name="offer_practice_of_something"
            ),
            SameTenant(
                name="offer_practice_version_fk", field="version", to="offer_procedureversion"
            ),
            SameTenant(name="offer_practice_person_fk", field="person", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.version}"

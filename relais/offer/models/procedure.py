"""How a service is done, in versions; who has read it, who has practised it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.engine.procedure import Content
from relais.lib.tenancy import SameTenant
from relais.offer import keeping
from relais.offer.errors import (
    MayNotRead,
    ProcedureDraftStands,
    ProcedureNotNow,
    ProcedureOvertaken,
    Unsound,
)
from relais.people.access import Access
from relais.people.models import Person
from relais.people.models.organisation import key_of
from relais.people.models.tenant import TenantModel

from .offer_event import OfferEvent
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

    @classmethod
    def open(
        cls,
        *,
        code: str,
        title_fr: str,
        title_en: str = "",
        owner: Person | None = None,
        by: Person,
        at: datetime | None = None,
    ) -> ProcedureVersion:
        """Return the first draft of a new procedure. Raises `MayNotKeep`, `Unsound`."""
        made = cls(
            provider_id=by.provider_id,
            code=code.strip(),
            title_fr=title_fr.strip(),
            title_en=title_en.strip() or title_fr.strip(),
            owner=owner,
        )
        keeping.check_keeps(by, made)
        keeping.check_fields(made, exclude=["owner"])
        with transaction.atomic():
            made.save(force_insert=True)
            return ProcedureVersion.draft_from(made, by=by, at=at)

    def own(self, owner: Person, *, by: Person, at: datetime | None = None) -> None:
        """Give it an owner, who keeps it right; event `owned`. Raises `MayNotKeep`."""
        keeping.check_keeps(by, self)
        if owner.pk == self.owner_id:
            return
        if owner.is_client or owner.provider_id != self.provider_id:
            raise Unsound([("owner", _t("Choose somebody of the provider."))])
        with transaction.atomic():
            facts = {"was": self.owner.name if self.owner else "", "now": owner.name}
            Procedure.objects.filter(pk=self.pk).update(owner=owner)
            self.owner = owner
            OfferEvent.tell("owned", by, at, facts, procedure=self)


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

    @property
    def told(self) -> Content:
        """Return what it says, as plain values."""
        return Content.of(self.content)

    # Verbs ---------------------------------------------------------------------------------------

    @classmethod
    def draft_from(
        cls, procedure: Procedure, *, by: Person, at: datetime | None = None
    ) -> ProcedureVersion:
        """Return a new draft: a copy of the last published version; event `drafted`.

        Raises `MayNotKeep`, `ProcedureDraftStands`.
        """
        keeping.check_keeps(by, procedure)
        at = at or timezone.now()
        with transaction.atomic():
            held = Procedure.objects.select_for_update().get(pk=procedure.pk)
            if held.draft is not None:
                raise ProcedureDraftStands(procedure=held.title)
            base = held.versions.filter(state=cls.State.PUBLISHED).order_by("-number").first()
            last = held.versions.order_by("-number").first()
            made = cls.objects.create(
                provider_id=held.provider_id,
                procedure=procedure,
                number=last.number + 1 if last else 1,
                content=base.content if base else Content().facts(),
                author=by,
                created_at=at,
            )
            facts = {"version": made.number, "from": base.number if base else None}
            OfferEvent.tell("drafted", by, at, facts, procedure=procedure)
        return made

    def edit(
        self,
        *,
        by: Person,
        content: Content | None = None,
        at: datetime | None = None,
        **fields: Any,
    ) -> None:
        """Change the draft's text, `note`, `major` or `review_by`; event `edited`.

        Raises `MayNotKeep`, `ProcedureNotNow`, `Unsound`, `ProcedureOvertaken`.
        """
        keeping.check_keeps(by, self.procedure)
        self._must_be(self.State.DRAFT)
        if content is not None:
            if found := keeping.content_faults(content):
                raise Unsound(found)
            fields["content"] = content.facts()
        before = {name: getattr(self, name) for name in fields}
        changed = sorted(name for name in fields if before[name] != fields[name])
        if not changed:
            return
        with transaction.atomic():
            self._update(**fields)
            facts = {"version": self.number, "fields": changed}
            OfferEvent.tell("edited", by, at, facts, procedure=self.procedure)

    def publish(
        self, *, by: Person, effective_from: date | None = None, at: datetime | None = None
    ) -> None:
        """Put the draft in force from a day on, approved by `by`; event `published`.

        Raises `MayNotKeep`, `ProcedureNotNow`, `Unsound` (what the lint calls an error),
        `ProcedureOvertaken`.
        """
        from relais.offer import procedures

        keeping.check_keeps(by, self.procedure)
        self._must_be(self.State.DRAFT)
        at = at or timezone.now()
        today = timezone.localdate(at)
        if found := procedures.errors_of(self, today):
            raise Unsound([("content", text) for text in found])
        day = effective_from or today
        with transaction.atomic():
            self._update(
                state=self.State.PUBLISHED,
                approver=by,
                published_at=at,
                effective_from=day,
                reviewed_on=today,
                review_by=self.review_by or procedures.a_year_after(today),
            )
            facts = {"version": self.number, "from": day.isoformat(), "major": self.major}
            OfferEvent.tell("published", by, at, facts, procedure=self.procedure)

    def withdraw(self, reason: str, *, by: Person, at: datetime | None = None) -> None:
        """Drop the draft; event `withdrawn`."""
        keeping.check_keeps(by, self.procedure)
        self._must_be(self.State.DRAFT)
        with transaction.atomic():
            self._update(state=self.State.WITHDRAWN)
            facts = {"version": self.number, "reason": reason.strip()}
            OfferEvent.tell("withdrawn", by, at, facts, procedure=self.procedure)

    def review(self, next_on: date, *, by: Person, at: datetime | None = None) -> None:
        """State that the text still holds, until it is looked at again; event `reviewed`.

        Raises `MayNotKeep`, `ProcedureNotNow`, `Unsound`, `ProcedureOvertaken`.
        """
        keeping.check_keeps(by, self.procedure)
        self._must_be(self.State.PUBLISHED)
        at = at or timezone.now()
        today = timezone.localdate(at)
        if next_on <= today:
            raise Unsound([("review_by", _t("Choose a day to come for the next review."))])
        with transaction.atomic():
            self._update(reviewed_on=today, review_by=next_on)
            facts = {"version": self.number, "next": next_on.isoformat()}
            OfferEvent.tell("reviewed", by, at, facts, procedure=self.procedure)

    def acknowledge(self, *, by: Person, at: datetime | None = None) -> None:
        """State that `by` has read and understood it; once a person. Event `acknowledged`.

        Raises `MayNotRead`, `ProcedureNotNow`.
        """
        if by.provider_id != self.provider_id or not Access(by).is_staff:
            raise MayNotRead(procedure=str(self.procedure), person=str(by))
        self._must_be(self.State.PUBLISHED)
        at = at or timezone.now()
        with transaction.atomic():
            _line, fresh = Acknowledgement.objects.get_or_create(
                version=self, person=by, defaults={"provider_id": self.provider_id, "at": at}
            )
            if fresh:
                facts = {"version": self.number}
                OfferEvent.tell("acknowledged", by, at, facts, procedure=self.procedure)

    def drill(
        self,
        person: Person,
        *,
        by: Person,
        success: bool,
        note: str = "",
        at: datetime | None = None,
    ) -> Practice:
        """Write down that somebody did it in a drill; event `practised`. Raises `MayNotKeep`."""
        keeping.check_keeps(by, self.procedure)
        self._must_be(self.State.PUBLISHED)
        at = at or timezone.now()
        with transaction.atomic():
            made = Practice.objects.create(
                provider_id=self.provider_id,
                version=self,
                person=person,
                at=at,
                drill=True,
                success=success,
                note=note.strip(),
            )
            facts = {"version": self.number, "person": person.name, "success": success}
            OfferEvent.tell("practised", by, at, facts, procedure=self.procedure)
        return made

    # How a verb is done --------------------------------------------------------------------------

    def expect(self, revision: int | None) -> None:
        """Raise `ProcedureOvertaken` unless this is the revision that the person was shown."""
        if revision is not None and revision != self.revision:
            raise ProcedureOvertaken(version=str(self))

    def _update(self, **fields: Any) -> None:
        mine = ProcedureVersion.objects.filter(pk=self.pk, revision=self.revision)
        if not mine.update(revision=F("revision") + 1, **fields):
            raise ProcedureOvertaken(version=str(self))
        for name, value in fields.items():
            setattr(self, name, value)
        self.revision += 1

    def _must_be(self, state: str) -> None:
        if self.state != state:
            raise ProcedureNotNow(version=str(self), state=self.get_state_display())


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

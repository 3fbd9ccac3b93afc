"""What people add to a review: the commentary of each side, what was decided, who does what."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from relais.desk.errors import Missing
from relais.desk.models import Letter
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person
from relais.people.models.tenant import TenantModel
from relais.records.review_errors import ChangedMeanwhile, NotInThisState, NotReferent

from .review import Review, check_steers, side_of

LONGEST = 20_000


class Commentary(TenantModel):
    """One version of what one side says of the month. The last one is read; none is lost."""

    class Side(models.TextChoices):
        PROVIDER = "provider", _("The provider")
        CLIENT = "client", _("The client")

    review = models.ForeignKey(Review, models.CASCADE, related_name="commentaries")
    side = models.CharField(max_length=10, choices=Side.choices)
    number = models.PositiveSmallIntegerField()
    text = models.TextField(_("commentary"), max_length=LONGEST)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("commentary")
        verbose_name_plural = _("commentaries")
        ordering = ["review", "side", "-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["review", "side", "number"], name="records_commentary_once"
            ),
            SameTenant(name="records_commentary_review_fk", field="review", to="records_review"),
            SameTenant(name="records_commentary_by_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()} · {self.number}"

    @classmethod
    def write(
        cls, review: Review, text: str, *, by: Person, seen: int | None = None,
        at: datetime | None = None,
    ) -> Commentary:  # fmt: skip
        """Return what this person's side says from now on. `seen`: the version that was read.

        Raises `NotReferent`, `NotInThisState` once the month is closed, `ChangedMeanwhile`.
        """
        check_steers(review.company, by)
        if not text.strip():
            raise Missing(field=_t("Commentary"))
        side = side_of(review.company, by)
        with transaction.atomic():
            held = Review.objects.select_for_update(of=("self",), no_key=True).only(
                "state", "company", "month"
            )
            if not (now := held.get(pk=review.pk)).is_open:
                raise NotInThisState(what=str(review), state=now.get_state_display())
            last = cls.objects.filter(review=review, side=side).order_by("-number").first()
            number = last.number if last else 0
            if seen is not None and seen != number:
                raise ChangedMeanwhile()
            try:
                made = cls.objects.create(
                    provider_id=review.provider_id, review=review, side=side, number=number + 1,
                    text=text.strip()[:LONGEST], by=by, at=at or timezone.now(),
                )  # fmt: skip
            except IntegrityError:
                raise ChangedMeanwhile() from None
            organisation.record(review, "review_commented", by, side=side, number=made.number)
        return made


class ReviewItem(TenantModel):
    """An action or a decision of a review."""

    class Kind(models.TextChoices):
        ACTION = "action", _("Action")
        DECISION = "decision", _("Decision")

    class State(models.TextChoices):
        OPEN = "open", _("To be done")
        DONE = "done", _("Done")
        DROPPED = "dropped", _("Dropped")

    review = models.ForeignKey(Review, models.CASCADE, related_name="items")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    text = models.CharField(_("text"), max_length=500)
    owner = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by whom")
    )
    due_on = models.DateField(_("until"), null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("action or decision")
        verbose_name_plural = _("actions and decisions")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="records_reviewitem_review_fk", field="review", to="records_review"),
            SameTenant(name="records_reviewitem_owner_fk", field="owner", to="people_person"),
            SameTenant(name="records_reviewitem_by_fk", field="made_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_late(self) -> bool:
        """Return whether its day has passed and it is still to be done."""
        late = self.due_on is not None and self.due_on < timezone.localdate()
        return self.kind == self.Kind.ACTION and self.state == self.State.OPEN and late

    @classmethod
    def add(
        cls, review: Review, kind: str, text: str, *, by: Person, owner: Person | None = None,
        due_on: date | None = None, at: datetime | None = None,
    ) -> ReviewItem:  # fmt: skip
        """Return what was agreed in the review. Raises `NotReferent`, `Missing`."""
        check_steers(review.company, by)
        if not text.strip():
            raise Missing(field=_t("Text"))
        with transaction.atomic():
            made = cls.objects.create(
                provider_id=review.provider_id, review=review, kind=kind,
                text=text.strip()[:500], owner=owner, due_on=due_on, made_by=by,
                made_at=at or timezone.now(),
            )  # fmt: skip
            organisation.record(made, "item_added", by, kind_of=kind)
            if owner is not None and owner.pk != by.pk:
                made._tell(owner, by)
        return made

    def _tell(self, owner: Person, by: Person) -> None:
        """Write to whom it was given: she may not be one who reads reviews."""
        with override(owner.language):
            subject = _t("Given to you: %(text)s") % {"text": self.text[:120]}
            text = _t("%(by)s gave you this in %(review)s: %(text)s") % {
                "by": by.name, "review": self.review, "text": self.text,
            }  # fmt: skip
            if self.due_on is not None:
                until = date_format(self.due_on, "DATE_FORMAT")
                text += "\n\n" + _t("Until %(day)s.") % {"day": until}
        Letter.inform(owner, f"review-item:{self.pk}", subject, text)

    def finish(self, *, by: Person, at: datetime | None = None) -> None:
        """Say that it is done: its owner, or a lead of either side."""
        self._end(self.State.DONE, "item_finished", by, at)

    def drop(self, *, by: Person, at: datetime | None = None) -> None:
        """Let it go."""
        self._end(self.State.DROPPED, "item_dropped", by, at)

    def _end(self, state: str, kind: str, by: Person, at: datetime | None) -> None:
        if by.pk != self.owner_id and not side_of(self.review.company, by):
            raise NotReferent(what=self.text, who=_t("the two leads"))
        with transaction.atomic():
            mine = ReviewItem.objects.filter(pk=self.pk, state=self.State.OPEN)
            at = at or timezone.now()
            if not mine.update(state=state, ended_at=at, version=F("version") + 1):
                now = ReviewItem.objects.get(pk=self.pk)
                raise NotInThisState(what=self.text, state=now.get_state_display())
            organisation.record(self, kind, by)
        self.state, self.ended_at = state, at


class ReviewReader(TenantModel):
    """Somebody who asked for the reviews of a client when a month is closed. Nobody by default."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    company = models.ForeignKey("people.Company", models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("reader of reviews")
        verbose_name_plural = _("readers of reviews")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["person", "company"], name="records_reviewreader_once"),
            SameTenant(name="records_reviewreader_person_fk", field="person", to="people_person"),
            SameTenant(
                name="records_reviewreader_company_fk", field="company", to="people_company"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.company}"

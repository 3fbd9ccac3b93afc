"""A month that client and provider meet over: counted, closed for good, restated in the open."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.rules import access_of
from relais.engine import measures_frozen
from relais.engine.measures import Figure
from relais.engine.measures_frozen import Cause
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Company, Person
from relais.people.models.tenant import TenantModel
from relais.records import verdicts
from relais.records.review_errors import (
    ChangedMeanwhile,
    MonthNotBegun,
    MonthNotOver,
    NotInThisState,
    NotReferent,
)


@dataclass(frozen=True, slots=True)
class Counted:
    """A month as it was counted: canonical bytes, and what they were counted from.

    `figures` are those of both sides with their lines, `summary` the same without, `inside` the
    provider's own, `verdicts` what was reached of each promise of the agreements, `events` the
    digest of the events that were known.
    """

    as_of: datetime
    figures: bytes
    summary: bytes
    inside: bytes
    verdicts: bytes
    events_digest: str
    events: int
    names: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def seal(self) -> str:
        """Return one digest of everything, in hexadecimal."""
        parts = [self.figures, self.inside, self.verdicts, self.events_digest.encode()]
        joined = "\n".join(hashlib.sha256(part).hexdigest() for part in parts)
        return hashlib.sha256(joined.encode()).hexdigest()


class FrozenMonth(TenantModel):
    """What was counted, as columns."""

    as_of = models.DateTimeField(_("known at"), null=True)
    figures = models.BinaryField(default=b"")
    summary = models.BinaryField(default=b"")
    inside = models.BinaryField(default=b"")
    verdicts = models.BinaryField(default=b"")
    names = models.JSONField(default=dict)
    events_digest = models.CharField(max_length=64, blank=True)
    events = models.PositiveIntegerField(default=0)
    seal = models.CharField(max_length=64, blank=True)

    class Meta(TenantModel.Meta):
        abstract = True

    @property
    def counted(self) -> Counted | None:
        """Return what was counted; None before anything was."""
        if self.as_of is None:
            return None
        return Counted(
            self.as_of, bytes(self.figures), bytes(self.summary), bytes(self.inside),
            bytes(self.verdicts), self.events_digest, self.events, self.names,
        )  # fmt: skip

    @cached_property
    def shown(self) -> tuple[Figure, ...]:
        """Return the figures of both sides, without the lines of most."""
        return measures_frozen.thawed(bytes(self.summary)) if self.summary else ()

    @cached_property
    def kept_inside(self) -> tuple[Figure, ...]:
        """Return the provider's own figures: never for a client."""
        return measures_frozen.thawed(bytes(self.inside)) if self.inside else ()

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the figures of both sides, as either may compute it."""
        return measures_frozen.digest(bytes(self.figures)) if self.figures else ""


def columns(told: Counted) -> dict[str, Any]:
    """Return the fields of `FrozenMonth` for what was counted."""
    names = ("as_of", "figures", "summary", "inside", "verdicts", "names", "events_digest")
    return {name: getattr(told, name) for name in names} | {
        "events": told.events, "seal": told.seal,
    }  # fmt: skip


HEAVY = ("figures", "inside", "verdicts")
# No closing takes so long.
FORGOTTEN = timedelta(hours=1)


class Review(FrozenMonth):
    """A client's month. Open, its figures may be counted anew; closed, they stay for ever."""

    class State(models.TextChoices):
        OPEN = "open", _("In preparation")
        CLOSED = "closed", _("Closed")
        RESTATED = "restated", _("Closed, restated")

    company = models.ForeignKey(
        Company, models.PROTECT, related_name="reviews", verbose_name=_("client")
    )
    month = models.DateField(_("month"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    # A closing that was asked for and that a worker has not done yet; and why it could not.
    asked_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    problem = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("service review")
        verbose_name_plural = _("service reviews")
        ordering = ["-month", "company__name_key", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["company", "month"], name="records_review_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="records_review_first_day"),
            models.CheckConstraint(
                condition=Q(state="open") | Q(closed_at__isnull=False) & ~Q(seal=""),
                name="records_review_frozen",
            ),
            SameTenant(name="records_review_company_fk", field="company", to="people_company"),
            SameTenant(name="records_review_closer_fk", field="closed_by", to="people_person"),
            SameTenant(name="records_review_asker_fk", field="asked_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.company} · {self.month_name}"

    @property
    def month_name(self) -> str:
        """Return the month as people say it."""
        return date_format(self.month, "F Y")

    @property
    def key(self) -> str:
        """Return the month as figures bear it: 2027-03."""
        return f"{self.month:%Y-%m}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @cached_property
    def latest(self) -> FrozenMonth:
        """Return the figures that hold: those of the last restatement, or of the closing."""
        found: FrozenMonth | None = self.restatements.order_by("-number").first()
        return found or self

    # Verbs ---------------------------------------------------------------------------------------

    @classmethod
    def open(
        cls, company: Company, month: date, *, by: Person | None, at: datetime | None = None
    ) -> Review:
        """Return the review of a client's month, opened if nobody had. None opens twice.

        Raises `NotReferent`, `MonthNotBegun`.
        """
        if by is not None:
            check_steers(company, by)
        at = at or timezone.now()
        month = month.replace(day=1)
        # Somewhere on earth a month begins up to fourteen hours before it does in UTC.
        if datetime(month.year, month.month, 1, tzinfo=UTC) - timedelta(hours=14) > at:
            raise MonthNotBegun(month=date_format(month, "F Y"))
        found = cls.objects.filter(company=company, month=month).first()
        if found is not None:
            return found
        try:
            with transaction.atomic():
                made = cls.objects.create(
                    provider_id=company.provider_id, company=company, month=month, opened_at=at
                )
                organisation.record(made, "review_opened", by, month=f"{month:%Y-%m}")
        except IntegrityError:  # somebody else opened it at this moment
            return cls.objects.get(company=company, month=month)
        return made

    def count(self, told: Counted, *, by: Person | None) -> None:
        """Keep the figures of a month in preparation as they are known now."""
        if by is not None:
            check_steers(self.company, by)
        self._change(None, by, when=[self.State.OPEN], **columns(told))

    def close(self, told: Counted, *, by: Person, over_at: datetime) -> None:
        """Freeze the month. Raises `NotReferent`, `MonthNotOver`, `NotInThisState`."""
        if not access_of(by).runs_pool:
            raise NotReferent(what=str(self), who=_t("who leads the pool"))
        if told.as_of < over_at:
            day = date_format(timezone.localtime(over_at), "DATE_FORMAT")
            raise MonthNotOver(what=str(self), day=day)
        self._change(
            "review_closed", by, when=[self.State.OPEN], facts={"seal": told.seal},
            state=self.State.CLOSED, closed_at=told.as_of, closed_by=by, asked_at=None,
            problem="", **columns(told),
        )  # fmt: skip

    def restate(self, told: Counted, *, by: Person | None) -> Restatement | None:
        """Return the restatement if the month counts otherwise now; the original stays.

        Raises `NotReferent`, `NotInThisState`, `ChangedMeanwhile`.
        """
        if by is not None and not access_of(by).runs_pool:
            raise NotReferent(what=str(self), who=_t("who leads the pool"))
        if self.is_open:
            raise NotInThisState(what=str(self), state=self.get_state_display())
        last = self.latest
        changes = changes_between(last, told)
        if not changes:
            return None
        with transaction.atomic():
            number = self.restatements.count() + 1
            self._change(
                "review_restated", by, when=[self.State.CLOSED, self.State.RESTATED],
                facts={"number": number, "seal": told.seal}, state=self.State.RESTATED,
            )  # fmt: skip
            made = Restatement.objects.create(
                provider_id=self.provider_id, review=self, number=number, by=by,
                made_at=told.as_of, changes=changes, **columns(told),
            )  # fmt: skip
        self.__dict__["latest"] = made
        return made

    def ask(self, *, by: Person, at: datetime) -> bool:
        """Return whether this asks a worker to close it: of two who ask, one does."""
        if not access_of(by).runs_pool:
            raise NotReferent(what=str(self), who=_t("who leads the pool"))
        mine = Review.objects.filter(pk=self.pk, state=self.State.OPEN)
        # A worker that died leaves its question behind: it may be asked again after a while.
        mine = mine.filter(Q(asked_at=None) | Q(asked_at__lt=at - FORGOTTEN))
        return bool(mine.update(asked_at=at, asked_by=by, problem=""))

    def stop_asking(self, problem: str) -> None:
        """Say why the closing that was asked for could not be done."""
        Review.objects.filter(pk=self.pk, state=self.State.OPEN).update(
            asked_at=None, problem=problem[:300]
        )

    def _change(
        self, kind: str | None, by: Person | None, *, when: list[str],
        facts: dict[str, Any] | None = None, **fields: Any,
    ) -> None:  # fmt: skip
        with transaction.atomic():
            mine = Review.objects.filter(pk=self.pk, version=self.version, state__in=when)
            if not mine.update(version=F("version") + 1, **fields):
                now = Review.objects.only("state", "version").get(pk=self.pk)
                if now.state not in when:
                    raise NotInThisState(what=str(self), state=now.get_state_display())
                raise ChangedMeanwhile()
            if kind:
                organisation.record(self, kind, by, month=self.key, **(facts or {}))
        self.version += 1
        for name, value in fields.items():
            setattr(self, name, value)
        for name in ("shown", "kept_inside", "latest"):
            self.__dict__.pop(name, None)


def changes_between(before: FrozenMonth, now: Counted) -> list[dict[str, Any]]:
    """Return what a new count of a month says otherwise, figure by figure, with its causes."""
    found = []
    for inside, old, new in (
        (False, bytes(before.figures), now.figures), (True, bytes(before.inside), now.inside)
    ):  # fmt: skip
        for each in measures_frozen.restatement(old, new):
            found.append({
                "key": each.key, "cut": [list(one) for one in each.cut], "inside": inside,
                "before": None if each.before is None else str(each.before),
                "now": None if each.now is None else str(each.now),
                "causes": [str(cause) for cause in each.causes],
                "added": list(each.added), "removed": list(each.removed),
                "changed": list(each.changed),
            })  # fmt: skip
    return found + _promises_between(bytes(before.verdicts), now.verdicts)


def _promises_between(before: bytes, now: bytes) -> list[dict[str, Any]]:
    """Return the promises judged otherwise: an agreement signed later moves these alone."""
    if before == now:
        return []
    old, new = ({(v.agreement, v.metric): v for v in verdicts.read(each)} for each in (before, now))
    found = []
    for place in sorted(old.keys() | new.keys()):
        one, other = old.get(place), new.get(place)
        there = other or one
        if there is None or one == other:
            continue
        cause = Cause.NEW if one is None else Cause.GONE if other is None else Cause.CHANGED
        if one is not None and other is not None and one.target != other.target:
            cause = Cause.DEFINITION
        found.append({
            "key": "promise", "cut": [], "inside": False, "promise": verdicts.facts_of(there),
            **{name: None if each is None or each.verdict.value is None else str(each.verdict.value)
               for name, each in (("before", one), ("now", other))},
            "levels": [str(each.verdict.level) if each else "" for each in (one, other)],
            "causes": [str(cause)], "added": [], "removed": [], "changed": [],
        })  # fmt: skip
    return found


def check_steers(company: Company, by: Person) -> None:
    """Raise `NotReferent` unless this is a lead of either side, or runs the pool."""
    if not side_of(company, by):
        raise NotReferent(what=company.name, who=_t("the two leads"))


def side_of(company: Company, person: Person) -> str:
    """Return for which side somebody speaks: "client", "provider", or empty for neither."""
    engagement = company.engagement
    named = engagement is not None and engagement.steers(person)
    if person.is_client:
        return "client" if named and person.company_id == company.pk else ""
    return "provider" if named or access_of(person).runs_pool else ""


class Restatement(FrozenMonth):
    """A closed month counted otherwise: what differs, why, and the new figures beside the old."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="restatements")
    number = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    # Each figure that differs: key, cut, before, now, causes, and the requests of each cause.
    changes = models.JSONField(default=list)

    class Meta(TenantModel.Meta):
        verbose_name = _("restatement")
        verbose_name_plural = _("restatements")
        ordering = ["review", "-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["review", "number"], name="records_restatement_once"),
            SameTenant(name="records_restatement_review_fk", field="review", to="records_review"),
            SameTenant(name="records_restatement_by_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.review} · {self.number}"

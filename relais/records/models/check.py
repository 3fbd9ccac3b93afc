"""Checks of quality: the grid, the months that were drawn, and what each check found."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import BadValue, Missing
from relais.desk.models import Ticket
from relais.desk.rules import access_of
from relais.engine import sampling
from relais.engine.measures_words import Words
from relais.lib.tenancy import SameTenant
from relais.offer.models.service import in_language
from relais.people import organisation
from relais.people.models import Person, Role
from relais.people.models.tenant import TenantModel
from relais.records.quality_errors import (
    CheckNotNow,
    CheckOvertaken,
    MayNotCheck,
    Unanswered,
    WordMissing,
)

from .corrective_action import CorrectiveAction

if TYPE_CHECKING:
    from relais.people.access import Access

LONGEST = 2000
MOST_OWN = 20
MARKS = {"yes": True, "no": False, "na": None}


def checks_quality(access: Access) -> bool:
    """Return whether this person checks: who leads the pool, and the quality role."""
    return not access.is_client and (access.runs_pool or access.has(Role.Kind.QUALITY))


class QualityGrid(TenantModel):
    """The provider's own questions, beside those that every check asks. A version stays."""

    number = models.PositiveIntegerField(_("version"))
    # {"key", "fr", "en", "critical", "on"}: a key once given keeps its meaning.
    own = models.JSONField(_("own questions"), default=list)
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("grid of checks")
        verbose_name_plural = _("grids of checks")
        ordering = ["-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider", "number"], name="records_grid_number"),
            SameTenant(name="records_grid_by_fk", field="made_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"

    @property
    def questions(self) -> tuple[sampling.Question, ...]:
        """Return what is asked: the questions of every check, then those of one's own in use."""
        own = (
            sampling.Question(one["key"], Words(one["fr"], one["en"]), critical=one["critical"])
            for one in self.own
            if one["on"]
        )
        return (*sampling.GRID, *own)

    @classmethod
    def change(
        cls, own: list[dict[str, Any]], *, by: Person, seen: int | None = None
    ) -> QualityGrid:
        """Return the grid that holds from now on. `seen`: the version read (0: none yet).

        A question without a key is new. Raises `MayNotCheck`, `CheckOvertaken`, `BadValue`.
        """
        if not access_of(by).runs_pool:
            raise MayNotCheck(person=str(by))
        with transaction.atomic():
            # One after the other: the provider's row stands for a grid that is not yet there.
            type(by.provider).objects.select_for_update().filter(pk=by.provider_id).first()
            former = cls.objects.first()
            number = former.number if former else 0
            if seen is not None and seen != number:
                raise CheckOvertaken()
            kept = _own(own, former.own if former else [])
            if former is not None and kept == former.own:
                return former
            made = cls.objects.create(
                provider_id=by.provider_id, number=number + 1, own=kept, made_by=by,
                made_at=timezone.now(),
            )  # fmt: skip
            organisation.record(made, "quality_grid_changed", by, number=made.number)
        return made


def _own(sent: list[dict[str, Any]], former: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the questions as they are kept: none that was asked once is lost, but switched off."""
    known = {one["key"]: one for one in former}
    kept: dict[str, dict[str, Any]] = {}
    for one in sent:
        key = str(one.get("key") or "")
        fr, en = (" ".join(str(one.get(name) or "").split())[:200] for name in ("fr", "en"))
        if not (key or fr or en):
            continue
        if key and (key not in known or key in kept):
            mend = _t("give each of your questions once, and new ones without a key")
            raise BadValue(field=_t("own questions"), mend=mend)
        was = known.get(key, {})
        fr, en = fr or en or was["fr"], en or fr or was["en"]
        key = key or f"own-{len(known.keys() | kept.keys()) + 1}"
        critical, on = bool(one.get("critical")), bool(one.get("on", True))
        kept[key] = {"key": key, "fr": fr, "en": en, "critical": critical, "on": on}
    if len(known.keys() | kept.keys()) > MOST_OWN:
        mend = _t("give %(most)d questions at most") % {"most": MOST_OWN}
        raise BadValue(field=_t("own questions"), mend=mend)
    left = {key: one | {"on": False} for key, one in known.items()}
    return list((left | kept).values())


class QualityDraw(TenantModel):
    """A month whose sample was drawn: once, with a seed that anybody can draw it again by."""

    month = models.DateField(_("month"))
    seed = models.CharField(_("seed"), max_length=60)
    delivered = models.PositiveIntegerField(_("delivered"))
    picked = models.PositiveIntegerField(_("to be checked"))
    drawn_at = models.DateTimeField(_("drawn"))

    class Meta(TenantModel.Meta):
        verbose_name = _("draw of a month")
        verbose_name_plural = _("draws of months")
        ordering = ["-month"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["provider", "month"], name="records_draw_once"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class QualityCheck(TenantModel):
    """One delivered request that is checked, why it was picked, and what was found."""

    class State(models.TextChoices):
        DRAWN = "drawn", _("To check")
        OPEN = "open", _("Being checked")
        FINISHED = "finished", _("Checked")

    ticket = models.OneToOneField(
        Ticket, models.PROTECT, related_name="quality_check", verbose_name=_("request")
    )
    month = models.DateField(_("month"))
    assistant = models.ForeignKey(
        Person, models.PROTECT, related_name="quality_checks", verbose_name=_("delivered by")
    )
    delivered_at = models.DateTimeField(_("delivered"))
    reasons = models.JSONField(_("why picked"), default=list)
    drawn_at = models.DateTimeField(_("drawn"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAWN)
    version = models.PositiveIntegerField(default=1)
    checker = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", verbose_name=_("checked by")
    )
    opened_at = models.DateTimeField(null=True)
    grid = models.ForeignKey(QualityGrid, models.PROTECT, null=True, related_name="+")
    # By question: {"mark": "yes", "no" or "na", "word"}.
    answers = models.JSONField(default=dict)
    finished_at = models.DateTimeField(_("checked"), null=True)
    critical = models.PositiveSmallIntegerField(_("critical errors"), null=True)
    minor = models.PositiveSmallIntegerField(_("other errors"), null=True)
    # Every verdict there was, with when it no longer held: a month told before tells the same.
    verdicts = models.JSONField(default=list)
    reply = models.TextField(_("answer of the assistant"), blank=True)
    replied_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("check of quality")
        verbose_name_plural = _("checks of quality")
        ordering = ["-delivered_at", "-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(state="finished", finished_at__isnull=False)
                | ~models.Q(state="finished") & models.Q(finished_at=None),
                name="records_check_finished",
            ),
            SameTenant(name="records_check_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="records_check_assistant_fk", field="assistant", to="people_person"),
            SameTenant(name="records_check_checker_fk", field="checker", to="people_person"),
            SameTenant(name="records_check_grid_fk", field="grid", to="records_qualitygrid"),
        ]
        indexes = [
            models.Index(fields=["provider", "state", "delivered_at"], name="records_check_state"),
            models.Index(fields=["provider", "finished_at"], name="records_check_finished_at"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket.reference} · {self.get_state_display()}"

    # What is known of it -------------------------------------------------------------------------

    @property
    def questions(self) -> tuple[sampling.Question, ...]:
        """Return what this check asks, by the grid that held when it was opened."""
        return self.grid.questions if self.grid else sampling.GRID

    @property
    def lines(self) -> list[tuple[sampling.Question, str, str, str]]:
        """Return each question with its words, its mark and its word."""
        told = []
        for one in self.questions:
            given = self.answers.get(one.key, {})
            mark, word = given.get("mark", ""), given.get("word", "")
            told.append((one, in_language(*one.words), mark, word))
        return told

    @property
    def why(self) -> str:
        """Return why it was picked, in words."""
        known = [one for one in sampling.Reason if one in self.reasons]
        return " · ".join(in_language(*sampling.REASONS[one]) for one in known)

    def may_check(self, person: Person) -> bool:
        """Return whether she may check it: never who delivered it or holds it, named for C3."""
        access = access_of(person)
        if not checks_quality(access) or person.pk in (self.assistant_id, self.ticket.holder_id):
            return False
        return access.see(Ticket).filter(pk=self.ticket_id).exists()

    # Verbs ---------------------------------------------------------------------------------------

    def open(self, *, by: Person, at: datetime | None = None, seen: int | None = None) -> None:
        """Take it on to check it, by the grid of now. Raises `MayNotCheck`, `CheckNotNow`."""
        self._allow(by)
        self._change(
            "quality_opened", by, when=self.State.DRAWN, seen=seen, state=self.State.OPEN,
            checker=by, opened_at=at or timezone.now(), grid=QualityGrid.objects.first(),
        )  # fmt: skip

    def answer(
        self, marks: dict[str, str], words: dict[str, str], *, by: Person, seen: int | None = None
    ) -> None:
        """Keep what was answered so far: "yes", "no" or "na" a question, and a word."""
        self._allow(by)
        answers = dict(self.answers)
        asked = {one.key: in_language(*one.words) for one in self.questions}
        for key in {*marks, *words}:
            if key not in asked:
                mend = _t("%(key)s is no question of this check") % {"key": key[:40]}
                raise BadValue(field=_t("answers"), mend=mend)
            mark = marks.get(key, answers.get(key, {}).get("mark", ""))
            if mark not in ("", *MARKS):
                raise BadValue(field=asked[key], mend=_t("choose yes, no or not applicable"))
            word = words.get(key, answers.get(key, {}).get("word", "")).strip()
            if len(word) > LONGEST:
                mend = _t("write %(most)d characters at most") % {"most": LONGEST}
                raise BadValue(field=asked[key], mend=mend)
            answers[key] = {"mark": mark, "word": word}
        self._change("quality_answered", by, when=self.State.OPEN, seen=seen, answers=answers)

    def finish(self, *, by: Person, at: datetime | None = None, seen: int | None = None) -> None:
        """Say what was found; a critical error leads to a corrective action.

        Raises `Unanswered`, `WordMissing`, `MayNotCheck`, `CheckNotNow`, `CheckOvertaken`.
        """
        self._allow(by)
        at = at or timezone.now()
        found = self._judged()
        verdict = {
            "at": at.isoformat(), "critical": len(found.critical), "minor": len(found.minor),
        }  # fmt: skip
        with transaction.atomic():
            self._change(
                "quality_finished", by, when=self.State.OPEN, seen=seen, state=self.State.FINISHED,
                finished_at=at, critical=len(found.critical), minor=len(found.minor), checker=by,
                verdicts=[*self.verdicts, verdict],
            )  # fmt: skip
            CorrectiveAction.follow(self, found, by=by, at=at)

    def reopen(
        self, reason: str, *, by: Person, at: datetime | None = None, seen: int | None = None
    ) -> None:
        """Take the verdict back, with a reason: it no longer counts from now on."""
        self._allow(by)
        if not (reason := reason.strip()[:LONGEST]):
            raise Missing(field=_t("Reason"))
        at = at or timezone.now()
        told = [*self.verdicts[:-1], self.verdicts[-1] | {"void_at": at.isoformat()}] if (
            self.verdicts
        ) else []  # fmt: skip
        self._change(
            "quality_reopened", by, when=self.State.FINISHED, seen=seen, facts={"reason": reason},
            state=self.State.OPEN, finished_at=None, critical=None, minor=None, verdicts=told,
        )  # fmt: skip

    def respond(
        self, text: str, *, by: Person, at: datetime | None = None, seen: int | None = None
    ) -> None:
        """Answer what was found in one's own work. Raises `MayNotCheck`, `CheckNotNow`."""
        if by.pk != self.assistant_id:
            raise MayNotCheck(person=str(by))
        if not (text := text.strip()[:LONGEST]):
            raise Missing(field=_t("Your answer"))
        self._change(
            "quality_responded", by, when=self.State.FINISHED, seen=seen, reply=text,
            replied_at=at or timezone.now(),
        )  # fmt: skip

    def _judged(self) -> sampling.Checked:
        lines = self.lines
        if left := [words for _one, words, mark, _word in lines if mark not in MARKS]:
            raise Unanswered(questions=", ".join(left))
        if silent := [words for _one, words, mark, word in lines if mark == "no" and not word]:
            raise WordMissing(questions=", ".join(silent))
        marks = {one.key: MARKS[mark] for one, _words, mark, _word in lines}
        return sampling.judged(marks, self.questions)

    def _allow(self, by: Person) -> None:
        if not self.may_check(by):
            raise MayNotCheck(person=str(by))

    def _change(
        self,
        kind: str,
        by: Person,
        *,
        when: str,
        seen: int | None,
        facts: Any = None,
        **fields: Any,
    ) -> None:
        if self.state != when:
            raise CheckNotNow(state=self.get_state_display())
        mine = QualityCheck.objects.filter(
            pk=self.pk, state=when, version=self.version if seen is None else seen
        )
        with transaction.atomic():
            if not mine.update(version=F("version") + 1, **fields):
                raise CheckOvertaken()
            self.version = (self.version if seen is None else seen) + 1
            for name, value in fields.items():
                setattr(self, name, value)
            organisation.record(self, kind, by, **(facts or {}))

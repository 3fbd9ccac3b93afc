"""The credits of a month under an agreement: drafted by the rules, disputed, issued for billing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import BadValue, Missing
from relais.desk.rules import access_of
from relais.lib.tenancy import SameTenant
from relais.offer.models import AgreementVersion
from relais.people import organisation
from relais.people.models import Person, Provider
from relais.people.models.tenant import TenantModel
from relais.records.review_errors import (
    ChangedMeanwhile,
    NotInThisState,
    NotReferent,
    OpenDisputes,
)

from .review import Review, check_steers, side_of

ZERO = Decimal(0)


def _money(name: Any, **more: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(name, max_digits=12, decimal_places=2, **more)


class CreditStatement(TenantModel):
    """What is credited for a month, line by line, in euros before tax."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ISSUED = "issued", _("Issued")

    review = models.ForeignKey(Review, models.PROTECT, related_name="statements")
    agreement_version = models.ForeignKey(AgreementVersion, models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    fee = _money(_("monthly fee (€)"))
    pool = _money(_("at risk (€)"))
    # One series a provider, without a gap: given when it is issued.
    number = models.PositiveIntegerField(null=True)
    made_at = models.DateTimeField()
    issued_at = models.DateTimeField(_("issued"), null=True)
    issued_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("statement of credits")
        verbose_name_plural = _("statements of credits")
        ordering = ["-review__month", "-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["review", "agreement_version"], name="records_statement_once"
            ),
            models.UniqueConstraint(
                fields=["provider", "number"], name="records_statement_number"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", number=None)
                | Q(state="issued", number__isnull=False, issued_at__isnull=False),
                name="records_statement_issued",
            ),
            SameTenant(name="records_statement_review_fk", field="review", to="records_review"),
            SameTenant(
                name="records_statement_version_fk", field="agreement_version",
                to="offer_agreementversion",
            ),
            SameTenant(name="records_statement_by_fk", field="issued_by", to="people_person"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.label or f"{self.review}"

    @property
    def label(self) -> str:
        """Return the number as billing knows it; empty for a draft."""
        if self.number is None or self.issued_at is None:
            return ""
        # The year of the provider's books, wherever it is read.
        year = self.issued_at.astimezone(ZoneInfo(self.provider.time_zone)).year
        return f"AV-{year}-{self.number:04d}"

    @property
    def total(self) -> Decimal:
        """Return what is credited in all, less what was earned back: negative if more was."""
        return sum((line.due for line in self.lines.all()), ZERO)

    # Verbs ---------------------------------------------------------------------------------------

    @classmethod
    def draft(
        cls, review: Review, version: AgreementVersion, *, fee: Decimal, pool: Decimal,
        lines: Sequence[dict[str, Any]], at: datetime,
    ) -> CreditStatement:  # fmt: skip
        """Return the draft of a month under an agreement, its lines written anew.

        One that was issued stays as it was issued; a line in dispute keeps its words.
        """
        with transaction.atomic():
            found, made = cls.objects.select_for_update(of=("self",)).get_or_create(
                provider_id=review.provider_id, review=review, agreement_version=version,
                defaults={"fee": fee, "pool": pool, "made_at": at},
            )  # fmt: skip
            if found.state == cls.State.ISSUED:
                return found
            if not made:
                cls.objects.filter(pk=found.pk).update(
                    fee=fee, pool=pool, made_at=at, version=F("version") + 1
                )
                found.refresh_from_db()
            found._write(lines)
            organisation.record(
                found, "statement_drafted", None, credited=str(sum(_amounts(lines), ZERO))
            )
        return found

    def _write(self, lines: Iterable[dict[str, Any]]) -> None:
        kept = {line.key: line for line in self.lines.exclude(state="")}
        told = list(lines)
        self.lines.exclude(key__in=[each["key"] for each in told if each["key"] in kept]).delete()
        for position, each in enumerate(told):
            if line := kept.get(each["key"]):
                CreditLine.objects.filter(pk=line.pk).update(position=position, **each)
            else:
                CreditLine.objects.create(
                    provider_id=self.provider_id, statement=self, position=position, **each
                )

    def issue(self, *, by: Person, at: datetime | None = None) -> None:
        """Give it its number: from now on it stands. Raises `OpenDisputes`, `NotInThisState`."""
        if not access_of(by).runs_pool:
            raise NotReferent(what=str(self), who=_t("who leads the pool"))
        at = at or timezone.now()
        with transaction.atomic():
            # One after another: a series has no gap and no number twice.
            Provider.objects.select_for_update(of=("self",), no_key=True).get(pk=self.provider_id)
            if n := self.lines.filter(state=CreditLine.State.DISPUTED).count():
                raise OpenDisputes(n=n)
            last = CreditStatement.objects.order_by("-number").exclude(number=None).first()
            number = (last.number or 0) + 1 if last else 1
            mine = CreditStatement.objects.filter(
                pk=self.pk, state=self.State.DRAFT, version=self.version
            )
            if not mine.update(
                state=self.State.ISSUED, number=number, issued_at=at, issued_by=by,
                version=F("version") + 1,
            ):  # fmt: skip
                now = CreditStatement.objects.get(pk=self.pk)
                if now.state != self.State.DRAFT:
                    raise NotInThisState(what=str(self), state=now.get_state_display())
                raise ChangedMeanwhile()
            organisation.record(self, "statement_issued", by, number=number)
        self.state, self.number, self.issued_at, self.issued_by = "issued", number, at, by
        self.version += 1


def _amounts(lines: Iterable[dict[str, Any]]) -> Iterable[Decimal]:
    return (each["credited"] for each in lines)


class CreditLine(TenantModel):
    """One metric of a statement; or (`earned_back`) a former credit given back."""

    class Kind(models.TextChoices):
        MISS = "miss", _("Missed")
        EARNED_BACK = "earned_back", _("Earned back")

    class State(models.TextChoices):
        NONE = "", _("Undisputed")
        DISPUTED = "disputed", _("In dispute")
        SETTLED = "settled", _("Settled")

    statement = models.ForeignKey(CreditStatement, models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.MISS)
    # The promise as the agreement's terms name it, and of a former credit its month.
    key = models.CharField(max_length=120)
    metric = models.CharField(max_length=100)
    month = models.DateField()
    weight = models.DecimalField(max_digits=4, decimal_places=3, default=ZERO)
    actual = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    expected = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    critical = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    counted = models.PositiveIntegerField(default=0)
    multiplier = models.DecimalField(max_digits=7, decimal_places=6, default=ZERO)
    repeat = models.DecimalField(max_digits=4, decimal_places=2, default=Decimal(1))
    amount = _money(_("amount"))
    # Its part under the cap; negative where a former credit is given back.
    credited = _money(_("credited"))
    state = models.CharField(max_length=10, choices=State.choices, blank=True)
    word = models.CharField(_("word"), max_length=1000, blank=True)
    disputed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    disputed_at = models.DateTimeField(null=True)
    settlement = models.CharField(_("settlement"), max_length=1000, blank=True)
    settled = _money(_("settled"), null=True)
    settled_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("line of credits")
        verbose_name_plural = _("lines of credits")
        ordering = ["position", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["statement", "key"], name="records_creditline_once"),
            models.CheckConstraint(
                condition=Q(state="settled", settled__isnull=False)
                | ~Q(state="settled") & Q(settled=None),
                name="records_creditline_settled",
            ),
            SameTenant(
                name="records_creditline_statement_fk", field="statement",
                to="records_creditstatement",
            ),
            SameTenant(name="records_creditline_disputer_fk", field="disputed_by",
                       to="people_person"),
            SameTenant(name="records_creditline_settler_fk", field="settled_by",
                       to="people_person"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.statement} · {self.metric}"

    @property
    def due(self) -> Decimal:
        """Return what counts of the line: as it was settled, else as it was computed."""
        found: Decimal = self.credited if self.settled is None else self.settled
        return found

    def dispute(self, word: str, *, by: Person, at: datetime | None = None) -> None:
        """Dispute the line of a draft, with a word. For a lead of either side."""
        check_steers(self.statement.review.company, by)
        if not word.strip():
            raise Missing(field=_t("Reason"))
        self._change(
            "line_disputed", by, when=[self.State.NONE], state=self.State.DISPUTED,
            word=word.strip()[:1000], disputed_by=by, disputed_at=at or timezone.now(),
        )  # fmt: skip

    def settle(
        self, amount: Decimal, settlement: str, *, by: Person, at: datetime | None = None
    ) -> None:
        """Settle a dispute at an amount, for the side that did not raise it."""
        company = self.statement.review.company
        side = side_of(company, by)
        raised = side_of(company, self.disputed_by) if self.disputed_by else ""
        if not side or side == raised:
            raise NotReferent(what=str(self), who=_t("the lead of the other side"))
        if not settlement.strip():
            raise Missing(field=_t("Settlement"))
        most = max(abs(self.credited), abs(self.amount), self.statement.pool)
        # What was missed is never paid for by the client, nor what is given back by the provider.
        least, most = (ZERO, most) if self.kind == self.Kind.MISS else (-most, ZERO)
        if not least <= amount <= most or amount != round(amount, 2):
            mend = _t("give an amount in cents, from %(least)s to %(most)s") % {
                "least": least, "most": most,
            }  # fmt: skip
            raise BadValue(field=_t("Amount"), mend=mend)
        self._change(
            "line_settled", by, when=[self.State.DISPUTED], state=self.State.SETTLED,
            settled=amount, settlement=settlement.strip()[:1000], settled_by=by,
            settled_at=at or timezone.now(),
        )  # fmt: skip

    def _change(self, kind: str, by: Person, *, when: list[str], **fields: Any) -> None:
        with transaction.atomic():
            # The statement is held: it is not issued while a line is being disputed.
            held = CreditStatement.objects.select_for_update(of=("self",)).get(pk=self.statement_id)
            if held.state != CreditStatement.State.DRAFT:
                raise NotInThisState(what=str(held), state=held.get_state_display())
            mine = CreditLine.objects.filter(pk=self.pk, state__in=when)
            if not mine.update(**fields):
                now = CreditLine.objects.get(pk=self.pk)
                raise NotInThisState(what=self.metric, state=now.get_state_display())
            organisation.record(self, kind, by, word=fields.get("word", ""))
        for name, value in fields.items():
            setattr(self, name, value)

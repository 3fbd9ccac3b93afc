"""A version of an agreement, and the verbs that lead it from a draft to the one in force."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField
from django.db import IntegrityError, models, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.lib.later import later
from relais.lib.tenancy import SameTenant
from relais.offer import signing, terms
from relais.offer.errors import (
    DraftStands,
    NotNow,
    NotSigned,
    Overlaps,
    Overtaken,
    TooEarly,
    Unsound,
)
from relais.offer.terms import Terms
from relais.people.models import LegalEntity, Person, Site
from relais.people.models.assistant import IntPoint
from relais.people.models.tenant import TenantModel

from . import agreement_terms
from .agreement import Agreement, AgreementEvent
from .agreement_terms import AgreementClause, AgreementCredit, AgreementScope
from .service import Service

ONE_DAY = timedelta(days=1)
RECALCULATE = "relais.desk.tasks.recalculate_version"


class AgreementVersion(TenantModel):
    """One text that two parties sign. Its rows are changed by the verbs below and nothing else.

    What is signed never changes: only `period`, which a later version cuts short.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SIGNED = "signed", pgettext_lazy("agreement", "Signed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Standing(models.TextChoices):
        """How a version is shown: its state and, once signed, where the day falls."""

        DRAFT = "draft", _("Draft")
        HALF_SIGNED = "half_signed", _("Awaits the other signature")
        TO_COME = "to_come", _("Signed, to come")
        IN_FORCE = "in_force", _("In force")
        SUPERSEDED = "superseded", _("Replaced or ended")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    agreement = models.ForeignKey(
        Agreement, models.PROTECT, related_name="versions", verbose_name=_("agreement")
    )
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    # How often the row was changed: whoever changes it says which revision he or she has read.
    revision = models.PositiveIntegerField(default=1)
    effective_from = models.DateField(_("in force from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    note = models.TextField(_("what changes and why"), blank=True)
    # Working days without a word of the client; empty: never.
    remind_after_days = models.PositiveSmallIntegerField(
        _("recalled after"), null=True, blank=True, default=terms.REMIND_AFTER_DAYS
    )
    close_after_days = models.PositiveSmallIntegerField(
        _("held accepted after"), null=True, blank=True, default=terms.CLOSE_AFTER_DAYS
    )
    approval_pauses = models.BooleanField(_("an approval stops the promise"), default=True)
    author = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("author"))
    copied_from = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField()
    client_signer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    client_signed_at = models.DateTimeField(null=True)
    provider_signer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    provider_signed_at = models.DateTimeField(null=True)
    # The days on which it is in force; empty before both sides have signed.
    period = DateRangeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("version of an agreement")
        verbose_name_plural = _("versions of agreements")
        ordering = ["agreement", "-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["agreement", "number"], name="offer_version_once"),
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(state="draft"), name="offer_version_one_draft"
            ),
            models.CheckConstraint(
                name="offer_version_signed_by_both",
                condition=Q(
                    state="signed",
                    period__isnull=False,
                    effective_from__isnull=False,
                    client_signer__isnull=False,
                    client_signed_at__isnull=False,
                    provider_signer__isnull=False,
                    provider_signed_at__isnull=False,
                )
                | ~Q(state="signed") & Q(period__isnull=True),
            ),
            models.CheckConstraint(
                name="offer_version_days",
                condition=Q(ends_on=None) | Q(ends_on__gte=F("effective_from")),
                violation_error_message=_("The last day comes before the first: exchange them."),
            ),
            models.CheckConstraint(
                condition=(Q(remind_after_days=None) | Q(remind_after_days__gt=0))
                & (Q(close_after_days=None) | Q(close_after_days__gt=0)),
                name="offer_version_silence",
            ),
            models.CheckConstraint(
                condition=Q(period=None) | Q(period__isempty=False), name="offer_version_period"
            ),
            ExclusionConstraint(
                name="offer_version_no_overlap",
                expressions=[(IntPoint("agreement_id"), "&&"), (F("period"), "&&")],
                condition=Q(period__isnull=False),
            ),
            SameTenant(name="offer_version_agreement_fk", field="agreement", to="offer_agreement"),
            SameTenant(name="offer_version_author_fk", field="author", to="people_person"),
            SameTenant(
                name="offer_version_copied_fk", field="copied_from", to="offer_agreementversion"
            ),
            SameTenant(name="offer_version_client_fk", field="client_signer", to="people_person"),
            SameTenant(
                name="offer_version_provider_fk", field="provider_signer", to="people_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement.name} v{self.number}"

    # Reading -------------------------------------------------------------------------------------

    def standing(self, on: date | None = None) -> Standing:
        """Return how the version stands on a day (default: today)."""
        if self.state == self.State.WITHDRAWN:
            return self.Standing.WITHDRAWN
        if self.state == self.State.DRAFT:
            signed = self.client_signed_at or self.provider_signed_at
            return self.Standing.HALF_SIGNED if signed else self.Standing.DRAFT
        day = on or timezone.localdate()
        if day < self.period.lower:
            return self.Standing.TO_COME
        over = self.period.upper is not None and day >= self.period.upper
        return self.Standing.SUPERSEDED if over else self.Standing.IN_FORCE

    def terms(self) -> Terms:
        """Return all that the version says, as plain values. Credits included: mind who reads."""
        clauses = list(self.clauses.all())
        credit = AgreementCredit.objects.filter(version=self).first()

        def texts(kind: str) -> tuple[str, ...]:
            return tuple(each.text for each in clauses if each.kind == kind)

        return Terms(
            effective_from=self.effective_from,
            ends_on=self.ends_on,
            note=self.note,
            remind_after_days=self.remind_after_days,
            close_after_days=self.close_after_days,
            approval_pauses=self.approval_pauses,
            scopes=tuple(each.value for each in self.scopes.all()),
            targets=tuple(each.value for each in self.targets.all()),
            exclusions=texts(AgreementClause.Kind.EXCLUSION),
            obligations=texts(AgreementClause.Kind.OBLIGATION),
            credits=credit.value if credit else None,
        )

    def digest(self) -> str:
        """Return the SHA-256 of what is signed, in hexadecimal."""
        facts = self.terms().facts()
        if facts["approval_pauses"]:
            del facts["approval_pauses"]  # what was signed before it could be said stays the same
        text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    # Verbs ---------------------------------------------------------------------------------------

    @classmethod
    def draft_from(
        cls, agreement: Agreement, *, by: Person, at: datetime | None = None
    ) -> AgreementVersion:
        """Return a new draft: a copy of the version in force, else of the last signed one.

        Raises `NotYours`, `DraftStands`.
        """
        signing.check_drafts(agreement, by)
        at = at or timezone.now()
        with transaction.atomic():
            held = Agreement.objects.select_for_update().get(pk=agreement.pk)
            if held.draft is not None:
                raise DraftStands(agreement=agreement.name)
            signed = held.versions.filter(state=cls.State.SIGNED)
            base = held.in_force(timezone.localdate(at)) or signed.first()
            last = held.versions.order_by("-number").first()
            version = cls.objects.create(
                provider_id=agreement.provider_id,
                agreement=agreement,
                number=last.number + 1 if last else 1,
                author=by,
                copied_from=base,
                created_at=at,
            )
            copied = terms.without_dates(base.terms()) if base else Terms()
            version.remind_after_days = copied.remind_after_days
            version.close_after_days = copied.close_after_days
            version.approval_pauses = copied.approval_pauses
            version.save(update_fields=["remind_after_days", "close_after_days", "approval_pauses"])
            agreement_terms.write(version, copied)
            AgreementEvent.tell(
                version,
                AgreementEvent.Kind.DRAFTED,
                by,
                at,
                {"from": base.number if base else None},
            )
        return version

    def edit(self, *, by: Person, at: datetime | None = None, **changes: Any) -> None:
        """Change fields of the terms; what the signatures were given to is no more, so they go.

        `changes`: the fields of `Terms`, lists whole. Raises `NotYours`, `NotNow`, `Unsound`,
        `Overtaken`.
        """
        signing.check_drafts(self.agreement, by)
        self._must_be(self.State.DRAFT)
        before = self.terms()
        after = replace(before, **changes)
        if before == after:
            return
        self._check_lines(after)
        at = at or timezone.now()
        with transaction.atomic():
            self._update(
                effective_from=after.effective_from,
                ends_on=after.ends_on,
                note=after.note,
                remind_after_days=after.remind_after_days,
                close_after_days=after.close_after_days,
                approval_pauses=after.approval_pauses,
                client_signer=None,
                client_signed_at=None,
                provider_signer=None,
                provider_signed_at=None,
            )
            agreement_terms.write(self, after)
            was, now = before.facts(), after.facts()
            changed = [name for name in now if now[name] != was[name]]
            facts = {
                "before": {name: was[name] for name in changed},
                "after": {name: now[name] for name in changed},
            }
            AgreementEvent.tell(self, AgreementEvent.Kind.EDITED, by, at, facts)

    def sign(self, *, by: Person, side: str, at: datetime | None = None) -> None:
        """Sign for "client" or "provider"; the second signature puts it in force at its date.

        Raises `WrongSigner`, `NotNow` (signed already), `Unsound`, `TooEarly`, `Overlaps`,
        `Overtaken`.
        """
        signing.check_signs(self, by, side)
        self._must_be(self.State.DRAFT)
        if getattr(self, f"{side}_signed_at"):
            raise NotNow(version=str(self), state=_t("Signed by this side"))
        at = at or timezone.now()
        try:
            with transaction.atomic():
                Agreement.objects.select_for_update().get(pk=self.agreement_id)
                first = self._check_ready(timezone.localdate(at))
                self._update(**{f"{side}_signer": by, f"{side}_signed_at": at})
                facts = {"side": side, "digest": self.digest()}
                AgreementEvent.tell(self, AgreementEvent.Kind.SIGNED, by, at, facts)
                if self.client_signed_at and self.provider_signed_at:
                    self._conclude(first, by, at)
        except IntegrityError as error:
            if "no_overlap" in str(error):
                raise Overlaps from None
            raise

    def retract(self, *, by: Person, at: datetime | None = None) -> None:
        """Take back the signature that this person gave, while the other side has not signed.

        Raises `NotNow`, `NotSigned`, `Overtaken`.
        """
        self._must_be(self.State.DRAFT)
        side = signing.signed_side(self, by)
        if not side:
            raise NotSigned(version=str(self), person=str(by))
        at = at or timezone.now()
        with transaction.atomic():
            self._update(**{f"{side}_signer": None, f"{side}_signed_at": None})
            AgreementEvent.tell(self, AgreementEvent.Kind.RETRACTED, by, at, {"side": side})

    def withdraw(self, reason: str, *, by: Person, at: datetime | None = None) -> None:
        """Drop a draft. What both sides signed binds both: it is replaced, not withdrawn.

        Raises `NotYours`, `NotNow`, `Overtaken`.
        """
        signing.check_drafts(self.agreement, by)
        self._must_be(self.State.DRAFT)
        at = at or timezone.now()
        with transaction.atomic():
            self._update(state=self.State.WITHDRAWN)
            facts = {"reason": reason.strip()}
            AgreementEvent.tell(self, AgreementEvent.Kind.WITHDRAWN, by, at, facts)

    # How a verb is done --------------------------------------------------------------------------

    def expect(self, revision: int | None) -> None:
        """Raise `Overtaken` unless this is the revision that the person was shown."""
        if revision is not None and revision != self.revision:
            raise Overtaken(version=str(self))

    def _update(self, **fields: Any) -> None:
        mine = AgreementVersion.objects.filter(pk=self.pk, revision=self.revision)
        if not mine.update(revision=F("revision") + 1, **fields):
            raise Overtaken(version=str(self))
        for name, value in fields.items():
            setattr(self, name, value)
        self.revision += 1

    def _must_be(self, state: str) -> None:
        if self.state != state:
            self._refuse()

    def _refuse(self) -> None:
        raise NotNow(version=str(self), state=self.standing().label)

    def _conclude(self, first: date, by: Person, at: datetime) -> None:
        """Put the version in force at its date, and let the former one end the day before."""
        former = self.agreement.versions.filter(
            state=self.State.SIGNED, period__contains=first
        ).first()
        if former is not None:
            former._end_before(first)
            AgreementEvent.tell(
                former, AgreementEvent.Kind.ENDED, by, at, {"replaced_by": self.number}
            )
        self._update(state=self.State.SIGNED, period=_days(first, self.ends_on))
        self.scopes.update(period=self.period)
        Agreement.objects.filter(pk=self.agreement_id, first_signed_at=None).update(
            first_signed_at=at
        )
        AgreementEvent.tell(
            self, AgreementEvent.Kind.CONCLUDED, by, at, {"from": first.isoformat()}
        )
        # Tickets of its first day may have come in before the signature. The desk stands a floor
        # above, so its job is called by name. A day more: elsewhere it is tomorrow already.
        if first <= timezone.localdate(at) + ONE_DAY:
            later(
                RECALCULATE,
                lock=f"recalculate:{self.provider_id}",
                provider_id=self.provider_id,
                version_id=self.pk,
            )

    def _end_before(self, day: date) -> None:
        """Let this signed version be in force until the day before."""
        self._update(period=DateRange(self.effective_from, day))
        self.scopes.update(period=self.period)

    def _check_ready(self, today: date) -> date:
        """Return its first day; raise unless two parties could keep this as it stands."""
        told = self.terms()
        found = terms.faults(told)
        first = told.effective_from
        if first is None:
            found.append(("effective_from", _t("Say from which day it is in force.")))
        if not told.targets:
            found.append(("targets", _t("Promise something: one target at least.")))
        if first is None or found:
            raise Unsound(found)
        self._check_date(first, today)
        self._check_overlap(_days(first, told.ends_on))
        return first

    def _check_date(self, first: date, today: date) -> None:
        if first < today:
            raise TooEarly(
                [
                    (
                        "effective_from",
                        _t("It would start before it is signed: choose %(day)s or later.")
                        % {"day": date_format(today, "DATE_FORMAT")},
                    )
                ]
            )
        signed = self.agreement.versions.filter(state=self.State.SIGNED)
        last = signed.order_by("-effective_from").first()
        if last is None or last.effective_from is None:
            return
        soonest = (last.ends_on or last.effective_from) + ONE_DAY
        if first < soonest:
            text = _t(
                "Version %(number)d is signed and holds until then: start on %(day)s or later."
            )
            day = date_format(soonest, "DATE_FORMAT")
            raise TooEarly([("effective_from", text % {"number": last.number, "day": day})])

    def _check_overlap(self, days: DateRange) -> None:
        others = AgreementScope.objects.filter(
            company_id=self.agreement.company_id, period__overlap=days
        ).exclude(version__agreement=self.agreement_id)
        mine = {each.value for each in self.scopes.all()}
        for scope in others.select_related("version__agreement", "site", "entity", "company"):
            if scope.value in mine:
                raise Overlaps(f"{scope.version}, {scope}")

    def _check_lines(self, told: Terms) -> None:
        """Raise `Unsound` for what cannot be kept or does not belong to the company."""
        found = terms.faults(told)
        families = {each.family for each in told.scopes} | {each.family for each in told.targets}
        if families - {"", *Service.Family.values}:
            known = ", ".join(Service.Family.values)
            found.append(("family", _t("Choose one of %(families)s.") % {"families": known}))
        company = self.agreement.company_id
        checks: list[tuple[str, type[models.Model], set[int | None], dict[str, int]]] = [
            ("scopes", Site, {each.site for each in told.scopes}, {"company": company}),
            ("scopes", LegalEntity, {each.entity for each in told.scopes}, {"company": company}),
            ("targets", Service, {each.service for each in told.targets}, {}),
        ]
        for field, model, wanted, where in checks:
            keys = {key for key in wanted if key}
            if keys - set(
                model._default_manager.filter(pk__in=keys, **where).values_list("pk", flat=True)
            ):
                found.append((field, _t("Choose places and services of this company's list.")))
        if found:
            raise Unsound(found)


def _days(first: date, last: date | None) -> DateRange:
    return DateRange(first, last + ONE_DAY if last else None)

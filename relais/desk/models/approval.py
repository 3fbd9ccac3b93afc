"""Amounts that somebody at the client approves: asked, approved or refused, delegated."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as _noop
from django.utils.translation import pgettext_lazy

from relais.desk import rules
from relais.desk.errors import (
    BadDelegate,
    BadValue,
    Covered,
    Missing,
    NoApprover,
    NotNow,
    NotYours,
    Overtaken,
)
from relais.lib.tenancy import SameTenant
from relais.offer.questions import amount_in
from relais.people import calendars
from relais.people.models import Company, Person
from relais.people.models.tenant import TenantModel

from .event import Event
from .letter import Letter
from .standing import StandingEvent, StandingKind
from .ticket import Ticket

# A working day of the site, then two: who approves is reminded twice at most.
REMIND_AFTER = (timedelta(hours=8), timedelta(hours=16))
LONGEST_DELEGATION = timedelta(days=366)
MOST = Decimal("9999999999.99")


class Approval(TenantModel):
    """An amount stated for a request, in euros before tax, and what became of it."""

    class State(models.TextChoices):
        FREE = "free", _("No approval needed")
        ASKED = "asked", _("Waits for approval")
        APPROVED = "approved", pgettext_lazy("approval", "Approved")
        REFUSED = "refused", pgettext_lazy("approval", "Refused")
        LAPSED = "lapsed", _("Replaced by another amount")

    UNDECIDED = (State.FREE, State.ASKED)

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="approvals", verbose_name=_("request")
    )
    # Empty: the matter itself is to be approved, whatever it costs.
    amount = models.DecimalField(_("amount (€)"), max_digits=12, decimal_places=2, null=True)
    text = models.TextField(_("what for"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    version = models.PositiveIntegerField(default=1)
    approver = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="approvals", verbose_name=_("approver")
    )
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    reason = models.TextField(_("reason"), blank=True)
    # By which delegation it was decided, if not by the approver.
    delegation = models.ForeignKey("desk.Delegation", models.PROTECT, null=True, related_name="+")
    remind_at = models.DateTimeField(null=True)
    reminded = models.PositiveSmallIntegerField(default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(state="asked"), name="desk_approval_one_open"
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gte=0), name="desk_approval_amount"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "refused"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="desk_approval_decided",
            ),
            SameTenant(name="desk_approval_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_approval_approver_fk", field="approver", to="people_person"),
            SameTenant(name="desk_approval_asker_fk", field="asked_by", to="people_person"),
            SameTenant(name="desk_approval_judge_fk", field="decided_by", to="people_person"),
            SameTenant(name="desk_approval_deleg_fk", field="delegation", to="desk_delegation"),
        ]
        indexes = [
            models.Index(
                fields=["remind_at"],  # the sweep asks across providers
                name="desk_approval_remind",
                condition=Q(state="asked", remind_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket.reference} · {self.amount if self.amount is not None else ''} €"

    @property
    def is_open(self) -> bool:
        """Return whether somebody is still to decide."""
        return self.state == self.State.ASKED

    @classmethod
    def ask(
        cls,
        ticket: Ticket,
        amount: Decimal | None,
        text: str,
        *,
        by: Person,
        at: datetime | None = None,
    ) -> Approval:
        """Return the amount as it stands now: within the ceiling, or put to the approver.

        Another amount replaces the one that waits; one above what was approved is asked again;
        who approves need not ask. The same twice is once. Raises `Covered`, `NoApprover`.
        """
        rules.check("ask_approval", ticket, by)
        at = at or timezone.now()
        amount = None if amount is None else _amount(amount)
        last = latest(ticket)
        if last is not None and last.amount == amount and last.state in cls.UNDECIDED:
            return last
        if last is not None and last.state == cls.State.APPROVED and last.covers(amount):
            raise Covered(reference=ticket.reference)
        if _is_free(ticket, amount):
            state, approver, kind = cls.State.FREE, None, Event.Kind.AMOUNT_STATED
        else:
            approver = approver_of(ticket)
            own = approver.pk == by.pk
            state = cls.State.APPROVED if own else cls.State.ASKED
            kind = Event.Kind.APPROVED if own else Event.Kind.APPROVAL_ASKED
        asked = state == cls.State.ASKED
        with transaction.atomic():
            waiting = ticket.approvals.filter(state=cls.State.ASKED)
            waiting.update(state=cls.State.LAPSED, version=F("version") + 1)
            ticket._change(
                kind,
                by,
                at,
                when=Ticket.AT_WORK,
                facts=_facts(amount) | ({"to": approver.pk} if approver else {}),
                pause=asked and rules.approval_pauses(ticket),
                resume=not asked and ticket.state != Ticket.State.WAITING,
            )
            made = cls.objects.create(
                provider_id=ticket.provider_id,
                ticket=ticket,
                amount=amount,
                text=text.strip(),
                state=state,
                approver=approver,
                asked_by=by,
                asked_at=at,
                remind_at=_remind_at(ticket, at, 0) if asked else None,
                **({"decided_by": by, "decided_at": at} if state == cls.State.APPROVED else {}),
            )
            if asked and approver is not None:
                _call(ticket, approver, f"approval:{made.pk}")
        return made

    def covers(self, amount: Decimal | None) -> bool:
        """Return whether this much lies within what is asked or approved here."""
        return amount is None or (self.amount is not None and amount <= self.amount)

    def expect(self, version: int | None) -> None:
        """Raise `Overtaken` unless this is the version that the person was shown."""
        if version is not None and version != self.version:
            raise Overtaken(reference=self.ticket.reference)

    def approve(self, reason: str, *, by: Person, at: datetime | None = None) -> None:
        """Let the amount be spent; the promise runs again."""
        self._decide(self.State.APPROVED, Event.Kind.APPROVED, reason, by, at)

    def refuse(self, reason: str, *, by: Person, at: datetime | None = None) -> None:
        """Say no, and why: it is not delivered at this amount."""
        if not reason.strip():
            raise Missing(field=_t("Reason"))
        self._decide(self.State.REFUSED, Event.Kind.APPROVAL_REFUSED, reason, by, at)

    def delegate(self, to: Person, reason: str, *, by: Person, at: datetime | None = None) -> None:
        """Let a colleague of one's own company decide this one."""
        if by.pk != self.approver_id:
            raise NotYours(reference=self.ticket.reference, person=str(by))
        if not (reason := reason.strip()):
            raise Missing(field=_t("Reason"))
        _check_delegate(by, to)
        if not rules.access_of(to).see(Ticket).filter(pk=self.ticket_id).exists():
            raise BadDelegate(person=str(to), why=_t("may not read this request"))
        at = at or timezone.now()
        with transaction.atomic():
            self._update(approver=to, remind_at=_remind_at(self.ticket, at, 0))
            key = f"approval:{self.pk}:to:{to.pk}"
            _call(self.ticket, to, key)
            facts = {"approval": self.pk, "from": by.pk, "to": to.pk, "reason": reason}
            self.ticket.tell(Event.Kind.APPROVAL_DELEGATED, by, at, facts)

    def remind(self, *, at: datetime | None = None) -> None:
        """Ask again; the last time, nobody is reminded any more."""
        at = at or timezone.now()
        more = self.reminded + 1
        with transaction.atomic():
            self._update(reminded=more, remind_at=_remind_at(self.ticket, at, more))
            if self.approver is not None:
                key = f"approval:{self.pk}:{more}"
                _call(self.ticket, self.approver, key)
            facts = {"approval": self.pk, "to": self.approver_id}
            self.ticket.tell(Event.Kind.APPROVAL_REMINDED, None, at, facts)

    def delegation_of(self, person: Person, day: date) -> Delegation | None:
        """Return the delegation by which this person may decide, or None."""
        held = Delegation.held_by(person, day)
        fits = [e for e in held if e.giver_id == self.approver_id and e.allows(self.amount)]
        return fits[0] if fits else None

    def may_decide(self, person: Person, day: date | None = None) -> bool:
        """Return whether this person is the approver, or a delegate up to this amount today."""
        if person.pk == self.approver_id:
            return True
        return self.delegation_of(person, day or timezone.localdate()) is not None

    def _decide(self, state: str, kind: str, reason: str, by: Person, at: datetime | None) -> None:
        at = at or timezone.now()
        delegation = None
        if by.pk != self.approver_id:
            delegation = self.delegation_of(by, timezone.localdate(at))
            if delegation is None:
                raise NotYours(reference=self.ticket.reference, person=str(by))
        if self.state != self.State.ASKED:
            raise NotNow(reference=self.ticket.reference, state=self.get_state_display())
        with transaction.atomic():
            self._update(
                state=state,
                decided_by=by,
                decided_at=at,
                reason=reason.strip(),
                delegation=delegation,
                remind_at=None,
            )
            ticket = Ticket.objects.select_related("site", "company").get(pk=self.ticket_id)
            ticket._change(
                kind,
                by,
                at,
                when=Ticket.AT_WORK,
                facts=_facts(self.amount) | {"approval": self.pk, "reason": reason.strip()},
                resume=ticket.state != Ticket.State.WAITING,
            )

    def _update(self, **fields: Any) -> None:
        mine = Approval.objects.filter(pk=self.pk, version=self.version, state=self.State.ASKED)
        if not mine.update(version=F("version") + 1, **fields):
            raise Overtaken(reference=self.ticket.reference)
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1


class DelegationQuerySet(models.QuerySet["Delegation"]):
    """Delegations by the day on which they hold."""

    def in_force(self, day: date) -> DelegationQuerySet:
        """Return those that hold on `day`."""
        return self.filter(starts_on__lte=day, ends_on__gte=day, ended_at=None)


class Delegation(TenantModel):
    """Somebody lets a colleague approve in her place, for some days and up to an amount."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    giver = models.ForeignKey(
        Person, models.PROTECT, related_name="delegations_given", verbose_name=_("who delegates")
    )
    receiver = models.ForeignKey(
        Person, models.PROTECT, related_name="delegations_held", verbose_name=_("to whom")
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    # Empty: as much as the giver.
    ceiling = models.DecimalField(
        _("up to (€)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    reason = models.CharField(_("reason"), max_length=300)
    ended_at = models.DateTimeField(null=True)

    objects = DelegationQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="desk_delegation_days"
            ),
            SameTenant(name="desk_delegation_company_fk", field="company", to="people_company"),
            SameTenant(name="desk_delegation_giver_fk", field="giver", to="people_person"),
            SameTenant(name="desk_delegation_to_fk", field="receiver", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.giver} → {self.receiver}"

    @classmethod
    def give(
        cls,
        to: Person,
        *,
        by: Person,
        starts_on: date,
        ends_on: date,
        ceiling: Decimal | None,
        reason: str,
        at: datetime | None = None,
    ) -> Delegation:
        """Return the delegation; for one year at most. Raises `BadDelegate`, `BadValue`."""
        _check_delegate(by, to)
        at = at or timezone.now()
        if ends_on < starts_on:
            raise BadValue(field=_t("until"), mend=_t("choose a day that is not before the first"))
        if ends_on - starts_on > LONGEST_DELEGATION:
            raise BadValue(field=_t("until"), mend=_t("one year at most; renew it then"))
        if ends_on < timezone.localdate(at):
            raise BadValue(field=_t("until"), mend=_t("choose a day that is still to come"))
        if not (reason := reason.strip()[:300]):
            raise Missing(field=_t("Reason"))
        with transaction.atomic():
            made = cls.objects.create(
                provider_id=by.provider_id,
                company_id=to.company_id,
                giver=by,
                receiver=to,
                starts_on=starts_on,
                ends_on=ends_on,
                ceiling=None if ceiling is None else _amount(ceiling),
                reason=reason,
            )
            facts = {"to": to.pk, "until": ends_on.isoformat(), "reason": reason}
            StandingEvent.tell(StandingKind.DELEGATED, made, by, at, facts)
        return made

    @classmethod
    def held_by(cls, person: Person, day: date) -> list[Delegation]:
        """Return the delegations by which this person decides on `day`."""
        return list(cls.objects.in_force(day).filter(receiver=person).order_by("pk"))

    def allows(self, amount: Decimal | None) -> bool:
        """Return whether it reaches this far; without an amount, only one without a ceiling."""
        return self.ceiling is None or (amount is not None and amount <= self.ceiling)

    def end(self, *, by: Person, at: datetime | None = None) -> None:
        """End it before its day. Who gave it, or the client's lead."""
        engagement = self.company.engagement
        leads = engagement.client_side if engagement else set()
        if by.pk not in {self.giver_id, *leads}:
            raise NotYours(reference=str(self), person=str(by))
        at = at or timezone.now()
        with transaction.atomic():
            if not Delegation.objects.filter(pk=self.pk, ended_at=None).update(ended_at=at):
                raise Overtaken(reference=str(self))
            self.ended_at = at
            StandingEvent.tell(StandingKind.DELEGATION_ENDED, self, by, at)


def approver_of(ticket: Ticket) -> Person:
    """Return who approves for this ticket, who may read it. Raises `NoApprover`."""
    for person in rules.approvers(ticket):
        if rules.access_of(person).see(Ticket).filter(pk=ticket.pk).exists():
            return person
    raise NoApprover(reference=ticket.reference)


def latest(ticket: Ticket) -> Approval | None:
    """Return the amount that counts now, or None where none was stated."""
    rows = ticket.approvals.exclude(state=Approval.State.LAPSED)
    return rows.select_related("approver").first()


def hindrance(ticket: Ticket) -> str:
    """Return why this may not be delivered yet for want of an approval, or an empty text."""
    last = latest(ticket)
    above = rules.approval_above(ticket)
    if last is None:
        if above is None:
            return ""
        stated = amount_in(ticket.answers)
        if stated is not None and stated <= above:
            return ""
        if above < 0 and (executive := rules.keeps_to_herself(ticket)) is not None:
            told = _t("%(name)s lets nobody do this alone: ask for the approval first")
            return told % {"name": executive.name}
        if above < 0:
            return _t("this service is approved by the client: ask for it first")
        written = number_format(above, 2 if above % 1 else 0, use_l10n=True, force_grouping=True)
        return _t("state the amount first: above %(above)s € it is approved") % {"above": written}
    if last.state == Approval.State.ASKED:
        who = last.approver.name if last.approver else "—"
        return _t("%(name)s has not approved it yet") % {"name": who}
    if last.state == Approval.State.REFUSED:
        return _t("it was not approved: state another amount, or decline the request")
    if last.state == Approval.State.FREE and not _is_free(ticket, last.amount):
        return _t("state the amount again: the ceiling has changed")
    return ""


def _call(ticket: Ticket, to: Person, key: str) -> None:
    msgid = _noop("%(reference)s waits for your approval of an amount. Read it and decide here:")
    Letter.lead(ticket, to, key, msgid, "/approvals/")


def _is_free(ticket: Ticket, amount: Decimal | None) -> bool:
    above = rules.approval_above(ticket)
    return amount is not None and above is not None and amount <= above


def _facts(amount: Decimal | None) -> dict[str, Any]:
    return {} if amount is None else {"amount": str(amount)}


def _amount(amount: Decimal) -> Decimal:
    if not amount.is_finite() or not 0 <= amount <= MOST:
        raise BadValue(field=_t("amount (€)"), mend=_t("give an amount of zero euros or more"))
    return amount.quantize(Decimal("0.01"))


def _check_delegate(by: Person, to: Person) -> None:
    if not by.is_client or to.company_id != by.company_id or to.archived_at:
        raise BadDelegate(person=str(to), why=_t("choose a colleague of your own company"))
    if to.pk == by.pk:
        raise BadDelegate(person=str(to), why=_t("choose somebody else than yourself"))


def _remind_at(ticket: Ticket, at: datetime, times: int) -> datetime | None:
    if times >= len(REMIND_AFTER):
        return None
    return calendars.of_site(ticket.site).timetable.add(at, REMIND_AFTER[times])

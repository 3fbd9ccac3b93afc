"""What a critical error leads to: a cause found, a procedure mended, and somebody who verifies."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import BadValue, Missing
from relais.desk.models import Ticket
from relais.desk.rules import access_of
from relais.engine import sampling
from relais.lib.tenancy import SameTenant
from relais.offer.models import Procedure, ProcedureVersion
from relais.people import calendars, organisation
from relais.people.models import Person, Role
from relais.people.models.tenant import TenantModel
from relais.records.quality_errors import CheckNotNow, CheckOvertaken, MayNotCheck, NoMend

if TYPE_CHECKING:
    from .check import QualityCheck

LONGEST = 2000


class CorrectiveAction(TenantModel):
    """One action after one check. Its row is changed by the verbs below alone."""

    class State(models.TextChoices):
        OPEN = "open", _("To do")
        DONE = "done", _("Done, to be verified")
        VERIFIED = "verified", _("Verified")
        VOID = "void", _("Falls away")

    check_made = models.OneToOneField(
        "records.QualityCheck", models.PROTECT, related_name="action", verbose_name=_("check")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(_("opened"))
    due_at = models.DateTimeField(_("due"))
    owner = models.ForeignKey(
        Person, models.PROTECT, related_name="corrective_actions", verbose_name=_("owner")
    )
    root_cause = models.TextField(_("root cause"), blank=True)
    measure = models.TextField(_("what is done about it"), blank=True)
    procedure = models.ForeignKey(
        Procedure, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("procedure to mend"),
    )  # fmt: skip
    mended_by = models.ForeignKey(
        ProcedureVersion, models.PROTECT, null=True, related_name="+",
        verbose_name=_("mended by version"),
    )  # fmt: skip
    done_at = models.DateTimeField(_("done"), null=True)
    done_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    verified_at = models.DateTimeField(_("verified"), null=True)
    verified_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("corrective action")
        verbose_name_plural = _("corrective actions")
        ordering = ["due_at", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(state__in=["done", "verified"]) | ~Q(root_cause=""),
                name="records_action_cause",
            ),
            SameTenant(
                name="records_action_check_fk", field="check_made", to="records_qualitycheck"
            ),
            SameTenant(name="records_action_owner_fk", field="owner", to="people_person"),
            SameTenant(name="records_action_procedure_fk", field="procedure", to="offer_procedure"),
            SameTenant(
                name="records_action_version_fk", field="mended_by", to="offer_procedureversion"
            ),
            SameTenant(name="records_action_done_fk", field="done_by", to="people_person"),
            SameTenant(name="records_action_verified_fk", field="verified_by", to="people_person"),
        ]
        indexes = [models.Index(fields=["provider", "state"], name="records_action_state")]

    def __str__(self) -> str:
        return f"{self.check_made.ticket.reference} · {self.get_state_display()}"

    def is_overdue(self, now: datetime) -> bool:
        """Return whether its time passed before it was done."""
        return self.state == self.State.OPEN and self.due_at < now

    @classmethod
    def follow(
        cls, check: QualityCheck, found: sampling.Checked, *, by: Person, at: datetime
    ) -> None:
        """Open what a critical error calls for, once a check; let it fall away without one."""
        known = cls.objects.filter(check_made=check).first()
        timetable = calendars.of_site(check.ticket.site).timetable
        due = sampling.mend_by(found, at, timetable)
        if known is None and due is not None:
            made = cls.objects.create(
                provider_id=check.provider_id, check_made=check, opened_at=at, due_at=due, owner=by,
                procedure=check.ticket.service.procedure,
            )  # fmt: skip
            organisation.record(made, "action_opened", by, due_at=due.isoformat())
        elif known is not None and due is None and known.state == cls.State.OPEN:
            known._change("action_void", by, when=(cls.State.OPEN,), state=cls.State.VOID)
        elif known is not None and due is not None and known.state == cls.State.VOID:
            known._change(
                "action_opened", by, when=(cls.State.VOID,), state=cls.State.OPEN, due_at=due
            )

    # Verbs ---------------------------------------------------------------------------------------

    def plan(
        self, root_cause: str, measure: str, *, by: Person, owner: Person | None = None,
        procedure: Procedure | None = None, seen: int | None = None,
    ) -> None:  # fmt: skip
        """Say why it happened, who mends it, and which procedure. Raises `Missing`, `BadValue`."""
        self._allow(by)
        if not root_cause.strip():
            raise Missing(field=_t("root cause"))
        owner = owner or self.owner
        staff = Role.objects.in_force().filter(person=owner, kind__in=Role.STAFF)
        if owner.is_client or owner.archived_at is not None or not staff.exists():
            raise BadValue(field=_t("owner"), mend=_t("choose somebody of the provider"))
        if not access_of(owner).see(Ticket).filter(pk=self.check_made.ticket_id).exists():
            mend = _t("choose somebody who may read the request")
            raise BadValue(field=_t("owner"), mend=mend)
        self._change(
            "action_planned", by, when=(self.State.OPEN,), seen=seen, owner=owner,
            root_cause=root_cause.strip()[:LONGEST], measure=measure.strip()[:LONGEST],
            procedure=procedure,
        )  # fmt: skip

    def do(self, *, by: Person, at: datetime | None = None, seen: int | None = None) -> None:
        """Say that it is done: by the version of the procedure that was published since.

        Raises `Missing` without a cause, `NoMend` while the procedure stands as it was.
        """
        self._allow(by)
        if self.state == self.State.OPEN and not self.root_cause:
            raise Missing(field=_t("root cause"))
        version = self.mend()
        if self.state == self.State.OPEN and self.procedure and version is None:
            raise NoMend(procedure=self.procedure.title)
        self._change(
            "action_done", by, when=(self.State.OPEN,), seen=seen, state=self.State.DONE,
            done_at=at or timezone.now(), done_by=by, mended_by=version,
        )  # fmt: skip

    def verify(self, *, by: Person, at: datetime | None = None, seen: int | None = None) -> None:
        """Say that it works: somebody who checks, and did not do it herself."""
        self._allow(by, verifies=True)
        self._change(
            "action_verified", by, when=(self.State.DONE,), seen=seen, state=self.State.VERIFIED,
            verified_at=at or timezone.now(), verified_by=by,
        )  # fmt: skip

    def reopen(self, reason: str, *, by: Person, seen: int | None = None) -> None:
        """Send it back, with a reason: what was done does not mend it."""
        self._allow(by, verifies=True)
        if not (reason := reason.strip()[:LONGEST]):
            raise Missing(field=_t("Reason"))
        self._change(
            "action_reopened", by, when=(self.State.DONE, self.State.VERIFIED), seen=seen,
            facts={"reason": reason}, state=self.State.OPEN, done_at=None, done_by=None,
            mended_by=None, verified_at=None, verified_by=None,
        )  # fmt: skip

    def mend(self) -> ProcedureVersion | None:
        """Return the version of its procedure that was published since it was opened, or None."""
        if self.procedure_id is None:
            return None
        rows = ProcedureVersion.objects.filter(
            procedure=self.procedure_id, published_at__gte=self.opened_at
        )
        return rows.exclude(state=ProcedureVersion.State.DRAFT).order_by("-number").first()

    def _allow(self, by: Person, *, verifies: bool = False) -> None:
        access = access_of(by)
        checks = not access.is_client and (access.runs_pool or access.has(Role.Kind.QUALITY))
        mine = not access.is_client and by.pk == self.owner_id
        allowed = checks and by.pk != self.done_by_id if verifies else checks or mine
        if not allowed or by.provider_id != self.provider_id:
            raise MayNotCheck(person=str(by))

    def _change(
        self, kind: str, by: Person, *, when: tuple[str, ...], seen: int | None = None,
        facts: Any = None, **fields: Any,
    ) -> None:  # fmt: skip
        if self.state not in when:
            raise CheckNotNow(state=self.get_state_display())
        version = self.version if seen is None else seen
        mine = CorrectiveAction.objects.filter(pk=self.pk, state=self.state, version=version)
        with transaction.atomic():
            if not mine.update(version=F("version") + 1, **fields):
                raise CheckOvertaken()
            self.version = version + 1
            for name, value in fields.items():
                setattr(self, name, value)
            organisation.record(self, kind, by, **(facts or {}))

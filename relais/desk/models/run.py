"""A procedure as it is run for one ticket: the version pinned, its steps, what is done of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.desk import rules
from relais.desk.errors import ControlMissing, NoSuchStep, NotNow, StepsLeft, StepTaken
from relais.engine.procedure import steps_left
from relais.lib.tenancy import SameTenant
from relais.offer import variants
from relais.offer.models import Practice, ProcedureVersion
from relais.offer.models.service import in_language
from relais.people.models import Person
from relais.people.models.tenant import TenantModel

from .event import Event

if TYPE_CHECKING:
    from .ticket import Ticket

LONGEST_VALUE = 300


class Run(TenantModel):
    """The checklist of a ticket. One row whatever the number of steps; its verbs hold the row."""

    ticket = models.OneToOneField("desk.Ticket", models.PROTECT, related_name="run")
    procedure = models.ForeignKey(ProcedureVersion, models.PROTECT, related_name="+")
    pinned_at = models.DateTimeField()
    # The steps as the ticket's site does them, pinned with the version.
    steps = models.JSONField(default=list)
    # By key of a step: {"by": person, "name": …, "at": …, "value": what the control asked for}.
    done = models.JSONField(default=dict)
    # Set when a delivery goes out with steps left: {"by", "name", "at", "reason", "steps"}.
    waived = models.JSONField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("checklist")
        verbose_name_plural = _("checklists")
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="desk_run_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(
                name="desk_run_procedure_fk", field="procedure", to="offer_procedureversion"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.procedure} · {self.ticket_id}"

    @classmethod
    def pin(cls, ticket: Ticket, at: datetime | None) -> dict[str, Any]:
        """Return what the event tells of the procedure pinned to a ticket that is taken.

        Nothing for a log, and where no procedure is in force; what was pinned once stays.
        """
        if ticket.batch is not None or ticket.service.procedure is None:
            return {}
        at = at or timezone.now()
        version = ticket.service.procedure.in_force(timezone.localdate(at))
        if version is None or cls.objects.filter(ticket=ticket).exists():
            return {}
        steps = variants.steps_at(
            version.content.get("steps", []), variants.of_site(ticket.service, ticket.site)
        )
        cls.objects.get_or_create(
            ticket=ticket,
            defaults={
                "provider_id": ticket.provider_id,
                "procedure": version,
                "pinned_at": at,
                "steps": steps,
            },
        )
        return {"procedure": version.pk, "procedure_version": version.number}

    @classmethod
    def gate(cls, ticket: Ticket, by: Person, at: datetime, despite: str) -> None:
        """Let a delivery pass if no mandatory step is left, or for a reason, which is told.

        Raises `StepsLeft`.
        """
        run = None if ticket.batch is not None else cls._held(ticket)
        if (
            run is None
            or not (left := run.left)
            or set(left) <= set((run.waived or {}).get("steps", ()))
        ):
            return
        if not despite.strip():
            raise StepsLeft(
                reference=ticket.reference, steps=", ".join(run._action(key) for key in left)
            )
        run._waive(ticket, left, despite.strip(), by, at)

    @classmethod
    def practised(cls, ticket: Ticket, at: datetime) -> None:
        """Keep who did the procedure for an accepted ticket, and whether it went well."""
        if ticket.batch is not None or ticket.holder_id is None:
            return
        run = cls.objects.filter(ticket=ticket).first()
        if run is None:
            return
        success = not ticket.reopened and run.waived is None
        Practice.objects.get_or_create(
            version_id=run.procedure_id,
            person_id=ticket.holder_id,
            reference=ticket.reference,
            defaults={"provider_id": run.provider_id, "at": at, "success": success},
        )

    # Verbs ---------------------------------------------------------------------------------------

    @classmethod
    def step_done(
        cls,
        ticket: Ticket,
        key: str,
        *,
        by: Person,
        value: str = "",
        at: datetime | None = None,
    ) -> Run:
        """Return the checklist with a step ticked; event `step_done`. Twice the same is once.

        Raises `NotYours`, `NotNow`, `NoSuchStep`, `ControlMissing`, `StepTaken` (ticked by
        somebody else meanwhile, with another word).
        """
        value = value.replace("\x00", "").strip()[:LONGEST_VALUE]
        with transaction.atomic():
            run, step = cls._found(ticket, key, "step_done", by)
            if (step.get("control_fr") or step.get("control_en")) and not value:
                raise ControlMissing(control=in_language(step["control_fr"], step["control_en"]))
            if known := run.done.get(key):
                if known["value"] != value:
                    raise StepTaken(step=run._action(key), person=known["name"])
                return run
            at = at or timezone.now()
            run.done[key] = {
                "by": by.pk,
                "name": by.name,
                "at": at.isoformat(),
                "value": value,
            }
            run.save(update_fields=["done"])
            facts = {**_words(step), "value": value}
            ticket._tell(Event.Kind.STEP_DONE, by, at, facts)
        return run

    @classmethod
    def step_undone(
        cls, ticket: Ticket, key: str, *, by: Person, at: datetime | None = None
    ) -> Run:
        """Return the checklist with a step open again; event `step_undone`. Twice is once.

        Raises `NotYours`, `NotNow`, `NoSuchStep`.
        """
        with transaction.atomic():
            run, step = cls._found(ticket, key, "step_undone", by)
            was = run.done.pop(key, None)
            if was is not None:
                run.save(update_fields=["done"])
                facts = {**_words(step), "was": was}
                ticket._tell(Event.Kind.STEP_UNDONE, by, at or timezone.now(), facts)
        return run

    # How a verb is done --------------------------------------------------------------------------

    @property
    def left(self) -> list[str]:
        """Return the keys of the mandatory steps that are not done, in order."""
        return steps_left(self.steps, self.done)

    @classmethod
    def _held(cls, ticket: Ticket) -> Run | None:
        return cls.objects.select_for_update().filter(ticket=ticket).first()

    @classmethod
    def _found(cls, ticket: Ticket, key: str, verb: str, by: Person) -> tuple[Run, dict[str, Any]]:
        rules.check(verb, ticket, by)
        run = cls._held(ticket)
        step = next((each for each in run.steps if each["key"] == key), None) if run else None
        if run is None or step is None:
            raise NoSuchStep(step=key[:60], reference=ticket.reference)
        state = type(ticket).objects.filter(pk=ticket.pk).values_list("state", flat=True).get()
        if state not in ticket.HELD:
            raise NotNow(reference=ticket.reference, state=ticket.State(state).label)
        return run, step

    def _action(self, key: str) -> str:
        step = next(each for each in self.steps if each["key"] == key)
        return in_language(step.get("action_fr", ""), step.get("action_en", ""))

    def _waive(
        self, ticket: Ticket, left: list[str], reason: str, by: Person, at: datetime
    ) -> None:
        self.waived = {
            "by": by.pk,
            "name": by.name,
            "at": at.isoformat(),
            "reason": reason,
            "steps": left,
        }
        self.save(update_fields=["waived"])
        ticket._tell(Event.Kind.STEPS_WAIVED, by, at, {"reason": reason, "steps": left})


def _words(step: dict[str, Any]) -> dict[str, Any]:
    """Return a step as its events tell of it."""
    return {
        "step": step["key"],
        "fr": step.get("action_fr", ""),
        "en": step.get("action_en", ""),
    }

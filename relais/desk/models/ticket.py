"""What a manager wants done, and the verbs that move it: each a guard, named fields, one event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.desk import rules
from relais.desk.errors import CameBefore, Missing, NotNow, Overtaken
from relais.lib.tenancy import SameTenant
from relais.lib.text import words_of
from relais.lib.written import insert, insert_once
from relais.offer.models import Priority, Service
from relais.people.models import Company, Confidentiality, Person, Site
from relais.people.models.organisation import key_of
from relais.people.models.tenant import TenantModel

from . import silence, ticket_clocks, ticket_joining, ticket_lists, ticket_undoing, ticket_words
from .attachment import Attachment
from .clock import Clock
from .event import Event
from .run import Run
from .ticket_clocks import ACCEPTANCE, ANSWERS, CORRECTION, DELIVERY, FIRST, NEXT
from .ticket_dated import Dated
from .ticket_dispatched import FREE, Dispatched
from .ticket_joining import Joined
from .ticket_replanned import Replanned
from .ticket_steering import Steered
from .ticket_triage import Triaged
from .ticket_undoing import Undoing
from .webhook import Webhook

if TYPE_CHECKING:
    from relais.desk.batch import Batch
    from relais.offer.promises import Book

    from .message import Message


class Ticket(Dated, Dispatched, Joined, Replanned, Steered, Triaged, Undoing, TenantModel):
    """A request of a site. Its row is changed by the verbs below and by nothing else."""

    class State(models.TextChoices):
        OPEN = "open", _("In the queue")
        ASSIGNED = "assigned", _("Assigned")
        TAKEN = "taken", _("In progress")
        WAITING = "waiting", _("Waits for the requester")
        THIRD = "third", _("Waits for a third party")
        DELIVERED = "delivered", _("Delivered")
        ACCEPTED = "accepted", pgettext_lazy("request", "Accepted")
        REFUSED = "refused", _("Declined")
        CANCELLED = "cancelled", _("Cancelled")
        MERGED = "merged", _("Merged")

    Priority = Priority

    class Channel(models.TextChoices):
        MAIL = "mail", _("Mail")
        FORM = "form", _("Form")
        API = "api", _("API")
        PHONE = "phone", _("Telephone")
        LOG = "log", _("Imported log")
        RECURRENCE = "recurrence", _("Recurrence")

    AT_WORK = (State.OPEN, State.ASSIGNED, State.TAKEN, State.WAITING, State.THIRD)
    HELD = (State.ASSIGNED, State.TAKEN, State.WAITING, State.THIRD)
    LIVE = (*AT_WORK, State.DELIVERED)

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    company = models.ForeignKey(
        Company, models.PROTECT, related_name="tickets", verbose_name=_("company")
    )
    site = models.ForeignKey(
        Site,
        models.PROTECT,
        related_name="tickets",
        verbose_name=_("site"),
        db_index=False,  # the indexes below serve, here and for the requester
    )
    requester = models.ForeignKey(
        Person,
        models.PROTECT,
        related_name="tickets_asked",
        verbose_name=_("requester"),
        db_index=False,
    )
    holder = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets_held",
        verbose_name=_("assistant"),
    )
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="tickets", verbose_name=_("service")
    )
    subject = models.CharField(_("subject"), max_length=300)
    subject_key = key_of("subject")
    body = models.TextField(_("text"), blank=True)
    words = words_of("subject", "body")
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, default=Priority.NORMAL
    )
    confidentiality = models.PositiveSmallIntegerField(
        _("confidentiality"),
        choices=Confidentiality.choices,
        default=Confidentiality.INTERNAL,
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    received_at = models.DateTimeField(_("received"))
    wanted_by = models.DateTimeField(_("wanted by"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    reopened = models.PositiveSmallIntegerField(_("times reopened"), default=0)
    external_ref = models.CharField(_("external reference"), max_length=300, blank=True)
    # The lead keeps it out of dispatch, for this reason, until then or until released.
    held_why = models.CharField(_("held because"), max_length=300, blank=True)
    held_until = models.DateTimeField(_("held until"), null=True)
    # To whom dispatch would give it, waiting for the lead's word; for whom it is reserved.
    proposed = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False
    )
    pinned = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    # What the form asked beyond the subject, with its questions: see offer/questions.py.
    answers = models.JSONField(_("answers"), default=list, blank=True)

    # Set while a log is imported: the verbs then write into it instead of the database.
    batch: Batch | None = None
    # Drafts that go with the next word written on it.
    carried: Sequence[Attachment] = ()
    # Known to whoever has just received it: its first clocks and event while it has no others, and
    # the first message of its thread.
    born: tuple[list[Clock], Event] | None = None
    asked: Message | None = None

    class Meta(TenantModel.Meta):
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "channel", "external_ref"],
                condition=~Q(external_ref=""),
                name="desk_ticket_once",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["assigned", "taken", "waiting", "third"])
                | Q(holder__isnull=False),
                name="desk_ticket_held",
            ),
            SameTenant(name="desk_ticket_company_fk", field="company", to="people_company"),
            SameTenant(name="desk_ticket_site_fk", field="site", to="people_site"),
            SameTenant(name="desk_ticket_requester_fk", field="requester", to="people_person"),
            SameTenant(name="desk_ticket_holder_fk", field="holder", to="people_person"),
            SameTenant(name="desk_ticket_proposed_fk", field="proposed", to="people_person"),
            SameTenant(name="desk_ticket_pinned_fk", field="pinned", to="people_person"),
            SameTenant(name="desk_ticket_service_fk", field="service", to="offer_service"),
        ]
        indexes = ticket_lists.INDEXES

    def __str__(self) -> str:
        return f"{self.reference} {self.subject}"

    @property
    def reference(self) -> str:
        """Return the name that people call it by, such as R-000142."""
        return f"R-{self.pk:06d}" if self.pk else "R-…"

    @property
    def is_live(self) -> bool:
        """Return whether anything is still expected of anybody."""
        if self.state == self.State.MERGED:
            return ticket_joining.live_of(self).state in self.LIVE
        return self.state in self.LIVE

    # Coming in -----------------------------------------------------------------------------------

    @classmethod
    def receive(
        cls,
        *,
        site: Site,
        requester: Person,
        service: Service,
        subject: str,
        body: str = "",
        channel: str,
        by: Person | None = None,
        at: datetime | None = None,
        facts: dict[str, Any] | None = None,
        batch: Batch | None = None,
        book: Book | None = None,
        words: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Ticket:
        """Return the new ticket, its clocks started, event `received`.

        `book` holds what is promised to the company. `words`: the fields of the first message of
        its thread, if it has one. `fields`: priority, confidentiality, wanted_by, external_ref.
        Raises `NoCalendar`, `CameBefore`.
        """
        at = at or timezone.now()
        fields.setdefault("confidentiality", service.confidentiality)
        ticket = cls(
            provider_id=site.provider_id,
            company_id=site.company_id,
            site=site,
            requester=requester,
            service=service,
            subject=subject[:300],
            body=body,
            channel=channel,
            received_at=at,
            **fields,
        )
        ticket.batch = batch
        promised = ticket_clocks.promises_at_birth(ticket, book)
        clocks = ticket_clocks.all_made(ticket, {k: promised[k] for k in (FIRST, DELIVERY)})
        told = {"clocks": ticket_clocks.told(clocks), **(facts or {})}
        event = Event.of(ticket, Event.Kind.RECEIVED, by or requester, at, told)
        thread = [] if words is None else [[ticket_words.first(ticket, words)]]
        if batch is not None:
            batch.tickets.append(ticket)
            batch.events.append(event)
        elif not insert_once(ticket, "ticket", clocks, [event], *thread):
            raise CameBefore
        else:
            Webhook.tell(event)
        ticket.born, ticket.last_event = (clocks, event), event
        ticket.asked = thread[0][0] if thread else None
        return ticket

    # Verbs ---------------------------------------------------------------------------------------

    def assign(
        self,
        to: Person,
        *,
        by: Person | None = None,
        at: datetime | None = None,
        reasons: dict[str, Any] | None = None,
        why: str = "",
    ) -> None:
        """Give it to `to`; `reasons` is the decision of dispatch, `why` that of a person.

        `by` is empty for dispatch.
        """
        rules.check("assign", self, by)
        rules.check_fit(self, to)
        self._change(
            Event.Kind.ASSIGNED,
            by,
            at,
            when=[self.State.OPEN, self.State.ASSIGNED],
            facts={
                "holder": to.pk,
                **({"decision": reasons} if reasons else {}),
                **({"why": why.strip()} if why.strip() else {}),
            },
            **FREE,
            state=self.State.ASSIGNED,
            holder=to,
        )

    def unassigned(self, *, missing: dict[str, Any], at: datetime | None = None) -> None:
        """Keep it in the queue and say what is missing for somebody to take it."""
        self._change(Event.Kind.UNASSIGNED, None, at, when=[self.State.OPEN], facts=missing)

    def take(self, *, by: Person, at: datetime | None = None) -> None:
        """Begin to work on it. A human has answered: the first clock stops."""
        rules.check("take", self, by)
        rules.check_fit(self, by)
        with self._together():
            self._change(
                Event.Kind.TAKEN,
                by,
                at,
                when=[self.State.OPEN, self.State.ASSIGNED],
                facts=Run.pin(self, at),
                stop=ANSWERS,
                **FREE,
                state=self.State.TAKEN,
                holder=by,
            )

    def reply(self, text: str, *, by: Person, at: datetime | None = None, **message: Any) -> None:
        """Write publicly. The requester's word ends a wait; the service's is a first answer."""
        rules.check("reply", self, by)
        if self.state == self.State.MERGED:
            self.reply_where_live(_said(text), by=by, at=at, message=message)
            return
        resumes = by.is_client and self.state == self.State.WAITING
        self._change(
            Event.Kind.REPLIED,
            by,
            at,
            when=self.LIVE,
            text=_said(text),
            mail=not by.is_client,
            message=message,
            start={NEXT: NEXT} if by.is_client else None,
            stop=[] if by.is_client else ANSWERS,
            resume=resumes,
            **(dict[str, Any](state=self.State.TAKEN) if resumes else {}),
        )

    def ask(self, text: str, *, by: Person, at: datetime | None = None) -> None:
        """Ask the requester something: the promise waits for the answer."""
        rules.check("ask", self, by)
        self._change(
            Event.Kind.ASKED,
            by,
            at,
            when=[self.State.TAKEN],
            text=_said(text),
            mail=True,
            stop=ANSWERS,
            pause=True,
            state=self.State.WAITING,
        )

    def resume(self, *, by: Person, at: datetime | None = None) -> None:
        """Go on with the work after a wait."""
        rules.check("resume", self, by)
        self._change(
            Event.Kind.RESUMED,
            by,
            at,
            when=[self.State.WAITING, self.State.THIRD],
            resume=True,
            state=self.State.TAKEN,
        )

    def wait_third(self, reason: str, *, by: Person, at: datetime | None = None) -> None:
        """Wait for a third party. The promise runs on: waiting for others is the service's risk."""
        rules.check("wait_third", self, by)
        self._change(
            Event.Kind.WAITED_THIRD,
            by,
            at,
            when=[self.State.TAKEN],
            facts={"reason": _said(reason)},
            state=self.State.THIRD,
        )

    def deliver(
        self, text: str, *, by: Person, at: datetime | None = None, despite: str = ""
    ) -> None:
        """Hand over the result; the promise is kept or not from here on.

        `despite` is the reason to do so with mandatory steps left. Raises `StepsLeft` without one.
        """
        rules.check("deliver", self, by)
        rules.check_approved(self)
        at = at or timezone.now()
        with self._together():
            Run.gate(self, by, at, despite)
            self._change(
                Event.Kind.DELIVERED,
                by,
                at,
                when=[self.State.TAKEN, self.State.WAITING, self.State.THIRD],
                text=_said(text),
                mail=True,
                start={ACCEPTANCE: ACCEPTANCE},
                stop=[*ANSWERS, DELIVERY, CORRECTION],
                state=self.State.DELIVERED,
                delivered_at=at,
            )

    def accept(self, *, by: Person | None, at: datetime | None = None) -> None:
        """Take the result as good. `by` is empty when nobody spoke and it closes by itself."""
        rules.check("accept", self, by)
        at = at or timezone.now()
        with self._together():
            self._change(
                Event.Kind.ACCEPTED,
                by,
                at,
                when=[self.State.DELIVERED],
                stop=[NEXT, ACCEPTANCE],
                state=self.State.ACCEPTED,
                closed_at=at,
            )
            Run.practised(self, at)

    def reopen(self, text: str, *, by: Person, at: datetime | None = None) -> None:
        """Ask for a correction: a clock of its own starts, the first one keeps its verdict."""
        rules.check("reopen", self, by)
        self._change(
            Event.Kind.REOPENED,
            by,
            at,
            when=[self.State.DELIVERED, self.State.ACCEPTED],
            text=_said(text),
            start={CORRECTION: DELIVERY},
            stop=[ACCEPTANCE],
            state=self.State.ASSIGNED if self.holder_id else self.State.OPEN,
            reopened=self.reopened + 1,
            delivered_at=None,
            closed_at=None,
        )

    def hand_over(self, to: Person, text: str, *, by: Person, at: datetime | None = None) -> None:
        """Give it to a colleague, with a word for her. What waits goes on waiting."""
        rules.check("hand_over", self, by)
        rules.check_fit(self, to)
        state = self.State.ASSIGNED if self.state == self.State.TAKEN else self.state
        self._change(
            Event.Kind.HANDED_OVER,
            by,
            at,
            when=self.HELD,
            text=text.strip(),
            internal=True,
            facts={"from": self.holder_id, "to": to.pk},
            state=state,
            holder=to,
        )

    def cancel(self, reason: str, *, by: Person, at: datetime | None = None) -> None:
        """Want it no more."""
        self._end("cancel", Event.Kind.CANCELLED, self.State.CANCELLED, reason, by, at)

    def refuse(self, reason: str, *, by: Person, at: datetime | None = None) -> None:
        """Decline it, and say why."""
        self._end("refuse", Event.Kind.REFUSED, self.State.REFUSED, reason, by, at)

    def note(self, text: str, *, by: Person, at: datetime | None = None) -> None:
        """Write for colleagues only."""
        rules.check("note", self, by)
        self._change(Event.Kind.NOTED, by, at, when=None, text=_said(text), internal=True)

    def notice(self, text: str, *, at: datetime | None = None, **message: Any) -> None:
        """Let colleagues know of something that Relais itself learned: a letter that came back."""
        self._change(
            Event.Kind.NOTED, None, at, when=None, text=_said(text), internal=True, message=message
        )

    def tell(
        self, kind: str, by: Person | None, at: datetime, facts: dict[str, Any] | None = None
    ) -> None:
        """Write the event of something that hangs on the ticket and leaves its own row alone."""
        # Held, so that the identifiers of one ticket's events stay in order.
        Ticket.objects.select_for_update().filter(pk=self.pk).first()
        self._tell(kind, by, at, facts or {})

    # How a verb is done --------------------------------------------------------------------------

    def carry(self, files: Sequence[Attachment]) -> None:
        """Send these drafts with the next word that is written on it."""
        self.carried = files

    def expect(self, version: int | None) -> None:
        """Raise `Overtaken` unless this is the version that the person was shown."""
        if version is not None and version != self.version:
            raise Overtaken(reference=self.reference)

    def _end(
        self,
        verb: str,
        kind: str,
        state: str,
        reason: str,
        by: Person,
        at: datetime | None,
    ) -> None:
        rules.check(verb, self, by)
        at = at or timezone.now()
        self._change(
            kind,
            by,
            at,
            when=self.AT_WORK,
            text=_said(reason),
            mail=not by.is_client,
            void=True,
            state=state,
            closed_at=at,
        )

    def _change(
        self,
        kind: str,
        by: Person | None,
        at: datetime | None,
        *,
        when: Iterable[str] | None,
        facts: dict[str, Any] | None = None,
        text: str = "",
        internal: bool = False,
        mail: bool = False,
        message: dict[str, Any] | None = None,
        start: dict[str, str] | None = None,
        stop: Iterable[str] = (),
        pause: bool = False,
        resume: bool = False,
        void: bool = False,
        redate: bool = False,
        **fields: Any,
    ) -> None:
        """Do one verb whole or not at all: the row (if it is still as read), clocks, word, event.

        Raises `NotNow`, `Overtaken`.
        """
        at = at or timezone.now()
        if when is not None and self.state not in when:
            raise NotNow(reference=self.reference, state=self.get_state_display())
        with self._together():
            told = dict(facts or {})
            was = {"fields": ticket_undoing.before(self, fields)}
            self._update(fields)
            clocks: list[Clock] = []
            if stop or pause or resume or void:
                clocks += ticket_clocks.move(self, at, set(stop), pause, resume, void)
            if redate:
                clocks += ticket_clocks.redate(self, at)
            if start:
                clocks += ticket_clocks.begin(self, start, at)
            clocks += ticket_clocks.between_hands(self, kind, at)
            silence.follow(self, kind, at, client=by is not None and by.is_client)
            told |= {"clocks": ticket_clocks.told(clocks)} if clocks else {}
            if by is not None and self.batch is None:
                told["was"] = was | ticket_undoing.clocks_before(clocks)
            if text:
                written = ticket_words.write(self, text, by, at, internal, mail, message or {})
                told |= {"message": written.pk} if written else {}
            self._tell(kind, by, at, told)

    def _together(self) -> AbstractContextManager[object]:
        """Return what holds a verb's writes together; a batch is laid down whole anyway."""
        return transaction.atomic() if self.batch is None else nullcontext()

    def _update(self, fields: dict[str, Any]) -> None:
        """Write the fields if nobody wrote since; holds the row until the transaction ends."""
        if self.batch is None:
            mine = Ticket.objects.filter(pk=self.pk, version=self.version)
            if not mine.update(version=F("version") + 1, **fields):
                raise Overtaken(reference=self.reference)
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1

    def _tell(
        self,
        kind: str,
        by: Person | None,
        at: datetime,
        facts: dict[str, Any],
        *,
        internal: bool = False,
    ) -> Event:
        event = Event.of(self, kind, by, at, facts, internal=internal)
        if self.batch is None:
            insert(event)
            Webhook.tell(event)
        else:
            self.batch.events.append(event)
        self.born, self.last_event = None, event
        return event


def _said(text: str) -> str:
    """Return the text; raise `Missing` when it says nothing."""
    if text := text.strip():
        return text
    raise Missing(field=_t("Message"))

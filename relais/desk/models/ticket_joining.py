"""How tickets are linked, merged into one another and parted again.

A merged ticket keeps its row, its thread and its requester. What is written to it works on the live
one, which is found through any chain; what the service answers there is copied to it. Its clocks
stop without a verdict; parted again, they run as if they had never stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import override

from relais.desk import rules
from relais.desk.errors import CannotJoin, NotNow, Overtaken
from relais.people.models import Confidentiality

from . import silence, ticket_undoing
from .event import Event
from .letter import Letter
from .link import Link, Merge
from .message import Message
from .ticket_clocks import ANSWERS, NEXT

if TYPE_CHECKING:
    from relais.people.access import Access
    from relais.people.models import Person

    from .ticket import Ticket

# A chain is never longer: who merges is led to its live end.
LONGEST_CHAIN = 50


class Joined:
    """The verbs that join a ticket with others."""

    if TYPE_CHECKING:
        _change: Callable[..., None]
        _update: Callable[..., None]
        _tell: Callable[..., Event]
        state: str

    def link(self, other: Ticket, kind: str, *, by: Person, at: datetime | None = None) -> Link:
        """Return the link: this one relates to, blocks, duplicates or follows the other."""
        ticket, at = cast("Ticket", self), at or timezone.now()
        _check_both("link", ticket, other, by)
        if kind not in Link.Kind.values:
            raise CannotJoin(
                reference=ticket.reference, other=other.reference, why=_t("choose how")
            )
        try:
            with transaction.atomic():
                other = _locked(ticket, other)
                made = Link.objects.create(
                    provider_id=ticket.provider_id,
                    ticket=ticket,
                    other=other,
                    kind=kind,
                    by=by,
                    at=at,
                )
                facts = {"link": made.pk, "as": kind}
                self._change(Event.Kind.LINKED, by, at, when=None, facts=facts)
                other._tell(Event.Kind.LINKED, by, at, facts)
        except IntegrityError:
            why = _t("they are linked so already")
            raise CannotJoin(reference=ticket.reference, other=other.reference, why=why) from None
        return made

    def unlink(self, link: Link, *, by: Person, at: datetime | None = None) -> None:
        """End a link, from either side of it."""
        ticket, at = cast("Ticket", self), at or timezone.now()
        rules.check("link", ticket, by)
        with transaction.atomic():
            mine = Link.objects.filter(pk=link.pk, ended_at=None)
            if ticket.pk not in (link.ticket_id, link.other_id) or not mine.update(ended_at=at):
                raise NotNow(reference=ticket.reference, state=_t("no longer linked"))
            facts = {"link": link.pk, "as": link.kind}
            other = _locked(ticket, link.other if link.ticket_id == ticket.pk else link.ticket)
            self._change(Event.Kind.UNLINKED, by, at, when=None, facts=facts)
            other._tell(Event.Kind.UNLINKED, by, at, facts)

    def merge(self, into: Ticket, *, by: Person, at: datetime | None = None) -> Ticket:
        """Return the live ticket that this one is handled within from now on."""
        ticket, at = cast("Ticket", self), at or timezone.now()
        rules.check("merge", ticket, by)
        with transaction.atomic():
            live = _locked(ticket, live_of(into))
            _check_both("merge", ticket, live, by)
            _check_same_wall(ticket, live)
            if not live.is_live:
                raise NotNow(reference=live.reference, state=live.get_state_display())
            told = _told_of_merge(ticket, live)
            merge = Merge.objects.create(
                provider_id=ticket.provider_id, ticket=ticket, into=live, by=by, at=at
            )
            self._change(
                Event.Kind.MERGED,
                by,
                at,
                when=ticket.LIVE,
                facts={"merge": merge.pk},
                text=told,
                mail=True,
                void=True,
                state=ticket.State.MERGED,
            )
            merge.was = ticket.events.filter(kind=Event.Kind.MERGED).latest("id").facts["was"]
            merge.save(update_fields=["was"])
            live._change(Event.Kind.ABSORBED, by, at, when=None, facts={"merge": merge.pk})
        return live

    def part(
        self, *, by: Person, at: datetime | None = None, undone: Event | None = None
    ) -> Ticket:
        """Return the ticket it is parted from. State and clocks go on as if never merged.

        What was written meanwhile stays where it was written. `undone`: the slip that this mends.
        """
        ticket, at = cast("Ticket", self), at or timezone.now()
        rules.check("part", ticket, by)
        with transaction.atomic():
            merge = active(ticket)
            if merge is None:
                if ticket.state == ticket.State.MERGED:
                    raise Overtaken(reference=ticket.reference)
                raise NotNow(reference=ticket.reference, state=ticket.get_state_display())
            live = _locked(ticket, merge.into)
            facts: dict[str, Any] = {"merge": merge.pk}
            if undone is not None:
                facts |= {"undone": undone.kind, "event": undone.pk}
                facts |= ticket_undoing.withhold(undone)
            self._update(ticket_undoing.fields_of(merge.was, ticket))
            clocks = ticket_undoing.restore_clocks(ticket, merge.was, at)
            silence.settle(ticket, at)
            clocks += _answered(ticket, merge, clocks)
            mine = Merge.objects.filter(pk=merge.pk, parted_at=None)
            mine.update(parted_at=at, parted_by=by)
            kind = Event.Kind.PARTED if undone is None else Event.Kind.UNDONE
            self._tell(kind, by, at, facts | ticket_undoing.told(clocks))
            live._change(Event.Kind.RELEASED, by, at, when=None, facts={"merge": merge.pk})
        return live

    def reply_where_live(
        self, text: str, *, by: Person, at: datetime | None, message: dict[str, Any]
    ) -> None:
        """Write to the live ticket what is said on this merged one; the words stay in its thread.

        The event is internal: the other requester is not told who else asks.
        """
        ticket = cast("Ticket", self)
        live = live_of(ticket)
        live.carry(ticket.carried)
        ticket.carry(())
        if not by.is_client:
            live.reply(text, by=by, at=at, **message)
            return
        resumes = live.state == live.State.WAITING
        live._change(
            Event.Kind.REPLIED,
            by,
            at,
            when=live.LIVE,
            text=text,
            message=message | {"ticket": ticket},
            facts={"via": ticket.pk},
            start={NEXT: NEXT},
            resume=resumes,
            **(dict[str, Any](state=live.State.TAKEN) if resumes else {}),
        )


def active(ticket: Ticket) -> Merge | None:
    """Return the merge that the ticket is in, or None."""
    found = Merge.objects.filter(ticket=ticket, parted_at=None)
    return found.select_related("into__company", "into__site", "into__requester").first()


def live_of(ticket: Ticket) -> Ticket:
    """Return the ticket that answers for this one: itself, or the end of its chain of merges."""
    for _step in range(LONGEST_CHAIN):
        if ticket.state != ticket.State.MERGED:
            return ticket
        merge = active(ticket)
        if merge is None:
            return ticket
        ticket = merge.into
    return ticket


def merged_into(ticket: Ticket, access: Access) -> list[Ticket]:
    """Return the tickets handled within this one that the person sees, through any chain."""
    found: list[Ticket] = []
    level = [ticket.pk]
    while level and len(found) < LONGEST_CHAIN:
        merges = access.see(Merge).filter(into__in=level, parted_at=None)
        below = [merge.ticket for merge in merges.select_related("ticket__requester")]
        found += below
        level = [one.pk for one in below]
    return found


def pass_on(live: Ticket, message: Message, *, mail: bool, reached: frozenset[int]) -> None:
    """Copy an answer of the service to the threads merged into this ticket.

    It goes by mail to requesters whom it has not reached.
    """
    merges = Merge.objects.filter(into=live, parted_at=None).select_related("ticket__requester")
    for merge in merges:
        if live.confidentiality >= Confidentiality.EXECUTIVE > merge.ticket.confidentiality:
            continue  # the live one was classified up since
        copy = Message.objects.create(
            provider_id=live.provider_id,
            ticket=merge.ticket,
            direction=message.direction,
            at=message.at,
            sender=message.sender,
            body=message.body,
            copy_of_id=message.copy_of_id or message.pk,
        )
        copy_files(message, copy)
        asker = merge.ticket.requester_id
        if mail and asker not in reached:
            Letter.write(merge.ticket, copy)
        pass_on(merge.ticket, copy, mail=mail, reached=reached | {asker})


def copy_files(message: Message, copy: Message) -> None:
    """Give the copy of a message its files; their bytes stay stored once."""
    from .attachment import Attachment

    Attachment.objects.bulk_create(
        Attachment(
            provider_id=one.provider_id,
            message=copy,
            file_id=one.file_id,
            name=one.name,
            type=one.type,
            by_id=one.by_id,
        )
        for one in message.files.all()
    )


def _locked(ticket: Ticket, other: Ticket) -> Ticket:
    """Return the other ticket as it stands now; both rows are held, the smaller key first."""
    rows = (
        type(ticket)
        .objects.select_for_update(of=("self",))
        .select_related("company", "site", "requester", "holder", "service")
    )
    held = {one.pk: one for one in rows.filter(pk__in=[ticket.pk, other.pk]).order_by("pk")}
    if held[ticket.pk].version != ticket.version:
        raise Overtaken(reference=ticket.reference)
    return held[other.pk]


def _check_both(verb: str, ticket: Ticket, other: Ticket, by: Person) -> None:
    rules.check(verb, ticket, by)
    rules.check(verb, other, by)
    if ticket.pk == other.pk:
        raise _cannot(ticket, other, _t("it is the same request"))
    if ticket.company_id != other.company_id:
        raise _cannot(ticket, other, _t("they belong to two companies"))


def _check_same_wall(ticket: Ticket, live: Ticket) -> None:
    if live.state == live.State.MERGED:
        raise _cannot(ticket, live, _t("it was merged itself meanwhile"))
    if ticket.confidentiality > live.confidentiality:
        raise _cannot(ticket, live, _t("it is less confidential"))
    if live.confidentiality < Confidentiality.EXECUTIVE:
        return
    if ticket.confidentiality < Confidentiality.EXECUTIVE:
        raise _cannot(ticket, live, _t("it is for named persons only"))
    asker = rules.access_of(ticket.requester)
    if not asker.see(type(live)).filter(pk=live.pk).exists():
        why = _t("its requester is not among the persons named for it")
        raise _cannot(ticket, live, why)


def _cannot(ticket: Ticket, other: Ticket, why: str) -> CannotJoin:
    return CannotJoin(reference=ticket.reference, other=other.reference, why=why)


def _told_of_merge(ticket: Ticket, live: Ticket) -> str:
    with override(ticket.requester.language):
        if ticket.requester_id == live.requester_id:
            return _t(
                "We handle this request together with %(reference)s, as both are about the same "
                "matter. You need do nothing: what you write here reaches us all the same."
            ) % {"reference": live.reference}
        return _t(
            "We handle this request together with another one about the same matter. You need do "
            "nothing: our answers come here too, and what you write here reaches us."
        )


def _answered(ticket: Ticket, merge: Merge, clocks: list[Any]) -> list[Any]:
    """Stop the clocks of answers at the first answer that reached the requester meanwhile."""
    copies = ticket.messages.filter(copy_of__isnull=False, at__gte=merge.at, withdrawn_at=None)
    first = copies.order_by("at").first()
    for clock in clocks:
        if first is not None and clock.kind in ANSWERS and clock.stopped_at is None:
            clock.stop(first.at)
            clock.save(update_fields=["pauses", "due_at", "stopped_at", "verdict"])
    return []

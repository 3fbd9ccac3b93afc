"""Handover notes: opened with an absence, pre-filled from facts, due before it begins.

Facts are read anew each time, as far as the reader sees them: a note keeps what was typed, and of a
request its key alone. A matter for named persons is listed without content, to them alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.desk.models import Approval, Clock, Letter, Recurrence, Ticket
from relais.lib import repeats
from relais.offer.models import ProcedureVersion
from relais.people import calendars
from relais.people.access import Access
from relais.people.models import Confidentiality, Person, Site, SystemAccess

from . import items
from .models import Handover, HandoverWord, Relief, ReliefMove

BEFORE = timedelta(days=2)
SUDDEN = timedelta(hours=2)
RECENT = timedelta(days=30)
MOST_RECURRING = 40


def due_at(relief: Relief) -> datetime:
    """Return when its notes are due: two days before a leave, two hours after a sudden absence."""
    planned = relief.starts_at - BEFORE
    return planned if relief.declared_at <= planned else relief.declared_at + SUDDEN


def open_notes(relief: Relief) -> list[Handover]:
    """Return the drafts of an absence: one for each who stands in or was handed something."""
    receivers = set(relief.sites.values_list("backup", flat=True))
    receivers |= set(relief.moves.filter(to__isnull=False).values_list("to", flat=True))
    if receivers - {None}:
        receivers -= {None}
    found = []
    for key in sorted(receivers, key=lambda one: one or 0):
        note, _fresh = Handover.objects.get_or_create(
            relief=relief, receiver_id=key,
            defaults={
                "provider_id": relief.provider_id, "giver_id": relief.person_id,
                "due_at": due_at(relief),
            },
        )  # fmt: skip
        found.append(note)
    return found


def give(note: Handover, *, by: Person, at: datetime | None = None) -> None:
    """Give the note and write to its receiver. Raises what `Handover.give` raises."""
    note.give(by=by, at=at)
    receiver = note.receiver
    if receiver is None:
        return
    with override(receiver.language):
        subject = _("A handover note awaits your reading")
        link = f"{settings.SITE_URL}/continuity/handovers/{note.pk}/"
        text = _("Read it, ask what is not clear, then say in your own words what there is to do:")
    Letter.inform(receiver, f"relief:{note.relief_id}:note:{note.pk}", subject, f"{text}\n{link}")


def void_drafts(relief: Relief) -> None:
    """Let go of the notes that nobody gave: she is back before anybody needed them."""
    drafts = Handover.objects.filter(relief=relief, state=Handover.State.DRAFT)
    drafts.update(state=Handover.State.VOID)


def void(relief: Relief) -> None:
    """Let go of the notes of an absence that will not be."""
    notes = Handover.objects.filter(relief=relief)
    notes.exclude(state=Handover.State.ACCEPTED).update(state=Handover.State.VOID)


# What it is about ---------------------------------------------------------------------------------


@dataclass
class Action:
    """A request to go on with: its promise, and the next step as typed."""

    ticket: Ticket
    due: datetime | None = None
    step: str = ""

    @property
    def is_secret(self) -> bool:
        """Return whether it is for named persons only: then nothing of it is written here."""
        return self.ticket.confidentiality >= Confidentiality.EXECUTIVE


@dataclass
class File:
    """A site or an executive, with how it stands and three lines on it."""

    key: str
    name: str
    state: str = Handover.File.STABLE
    summary: str = ""
    open: int = 0

    @property
    def label(self) -> str:
        """Return how it stands, in the reader's language."""
        return str(Handover.File(self.state).label)


@dataclass
class Facts:
    """All that a note tells, as its reader may see it."""

    files: list[File] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
    recurring: list[tuple[datetime, Recurrence]] = field(default_factory=list)
    procedures: list[ProcedureVersion] = field(default_factory=list)
    accesses: list[tuple[SystemAccess, str]] = field(default_factory=list)
    words: list[HandoverWord] = field(default_factory=list)

    @property
    def waiting(self) -> list[Action]:
        """Return what waits for somebody else's word."""
        states = (Ticket.State.WAITING, Ticket.State.THIRD)
        return [one for one in self.actions if one.ticket.state in states]


def facts(note: Handover, access: Access, at: datetime | None = None) -> Facts:
    """Return what the note tells this reader: facts of now, and what was typed."""
    at = at or timezone.now()
    relief = note.relief
    sites = _sites(note)
    tickets = _tickets(note, access, sites)
    found = Facts(words=list(access.see(HandoverWord).filter(handover=note).select_related("by")))
    steps = note.content.get("steps", {})
    promised = _promised(tickets)
    for ticket in tickets:
        step = steps.get(str(ticket.pk), "")
        found.actions.append(Action(ticket, promised.get(ticket.pk), step))
    found.files = _files(note, sites, found.actions, relief, at)
    keys = [site.pk for site in sites]
    found.approvals = list(
        access.see(Approval)
        .filter(state=Approval.State.ASKED, ticket__in=tickets)
        .select_related("ticket", "approver")
    )
    found.recurring = _recurring(access, keys, relief)
    found.procedures = _procedures(access, keys, at)
    found.accesses = _accesses(note, sites, at)
    return found


def _sites(note: Handover) -> list[Site]:
    lines = note.relief.sites.filter(backup=note.receiver).select_related("site__company")
    return [line.site for line in lines]


def _tickets(note: Handover, access: Access, sites: Iterable[Site]) -> list[Ticket]:
    """Return what the giver holds at these sites, and what has gone to the receiver already."""
    moved = ReliefMove.objects.filter(relief=note.relief_id, to=note.receiver).values("ticket")
    hers = Q(holder=note.giver, site__in=[site.pk for site in sites])
    rows = access.see(Ticket).filter(hers | Q(pk__in=moved), state__in=Ticket.AT_WORK)
    related = rows.select_related("site", "service", "requester", "company")
    return list(related.order_by("priority", "received_at", "pk")[:200])


def _promised(tickets: Iterable[Ticket]) -> dict[int, datetime]:
    rows = Clock.objects.filter(
        ticket__in=[one.pk for one in tickets], stopped_at=None, due_at__isnull=False,
        kind__in=Clock.OWED,
    )  # fmt: skip
    return dict(rows.order_by("-due_at").values_list("ticket", "due_at"))


def _files(
    note: Handover, sites: list[Site], actions: list[Action], relief: Relief, at: datetime
) -> list[File]:
    """Return the sites, and the executives of whom something is open: proposed, then as typed."""
    typed = note.content.get("files", {})
    found: dict[str, File] = {f"s{site.pk}": File(f"s{site.pk}", site.name) for site in sites}
    for action in actions:
        if action.is_secret:
            continue
        ticket = action.ticket
        person = f"p{ticket.requester_id}"
        found.setdefault(person, File(person, ticket.requester.name))
        for key in (person, f"s{ticket.site_id}"):
            if (one := found.get(key)) is None:
                continue
            one.open += 1
            one.state = _worse(one.state, _standing(action, relief, at))
    for key, said in typed.items():
        if key in found:
            found[key].state, found[key].summary = said["state"], said["summary"]
    return list(found.values())


def _standing(action: Action, relief: Relief, at: datetime) -> str:
    if action.due is not None and action.due < at:
        return Handover.File.CRITICAL
    soon = action.due is not None and action.due <= relief.ends_at
    return Handover.File.WATCH if soon else Handover.File.STABLE


def _worse(one: str, other: str) -> str:
    order = list(Handover.File.values)
    return max(one, other, key=order.index)


def _recurring(
    access: Access, sites: list[int], relief: Relief
) -> list[tuple[datetime, Recurrence]]:
    """Return what will come by itself at these sites within the absence, in the order of time."""
    rows = access.see(Recurrence).filter(site__in=sites, state=Recurrence.State.ACTIVE)
    found = []
    for row in rows.select_related("site__calendar", "site__company", "service")[:MOST_RECURRING]:
        try:
            for planned in row.dates(after=relief.starts_at.date() - timedelta(days=7)):
                if planned.at >= relief.ends_at:
                    break
                if planned.at >= relief.starts_at:
                    found.append((planned.at, row))
        except (repeats.BadRule, repeats.NoDay, calendars.NoCalendar):
            continue
    return sorted(found, key=lambda one: (one[0], one[1].pk))[:MOST_RECURRING]


def _procedures(access: Access, sites: list[int], at: datetime) -> list[ProcedureVersion]:
    """Return what was published lately of the procedures by which these sites are served."""
    used = {work.service.procedure_id for work in items.read(sites, at)} - {None}
    rows = access.see(ProcedureVersion).filter(
        procedure__in=used, state=ProcedureVersion.State.PUBLISHED, published_at__gte=at - RECENT
    )
    return list(rows.select_related("procedure").order_by("-published_at")[:20])


def _accesses(note: Handover, sites: list[Site], at: datetime) -> list[tuple[SystemAccess, str]]:
    """Return the giver's accesses at these companies, each with how the receiver's own stands."""
    day = timezone.localdate(at)
    companies = {site.company_id for site in sites}
    rows = SystemAccess.objects.filter(system__company__in=companies, ended_at=None)
    rows = rows.select_related("system")
    mine = [one for one in rows.filter(person=note.giver) if one.state_on(day) != "ended"]
    hers = {one.system_id: one.state_on(day) for one in rows.filter(person=note.receiver)}
    return [(one, hers.get(one.system_id, "none")) for one in mine]


# Figures ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """How notes fare: shares of those that are due, and what was found lacking a note."""

    due: int
    on_time: float | None
    accepted: float | None
    missing: float | None


def figures(access: Access, since: datetime, now: datetime) -> Figures:
    """Return the figures of the notes that fell due in a period, as far as this person sees."""
    rows = access.see(Handover).filter(due_at__gte=since, due_at__lte=now)
    rows = rows.exclude(state=Handover.State.VOID)
    told = rows.annotate(lacked=Count("words", filter=Q(words__kind="missed"))).values_list(
        "due_at", "given_at", "accepted_at", "lacked"
    )
    notes = list(told)
    if not notes:
        return Figures(0, None, None, None)
    number = len(notes)
    return Figures(
        number,
        sum(given is not None and given <= due for due, given, _a, _l in notes) / number,
        sum(accepted is not None for _d, _g, accepted, _l in notes) / number,
        sum(lacked for *_rest, lacked in notes) / number,
    )

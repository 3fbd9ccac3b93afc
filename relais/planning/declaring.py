"""Somebody will be away: foreseen, declared in one go, taken back, given back at her return."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.desk import rules
from relais.desk.errors import Refused
from relais.desk.models import DispatchMode, Event, Letter, Ticket
from relais.people import cover
from relais.people.models import Absence, Confidentiality, Person, Role

from . import handing_on, reassuring, sharing, standing_in
from .continuity_errors import (
    AwayAlready,
    BadPeriod,
    BegunMeanwhile,
    CannotReturn,
    NotAsSeen,
    NotHers,
    NotOfPool,
    OverAlready,
)
from .models import Relief, ReliefMove, ReliefSite

# An absence further ahead than this moves nothing yet: she works until then.
SOON = timedelta(hours=36)
DAY_BEFORE = timedelta(hours=16)
# An assistant says by herself that she is away when it is so near; else she asks for leave.
SUDDEN = timedelta(hours=48)
LONGEST = timedelta(days=400)
# Nobody's calendar is kept further ahead: it is a slip of the year.
FURTHEST = timedelta(days=731)
How, Outcome = ReliefMove.How, ReliefMove.Outcome
# What a person does to a request that she was given: it is begun.
BEGINNING = (
    Event.Kind.TAKEN, Event.Kind.REPLIED, Event.Kind.ASKED, Event.Kind.RESUMED,
    Event.Kind.WAITED_THIRD, Event.Kind.DELIVERED,
)  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """What an absence would change: sites, requests, and whom it concerns."""

    person: Person
    starts: datetime
    ends: datetime
    sites: list[standing_in.SiteLine]
    shares: sharing.Shares
    tells: list[reassuring.Tell]
    moves_at: datetime
    at: datetime

    @property
    def moves_now(self) -> bool:
        """Return whether what is not begun moves as soon as it is declared."""
        return self.moves_at <= self.at

    @property
    def mark(self) -> str:
        """Return what tells whether it is still the same when it is confirmed."""
        told = [
            (one.ticket.pk, one.ticket.version, one.how, one.to.pk if one.to else 0)
            for one in sorted(self.shares.lines, key=lambda share: share.ticket.pk)
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def may_declare(by: Person, person: Person, starts: datetime, at: datetime) -> bool:
    """Return whether `by` may declare her absent: who runs the pool, or herself when it is near."""
    if rules.access_of(by).runs_pool:
        return True
    return by.pk == person.pk and starts <= at + SUDDEN


def check_period(starts: datetime, ends: datetime, at: datetime) -> None:
    """Raise `BadPeriod` for a period that is over, backwards, too long or too far ahead."""
    if ends <= starts:
        raise BadPeriod(mend=_("The absence ends before it starts."))
    if ends <= at:
        raise BadPeriod(mend=_("This period is over: write it on the person’s page."))
    if starts > at + FURTHEST:
        raise BadPeriod(mend=_("This is more than two years ahead: check the year."))
    if ends - starts > LONGEST:
        raise BadPeriod(mend=_("This is longer than a year: check the year."))


def check_assistant(person: Person) -> None:
    """Raise `NotOfPool` for anybody who is no assistant today."""
    if person.is_client or not rules.access_of(person).has(Role.Kind.ASSISTANT):
        raise NotOfPool(person=str(person))


def foresee(
    person: Person, starts: datetime, ends: datetime, at: datetime | None = None
) -> Proposal:
    """Return what the absence would change. Raises `BadPeriod`, `NotOfPool`."""
    at = at or timezone.now()
    check_assistant(person)
    check_period(starts, ends, at)
    shares = sharing.of(person, starts, at)
    moves_at = at if starts <= at + SOON else starts - DAY_BEFORE
    return Proposal(
        person, starts, ends, standing_in.propose(person, starts, ends, at), shares,
        reassuring.of(shares.lines), moves_at, at,
    )  # fmt: skip


def declare(
    person: Person,
    *,
    kind: str,
    starts: datetime,
    ends: datetime,
    by: Person,
    at: datetime | None = None,
    mark: str | None = None,
    backups: Mapping[int, int | None] | None = None,
    handed: Mapping[int, int | None] | None = None,
    tell: Collection[int] | None = None,
) -> Relief:
    """Return the relief: absence, stand-ins, moves and letters, whole or not at all.

    Left out, `backups` (by site), `handed` (by request begun) and `tell` (requesters) are as
    proposed; of what is begun nothing is handed over by itself while the absence is far ahead.
    `mark`: of the proposal that was read. Declared twice alike is declared once.
    Raises `NotHers`, `AwayAlready`, `NotAsSeen`, `BadPeriod`, `NotOfPool`.
    """
    at = at or timezone.now()
    if not may_declare(by, person, starts, at):
        raise NotHers(person=str(by))
    check_period(starts, ends, at)
    with transaction.atomic():
        # Two at once: the second one waits here, and sees what the first one did, so that two who
        # leave together do not stand in for one another.
        with connection.cursor() as cursor:
            one_by_one = "select pg_advisory_xact_lock(hashtext('relais relief'), %s)"
            cursor.execute(one_by_one, [person.provider_id])
        Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
        if (same := _declared(person, starts, ends)) is not None:
            return same
        proposal = foresee(person, starts, ends, at)
        if mark is not None and mark != proposal.mark:
            raise NotAsSeen(person=str(person))
        absence = Absence.objects.create(
            provider_id=person.provider_id, person=person, kind=kind,
            period=DateTimeTZRange(starts, ends),
        )  # fmt: skip
        relief = Relief.objects.create(
            provider_id=person.provider_id, person=person, absence=absence, starts_at=starts,
            ends_at=ends, declared_by=by, declared_at=at, moves_at=proposal.moves_at,
        )  # fmt: skip
        _stand_in(relief, proposal.sites, backups or {})
        if proposal.moves_at <= at and relief.claim_moves(at):
            confirmed = mark is not None and rules.access_of(by).runs_pool
            _move(relief, proposal.shares, at, confirmed=confirmed)
        if proposal.moves_now or handed is not None:
            _hand_over(relief, proposal.shares, handed, by, at)
        handing_on.open_notes(relief)
        _tell(relief, proposal.tells, tell, by)
        reassuring.tell_stand_ins(relief)
        cover.took_absence(absence, by=by)
    return relief


def _declared(person: Person, starts: datetime, ends: datetime) -> Relief | None:
    """Return the same absence declared before. Raises `AwayAlready` for another one then."""
    if not Absence.objects.filter(person=person, period__overlap=(starts, ends)).exists():
        return None
    rows = Relief.objects.filter(person=person, state=Relief.State.DECLARED)
    same = rows.filter(starts_at=starts, ends_at=ends).first()
    if same is None:
        raise AwayAlready(person=str(person))
    return same


def _stand_in(
    relief: Relief, lines: list[standing_in.SiteLine], backups: Mapping[int, int | None]
) -> None:
    for line in lines:
        chosen = line.chosen
        if line.site.pk in backups:
            key = backups[line.site.pk]
            chosen = line.of(key) if key is not None else None
        ReliefSite.objects.create(
            provider_id=relief.provider_id, relief=relief, site=line.site,
            backup=chosen.person if chosen else None, facts=chosen.told() if chosen else {},
        )  # fmt: skip


def _tell(
    relief: Relief, tells: list[reassuring.Tell], chosen: Collection[int] | None, by: Person
) -> None:
    """Write to the requesters. Only of whom `by` was shown does the choice speak: it is kept."""
    if chosen is not None:
        seen = _seen(by, [share.ticket.pk for tell in tells for share in tell.shares])
        told = {tell.requester.pk for tell in reassuring.shown(tells, seen)}
        relief.tell = {str(key): key in chosen for key in told}
        Relief.objects.filter(pk=relief.pk).update(tell=relief.tell)
    reassuring.send(relief, tells)


def _seen(by: Person, keys: list[int]) -> set[int]:
    rows = rules.access_of(by).see(Ticket).filter(pk__in=keys)
    return set(rows.values_list("pk", flat=True))


def _move(relief: Relief, shares: sharing.Shares, at: datetime, *, confirmed: bool = False) -> None:
    """Give on what is not begun; what nobody can have waits in the queue once she is gone.

    What the lead gives by hand waits there too, unless she has read where it goes: `confirmed`.
    """
    by_hand = []
    for share in shares.of("moves"):
        assert share.to is not None and shares.pool is not None
        if not confirmed and shares.pool.mode(share.ticket) != DispatchMode.Mode.AUTOMATIC:
            by_hand.append(share)
            continue
        reasons = sharing.told(share, shares.pool, "absent", relief.person_id)
        try:
            with transaction.atomic():
                share.ticket.assign(share.to, at=at, reasons=reasons)
        except Refused:  # begun or ended since it was read: it is hers, and proposed on the page
            continue
        _note(relief, share.ticket, How.MOVED, share.to, at)
    if relief.starts_at > at:
        return
    for share in [*shares.of("nobody"), *by_hand]:
        assert shares.pool is not None
        facts = sharing.told(share, shares.pool, "absent", relief.person_id)
        if share.to is not None:
            facts["missing"] = "lead"
        try:
            with transaction.atomic():
                share.ticket.put_back(facts, at=at)
        except Refused:
            continue
        _note(relief, share.ticket, How.QUEUED, None, at)


def _hand_over(
    relief: Relief,
    shares: sharing.Shares,
    handed: Mapping[int, int | None] | None,
    by: Person,
    at: datetime,
) -> None:
    """Hand over what was begun, where whoever declares it may and says so."""
    for share in shares.of("begun"):
        to = share.to
        if handed is not None:
            key = handed.get(share.ticket.pk)
            to = _taker(by, key) if key else None
        if to is not None and sees(by, share.ticket):
            hand_over(relief, share.ticket, to, by=by, at=at)


def _taker(by: Person, key: int) -> Person:
    """Return the colleague by her key. Raises `NotOfPool`, with the key alone, for anybody else."""
    found = standing_in.colleague(rules.access_of(by), key)
    if found is None:
        raise NotOfPool(person=str(key))
    return found


def sees(by: Person, ticket: Ticket) -> bool:
    """Return whether a request is hers to see: a matter for named persons moves by them alone."""
    return rules.access_of(by).see(Ticket).filter(pk=ticket.pk).exists()


def hand_over(
    relief: Relief, ticket: Ticket, to: Person, *, by: Person, at: datetime | None = None
) -> None:
    """Give something she has begun to a colleague until she is back. Raises `Refused`."""
    at = at or timezone.now()
    with transaction.atomic():
        with override(to.language):
            word = _("%(person)s is away: you go on with it until her return.")
        ticket.hand_over(to, word % {"person": relief.person.name}, by=by, at=at)
        _note(relief, ticket, How.HANDED, to, at)
        handing_on.open_notes(relief)


def _note(relief: Relief, ticket: Ticket, how: str, to: Person | None, at: datetime) -> None:
    ReliefMove.objects.update_or_create(
        relief=relief, ticket=ticket,
        defaults={"how": how, "to": to, "at": at, "outcome": ""},
        create_defaults={"provider_id": relief.provider_id, "how": how, "to": to, "at": at},
    )  # fmt: skip


def carry_out(relief: Relief, at: datetime | None = None) -> int:
    """Return how many requests moved because the absence has come near: done once."""
    at = at or timezone.now()
    with transaction.atomic():
        if not relief.claim_moves(at):
            return 0
        shares = sharing.of(relief.person, relief.starts_at, at)
        _move(relief, shares, at)
        handing_on.open_notes(relief)
        reassuring.send(relief, reassuring.of(shares.lines), again="later:")
        return relief.moves.filter(at=at).count()


# Taken back ---------------------------------------------------------------------------------------


def undo(relief: Relief, *, by: Person, at: datetime | None = None) -> None:
    """Take it back whole while nothing of what moved has been begun.

    Raises `NotHers`, `BegunMeanwhile`, `CannotReturn`, `OverAlready`.
    """
    at = at or timezone.now()
    _check_ends(relief, by)
    with transaction.atomic():
        live = Relief.objects.select_for_update().filter(pk=relief.pk, state=Relief.State.DECLARED)
        if live.first() is None:
            raise OverAlready()
        _gather(relief)
        moves = list(relief.moves.select_related("ticket__site", "ticket__service", "to"))
        _refuse(BegunMeanwhile, by, [move for move in moves if _is_begun(move)])
        lost = [move for move in moves if not _bring_back(relief, move, by, at)]
        _refuse(CannotReturn, by, lost)
        relief.turn(Relief.State.UNDONE, ended_by=by, ended_at=at)
        handing_on.void(relief)
        _forget(relief.absence, by)
        _withhold(relief)


def _refuse(error: type[Refused], by: Person, moves: list[ReliefMove]) -> None:
    """Name what stands against it, as far as `by` sees it. Raises `error` if anything does."""
    if not moves:
        return
    names = [move.ticket.reference for move in moves if sees(by, move.ticket)]
    if len(names) < len(moves):
        names.append(_("a matter for named persons"))
    raise error(references=", ".join(names[:5]))


def _is_begun(move: ReliefMove) -> bool:
    if move.ticket.state not in (Ticket.State.OPEN, *Ticket.HELD):
        return True
    work = Event.objects.filter(ticket=move.ticket, kind__in=BEGINNING, at__gte=move.at)
    return work.filter(by__company=None, by__isnull=False).exists()


def _forget(absence: Absence | None, by: Person) -> None:
    if absence is not None:
        cover.take_back_absence(absence, by=by)


def _withhold(relief: Relief) -> None:
    mine = Letter.objects.filter(key__startswith=f"relief:{relief.pk}:")
    waiting = mine.filter(state=Letter.State.WAITING)
    waiting.update(state=Letter.State.WITHHELD, next_try_at=None)


# Back ---------------------------------------------------------------------------------------------


def give_back(
    relief: Relief,
    *,
    by: Person | None,
    at: datetime | None = None,
    bring: Collection[int] = (),
) -> list[ReliefMove]:
    """Return what moved with what became of it: what nobody has begun is hers again.

    `bring`: requests begun by others that the lead wants with her again. `by` is empty when the
    absence has come to its end. Raises `NotHers`, `OverAlready`.
    """
    at = at or timezone.now()
    if by is not None:
        _check_ends(relief, by)
    with transaction.atomic():
        Person.objects.select_for_update(of=("self",), no_key=True).get(pk=relief.person_id)
        relief.turn(Relief.State.RETURNED, ended_by=by, ended_at=at)
        _shorten(relief, by, at)
        _gather(relief)
        moves = list(relief.moves.select_related("ticket__site", "ticket__service", "to"))
        for move in moves:
            _return(relief, move, by, at, wanted=move.ticket_id in bring)
        if at <= relief.starts_at + handing_on.SUDDEN:
            handing_on.void_drafts(relief)
        reassuring.tell_return(relief, moves)
    return moves


def _shorten(relief: Relief, by: Person | None, at: datetime) -> None:
    """End the absence now if she is back before its end."""
    absence = relief.absence
    if absence is None or by is None or at >= relief.ends_at:
        return
    if at <= relief.starts_at:
        _forget(absence, by)
        return
    Absence.objects.filter(pk=absence.pk).update(period=DateTimeTZRange(absence.period.lower, at))
    absence.refresh_from_db()
    cover.took_absence(absence, by=by)


def _gather(relief: Relief) -> None:
    """Note what left her hands by itself while she was away: it is part of the same story."""
    because = {"code": "absent", "from": relief.person_id}
    given = Q(kind=Event.Kind.ASSIGNED, facts__decision__replanned__contains=because)
    queued = Q(kind=Event.Kind.UNASSIGNED, facts__replanned__contains=because)
    left = Event.objects.filter(given | queued, at__gte=relief.declared_at)
    left = left.exclude(ticket__in=relief.moves.values("ticket"))
    for event in left.order_by("ticket_id", "-id").distinct("ticket_id").select_related("ticket"):
        to = Person.objects.filter(pk=event.facts.get("holder")).first()
        _note(relief, event.ticket, How.MOVED if to else How.QUEUED, to, event.at)


def _return(
    relief: Relief, move: ReliefMove, by: Person | None, at: datetime, *, wanted: bool
) -> None:
    ticket, outcome = move.ticket, Outcome.STAYED
    waits = ticket.state in (Ticket.State.ASSIGNED, Ticket.State.OPEN)
    hers = ticket.holder_id in (move.to_id, None)
    if ticket.state not in (Ticket.State.OPEN, *Ticket.HELD):
        outcome = Outcome.DONE
    elif (waits and hers) or (wanted and by is not None and sees(by, ticket)):
        outcome = Outcome.BACK if _bring_back(relief, move, by, at) else Outcome.STAYED
    ReliefMove.objects.filter(pk=move.pk).update(outcome=outcome)
    move.outcome = outcome


def _bring_back(relief: Relief, move: ReliefMove, by: Person | None, at: datetime) -> bool:
    """Return whether she has it again; what she may no longer hold stays where it is."""
    ticket, her = move.ticket, relief.person
    if ticket.holder_id == her.pk:
        return True
    because = {"code": "returned", "from": ticket.holder_id}
    try:
        with transaction.atomic():
            if ticket.state in (Ticket.State.OPEN, Ticket.State.ASSIGNED):
                ticket.assign(her, at=at, reasons={"rule": "return", "replanned": because})
            elif by is not None:
                with override(her.language):
                    word = _("Back to you on your return.")
                ticket.hand_over(her, word, by=by, at=at)
            else:
                return False
    except Refused:
        return False
    return True


def _check_ends(relief: Relief, by: Person) -> None:
    access = rules.access_of(by)
    if not (access.runs_pool or (by.pk == relief.person_id and not access.is_client)):
        raise NotHers(person=str(by))


def secret(ticket: Ticket) -> bool:
    """Return whether the request is for named persons only."""
    return ticket.confidentiality >= Confidentiality.EXECUTIVE


# By themselves ------------------------------------------------------------------------------------


def run_due(at: datetime | None = None) -> dict[str, int]:
    """Return how many reliefs of the provider entered moved or ended: their time has come."""
    at = at or timezone.now()
    done = {"moved": 0, "returned": 0}
    live = Relief.objects.filter(state=Relief.State.DECLARED).select_related("person", "absence")
    over = Q(ends_at__lte=at) | Q(absence=None)  # or its absence was removed on her page
    for relief in live.filter(over).order_by("pk"):
        if Absence.objects.filter(person=relief.person_id, period__contains=at).exists():
            continue  # away again: what she held waits for her return in earnest
        try:
            give_back(relief, by=None, at=at)
        except OverAlready:  # somebody ended it since it was read
            continue
        done["returned"] += 1
    for relief in live.filter(moved_at=None, moves_at__lte=at, ends_at__gt=at).order_by("pk"):
        carry_out(relief, at)
        done["moved"] += 1
    return done


def told(proposal: Proposal) -> dict[str, Any]:
    """Return the figures of a proposal."""
    count = {how: len(proposal.shares.of(how)) for how in ("moves", "begun", "stays", "nobody")}
    return count | {"uncovered": sum(line.chosen is None for line in proposal.sites)}

"""What people are told of an absence: requesters what changes for them, stand-ins where they serve.

A requester never reads that somebody is away, nor why: her request is followed by the service, and
until when. A name only where the engagement's mode tells the client who works.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.desk.models import Letter
from relais.people.models import Confidentiality, Person, Role
from relais.people.templatetags.ui import absolute_text

from .models import Relief, ReliefMove
from .sharing import Share


@dataclass
class Tell:
    """A requester, and what changes hands of what she asked for.

    `is_due`: whether to tell her unless somebody says otherwise: something begun goes on with
    somebody else, it will be later, or the mode tells her who works.
    """

    requester: Person
    shares: list[Share] = field(default_factory=list)
    named: bool = False

    @property
    def is_due(self) -> bool:
        """Return whether something changes for her."""
        return self.named or any(one.how == "begun" or one.is_late for one in self.shares)

    def text(self) -> str:
        """Return what she is told, in her language: one line a request, of none its matter."""
        with override(self.requester.language):
            return "\n".join(_line(one, self.named) for one in self.shares)


def of(shares: Iterable[Share]) -> list[Tell]:
    """Return whom it concerns, by name: what stays with her concerns nobody."""
    found: dict[int, Tell] = {}
    for share in shares:
        if share.how not in ("moves", "begun") or share.to is None:
            continue
        engagement = share.ticket.company.engagement
        named = engagement is not None and engagement.client_learns_holder
        requester = share.ticket.requester
        tell = found.setdefault(requester.pk, Tell(requester, named=named))
        tell.shares.append(share)
    return sorted(found.values(), key=lambda one: (one.requester.name, one.requester.pk))


def _line(share: Share, named: bool) -> str:
    ticket = share.ticket
    facts = {"reference": ticket.reference, "person": share.to.name if share.to else ""}
    named = named and ticket.confidentiality < Confidentiality.EXECUTIVE
    if share.expected is None:
        if named:
            return _("Your request %(reference)s is followed by %(person)s.") % facts
        return _("Your request %(reference)s is followed by the service.") % facts
    facts["when"] = absolute_text(share.expected, ZoneInfo(ticket.site.time_zone))
    if named:
        text = _("Your request %(reference)s is followed by %(person)s; expected by %(when)s.")
    else:
        text = _("Your request %(reference)s is followed by the service; expected by %(when)s.")
    return text % facts


def shown(tells: Iterable[Tell], seen: Collection[int]) -> list[Tell]:
    """Return copies that tell of these requests alone: for a reader, never to be sent."""
    copies = [
        Tell(tell.requester, [one for one in tell.shares if one.ticket.pk in seen], tell.named)
        for tell in tells
    ]
    return [tell for tell in copies if tell.shares]


def send(relief: Relief, tells: Sequence[Tell], again: str = "") -> int:
    """Return how many requesters were written to: one letter each, of what did change hands.

    Whom the lead chose to tell, or not, is told or not; else whom something changes for. `again`
    keeps letters of a later day apart from the first ones.
    """
    moved = set(relief.moves.values_list("ticket", flat=True))
    sent = 0
    for tell in tells:
        wanted = relief.tell.get(str(tell.requester.pk), tell.is_due)
        tell.shares = [one for one in tell.shares if one.ticket.pk in moved]
        if not wanted or not tell.shares:
            continue
        with override(tell.requester.language):
            subject = _("Your requests are being followed")
        key = f"relief:{relief.pk}:{again}{tell.requester.pk}"
        sent += Letter.inform(tell.requester, key, subject, tell.text()) is not None
    return sent


def tell_stand_ins(relief: Relief) -> None:
    """Write to whoever stands in, and to the leads when an assistant declared it herself."""
    sites: dict[int, list[str]] = {}
    people: dict[int, Person] = {}
    for line in relief.sites.select_related("site", "backup"):
        if line.backup is not None:
            people[line.backup.pk] = line.backup
            sites.setdefault(line.backup.pk, []).append(line.site.name)
    for key, person in people.items():
        with override(person.language):
            zone = ZoneInfo(person.provider.time_zone)
            text = _(
                "You stand in for %(person)s from %(from)s until %(until)s: %(sites)s.\n\n%(link)s"
            ) % {
                "person": relief.person.name,
                "from": absolute_text(relief.starts_at, zone),
                "until": absolute_text(relief.ends_at, zone),
                "sites": ", ".join(sites[key]),
                "link": f"{settings.SITE_URL}/continuity/handovers/",
            }
            subject = _("You stand in for %(person)s") % {"person": relief.person.name}
        Letter.inform(person, f"relief:{relief.pk}:{key}", subject, text)
    if relief.declared_by_id == relief.person_id:
        _tell_leads(relief)


def _tell_leads(relief: Relief) -> None:
    leads = Role.objects.in_force().filter(kind=Role.Kind.POOL_LEAD)
    for lead in Person.objects.filter(pk__in=leads.values("person"), archived_at=None):
        with override(lead.language):
            subject = _("%(person)s is declared absent") % {"person": relief.person.name}
            link = f"{settings.SITE_URL}/continuity/reliefs/{relief.pk}/"
            text = _("Read what moved and what is left for you to decide: %(link)s")
        Letter.inform(lead, f"relief:{relief.pk}:{lead.pk}", subject, text % {"link": link})


def tell_return(relief: Relief, moves: Sequence[ReliefMove]) -> None:
    """Write to her that what was done while she was away awaits her reading."""
    person = relief.person
    back = sum(move.outcome == ReliefMove.Outcome.BACK for move in moves)
    done = sum(move.outcome == ReliefMove.Outcome.DONE for move in moves)
    with override(person.language):
        text = _(
            "While you were away %(done)s of your requests were done; %(back)s are yours again. "
            "The whole note: %(link)s"
        ) % {
            "done": done,
            "back": back,
            "link": f"{settings.SITE_URL}/continuity/reliefs/{relief.pk}/",
        }
        subject = _("What was done while you were away")
    Letter.inform(person, f"relief:{relief.pk}:return", subject, text)

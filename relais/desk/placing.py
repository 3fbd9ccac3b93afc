"""Mails of the quarantine: one decision each, that can be taken back."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _

from relais.lib.problem import Problem
from relais.people.models import Person, Role, Site

from . import intake, rules
from .errors import NotNow, NotYours
from .models import KnownAddress, Letter, Message, Ticket

Quarantine = Message.Quarantine
Verdict = KnownAddress.Verdict
ROBOTS = (Quarantine.AUTOMATIC, Quarantine.BOUNCE, Quarantine.LOOP)


class AddressTaken(Problem):
    """Somebody has this address already."""

    message = _("%(name)s has the address %(address)s already: attach the mail to that person.")


class NoAddress(Problem):
    """The mail names no sender."""

    message = _("This mail names no sender: attach it to a person you know.")


def admit(message: Message, requester: Person, *, by: Person, remember: bool = False) -> Ticket:
    """Return the ticket that a mail of the quarantine becomes, asked for by `requester`.

    `remember` has later mails of that address follow by themselves. Raises `NotNow` when it was
    placed already, `NotYours`, and what `intake.receive` raises.
    """
    with transaction.atomic():
        held = _in_quarantine(message, by)
        waited_as = _waited_as(held)
        ticket = intake.receive(
            requester=requester,
            subject=held.subject,
            body=held.body,
            channel=Ticket.Channel.MAIL,
            by=by,
            external_ref=held.mail_id,
            held=held,
        )
        _note(held, by, held_as=waited_as)
        if remember:
            known_at = held.decided_at
            _know(held.sender_address, Verdict.PERSON, by, person=requester, at=known_at)
        return ticket


def admit_new(
    message: Message, *, site: Site, last_name: str, first_name: str, by: Person
) -> Ticket:
    """Return the ticket of a mail whose sender becomes a person of the site, who may ask there.

    Raises as `admit`, and `AddressTaken`, `NoAddress`.
    """
    address = message.sender_address
    if not address:
        raise NoAddress
    if known := Person.objects.filter(email__iexact=address).first():
        raise AddressTaken(name=known.name, address=address)
    with transaction.atomic():
        _in_quarantine(message, by)
        person = Person.objects.create(
            provider_id=message.provider_id,
            company_id=site.company_id,
            site=site,
            first_name=first_name[:100],
            last_name=last_name[:200] or address.partition("@")[0][:200],
            email=address,
        )
        Role.objects.create(
            provider_id=message.provider_id,
            person=person,
            kind=Role.Kind.REQUESTER,
            company_id=site.company_id,
            site=site,
        )
        return admit(message, person, by=by)


def set_aside(message: Message, *, by: Person) -> None:
    """Keep a mail of the quarantine without making anything of it. Raises as `admit`."""
    _decide(message, Quarantine.SET_ASIDE, by)


def refuse(message: Message, *, by: Person) -> None:
    """Take nothing from this address, now and later: it is no client's. Raises as `admit`."""
    _decide(message, Quarantine.REFUSED, by, Verdict.REFUSED)


def mark_spam(message: Message, *, by: Person) -> None:
    """Call it spam, and what comes from this address later. Raises as `admit`."""
    _decide(message, Quarantine.SPAM, by, Verdict.SPAM)


def clear_robots(*, by: Person) -> int:
    """Return how many mails that programs wrote were set aside in one go. Raises `NotYours`."""
    if not rules.access_of(by).runs_pool:
        raise NotYours(reference=_t("Mails to place"), person=str(by))
    rows = Message.objects.filter(ticket=None, quarantine__in=ROBOTS)
    return rows.update(
        held_as=F("quarantine"),
        quarantine=Quarantine.SET_ASIDE,
        decided_by=by,
        decided_at=timezone.now(),
    )


def take_back(message: Message, *, by: Person) -> None:
    """Undo the decision on a mail: it waits again, for the reason it waited for.

    A ticket made of it is cancelled, as long as nobody has begun to work on it; else `NotNow`.
    """
    if not rules.access_of(by).runs_pool:
        raise NotYours(reference=message.subject, person=str(by))
    with transaction.atomic():
        held = Message.objects.select_for_update().filter(pk=message.pk).first()
        if held is None or not held.held_as or held.decided_at is None:
            raise NotNow(reference=message.subject, state=_t("not decided"))
        ticket = held.ticket
        if ticket is not None:
            if ticket.state not in (Ticket.State.OPEN, Ticket.State.ASSIGNED):
                raise NotNow(reference=ticket.reference, state=ticket.get_state_display())
            # Its letters that are still here would speak of a request that is none.
            Letter.objects.filter(ticket=ticket, state=Letter.State.WAITING).update(
                state=Letter.State.WITHHELD, next_try_at=None
            )
            Ticket.objects.filter(pk=ticket.pk).update(external_ref="")
            ticket.external_ref = ""
            ticket.cancel(_t("The mail had been placed by mistake."), by=by)
            Letter.objects.filter(ticket=ticket, state=Letter.State.WAITING).update(
                state=Letter.State.WITHHELD, next_try_at=None
            )
        KnownAddress.objects.filter(
            address__iexact=held.sender_address, decided_at=held.decided_at
        ).delete()
        held.ticket = None
        held.quarantine = held.held_as
        _note(held, by, held_as="", decided=False)


def _in_quarantine(message: Message, by: Person) -> Message:
    if not rules.access_of(by).runs_pool:
        raise NotYours(reference=message.subject, person=str(by))
    held = Message.objects.select_for_update().filter(pk=message.pk, ticket=None).first()
    if held is None:
        raise NotNow(reference=message.subject, state=_t("placed already"))
    return held


def _waited_as(held: Message) -> str:
    """Return why a mail waited, before any decision on it."""
    return held.held_as if held.quarantine in Message.DECIDED and held.held_as else held.quarantine


def _decide(message: Message, quarantine: str, by: Person, verdict: str = "") -> None:
    with transaction.atomic():
        held = _in_quarantine(message, by)
        waited_as, held.quarantine = _waited_as(held), quarantine
        _note(held, by, held_as=waited_as)
        if verdict and held.sender_address and not _has_person(held.sender_address):
            _know(held.sender_address, verdict, by, at=held.decided_at)


def _has_person(address: str) -> bool:
    return Person.objects.filter(email__iexact=address).exists()


def _know(
    address: str, verdict: str, by: Person, person: Person | None = None, at: Any = None
) -> None:
    """Remember what an address is; the last decision holds."""
    if not address:
        return
    told = {
        "verdict": verdict,
        "person": person,
        "decided_by": by,
        "decided_at": at or timezone.now(),
    }
    try:
        with transaction.atomic():
            KnownAddress.objects.update_or_create(
                provider_id=by.provider_id, address=address.lower(), defaults=told
            )
    except IntegrityError:  # somebody else decided of another of its mails at this very moment
        KnownAddress.objects.filter(address=address.lower()).update(**told)


def _note(held: Message, by: Person, *, held_as: str, decided: bool = True) -> None:
    held.held_as = held_as
    held.decided_by = by if decided else None
    held.decided_at = timezone.now() if decided else None
    held.save(update_fields=["ticket", "quarantine", "held_as", "decided_by", "decided_at"])

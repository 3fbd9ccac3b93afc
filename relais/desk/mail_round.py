"""What the mails that come in one go ask of the database, asked at once for all of them.

A round lives within one transaction. What it takes in itself is written down in it, so that the
second copy of a mail finds the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count
from django.db.models.functions import Upper
from django.utils import timezone

from relais.people.access import Access
from relais.people.calendars import PLACES
from relais.people.models import Person

from .ground import Ground
from .models import KnownAddress, Letter, Message

if TYPE_CHECKING:
    from relais.lib.mail import Mail

WITHIN = timedelta(hours=1)
_SITE = ("company", "site", *(f"site__{place}" for place in PLACES))
_THEIR_SITE = ("person__company", "person__site", *(f"person__site__{each}" for each in PLACES))


class Round:
    """The mails of one go: which are known, who wrote them, how many came from each of late."""

    def __init__(self, mails: Sequence[Mail]) -> None:
        ids = {mail.mail_id for mail in mails}
        found = Message.objects.filter(mail_id__in=ids).select_related("ticket")
        self.known = {message.mail_id: message for message in found}
        new = [mail for mail in mails if mail.mail_id not in self.known]
        ids = {mail.mail_id for mail in new}
        ours = Letter.objects.filter(mail_id__in=ids)
        self.ours = set(ours.values_list("mail_id", flat=True))
        self._read_senders(new)
        self.sent = _sent_lately({mail.sender for mail in new})
        self.ground = Ground(gathers=True)

    def person_of(self, address: str) -> Person | KnownAddress | None:
        """Return who has an address, or what was decided of it; None for a stranger's."""
        key = address.upper()
        if not address:
            return None
        if not address.isascii():  # the database has its own idea of capitals
            return _person(address) or _decided(_known_address(address))
        return self._people.get(key) or _decided(self._addresses.get(key))

    def took(self, mail: Mail, message: Message) -> None:
        """Write down that a mail is here now."""
        self.known[mail.mail_id] = message
        self.sent[mail.sender] += 1

    def _read_senders(self, mails: Iterable[Mail]) -> None:
        named = {mail.sender for mail in mails}
        named |= {mail.forwarded.address for mail in mails if mail.forwarded is not None}
        keys = {address.upper() for address in named if address and address.isascii()}
        rows = Person.objects.annotate(key=Upper("email")).filter(key__in=keys, archived_at=None)
        self._people: dict[str, Person] = {}
        for person in rows.select_related(*_SITE):
            self._people.setdefault(person.key, person)
        Access.ask_roles(self._people.values())
        strangers = keys - self._people.keys()
        decided = KnownAddress.objects.annotate(key=Upper("address")).filter(key__in=strangers)
        rows_of = decided.select_related(*_THEIR_SITE)
        self._addresses = {known.key: known for known in rows_of}


def _sent_lately(addresses: set[str]) -> Counter[str]:
    """Return how many mails of each address came in within the hour."""
    late = Message.objects.filter(
        sender_address__in=addresses - {""}, at__gte=timezone.now() - WITHIN
    )
    counted = late.order_by().values_list("sender_address").annotate(Count("pk"))
    return Counter(dict(counted))


def _person(address: str) -> Person | None:
    people = Person.objects.filter(email__iexact=address, archived_at=None)
    return people.select_related(*_SITE).first()


def _known_address(address: str) -> KnownAddress | None:
    known = KnownAddress.objects.filter(address__iexact=address).select_related(*_THEIR_SITE)
    return known.first()


def _decided(known: KnownAddress | None) -> Person | KnownAddress | None:
    """Return whose address it is, if that was said; else what was decided of it."""
    if known is None or known.verdict != KnownAddress.Verdict.PERSON:
        return known
    return known.person if known.person and not known.person.archived_at else None

"""Who comes in: the person behind an account or a key, with what her rights rest on.

Read anew at every request, in one query: a right that is taken away is gone with the next page.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.utils import timezone

from relais.lib.compiled import Compiled

from .access import FACTS, Access
from .models import ApiKey, Person, User


def _persons(day: date) -> QuerySet[Person]:
    facts = {name: ArraySubquery(ask(OuterRef("pk"), day)) for name, ask in FACTS.items()}
    related = Person.objects.select_related("provider", "company", "site")
    return related.filter(archived_at=None).annotate(**facts)


_BY_ACCOUNT = Compiled(lambda user, day: _persons(day).filter(user=user)[:1], user=int, day=date)
_BY_KEY = Compiled(lambda person, day: _persons(day).filter(pk=person)[:1], person=int, day=date)


def by_account(user: User) -> Person | None:
    """Return the person of an account, her access asked."""
    return _known(_BY_ACCOUNT, user=user.pk)


def by_key(key: ApiKey) -> Person | None:
    """Return the person whom a key stands for, her access asked."""
    return _known(_BY_KEY, person=key.person_id)


def _known(ask: Compiled[Person], **who: Any) -> Person | None:
    person = ask.first(day=timezone.localdate(), **who)
    if person is not None:
        Access.of(person).tell(**{name: person.__dict__.pop(name) for name in FACTS})
    return person

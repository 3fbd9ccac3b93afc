"""`relais close-month`: the month of one client or of all closed, or told what would be."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relais.lib.problem import Problem
from relais.lib.tenancy import all_tenants, tenant
from relais.people.models import Provider

from . import closing
from .lives import Places
from .models import Review
from .months_ahead import Ahead, NobodyOfThisName, NoSuchClient, months_ahead

Say = Callable[[str], None]


class BadMonth(Problem):
    message = gettext_noop("%(month)s is no month. Write it like 2026-10.")


def run(args: argparse.Namespace, provider: Provider | None, say: Say) -> int:
    """Return the exit code: 0 where every month is closed, or would be; 1 where one is not."""
    month, left = month_named(args.month), 0
    if provider is None:
        with all_tenants("find whose months are closed"):
            providers = list(Provider.objects.order_by("pk"))
    else:
        providers = [provider]
    found, unknown = [], []
    for each in providers:
        try:
            with tenant(each.pk):
                found += [(each, one) for one in months_ahead(month, args.company, args.by)]
        except (NoSuchClient, NobodyOfThisName) as problem:
            unknown.append(problem)
    if unknown and not found:  # who serves several providers' clients names one of them
        raise unknown[0]
    places: dict[int, Places] = {}
    for each, one in found:
        with tenant(each.pk):
            if each.pk not in places and not args.dry_run:
                places[each.pk] = Places.all()
            left += not _one(one, month, places.get(each.pk), say=say)
    return int(left > 0)


def month_named(name: str, today: date | None = None) -> date:
    """Return the first day of a month written like 2026-10; without a name, of the last one."""
    if not name:
        return closing.month_before(today or timezone.localdate())
    try:
        found = date.fromisoformat(f"{name}-01")
    except ValueError:
        raise BadMonth(month=name) from None
    if name != f"{found:%Y-%m}":
        raise BadMonth(month=name)
    return found


def _one(ahead: Ahead, month: date, places: Places | None, *, say: Say) -> bool:
    """Return whether the month is closed, or would be, without `places`; say what became of it."""
    name = f"{ahead.company.name}, {month:%Y-%m}: "
    if ahead.closed:
        say(name + _("closed already"))
        return True
    for each in ahead.missing:
        say(f"{name}{each}")
    if ahead.stops:
        say(name + _("not closed: ") + "; ".join(ahead.stops))
        return False
    if places is None:
        say(name + _("would be closed"))
        return True
    assert ahead.by is not None
    review = Review.open(ahead.company, month, by=None)
    try:
        with transaction.atomic():
            closing.close(review, by=ahead.by, places=places)
    except Problem as problem:
        review.refresh_from_db(fields=["state"])
        if review.is_open:
            say(name + _("not closed: ") + _(problem.message) % problem.values)
        else:  # somebody else closed it at this moment
            say(name + _("closed already"))
        return not review.is_open
    say(name + _("closed for good"))
    return True

"""`relais replay`: a past period dispatched again by several rules, told as a table."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relais.lib.problem import Problem
from relais.lib.tenancy import tenant
from relais.lib.terminal import complain
from relais.people.models import Company, Provider

from . import import_log, replay_words, replaying
from .replaying import Wanted


class NoSuchCompany(Problem):
    message = gettext_noop("No company of that name: %(name)s")


class BadWeight(Problem):
    message = gettext_noop("“%(given)s” is no weight: write its name, =, and a number.")


def run(
    args: argparse.Namespace,
    provider: Provider | None,
    steps: Callable[[str], None],
    say: Callable[[str], Any],
) -> int:
    """Return the exit code: 0, or 2 when nothing could be replayed."""
    provider = provider or import_log.only_provider()

    def tell(done: int, all_steps: int) -> None:
        steps(_("%(done)s of %(all)s") % {"done": done, "all": all_steps})

    try:
        with tenant(provider.pk):
            company = _company(args.company) if args.company else None
        wanted = Wanted(
            company, getattr(args, "from"), args.until, args.people, args.all_sites,
            args.all_kinds, dict(_weight(each) for each in args.weight),
        )  # fmt: skip
        say(replay_words.text(replaying.replay(provider.pk, wanted, tell)))
    except Problem as problem:
        complain(problem)
        return 2
    return 0


def _company(name: str) -> Company:
    found = [c for c in Company.objects.all() if c.name.casefold() == name.casefold()]
    if len(found) != 1:
        raise NoSuchCompany(name=name)
    return found[0]


def _weight(given: str) -> tuple[str, float]:
    name, _sign, value = given.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise BadWeight(given=given) from None

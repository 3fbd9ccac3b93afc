"""What stops planning: one exception for each thing that the caller can do something about."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_noop as _

from relais.lib.problem import Problem


class Unlawful(Problem):
    """The law forbids these hours; each broken rule is told in its sentence."""

    message = _("%(person)s may not work so: %(why)s. Change the hours.")

    def __init__(self, person: str, sentences: Iterable[str]) -> None:
        super().__init__(person=person, why="; ".join(sentences))


class Doubled(Problem):
    """Somebody would be in two places, or at work twice at once."""

    message = _("%(text)s Change what stands there, or choose other hours.")


class NothingToPlan(Problem):
    """The pattern names no day on which something would be written."""

    message = _("No day is left to be written: %(why)s.")


class ChangedMeanwhile(Problem):
    """Somebody else changed it since it was read."""

    message = _("Somebody changed this meanwhile: read it again.")


class NotInThisState(Problem):
    """What was asked for is not for a roster in this state."""

    message = _("“%(name)s” is “%(state)s”: this cannot be done now.")


class NoDuty(Problem):
    """There is nothing a roster could be made of."""

    message = _("No roster can be made: %(why)s.")


class CannotWithdraw(Problem):
    """Somebody changed the shifts since they were published."""

    message = _(
        "“%(name)s” cannot be taken back: the shifts of %(people)s were changed since. Mend the "
        "roster instead."
    )


class PublishedOver(Problem):
    """A roster published later holds some of the same days."""

    message = _(
        "“%(name)s” cannot be taken back: take back “%(later)s”, published after it, first."
    )


class AllWorked(Problem):
    """The last day of a published roster has begun."""

    message = _("“%(name)s” cannot be taken back: its last day has begun.")


class UnknownKinds(Problem):
    """A roster has codes that are no kinds of shift."""

    message = _(
        "There is no kind of shift “%(codes)s” any more: give the days that have it another one."
    )


class NotItsKind(Problem):
    """A kind of shift that the roster was not made with."""

    message = _(
        "“%(code)s” is no kind of shift that this roster was made with: solve it again first."
    )

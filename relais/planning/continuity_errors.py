"""What stops a verb of planning: one exception for each thing that the caller can do about it."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from relais.desk.errors import NotNow, NotYours, Overtaken, Refused


class AwayAlready(NotNow):
    """This person is away then already."""

    message = _("%(person)s is declared absent already in this period: open that absence.")


class NotOfPool(Refused):
    """Only an assistant stands in or is stood in for."""

    message = _("%(person)s is no assistant of the pool.")


class BadPeriod(Refused):
    """A period that ends before it begins, or is over."""

    message = _("This period cannot be: %(mend)s")


class BegunMeanwhile(NotNow):
    """What moved was begun by whoever has it: it cannot be taken back in silence."""

    message = _(
        "%(references)s: begun meanwhile. End the absence instead: what is begun stays, or comes "
        "back where you say so."
    )


class CannotReturn(NotNow):
    """What moved cannot be given back to her: it would stay behind in silence."""

    message = _(
        "%(references)s: cannot be given back. Nothing was changed: end the absence instead, and "
        "what cannot come back stays where it is."
    )


class OverAlready(NotNow):
    """The absence was taken back or has ended."""

    message = _("This absence is over already: read it again.")


class NotAsSeen(Overtaken):
    """What she holds changed since the proposal was read."""

    message = _("What %(person)s holds has changed meanwhile: read the proposal again.")


class NotHers(NotYours):
    """This person may not do this here."""

    message = _("%(person)s may not do this.")


class NoteOvertaken(Overtaken):
    """Somebody changed the note since it was read."""

    message = _("This note was changed by somebody else meanwhile: read it again.")


class NotNowNote(NotNow):
    """The note's state does not allow this."""

    message = _("This note is “%(state)s”: this cannot be done now.")


class LeaveAnswered(NotNow):
    """Somebody answered it, or it was taken back."""

    message = _("This leave request is answered already: read it again.")


class GateWarns(Refused):
    """A critical item would have no backup who is ready: the lead may accept with a reason."""

    message = _("%(why)s Accept it all the same with a reason, or refuse it.")


class DrillOver(NotNow):
    """The drill was scored or dropped."""

    message = _("This drill is over already: read it again.")


class OpenAlready(NotNow):
    """An emergency access stands."""

    message = _("This emergency access is open already.")


class LeverChosen(NotNow):
    """Somebody chose it for one of these weeks already."""

    message = _("This lever is chosen already for one of these weeks: see the log of levers.")


class LeverNotOffered(Refused):
    """The outlook does not offer this lever there."""

    message = _(
        "This lever brings nothing to this site in this week by the last computation: compute "
        "anew, or choose another one."
    )


class LeverUndone(NotNow):
    """It was undone meanwhile."""

    message = _("This lever is undone already.")


class WeekBegun(NotNow):
    """The week has begun or is over."""

    message = _("This week has begun: what was pulled stays in the log with what came of it.")

"""What stops a verb: one exception for each thing that the caller can do something about."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from relais.lib.problem import Problem


class Refused(Problem):
    """The base of every refusal of a verb."""


class NotNow(Refused):
    """The ticket's state does not allow this verb."""

    message = _("%(reference)s is “%(state)s”: this cannot be done now.")


class NotYours(Refused):
    """This person may not do this to this ticket."""

    message = _("%(reference)s: %(person)s may not do this.")


class Overtaken(Refused):
    """Somebody changed the ticket since it was read."""

    message = _("%(reference)s was changed by somebody else meanwhile: read it again.")


class Unfit(Refused):
    """The person chosen cannot hold this ticket."""

    message = _("%(person)s cannot be given %(reference)s: %(why)s.")


class Missing(Refused):
    """Something that the verb needs was left empty."""

    message = _("%(field)s: write something here.")


class StepsLeft(NotNow):
    """Mandatory steps of the procedure are not done."""

    message = _(
        "%(reference)s: these steps are still to be done: %(steps)s. Tick them, or say why it is "
        "delivered without them."
    )


class StepTaken(NotNow):
    """Somebody else ticked the step meanwhile, with another word."""

    message = _("“%(step)s” was ticked by %(person)s meanwhile: read it again.")


class NoSuchStep(Refused):
    """The checklist has no such step."""

    message = _("%(reference)s has no step “%(step)s”: read its checklist again.")


class ControlMissing(Refused):
    """A control point asks for a word before the step is ticked."""

    message = _("This is checked before the step is done: %(control)s. Write what you found.")

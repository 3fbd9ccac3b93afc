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


class CameBefore(Exception):
    """A request of this channel and reference is there: nothing was written."""


class CannotJoin(Refused):
    """The two tickets may not be linked or merged."""

    message = _("%(reference)s cannot be joined with %(other)s: %(why)s.")


class CannotUndo(Refused):
    """There is nothing of this person's that can still be undone."""

    message = _(
        "%(reference)s: this can no longer be undone, as time has passed or something else has "
        "happened since. Do the opposite instead."
    )


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


class NotSteering(NotYours):
    """Priority and scope are for the two leads; the attempt was kept."""

    message = _(
        "%(reference)s: priority and scope are changed by %(leads)s alone. "
        "Your attempt was noted: ask one of them."
    )


class Unchanged(Refused):
    """The value asked for is the one that stands."""

    message = _("%(reference)s stays as it is: choose something else than what stands now.")


class Elsewhere(Refused):
    """The site belongs to another company."""

    message = _("%(site)s is no site of the company of %(reference)s: choose one of its own.")


class SoonerThanPromised(Refused):
    """A wish before the promised delivery changes the scope."""

    message = _(
        "%(reference)s: this is sooner than promised. Change the scope, with a reason, instead."
    )


class CannotArbitrate(Refused):
    """These wishes cannot be put before the client's lead."""

    message = _("This cannot be put to the client lead: %(why)s.")


class BadValue(Refused):
    """A value that cannot be taken, and the mend."""

    message = _("%(field)s: %(mend)s.")


class AwaitsApproval(Refused):
    """It cannot be delivered before somebody approved an amount."""

    message = _("%(reference)s cannot be delivered: %(why)s.")


class Covered(Refused):
    """The amount lies within what was approved already."""

    message = _("%(reference)s: this much is approved already.")


class NoApprover(Refused):
    """Nobody at the client may approve this."""

    message = _(
        "%(reference)s: nobody who may read it approves amounts. Name a site lead or a client lead."
    )


class BadDelegate(Refused):
    """This person cannot approve in somebody's place."""

    message = _("%(person)s cannot approve in your place: %(why)s.")


class LaterThanPromised(Refused):
    """A delivery is committed after its deadline without a word about it."""

    message = _("%(reference)s: this is later than promised. Tell the requester why.")


class TooLate(Refused):
    """What could be changed for a while cannot be changed any more."""

    message = _("%(reference)s: this could be changed for two weeks, which are over.")


class MayNotSet(NotYours):
    """Only who runs the pool sets how it dispatches."""

    message = _("%(person)s may not set how the pool dispatches.")


class SettingOvertaken(Overtaken):
    """Somebody set a new version since it was read."""

    message = _("Version %(number)s was set meanwhile: read it, then set yours again.")


class SettingUnchanged(Refused):
    """Nothing differs from the version in force."""

    message = _("Nothing differs from what holds already: change a number first.")

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

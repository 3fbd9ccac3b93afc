"""What stops a package or what is said of a line: one exception for each thing to do about it."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from relais.desk.errors import NotNow, NotYours, Overtaken, Refused


class UsageOvertaken(Overtaken):
    """Somebody changed it since it was read."""

    message = _("This was changed by somebody else meanwhile: read it again.")


class NotForUsage(NotYours):
    """A package is the provider lead's to set, a line the client's to contest."""

    message = _("%(person)s may not do this.")


class DisputeNotNow(NotNow):
    """Its state does not allow this."""

    message = _("This line is “%(state)s”: this cannot be done now.")


class NoSuchLine(Refused):
    """The month counts no such request."""

    message = _("This month counts no such request: choose a line of its statement.")


class NoPackage(Refused):
    """No package holds then."""

    message = _("No package holds in this month: the provider's lead sets one.")

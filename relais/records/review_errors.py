"""What stops a review: one exception for each thing that the caller can do something about."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from relais.desk.errors import NotNow, NotYours, Overtaken, Refused


class NotReferent(NotYours):
    """This person is not the one to do this."""

    message = _("%(what)s: this is for %(who)s.")


class MonthNotOver(NotNow):
    """A month is closed once it is over."""

    message = _("%(what)s is not over yet: close it from %(day)s on.")


class MonthNotBegun(NotNow):
    """A month is prepared once it has begun."""

    message = _("%(month)s has not begun: prepare a month that has.")


class NotInThisState(NotNow):
    """What was asked for is not for a thing in this state."""

    message = _("%(what)s is “%(state)s”: this cannot be done now.")


class ChangedMeanwhile(Overtaken):
    """Somebody else was first."""

    message = _("Somebody changed this meanwhile: read it again.")


class AskedAlready(NotNow):
    """An exclusion of this promise stands already."""

    message = _("An exclusion of this promise of %(what)s was asked for already.")


class NotWithRequest(Refused):
    """The request is not one of this client's, or nobody may name it here."""

    message = _("Choose a request of %(what)s, by its reference.")


class OpenDisputes(NotNow):
    """Lines in dispute are settled before a statement is issued."""

    message = _("%(n)s lines are in dispute: settle them before the statement is issued.")

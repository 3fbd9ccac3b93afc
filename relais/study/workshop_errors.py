"""What stops those who are asked: one exception for each thing they can do something about."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from relais.lib.problem import Problem


class LogClosed(Problem):
    """The log is complete, or the study asks no more."""

    message = _("This log is closed: open it again to add to it.")


class NotNow(Problem):
    """What was sent is not changed any more."""

    message = _("This was sent already: tell the pilot of the study what should be changed.")


class NothingObserved(Problem):
    """Too few logs to draw a line from without anybody being recognised."""

    message = _("No line can be drawn yet: %(fewest)s logs of five days are needed.")


class NoAddress(Problem):
    """Nobody knows where to write to."""

    message = _("%(name)s has no e-mail address: enter one first.")


class NothingAsked(Problem):
    """A link that asks for nothing."""

    message = _("Choose what is asked: the interview, the barriers or the activity log.")

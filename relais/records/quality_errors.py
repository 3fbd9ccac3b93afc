"""What stops a check of quality or its action: one exception for each thing to do about it."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from relais.desk.errors import NotNow, NotYours, Overtaken, Refused


class CheckOvertaken(Overtaken):
    """Somebody changed it since it was read."""

    message = _("This was changed by somebody else meanwhile: read it again.")


class CheckNotNow(NotNow):
    """Its state does not allow this."""

    message = _("This is “%(state)s”: this cannot be done now.")


class MayNotCheck(NotYours):
    """Whoever delivered a request does not check it; a check is for those who check."""

    message = _("%(person)s may not do this: somebody else who checks does.")


class Unanswered(Refused):
    """A check is finished with every question answered."""

    message = _("Answer these questions, or say that they do not apply: %(questions)s.")


class WordMissing(Refused):
    """An error is told in words, or nobody learns from it."""

    message = _("Say in a word what was wrong: %(questions)s.")


class NoMend(Refused):
    """An action is done when the procedure was mended, or a word says why it need not be."""

    message = _(
        "“%(procedure)s” has no version published since the error was found: publish one first, "
        "or take the procedure off the action."
    )

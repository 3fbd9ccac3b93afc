"""What stops a verb of an agreement: one exception for each thing that somebody can mend."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _

from relais.lib.problem import Problem


class Refused(Problem):
    """The base of every refusal."""


class NotNow(Refused):
    """The state of the version does not allow this verb."""

    message = _("%(version)s is “%(state)s”: this cannot be done now.")


class NotYours(Refused):
    """This person may not do this to this agreement."""

    message = _("%(version)s: %(person)s may not do this.")


class WrongSigner(NotYours):
    """Only the leads named by the engagement sign, and on the client's side the sponsor."""

    message = _(
        "%(version)s: %(person)s may not sign for this side. For the client sign its lead, the "
        "deputy or a sponsor; for the provider its lead or the deputy."
    )


class NotSigned(NotYours):
    """A person takes back a signature that she or he gave, nobody else's."""

    message = _("%(version)s bears no signature of %(person)s that could be taken back.")


class Overtaken(Refused):
    """Somebody changed the version since it was read."""

    message = _("%(version)s was changed by somebody else meanwhile: read it again.")


class DraftStands(Refused):
    """An agreement has one draft at a time."""

    message = _("%(agreement)s has a draft already: go on with that one, or withdraw it.")


class NameTaken(Refused):
    """A company has two agreements of one name."""

    message = _("%(company)s has an agreement named “%(name)s” already: choose another name.")


class Unsound(Refused):
    """The terms cannot be kept as written; `faults` says which field, what, and the mend."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        self.faults = list(faults)
        super().__init__(detail=" ".join(text for _field, text in self.faults))


class TooEarly(Unsound):
    """The version starts before another one leaves room for it."""


class Overlaps(Unsound):
    """Another agreement in force promises something for the same place and family."""

    def __init__(self, other: str = "") -> None:
        text = _t(
            "Another agreement holds for the same place and family at that date%(other)s: narrow "
            "the scope, or choose a later date."
        ) % {"other": f" ({other})" if other else ""}
        super().__init__([("scopes", text)])


class MayNotKeep(NotYours):
    """The catalogue and the procedures are kept by those who run the pool."""

    message = _("%(thing)s: %(person)s may not change this.")


class ServiceOvertaken(Overtaken):
    """Somebody changed the service since it was read."""

    message = _("“%(service)s” was changed by somebody else meanwhile: read it again.")


class ProcedureNotNow(NotNow):
    """The state of the version does not allow this."""


class ProcedureOvertaken(Overtaken):
    """Somebody changed the draft since it was read."""


class ProcedureDraftStands(DraftStands):
    """A procedure has one draft at a time."""

    message = _("“%(procedure)s” has a draft already: go on with that one, or withdraw it.")


class MayNotRead(NotYours):
    """Procedures are for the provider's staff."""

    message = _("“%(procedure)s”: %(person)s has no business with it.")


class MayNotWrite(NotYours):
    """A preference sheet is written by the executive or by whoever serves her."""

    message = _("The sheet of %(sheet)s is not for %(person)s to write.")


class SheetOvertaken(Overtaken):
    """Somebody wrote a newer version since it was read."""

    message = _("The sheet of %(sheet)s was changed by somebody else meanwhile: read it again.")


class HandsOvertaken(Overtaken):
    """Somebody set the pool's own times since they were read."""

    message = _("The times were changed by somebody else meanwhile: read them again.")

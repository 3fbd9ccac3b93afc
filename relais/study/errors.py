"""What stops the diagnostic: one exception for each thing the caller can do something about."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_noop as _

from relais.lib.problem import Problem


class NotPiloting(Problem):
    """Only the pilot of the study and those who run the pool lead it."""

    message = _("%(person)s does not lead “%(study)s”: ask its pilot.")


class NotInThisPhase(Problem):
    """What was asked for is not for a study in this phase."""

    message = _("“%(study)s” is in the phase “%(phase)s”: this cannot be done now.")


class GateShut(Problem):
    """Something is missing before the next phase; each thing is told in its sentence."""

    message = _("“%(study)s” is not ready: %(missing)s")

    def __init__(self, study: str, missing: Iterable[str]) -> None:
        self.missing = list(missing)
        super().__init__(study=study, missing=" ".join(self.missing))


class ChangedMeanwhile(Problem):
    """Somebody else changed it since it was read."""

    message = _("Somebody changed this meanwhile: read it again.")


class OutsideScope(Problem):
    """A site that the study does not look at."""

    message = _("“%(site)s” is not among the sites of “%(study)s”: add it to them first.")


class NothingToUndo(Problem):
    """This person has changed nothing that is not undone."""

    message = _("There is nothing of yours to undo.")


class TooManyLines(Problem):
    """More lines than an inventory holds, or than are pasted at once."""

    message = _("That is more than %(most)s lines: take fewer at a time.")


class NotInThisState(Problem):
    """What was asked for is not for something in this state."""

    message = _("“%(name)s” is “%(state)s”: this cannot be done now.")


class NotTheSites(Problem):
    """Only the site's lead and the client's lead answer for a site."""

    message = _("Only its site lead and the client lead answer for %(site)s.")


class NothingToSize(Problem):
    """There is no work yet that people could be counted for."""

    message = _("No line of the inventory says how often and how long: complete some first.")


class NothingThere(Problem):
    """Nothing happened at these sites in this period from which a line could be made."""

    message = _("Nothing is known of these sites in this period: import a past log first.")


class BeingTaken(Problem):
    """A worker is at it."""

    message = _("“%(name)s” is being taken: wait until it is done.")


class TakenAlready(Problem):
    """A file is taken once; mended rows come in another file."""

    message = _("“%(name)s” is taken already: put the mended rows into another file.")

"""What stops a choice and what follows from it: one exception for each thing that can be mended."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from relais.desk.errors import NotNow, NotYours, Overtaken, Refused


class NotTheSponsor(NotYours):
    """Only the sponsor whom the study names signs, refuses and revokes."""

    message = _("%(person)s may not answer for the sponsor: only the sponsor of the study does.")


class NameOnTable(Refused):
    """Two offers of one study have names of their own."""

    message = _("An offer named “%(name)s” is on the table already: choose another name.")


class OfferGone(NotNow):
    """The offer was taken off the table."""

    message = _("“%(name)s” was taken off the table: put it there again.")


class OfferOvertaken(Overtaken):
    """Somebody changed the offer since it was read."""

    message = _("“%(name)s” was changed by somebody else meanwhile: read it again.")


class CostWeighsTooMuch(Refused):
    """Guardrail G1: cost decides about a fifth at most."""

    message = _(
        "Cost may weigh %(cap)s %% at most (G1): give other criteria more, or ask the sponsor for "
        "a derogation from G1."
    )


class WeightsOvertaken(Overtaken):
    """Somebody set the weights since they were read."""

    message = _("The weights were changed by somebody else meanwhile: read them again.")


class CorrectionOvertaken(Overtaken):
    """Somebody corrected the same figure since it was read."""

    message = _("This figure was corrected by somebody else meanwhile: read it again.")


class DerogationStands(NotNow):
    """The same derogation is asked for or signed already."""

    message = _("A derogation from %(guardrail)s for this very place stands already: read it.")


class DerogationNotNow(NotNow):
    """The state of the derogation does not allow this."""

    message = _("This derogation from %(guardrail)s is “%(state)s”: this cannot be done now.")


class DerogationOvertaken(Overtaken):
    """Somebody answered it since it was read."""

    message = _("This derogation from %(guardrail)s was answered meanwhile: read it again.")


class NothingToChoose(NotNow):
    """No line, or no offer."""

    message = _("There is nothing to choose from yet: %(mend)s")


class ChosenMeanwhile(Overtaken):
    """Somebody computed the choice at the same time."""

    message = _("Somebody has just computed the choice: read it again.")


class WaveNotNow(NotNow):
    """The state of the wave does not allow this."""

    message = _("“%(wave)s” is “%(state)s”: this cannot be done now.")


class WaveOvertaken(Overtaken):
    """Somebody changed the wave since it was read."""

    message = _("“%(wave)s” was changed by somebody else meanwhile: read it again.")


class NotReadyToStart(NotNow):
    """Something is missing before the wave may start."""

    message = _("“%(wave)s” cannot start yet. %(missing)s")


class PostOvertaken(Overtaken):
    """Somebody filled or dropped the post since it was read."""

    message = _("The post “%(post)s” was changed by somebody else meanwhile: read it again.")


class NotOfThePool(Refused):
    """Only an assistant of the pool holds a post."""

    message = _("%(person)s is no assistant of the pool: choose one of the pool.")


class NothingToGenerate(NotNow):
    """The study says nothing yet that a service could be made from."""

    message = _("Nothing can be generated yet: %(mend)s")


class Touched(NotNow):
    """Something that was generated has been worked on since."""

    message = _("It cannot be taken back: %(things)s changed since. Withdraw the rest one by one.")


class AlreadyUndone(NotNow):
    """It was taken back already."""

    message = _("This was taken back already: read it again.")

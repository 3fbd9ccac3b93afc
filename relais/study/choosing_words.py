"""What mends a broken guardrail, in words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from relais.engine import choice_words

MENDS: dict[str, str | Promise] = {
    "cost_weight": _("Lower the weight of cost to a fifth of all weights at most."),
    "quality": _("Obtain proof of better work (3 of 5 at least), or take the offer off the table."),
    "references": _("Ask for references that can be called."),
    "non_disclosure": _("Have a non-disclosure agreement signed."),
    "hosted_in_eu": _("Have the data hosted in the European Union."),
    "access_register": _("Ask for a register of accesses, kept and shown."),
    "named_persons": _("Have the persons who see C3 matters named."),
    "referent": _("Have the offer name one lead of the service."),
    "trained_backup": _("Have a backup trained and named."),
    "change_plan": _("Write the plan to accompany the change at this site, then correct the cell."),
    "low_price": _("Ask how so low a price is possible, and note the answer on the offer."),
    "maturity": _("Choose another model here, or train the site in the tools first."),
    "reversibility": _("Ask for a plan of reversibility: how everything comes back."),
}


def mend(missing: str) -> str:
    """Return how what is missing is mended."""
    return str(MENDS[missing])


def missing_text(missing: str, language: str) -> str:
    """Return what is missing, in words."""
    return choice_words.phrase(f"missing_{missing}", language)

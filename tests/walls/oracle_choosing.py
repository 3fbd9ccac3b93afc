"""What a choice of models keeps to pilot and sponsor: offers, prices, why a rule is lifted."""

from __future__ import annotations

from relais.lib.tenancy import tenant
from relais.study import choosing
from relais.study.models import Correction, Derogation, ModelOffer
from tests.study.conftest import a_line, a_study
from tests.world import World

CHOOSING = {"maud", "paul", "sylvie"}
READERS = [
    ("offer of a study", "Offre-sous-pli", CHOOSING),
    ("price of an offer", "87654.32", CHOOSING),
    ("reason of a derogation", "Motif-dérogation", CHOOSING),
    ("correction of a choice", "Motif-correction", CHOOSING),
]


def add(world: World) -> None:
    """Put one offer under a price of its own on the table, and lift a guardrail for it."""
    paul, aix = world.people.paul, world.sites.aix
    study = a_study(world, name="Étude-choix", pilot=paul)
    with tenant(world.provider.pk):
        a_line(study, aix)
        offer = ModelOffer.put(
            study, by=paul, name="Offre-sous-pli", model="platform", price="87654.32"
        )
        row = Derogation.ask(study, "G8", "Motif-dérogation", by=paul, offer=offer)
        row.sign(by=world.people.sylvie)
        Correction.correct(study, aix, "agenda", "presence", 4, "Motif-correction", by=paul)
        choosing.choose(study, by=paul)

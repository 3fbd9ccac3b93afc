"""What the diagnostic keeps to those it is meant for."""

from __future__ import annotations

from relais.lib.tenancy import tenant
from relais.study.models import Participant
from tests.study.conftest import a_line, a_study
from tests.world import World

from . import oracle_choosing, oracle_sizing, oracle_workshop

LEADS = {"maud", "paul", "basile"}
READERS: list[tuple[str, str, set[str]]] = [
    *oracle_choosing.READERS,
    *oracle_workshop.READERS,
    *oracle_sizing.READERS,
    ("line that marc said of his work", "Ligne-de-marc", LEADS | {"marc"}),
    ("line of the inventory", "Ligne-inventaire", LEADS | {"sylvie", "claire"}),
    ("study in preparation", "Etude-preparee", LEADS),
    ("who takes part", "Participante-lyon", LEADS | {"sylvie", "claire"}),
]


def add(world: World) -> None:
    """Make what is looked for."""
    with tenant(world.provider.pk):
        study = a_study(world, name="Diagnostic Calanques")
        marc = Participant.objects.get(study=study)
        a_line(study, world.sites.aix, "Ligne-inventaire")
        a_line(study, world.sites.aix, "Ligne-de-marc", author=marc)
        Participant.objects.create(
            provider=world.provider, study=study, name="Participante-lyon", role="Assistante",
            site=world.sites.lyon,
        )  # fmt: skip
        a_study(world, name="Etude-preparee", phase="prepared")
    oracle_choosing.add(world)
    oracle_workshop.add(world)
    oracle_sizing.add(world)

"""What the diagnostic keeps to those it is meant for."""

from __future__ import annotations

from django.utils import timezone

from relais.lib.tenancy import tenant
from relais.study.models import (
    Duplicate,
    Generated,
    Generation,
    Participant,
    Post,
    SheetImport,
    Study,
    Wave,
    WaveSite,
)
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
    ("file handed in", "Tableur-remis", LEADS),
    ("cell of a file handed in", "Cellule-remise", LEADS),
    ("row of a file that was refused", "Ligne-refusee", LEADS),
    ("what two lines share", "Idee-commune", LEADS),
    ("hours of a post, on a page", "41,73", LEADS),
    ("hours of a post", "41.73", LEADS),
    ("wave of a study", "Vague-prevue", LEADS | {"sylvie", "claire"}),
    ("wave of a study in preparation", "Vague-preparee", LEADS),
    ("thing made of a study", "Chose-engendree", LEADS),
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
        hidden = a_study(world, name="Etude-preparee", phase="prepared")
        _fill(world, study)
        Wave.objects.create(
            provider=world.provider, study=hidden, number=1, name="Vague-preparee",
            starts_on=timezone.localdate(),
        )  # fmt: skip
    oracle_choosing.add(world)
    oracle_workshop.add(world)
    oracle_sizing.add(world)


def _fill(world: World, study: Study) -> None:
    """Hand in files, find lines alike, and make a wave and a post of the study."""
    aix, paul = world.sites.aix, world.people.paul
    of_study = {"provider": world.provider, "study": study}
    SheetImport.objects.create(
        file_name="Tableur-remis.xlsx", digest="1" * 64, rows=[[1, ["Cellule-remise"]]],
        made_by=paul, **of_study,
    )  # fmt: skip
    SheetImport.objects.create(
        file_name="Autre.xlsx", digest="2" * 64, made_by=paul, taken_by=paul,
        taken_at=timezone.now(), refused=[[2, "A2", "Ligne-refusee", "…"]],
        counts=dict.fromkeys(("added", "changed", "same", "refused", "totals"), 0), **of_study,
    )  # fmt: skip
    first, second = (a_line(study, site) for site in (aix, world.sites.lyon))
    Duplicate.objects.create(
        first=first, second=second, score=0.7, shared=["Idee-commune"], **of_study
    )
    wave = Wave.objects.create(
        number=1, name="Vague-prevue", starts_on=timezone.localdate(), **of_study
    )
    WaveSite.objects.create(provider=world.provider, wave=wave, site=aix)
    Post.objects.create(site=aix, position="lead", hours_a_week=41.73, **of_study)
    made = Generation.objects.create(
        by=paul, at=timezone.now(), starts_on=timezone.localdate(), **of_study
    )
    Generated.objects.create(
        provider=world.provider, generation=made,
        kind=Generated.Kind.WAVE, key="wave:1", thing="study.Wave", thing_id=wave.pk,
        title="Chose-engendree",
    )  # fmt: skip

"""What the workshop keeps: who said what, one person's answers, one person's log, a link."""

from __future__ import annotations

from django.utils import timezone

from relais.lib.tenancy import tenant
from relais.study.models import (
    ActivityCategory,
    ActivityEntry,
    ActivityLog,
    BrakeAnswer,
    ChangeAction,
    Interview,
    Irritant,
    MaturityAnswer,
    Participant,
    Study,
    StudyLink,
)
from relais.study.models.brake import Brake
from relais.study.models.maturity import Item
from tests.world import World

LEADS = {"maud", "paul", "basile"}
CLIENT_LEADS = {"sylvie", "claire"}
READERS = [
    ("pain point", "Irritant-atelier", LEADS | CLIENT_LEADS),
    ("words of a pain point", "Parole-atelier", LEADS | CLIENT_LEADS),
    # Said in the study that no client sees yet.
    ("who said it", "Fonction-parole", LEADS),
    ("cause of a pain point", "Cause-preparee", LEADS),
    ("interview that was sent", "Entretien-envoye", LEADS),
    ("draft of an interview", "Brouillon-entretien", set()),
    ("log of one person", "Releve-personnel", set()),
    ("note on maturity", "Note-maturite", LEADS | CLIENT_LEADS),
    ("action of the change plan", "Action-conduite", LEADS | CLIENT_LEADS),
]


def add(world: World) -> None:
    """Let somebody say, answer and log what is looked for."""
    provider, aix = world.provider, world.sites.aix
    with tenant(provider.pk):
        study = Study.objects.get(name="Diagnostic Calanques")
        hidden = Study.objects.get(name="Etude-preparee")
        of_study = {"provider": provider, "study": study}
        who, other = (
            Participant.objects.create(name=name, role="Assistante", site=aix, **of_study)
            for name in ("Odile-atelier", "Rose-atelier")
        )
        Irritant.objects.create(
            process="Irritant-atelier", verbatim="Parole-atelier", said_by=who, **of_study
        )
        said = Participant.objects.create(
            provider=provider, study=hidden, name="Parle-atelier", role="Fonction-parole"
        )
        Irritant.objects.create(
            provider=provider, study=hidden, process="Autre", cause="Cause-preparee", said_by=said
        )
        Interview.objects.create(
            participant=who, sent_at=timezone.now(), answers={"keep": "Entretien-envoye"},
            **of_study,
        )  # fmt: skip
        Interview.objects.create(
            participant=other, draft={"keep": "Brouillon-entretien"}, **of_study
        )
        category = ActivityCategory.objects.create(name_fr="Categorie", **of_study)
        log = ActivityLog.objects.create(participant=who, **of_study)
        ActivityEntry.objects.create(
            provider=provider, log=log, category=category, minutes=30, day=timezone.localdate(),
            token="Releve-personnel", added_at=timezone.now(),
        )  # fmt: skip
        BrakeAnswer.objects.create(
            participant=who,
            site=aix,
            levels={brake.value: 1 for brake in Brake},
            answered_at=timezone.now(),
            **of_study,
        )
        MaturityAnswer.objects.create(
            levels={item.value: 3 for item in Item},
            note="Note-maturite",
            answered_at=timezone.now(),
            **of_study,
        )
        ChangeAction.objects.create(what="Action-conduite", site=aix, **of_study)
        StudyLink.objects.create(
            provider=provider, participant=who, asks=["interview"], digest="0" * 64,
            made_at=timezone.now(), expires_at=timezone.now(),
        )  # fmt: skip

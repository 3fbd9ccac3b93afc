"""Two questionnaires: what may hold managers back, by site, and how far the tools have come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relais.engine import inventory
from relais.people import organisation

from .models import BrakeAnswer, ChangeAction, MaturityAnswer, Participant, Study
from .models.brake import Brake

if TYPE_CHECKING:
    from relais.people.access import Access
    from relais.people.models import Person, Site

# What a strong brake asks for (domain D.1): the first step, to be made one's own.
ACTIONS = {
    Brake.ATTACHMENT: gettext_noop(
        "Name the lead assistant, and let the present assistant hand over step by step."
    ),
    Brake.DISTANCE: gettext_noop("Agree on a brief of ten minutes a day and an on-site day."),
    Brake.TOOLS: gettext_noop(
        "Show the portal on the manager's own telephone, and stay reachable."
    ),
    Brake.WRITING: gettext_noop("Take requests by telephone at first and write them together."),
    Brake.LOSS: gettext_noop("Hold a talk on what is lost, and keep priority slots for 3 months."),
    Brake.CONFIDENTIALITY: gettext_noop("Show who sees what, and name the persons cleared."),
    Brake.PAST: gettext_noop("Ask what went wrong, and say what is promised and measured now."),
    Brake.AUTONOMY: gettext_noop("Write the site's own ways into the procedures with its manager."),
}
WITHIN = timedelta(days=30)
# Below it, guardrail G7 refuses a platform alone.
PLATFORM_FROM = 2.0
AT_EASE_FROM = 3.5


@dataclass
class HeatRow:
    """A site's brakes, in the order of the questionnaire; None: too few answers to be shown."""

    site: Site
    answers: int
    cells: list[tuple[str, float | None, bool]]


def keep_brakes(
    participant: Participant, levels: dict[str, Any], *, site: Site, by: Person | None = None
) -> BrakeAnswer:
    """Return the answers kept; a brake that is strong at the site has its action from now on."""
    with transaction.atomic():
        kept = BrakeAnswer.keep(participant, levels, site=site, by=by)
        told = inventory.brakes(_levels(BrakeAnswer.objects.filter(study=kept.study_id, site=site)))
        for cell in told:
            if cell.act:
                _act(kept.study, site, cell.brake, by)
    return kept


def answered_by(participant: Participant) -> BrakeAnswer | None:
    """Return what somebody answered before, for her own page alone."""
    return BrakeAnswer.objects.filter(participant=participant).first()


def _act(study: Study, site: Site, brake: str, by: Person | None) -> None:
    due = timezone.localdate() + WITHIN
    made, new = ChangeAction.objects.get_or_create(
        study=study, site=site, brake=brake,
        defaults={
            "provider_id": study.provider_id, "what": _(ACTIONS[Brake(brake)]),
            "due_on": due, "made_by": by,
        },
    )  # fmt: skip
    if new:
        organisation.record(made, "action_planned", by, what=made.what)


def _levels(rows: Any) -> list[tuple[str, str, int]]:
    return [(str(row.site_id), brake, level) for row in rows for brake, level in row.levels.items()]


def heat(study: Study) -> list[HeatRow]:
    """Return the heat map site x brake of a study that the reader was found to see.

    It reads every answer: what it returns names nobody, nor shows a mean of too few.
    """
    rows = list(BrakeAnswer.objects.filter(study=study).select_related("site"))
    sites = {row.site_id: row.site for row in rows}
    told = {(cell.site, cell.brake): cell for cell in inventory.brakes(_levels(rows))}
    found = []
    for key, site in sorted(sites.items(), key=lambda one: (one[1].name_key, one[0])):
        cells = [told[str(key), brake.value] for brake in Brake]
        line = [(cell.brake, cell.mean, cell.act and cell.mean is not None) for cell in cells]
        found.append(HeatRow(site, cells[0].answers, line))
    return found


def heat_text(row: HeatRow) -> str:
    """Return a site's line in a sentence."""
    if row.cells[0][1] is None:
        return _("%(site)s: too few answers to be shown (%(count)s of %(fewest)s).") % {
            "site": row.site.name,
            "count": row.answers,
            "fewest": inventory.FEWEST_ANSWERS,
        }
    strong = [str(Brake(brake).label) for brake, _mean, act in row.cells if act]
    if not strong:
        return _("%(site)s: no strong barrier.") % {"site": row.site.name}
    return _("%(site)s: %(brakes)s.") % {"site": row.site.name, "brakes": ", ".join(strong)}


# Digital maturity ---------------------------------------------------------------------------------


def maturity_of(access: Access, study: Study) -> dict[int | None, MaturityAnswer]:
    """Return the maturity by site's key, that of the whole company under None."""
    rows = access.see(MaturityAnswer).filter(study=study).select_related("site")
    return {row.site_id: row for row in rows}


def maturity_scores(study: Study) -> dict[int | None, float]:
    """Return the scores (1 to 5) by site's key for the choice of a model; None: the company."""
    rows = MaturityAnswer.objects.filter(study=study)
    return {row.site_id: row.score for row in rows}


def means_for_choice(score: float) -> str:
    """Return what a score means for the choice of a model."""
    if score < PLATFORM_FROM:
        return _(
            "Below 2: a platform alone is refused (guardrail G7). People first, tools with them."
        )
    if score < AT_EASE_FROM:
        return _("A platform can carry part of it; the weakest items are mended before the start.")
    return _("The tools can carry a platform.")


def weakest(answer: MaturityAnswer) -> list[str]:
    """Return the items that are at 0 or 1, by their names."""
    from .models.maturity import Item

    return [str(item.label) for item in Item if answer.levels.get(item.value, 0) <= 1]

"""Who may choose and who signs, and what a figure may be. Verbs ask `check…`; pages ask `may…`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relais.desk.errors import BadValue
from relais.engine.choice import LEVELS
from relais.offer.models import Service
from relais.people.models import Person, Site

from .choosing_errors import NotTheSponsor

if TYPE_CHECKING:
    from .models import Study

CLIMATE = "climate_risk"
YES_NO = ("reserved", "change_plan", "training_plan")
LEVELLED = (*(each.value for each in LEVELS), CLIMATE)
FIGURES: dict[str, Promise] = {
    "personal": gettext_lazy("Personalisation asked for"),
    "secrecy": gettext_lazy("Confidentiality"),
    "maturity": gettext_lazy("Digital maturity"),
    "standard": gettext_lazy("Standardisation of tasks"),
    "swing": gettext_lazy("Peaks and swings"),
    "presence": gettext_lazy("Presence on site"),
    "continuity": gettext_lazy("Continuity at stake"),
    "languages": gettext_lazy("Languages and hours"),
    CLIMATE: gettext_lazy("Risk for the social climate"),
    "reserved": gettext_lazy("May not leave the house (law, contract)"),
    "change_plan": gettext_lazy("Plan to accompany the change"),
    "training_plan": gettext_lazy("Plan of training in the tools"),
}


def may_sign(study: Study, by: Person) -> bool:
    """Return whether this person signs derogations: the sponsor whom the study names."""
    return study.sponsor_id is not None and by.pk == study.sponsor_id and not by.archived_at


def check_sponsors(study: Study, by: Person) -> None:
    """Raise `NotTheSponsor` unless the person is the study's sponsor."""
    if not may_sign(study, by):
        raise NotTheSponsor(person=str(by))


def check_figure(field: str, value: float | None) -> None:
    """Raise `BadValue` unless a correction may say this."""
    if field not in FIGURES:
        raise BadValue(field=_("figure"), mend=_("choose one of the list"))
    if value is None:
        return
    if field in YES_NO and value not in (0, 1):
        raise BadValue(field=FIGURES[field], mend=_("1 for yes, 0 for no"))
    if field in LEVELLED and not 1 <= value <= 5:
        raise BadValue(field=FIGURES[field], mend=_("a level from 1 to 5"))


def check_place(study: Study, site: Site | None, family: str) -> None:
    """Raise `BadValue` unless the study looks at this site, and the family is one of ours."""
    if site is not None and not study.scopes.filter(site=site).exists():
        raise BadValue(field=_("site"), mend=_("choose one that the study looks at"))
    if family and family not in Service.Family.values:
        raise BadValue(field=_("family"), mend=_("choose one of the list"))

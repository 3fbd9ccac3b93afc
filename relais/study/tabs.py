"""The parts of a study, as tabs above each of its pages: a subject adds its own to `TABS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from . import reading
from .costing_rules import may_cost
from .sizing_rules import may_read, may_read_reports

if TYPE_CHECKING:
    from relais.people.access import Access

    from .models import Study

Shown = Callable[["Access", "Study"], bool]


@dataclass(frozen=True)
class Tab:
    """One part: the name of its address (with the study's key), its label, and who has it."""

    url_name: str
    label: Any
    shown: Shown


def leads(access: Access, study: Study) -> bool:
    """Return whether this person leads the study."""
    return study.may_lead(access.person)


def reads(access: Access, study: Study) -> bool:
    """Return whether this person reads what the study says of sites, not only what she said."""
    if leads(access, study):
        return True
    if not access.is_client or study.phase == study.Phase.PREPARED:
        return False
    if study.company_id in access.steered_company_ids:
        return True
    told = study.phase != study.Phase.COLLECTING
    return told and any(scope.site_id in access.led_site_ids for scope in study.scopes.all())


def chooses(access: Access, study: Study) -> bool:
    """Return whether this person reads offers and prices: who leads the study, and its sponsor."""
    return leads(access, study) or study.sponsor_id == access.person.pk


def sponsors(access: Access, study: Study) -> bool:
    """Return whether this person is the sponsor, and reads of the start what she is to know."""
    return study.sponsor_id == access.person.pk and not leads(access, study)


def workshop(access: Access, study: Study) -> bool:
    """Return whether this person reads what the workshop has brought."""
    return reading.reads(access, study)


def everybody(access: Access, study: Study) -> bool:
    """Return True: whoever sees the study has this part."""
    return True


# In the order in which a study is made; each leads to a page that is there.
TABS: list[Tab] = [
    Tab("study", pgettext_lazy("tab", "Overview"), everybody),
    Tab("inventory", pgettext_lazy("tab", "Inventory"), reads),
    Tab("duplicates", pgettext_lazy("tab", "Duplicates"), leads),
    Tab("irritants", _("Pain points"), workshop),
    Tab("brakes", _("Barriers"), workshop),
    Tab("maturity", _("Digital maturity"), workshop),
    Tab("activity", _("Activity logs"), leads),
    Tab("asking", _("Asking"), leads),
    Tab("change_actions", _("Change plan"), workshop),
    Tab("sizings", pgettext_lazy("tab", "How many people"), may_read),
    Tab("costs", pgettext_lazy("tab", "What it costs"), may_cost),
    Tab("restitution", pgettext_lazy("tab", "Restitution"), may_read_reports),
    Tab("choice", pgettext_lazy("tab", "Choice of models"), chooses),
    Tab("study_service", pgettext_lazy("tab", "To service"), leads),
    Tab("waves", pgettext_lazy("tab", "To service"), sponsors),
]


def tabs_of(access: Access, study: Study, current: str) -> list[dict[str, Any]]:
    """Return the tabs that this person has: address, label, whether it is the one shown."""
    return [
        {"url": reverse(tab.url_name, args=[study.pk]), "label": tab.label,
         "active": tab.url_name == current}
        for tab in TABS
        if tab.shown(access, study)
    ]  # fmt: skip

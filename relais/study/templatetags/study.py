"""How the diagnostic says phases, hours and shares."""

from __future__ import annotations

from babel.numbers import format_decimal
from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from relais.lib.formats import babel_locale
from relais.study.line_fields import labels
from relais.study.models import Study

register = template.Library()

VERBS = {"collecting": "begin", "restitution": "tell", "decided": "decide", "closed": "close"}


@register.filter
def phases(study: Study) -> list[dict[str, str]]:
    """Return the phases with where the study stands: done, now, to come."""
    values = Study.Phase.values
    here = values.index(study.phase)
    return [
        {
            "label": str(Study.Phase(value).label),
            "state": "done" if place < here else "now" if place == here else "ahead",
        }
        for place, value in enumerate(values)
    ]


@register.filter
def next_url(study: Study) -> str:
    """Return the address that takes the study to its next phase."""
    return reverse(f"study_{VERBS[study.next_phase or 'closed']}", args=[study.pk])


@register.filter
def next_words(study: Study) -> str:
    """Return what is said on the button of the next phase."""
    return {
        "begin": _("Begin to collect"),
        "tell": _("Go to the restitution"),
        "decide": _("The client has decided"),
        "close": _("Close the diagnostic"),
    }[VERBS[study.next_phase or "closed"]]


@register.filter
def hours_a_year(minutes: float) -> str:
    """Return whole hours of minutes, in the reader's manner; under ten with a tenth."""
    hours = minutes / 60
    pattern = "#,##0.#" if 0 < hours < 10 else "#,##0"
    return f"{format_decimal(hours, pattern, locale=babel_locale())} h"


@register.filter
def share(ratio: float | None) -> str:
    """Return a share as per cent; a dash when there is none."""
    if ratio is None:
        return "–"
    return f"{format_decimal(100 * ratio, '#,##0', locale=babel_locale())} %"


@register.filter
def period_words(period: str) -> str:
    """Return a period in words: "a month"."""
    return labels("period").get(period, "")

"""What the pages of the organisation draw with: numbers of the law, changes in words."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from relais.people import identifiers, wording
from relais.people.models import Cover, OrganisationChange, Role

register = template.Library()


@register.filter
def as_siret(number: str) -> str:
    """Return a SIRET as one reads it."""
    return identifiers.shown_siret(number)


@register.filter
def language_in_words(code: str) -> str:
    """Return a language as the reader calls it."""
    return wording.language_name(code)


@register.simple_tag
def skill(level: Any) -> str:
    """Return a skill and its level."""
    return wording.skill_text(level)


@register.simple_tag
def away(absence: Any) -> str:
    """Return an absence: its class and days."""
    return wording.away_text(absence)


@register.simple_tag
def page_link(name: str, pk: Any, text: Any) -> str:
    """Return a link to a page of a subject that may be seen and has pages; else the text alone."""
    try:
        url = reverse(name, args=[pk]) if pk else ""
    except NoReverseMatch:
        url = ""
    return format_html('<a href="{}">{}</a>', url, text) if url else text


@register.simple_tag
def change_text(change: OrganisationChange) -> str:
    """Return one change of the organisation in words."""
    facts = change.facts
    if change.kind == "changed":
        return "; ".join(_one_field(change, *item) for item in facts.get("changes", {}).items())
    if change.kind in ("role_given", "role_ended"):
        role = dict(Role.Kind.choices).get(facts.get("role"), facts.get("role"))
        said = (
            _("Role given: %(what)s") if change.kind == "role_given" else _("Role ended: %(what)s")
        )
        return said % {"what": f"{role} {facts.get('scope', '')}".strip()}
    if change.kind == "cover_changed":
        positions = dict(Cover.Position.choices)
        old, new = (positions.get(one, "–") for one in facts.get("position", ["", ""]))
        return f"{facts.get('person')}: {old} → {new}"
    return _KINDS.get(change.kind, lambda: change.kind)()


def _one_field(change: OrganisationChange, name: str, values: list[str]) -> str:
    from django.apps import apps

    field = apps.get_model(change.subject)._meta.get_field(name)
    old, new = (value or "–" for value in values)
    return f"{field.verbose_name}: {old} → {new}"


_KINDS = {
    "created": lambda: _("Entered"),
    "archived": lambda: _("Archived"),
    "restored": lambda: _("Taken into use again"),
    "engagement_ended": lambda: _("Engagement ended"),
    "absence_added": lambda: _("Absence noted"),
    "absence_removed": lambda: _("Absence removed"),
    "skill_removed": lambda: _("Skill removed"),
    "language_removed": lambda: _("Language removed"),
    "access_given": lambda: _("Access given"),
    "access_tried": lambda: _("Access tried"),
    "access_ended": lambda: _("Access ended"),
    "clearance_ended": lambda: _("Clearance ended"),
    "shift_added": lambda: _("Shifts written"),
    "shift_moved": lambda: _("Shift moved"),
    "shift_removed": lambda: _("Shifts removed"),
    "roster_published": lambda: _("Roster published"),
    "roster_withdrawn": lambda: _("Roster taken back"),
    "wish_removed": lambda: _("Wish taken back"),
    "on_site_moved": lambda: _("On-site day moved"),
    "on_site_added": lambda: _("On-site days written"),
    "on_site_removed": lambda: _("On-site days removed"),
}

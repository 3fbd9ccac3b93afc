"""What a row does, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from relais.people import holidays
from relais.people.models import ImportLine, Role

from .labels import kind_label, label_of

# What is said of a new thing, in this order; the rest is on its own page.
_TOLD = ("siren", "siret", "code", "street", "postcode", "city", "time_zone", "holiday_zone")
_TOLD_OF_PERSONS = ("email", "phone", "job", "site", "reports_to")


def told(message: dict[str, Any] | None) -> str:
    """Return a kept message in the reader's language."""
    if not message:
        return ""
    values = dict(message["values"])
    if "holiday_zone" in values:
        values["holiday_zone"] = holidays.name_of(values["holiday_zone"])
    return _(message["message"]) % values


def effects(line: ImportLine) -> list[dict[str, Any]]:
    """Return what a row does: each with `is_new`, `kind`, `label`, and the text that follows."""
    return [_effect(each) for each in line.effects]


def _effect(effect: dict[str, Any]) -> dict[str, Any]:
    kind = effect["kind"]
    shown = {
        "kind": str(kind_label(kind)),
        "label": effect["label"],
        "is_new": "field" not in effect,
    }
    if kind == "role":
        role = str(Role.Kind(effect["role"]).label)
        return shown | {"text": f"{role} · {effect['scope']}" if effect["scope"] else role}
    if "field" in effect:
        name = effect["field"]
        pair = {side: _value(name, effect[side]) for side in ("old", "new")}
        return shown | {"field": str(label_of(kind, name))} | pair
    facts = effect.get("facts", {})
    names = _TOLD_OF_PERSONS if kind == "person" else _TOLD
    said = [_value(name, facts[name]) for name in names if name in facts]
    return shown | {"text": " · ".join(text for text in said if text != effect["label"])}


def _value(name: str, text: str) -> str:
    return holidays.name_of(text) if name == "holiday_zone" and text else text


def plain(line: ImportLine) -> str:
    """Return all that a row does, as one text for exports."""
    if line.reason:
        return told(line.reason)
    return " ; ".join([*_sentences(effects(line)), *(told(note) for note in line.notes)])


def _sentences(shown: Iterable[dict[str, Any]]) -> Iterable[str]:
    for each in shown:
        if each["is_new"]:
            yield f"+ {each['kind']} {each['label']} {each['text']}".strip()
        else:
            yield f"{each['kind']} {each['label']}, {each['field']}: {each['old']} → {each['new']}"

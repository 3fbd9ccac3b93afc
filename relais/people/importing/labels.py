"""What the tables and fields of a plan are called."""

from __future__ import annotations

from django.db.models import Model
from django.utils.functional import Promise

from relais.people.models import Company, Establishment, LegalEntity, Person, Role, Site

MODELS: dict[str, type[Model]] = {
    "company": Company,
    "entity": LegalEntity,
    "site": Site,
    "establishment": Establishment,
    "person": Person,
    "role": Role,
}


def kind_label(kind: str) -> str | Promise:
    """Return what a table is called."""
    return MODELS[kind]._meta.verbose_name or kind


def label_of(kind: str, field: str) -> str | Promise:
    """Return what a field of a table is called."""
    return MODELS[kind]._meta.get_field(field).verbose_name

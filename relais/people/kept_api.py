"""Forms of the pages as bodies of the API: the same checks, refused in the same words.

A body names fields of a form. A field left out stands as the page would have shown it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Schema
from ninja.errors import ValidationError

from relais.lib.api_types import Fault, FieldFaults, Line
from relais.lib.kept_form import KeptForm
from relais.lib.problem import Problem

from . import organisation
from .access import Access
from .api import NamedOut, access_of
from .models import Person

M = TypeVar("M", bound=Model)
F = TypeVar("F", bound=forms.BaseForm)
REFUSALS = {404: Fault, 409: Fault, 422: FieldFaults}
OF_THE_CALL = {"preview", "page"}  # said of the call, not of the row


class ChangedMeanwhile(Problem):
    """Somebody else changed the row since it was read: read it again."""

    message = "%(text)s"


class MarkIn(Schema):
    """`seen`: the mark as it was read; if somebody changed the row since, refused (409)."""

    seen: Line | None = None


def organising(request: HttpRequest) -> Access:
    """Return the rights of whoever may change the organisation; others find nothing here."""
    access = access_of(request)
    if not access.may_organise():
        raise Http404
    return access


def one(access: Access, rows: type[M] | QuerySet[M], key: int) -> M:
    """Return a row that this person may see, else "not found"."""
    found = access.see(rows).filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def held(access: Access, rows: type[M] | QuerySet[M], key: int) -> M:
    """Return the row as `one` does, locked: the second of two waits, and sees the first's work."""
    return one(access, access.see(rows).select_for_update(of=("self",)), key)


def named(row: Any) -> NamedOut | None:
    """Return what a reference shows."""
    return NamedOut(id=row.pk, name=str(row)) if row is not None else None


def filled(make: Callable[[Any], F], sent: Schema) -> F:
    """Return the form that `make` makes of data, as if a page had posted what was sent."""
    blank = make(None)
    given = sent.model_dump(exclude_unset=True)
    of_form = set(blank.fields)
    data = {name: blank.get_initial_for_field(blank.fields[name], name) for name in of_form}
    data |= {name: value for name, value in given.items() if name in of_form - {"seen"}}
    if "seen" in given and given["seen"] is not None:
        data["seen"] = given["seen"]
    form = make(data)
    for name in given.keys() - of_form - OF_THE_CALL:
        if given[name] not in (None, "", []):
            raise ValidationError([_fault(name, _("This is not asked for here: leave it out."))])
    return form


def checked(make: Callable[[Any], F], sent: Schema) -> F:
    """Return the valid form of what was sent; raise what it would say beside its fields."""
    form = filled(make, sent)
    if not form.is_valid():
        raise refusal(form)
    return form


def kept(form: KeptForm, *, by: Person, after: Callable[[Any], None] | None = None) -> Any:
    """Return the row that a valid form keeps, with what follows it; raise what stands against."""
    row = organisation.kept(form, by=by, after=after)
    if row is None:
        raise refusal(form)
    return row


def refusal(form: forms.BaseForm) -> Exception:
    """Return the errors of a form as the API tells them."""
    told = form.errors.get_json_data()
    for fault in told.get("__all__", ()):
        if fault["code"] == "changed":
            return ChangedMeanwhile(text=fault["message"])
    return ValidationError(
        [
            _fault("" if name == "__all__" else name, fault["message"])
            for name, faults in told.items()
            for fault in faults
        ]
    )


def _fault(field: str, text: str) -> dict[str, Any]:
    return {"loc": ("body", field), "msg": text}


class Names:
    """The names of what rows refer to, as far as this person sees it: one question a table."""

    def __init__(self, access: Access, rows: Iterable[Model], *fields: str) -> None:
        rows = list(rows)
        self.seen: dict[str, dict[Any, Any]] = {}
        for field in fields:
            keys = {getattr(row, f"{field}_id") for row in rows} - {None}
            model = rows[0]._meta.get_field(field).related_model if keys else None
            self.seen[field] = access.see(model).in_bulk(keys) if model else {}

    def of(self, row: Model) -> dict[str, NamedOut | None]:
        """Return the names that a row refers to, by field."""
        return {
            field: named(known.get(getattr(row, f"{field}_id")))
            for field, known in self.seen.items()
        }

"""A person typed by name or address: choices of twenty thousand help nobody."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from relais.lib.kept_form import SuggestInput
from relais.lib.text import french_key
from relais.people.models import Person

from .doors import organiser

SUGGESTIONS = 10
ADDRESS = re.compile(r"<([^<>]+)>\s*$")


def label_of(person: Person) -> str:
    """Return a person as the line shows and understands it: name and address."""
    return f"{person.name} <{person.email}>" if person.email else person.name


class PersonField(forms.CharField):
    """One of `rows`, typed as a name, an e-mail address, or both. Cleans to the person, or None."""

    def __init__(self, *, rows: QuerySet[Person], company: int | None, **kwargs: Any) -> None:
        self.rows = rows.filter(archived_at=None)
        scope = f"?company={company}" if company else ""
        widget = SuggestInput(url=reverse("person_suggest") + scope)
        super().__init__(widget=widget, max_length=400, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the text of the line: a key that the model gave becomes name and address."""
        if isinstance(value, int):
            person = self.rows.model._base_manager.filter(pk=value).first()
            return label_of(person) if person else ""
        return label_of(value) if isinstance(value, Person) else value

    def clean(self, value: Any) -> Person | None:  # type: ignore[override]
        """Return the one person meant; else say how to name that person."""
        text = super().clean(value)
        if not text:
            return None
        found = self._meant(text)
        if len(found) == 1:
            return found[0]
        if found:
            raise forms.ValidationError(
                _("Several persons are called “%(name)s”: type the e-mail address.")
                % {"name": text},
                code="several",
            )
        raise forms.ValidationError(
            _("“%(name)s” is not found here: choose a suggestion, or enter the person first.")
            % {"name": text},
            code="unknown",
        )

    def _meant(self, text: str) -> list[Person]:
        address = ADDRESS.search(text)
        if address or "@" in text:
            email = address[1] if address else text
            return list(self.rows.filter(email__iexact=email.strip())[:2])
        found = list(by_words(self.rows, text)[:20])
        exact = [one for one in found if _is_called(one, text)]
        return exact or found[:2]


def _is_called(person: Person, text: str) -> bool:
    key = french_key(text)
    return key in (
        french_key(person.name),
        french_key(f"{person.last_name} {person.first_name}".strip()),
    )


def by_words(rows: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Return the persons whose name or address holds every word."""
    for word in french_key(text.replace("\0", ""))[:200].split()[:6]:
        rows = rows.filter(name_key__contains=word)
    return rows


@organiser
def suggest(request: HttpRequest) -> HttpResponse:
    """Return options for the line that is being typed: persons of a company, else of the staff."""
    text = request.GET.get(request.GET.get("field", "q"), "")
    company = request.GET.get("company", "")
    number = int(company) if company.isdecimal() and len(company) < 18 else None
    rows = request.access.see(Person).filter(company=number, archived_at=None)
    found = by_words(rows, text)[:SUGGESTIONS] if text.strip() else []
    return render(
        request, "people/persons/_options.html", {"options": [label_of(one) for one in found]}
    )

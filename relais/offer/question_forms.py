"""The fields of a service as a form asks them. What is right is said by `questions.check`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from relais.lib.kept_form import SuggestInput

from .questions import LONGEST, Question, check

PREFIX = "q_"


def field_of(question: Question, people: Iterable[str] = ()) -> forms.Field:
    """Return the form's field of a question; `people` are suggested where a person is asked for."""
    common: dict[str, Any] = {
        "label": question.label,
        "help_text": question.help,
        "required": question.required,
    }
    kind = question.kind
    if kind in ("choice", "yes_no"):
        options = (
            [("yes", _("Yes")), ("no", _("No"))]
            if kind == "yes_no"
            else [(choice.value, choice.label) for choice in question.choices]
        )
        return forms.ChoiceField(choices=[("", "—"), *options], **common)
    widgets: dict[str, forms.Widget] = {
        "long": forms.Textarea(attrs={"rows": 3}),
        "date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        "amount": forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        "number": forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    }
    if kind == "person":
        widgets["person"] = SuggestInput(list(people))
    return forms.CharField(
        widget=widgets.get(kind, forms.TextInput()), max_length=LONGEST.get(kind, 60), **common
    )


def add_fields(
    form: forms.Form, questions: Sequence[Question], people: Iterable[str] = ()
) -> list[str]:
    """Return the names of the fields added to a form, one a question."""
    people = list(people)
    for question in questions:
        form.fields[f"{PREFIX}{question.key}"] = field_of(question, people)
    return [f"{PREFIX}{question.key}" for question in questions]


def answers_of(form: forms.Form, questions: Sequence[Question]) -> dict[str, Any]:
    """Return what was typed, by key; what is wrong stands at its field."""
    given = {
        question.key: form.cleaned_data[name]
        for question in questions
        if (name := f"{PREFIX}{question.key}") in form.cleaned_data
    }
    _kept, faults = check(questions, given)
    for key, text in faults:
        name = f"{PREFIX}{key}"
        if name in form.fields and name not in form.errors:
            form.add_error(name, text)
    return given

"""A preference sheet as it is typed: its fields, what is reserved, the limits of authority."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from relais.people.access import Access

from . import question_forms, sheets
from .models import PreferenceSheet, Service, SheetVersion
from .preferences import CLASSES, GROUPS, QUESTIONS

HIGHEST = 3


class SheetForm(forms.Form):
    """The fields that this person may read, each by the class that it is of."""

    note = forms.CharField(
        label=gettext_lazy("What changes and why"), required=False, max_length=2000
    )
    reserved = forms.MultipleChoiceField(
        label=gettext_lazy("Only for persons named by the executive"),
        help_text=gettext_lazy("Ticked fields are read by nobody but those cleared by name."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    def __init__(
        self,
        access: Access,
        sheet: PreferenceSheet | None,
        version: SheetVersion | None,
        data: Any = None,
    ) -> None:
        content = version.content if version else {}
        reserved = version.reserved if version else []
        start = {f"{question_forms.PREFIX}{key}": _typed(value) for key, value in content.items()}
        start |= {"reserved": reserved, "seen": sheet.version if sheet else 0}
        super().__init__(data, initial=start)
        mine = sheets.readable(access, sheet, reserved) if sheet else set(CLASSES)
        self.asked = [question for question in QUESTIONS if question.key in mine]
        question_forms.add_fields(self, self.asked)
        self.fields["reserved"].choices = [
            (question.key, question.label)
            for question in self.asked
            if CLASSES[question.key] < HIGHEST
        ]

    @property
    def groups(self) -> list[tuple[Any, list[Any]]]:
        """Return the fields group by group."""
        mine = {question.key for question in self.asked}
        found = [
            (
                group.title,
                [
                    self[f"{question_forms.PREFIX}{question.key}"]
                    for question, _level in group.fields
                    if question.key in mine
                ],
            )
            for group in GROUPS
        ]
        return [(title, fields) for title, fields in found if fields]

    def content(self) -> dict[str, Any]:
        """Return what was typed, by key; what is wrong stands at its field."""
        return question_forms.answers_of(self, self.asked)


def _typed(value: Any) -> Any:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


class LimitForm(forms.Form):
    """What may be done alone of one family of work."""

    family = forms.CharField(widget=forms.HiddenInput)
    level = forms.ChoiceField(
        label=gettext_lazy("May the assistant…"),
        required=False,
        choices=[("", "—"), *sheets.LEVELS.items()],
    )
    ceiling = forms.CharField(
        label=gettext_lazy("Up to (€)"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    expires_on = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


LimitRows = forms.formset_factory(LimitForm, extra=0, max_num=20, absolute_max=30)


def limit_rows(version: SheetVersion | None, data: Any = None) -> Any:
    """Return a line for each family of work."""
    lines = version.authority if version else {}
    start = [{"family": family, **lines.get(family, {})} for family in Service.Family.values]
    rows = LimitRows(data, initial=start, prefix="limits")
    labels = dict(Service.Family.choices)
    for row, line in zip(rows, start, strict=False):
        row.title = labels[line["family"]]
    return rows


def authority_of(rows: Any) -> dict[str, Any]:
    """Return the limits typed, by family."""
    return {
        row.cleaned_data["family"]: {
            "level": row.cleaned_data["level"],
            "ceiling": row.cleaned_data["ceiling"],
            "expires_on": row.cleaned_data["expires_on"],
        }
        for row in rows
        if row.cleaned_data.get("family")
    }

"""What is asked in a short interview: tasks, what hurts, and three questions in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.offer.models import Service
from relais.people.models import Site

from .models import InventoryLine, Irritant, Participant

TASKS, PAINS = 8, 4
# So many are shown; the others open when they are needed.
SHOWN_TASKS, SHOWN_PAINS = 3, 2
TEXTS = ("keep", "hand_over", "more")
LONGEST = 1000
TASK = ("task", "count", "period", "minutes", "family")
PAIN = ("process", "category", "a_month", "minutes", "severity", "verbatim")


def _number(label: Any, most: int, whole: bool = False) -> forms.Field:
    kind = forms.IntegerField if whole else forms.FloatField
    # Written as people write it, with a comma where they do.
    widget = forms.TextInput(attrs={"inputmode": "decimal"})
    return kind(
        label=label, min_value=0, max_value=most, required=False, localize=True, widget=widget
    )


def _text(label: Any, most: int, rows: int = 0) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(label=label, max_length=most, required=False, widget=widget)


def _choice(label: Any, choices: Any, initial: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False, initial=initial)


class InterviewForm(forms.Form):
    """Everything may be left out; a task or a pain point without its name is none."""

    keep = _text(_("What works well and must not change?"), LONGEST, 3)
    hand_over = _text(_("What would you hand over tomorrow if you could?"), LONGEST, 3)
    more = _text(_("What else should be known?"), LONGEST, 3)

    def __init__(self, data: Any, participant: Participant, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.participant = participant
        if participant.site_id is None:
            sites = Site.objects.filter(study_scopes__study=participant.study_id)
            self.fields["site"] = forms.ModelChoiceField(sites, label=_("Your site"))
        for n in range(TASKS):
            self._add(f"t{n}", {
                "task": _text(_("Task"), 300),
                "count": _number(_("How many times"), 10_000),
                "period": _choice(_("Every"), InventoryLine.Period.choices, "week"),
                "minutes": _number(_("Minutes each time"), 10_000),
                "family": _choice(_("Kind of work"), Service.Family.choices, "other"),
            })  # fmt: skip
        for n in range(PAINS):
            self._add(f"p{n}", {
                "process": _text(_("What costs you time?"), 150),
                "category": _choice(_("What is it?"), Irritant.Category.choices, "waiting"),
                "a_month": _number(_("Times a month"), 10_000),
                "minutes": _number(_("Minutes lost each time"), 10_000),
                "severity": _choice(_("How bad? (1–5)"), [(n, n) for n in range(1, 6)], "3"),
                "verbatim": _text(_("In your own words"), LONGEST, 2),
            })  # fmt: skip

    def _add(self, prefix: str, fields: dict[str, forms.Field]) -> None:
        for name, field in fields.items():
            self.fields[f"{prefix}-{name}"] = field

    def clean(self) -> dict[str, Any]:
        """Refuse an interview that tells nothing, and figures without a name."""
        found = super().clean() or {}
        for prefix, name, figures, text in self._named():
            told = any(found.get(f"{prefix}-{figure}") for figure in figures)
            if told and not found.get(f"{prefix}-{name}"):
                self.add_error(f"{prefix}-{name}", text)
        if not self.errors and not any(found.get(name) for name in self._telling()):
            raise forms.ValidationError(_t("Tell at least one task, or answer one question."))
        return found

    def _named(self) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
        for n in range(TASKS):
            yield f"t{n}", "task", ("count", "minutes"), _t("Say which task this is.")
        for n in range(PAINS):
            yield f"p{n}", "process", ("a_month", "minutes", "verbatim"), _t("Say what it is.")

    def _telling(self) -> list[str]:
        rows = [f"{prefix}-{name}" for prefix, name, _figures, _text_ in self._named()]
        return [*TEXTS, *rows]

    def answers(self) -> dict[str, Any]:
        """Return what a valid form tells, as it is kept."""
        told = self.cleaned_data

        def rows(letter: str, most: int, names: tuple[str, ...]) -> list[dict[str, Any]]:
            found = [{name: told[f"{letter}{n}-{name}"] for name in names} for n in range(most)]
            return [row for row in found if row[names[0]]]

        return {
            "tasks": rows("t", TASKS, TASK),
            "pains": rows("p", PAINS, PAIN),
            **{name: told[name] for name in TEXTS if told[name]},
        }

    @property
    def site(self) -> Site | None:
        """Return where it is: her site, else the one she chose."""
        chosen: Site | None = self.cleaned_data.get("site")
        return self.participant.site or chosen

    # Drawing ----------------------------------------------------------------------------------

    def _rows(self, letter: str, most: int, shown: int) -> tuple[list[Any], list[Any]]:
        drawn = [
            [field for field in self if field.name.startswith(f"{letter}{n}-")]
            for n in range(most)
        ]  # fmt: skip
        filled = [n for n, row in enumerate(drawn) if row[0].value()]
        until = max(shown, max(filled, default=-1) + 1)
        return drawn[:until], drawn[until:]

    @property
    def tasks(self) -> tuple[list[Any], list[Any]]:
        """Return the rows of tasks that are shown, and those that open."""
        return self._rows("t", TASKS, SHOWN_TASKS)

    @property
    def pains(self) -> tuple[list[Any], list[Any]]:
        """Return the rows of pain points that are shown, and those that open."""
        return self._rows("p", PAINS, SHOWN_PAINS)

    @property
    def questions(self) -> list[Any]:
        """Return the questions in plain words."""
        return [self[name] for name in TEXTS]

    @property
    def place(self) -> Any:
        """Return the choice of the site, where it is asked."""
        return self["site"] if "site" in self.fields else None


def draft_of(data: Any, form: InterviewForm) -> dict[str, str]:
    """Return what was typed so far, as it is typed: nothing is judged."""
    return {
        name: str(data.get(name, ""))[:LONGEST].replace("\x00", "")
        for name in form.fields
        if data.get(name)
    }

"""What people type into a draft of a procedure: its texts, steps, exceptions and tools."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy

from relais.engine.procedure import Content, Rescue, Step, Tool
from relais.people.models import Person

from .models import ProcedureVersion

LINES = {"rows": 2}
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _text(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=5000, widget=forms.Textarea(attrs=LINES)
    )


class NewProcedureForm(forms.Form):
    """What a procedure is called, and who keeps it right."""

    title_fr = forms.CharField(label=gettext_lazy("French title"), max_length=200)
    title_en = forms.CharField(label=gettext_lazy("English title"), max_length=200, required=False)
    owner = forms.ModelChoiceField(Person.objects.none(), label=gettext_lazy("Owner"))

    def __init__(self, data: Any, people: Any) -> None:
        super().__init__(data)
        self.fields["owner"].queryset = people

    @property
    def code(self) -> str:
        """Return the code that follows from the title."""
        return slugify(self.cleaned_data["title_fr"])[:60] or "procedure"


class OwnForm(forms.Form):
    """Who keeps it right from now on."""

    owner = forms.ModelChoiceField(Person.objects.none(), label=gettext_lazy("Owner"))

    def __init__(self, data: Any, people: Any, owner: Person | None) -> None:
        super().__init__(data, initial={"owner": owner})
        self.fields["owner"].queryset = people


class TextsForm(forms.Form):
    """All of a draft that is not a list of lines."""

    trigger_fr = _text(gettext_lazy("When it begins (French)"))
    trigger_en = _text(gettext_lazy("When it begins (English)"))
    inputs_fr = _text(gettext_lazy("What is needed (French)"))
    inputs_en = _text(gettext_lazy("What is needed (English)"))
    outputs_fr = _text(gettext_lazy("What comes out (French)"))
    outputs_en = _text(gettext_lazy("What comes out (English)"))
    acceptance_fr = _text(gettext_lazy("Acceptance criteria (French)"))
    acceptance_en = _text(gettext_lazy("Acceptance criteria (English)"))
    checks_fr = _text(gettext_lazy("Quality checks (French)"))
    checks_en = _text(gettext_lazy("Quality checks (English)"))
    note = _text(gettext_lazy("What changes and why"))
    review_by = forms.DateField(label=gettext_lazy("Next review"), required=False, widget=DAY)
    major = forms.BooleanField(
        label=gettext_lazy("Major change: to be read again by all"), required=False
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)


def _line(label: Any, longest: int = 500) -> forms.CharField:
    return forms.CharField(label=label, max_length=longest, required=False)


class StepForm(forms.Form):
    """One step; without an action it is left out."""

    place = forms.IntegerField(
        label=gettext_lazy("Order"), required=False, min_value=0, max_value=999
    )
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    action_fr = _line(gettext_lazy("Action (French)"))
    action_en = _line(gettext_lazy("Action (English)"))
    role = _line(gettext_lazy("Role"), 120)
    tool = _line(gettext_lazy("Tool"), 120)
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"), required=False, min_value=0, max_value=2400
    )
    control_fr = _line(gettext_lazy("Control point (French)"), 300)
    control_en = _line(gettext_lazy("Control point (English)"), 300)
    pictured_on = forms.DateField(label=gettext_lazy("Screenshot of"), required=False, widget=DAY)
    mandatory = forms.BooleanField(label=gettext_lazy("Mandatory"), required=False)


class RescueForm(forms.Form):
    """One exception; without a symptom it is left out."""

    symptom_fr = _line(gettext_lazy("Symptom (French)"))
    action_fr = _line(gettext_lazy("Action (French)"))
    escalation_fr = _line(gettext_lazy("Turn to (French)"))
    symptom_en = _line(gettext_lazy("Symptom (English)"))
    action_en = _line(gettext_lazy("Action (English)"))
    escalation_en = _line(gettext_lazy("Turn to (English)"))


class ToolForm(forms.Form):
    """One tool, and how one gets into it; never a password."""

    name = _line(gettext_lazy("Tool"), 120)
    access = _line(gettext_lazy("Access (delegation, account of one’s own, vault)"), 300)


def _rows(form: type[forms.Form]) -> Any:
    return forms.formset_factory(form, extra=2, max_num=62, absolute_max=80)


StepRows, RescueRows, ToolRows = _rows(StepForm), _rows(RescueForm), _rows(ToolForm)


class DraftForm:
    """A draft as it is typed: its texts and three lists of lines."""

    def __init__(self, version: ProcedureVersion, data: Any = None) -> None:
        told = version.told
        self.version = version
        texts = {name: value for name, value in told.facts().items() if isinstance(value, str)}
        self.texts = TextsForm(
            data,
            initial={
                **texts,
                "note": version.note,
                "review_by": version.review_by,
                "major": version.major,
                "seen": version.revision,
            },
        )
        facts = told.facts()
        steps = [{**step, "place": n * 10} for n, step in enumerate(facts["steps"], start=1)]
        self.steps = StepRows(data, initial=steps, prefix="steps")
        self.rescues = RescueRows(data, initial=facts["rescues"], prefix="rescues")
        self.tools = ToolRows(data, initial=facts["tools"], prefix="tools")

    def is_valid(self) -> bool:
        """Return whether all of it can be read."""
        # Every part is asked, so that every fault is shown at once.
        found = [one.is_valid() for one in (self.texts, self.steps, self.rescues, self.tools)]
        return all(found)

    def content(self) -> Content:
        """Return what was typed."""
        texts = {
            name: value.replace("\r\n", "\n").strip()
            for name, value in self.texts.cleaned_data.items()
            if name in Content.__slots__
        }
        rescues = [Rescue(**each) for each in self._lines(self.rescues, "symptom_fr")]
        tools = [Tool(**each) for each in self._lines(self.tools, "name")]
        return Content(**texts, steps=self._steps(), rescues=tuple(rescues), tools=tuple(tools))

    def _lines(self, rows: Any, first: str) -> list[dict[str, Any]]:
        return [row.cleaned_data for row in rows if row.cleaned_data.get(first)]

    def _steps(self) -> tuple[Step, ...]:
        typed = self._lines(self.steps, "action_fr")
        typed.sort(key=lambda told: told["place"] if told["place"] is not None else 9999)
        taken = {told["key"] for told in typed if told["key"]}
        found = []
        for told in typed:
            picture = told["pictured_on"]
            step = Step(
                key=told["key"],
                action_fr=told["action_fr"],
                action_en=told["action_en"],
                tool=told["tool"],
                role=told["role"],
                minutes=told["minutes"] or 0,
                control_fr=told["control_fr"],
                control_en=told["control_en"],
                mandatory=told["mandatory"],
                pictured_on=picture.isoformat() if picture else "",
            )
            if not step.key:
                step = replace(step, key=_new_key(step.action_fr, taken))
                taken.add(step.key)
            found.append(step)
        return tuple(found)


def _new_key(action: str, taken: set[str]) -> str:
    base = slugify(action)[:30].strip("-") or "step"
    number, key = 1, base
    while key in taken:
        number += 1
        key = f"{base}-{number}"
    return key

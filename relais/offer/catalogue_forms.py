"""What people type into the catalogue: a service, the fields of its form, what a site varies."""

from __future__ import annotations

import copy
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from relais.people.access import Access
from relais.people.models import Company, Site, Skill

from . import keeping, variants
from .models import Procedure, Service, ServiceVariant
from .questions import KINDS

LINES = forms.Textarea(attrs={"rows": 3})
FIELDS = (
    "family",
    "name_fr",
    "name_en",
    "description_fr",
    "description_en",
    "words",
    "deliverable_fr",
    "deliverable_en",
    "acceptance_fr",
    "acceptance_en",
    "unit_fr",
    "unit_en",
    "standard_minutes",
    "p90_minutes",
    "readiness",
    "skill_level",
    "tool",
    "automatable",
    "procedure",
    "confidentiality",
    "priority",
    "sla_class",
    "response_hours",
    "delivery_hours",
    "approval_by",
    "approval_above",
    "active",
    "active_from",
    "active_until",
)
DAY = {"attrs": {"type": "date"}, "format": "%Y-%m-%d"}


class ServiceForm(forms.ModelForm):
    """A service. Read with `given`; the model's verbs keep it."""

    code = forms.SlugField(label=gettext_lazy("Code"), max_length=60)
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Channels"),
        choices=Service.Channel.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    skills = forms.ModelMultipleChoiceField(
        Skill.objects.none(),
        label=gettext_lazy("Skills asked for"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    class Meta:
        model = Service
        fields = FIELDS
        widgets = {
            **{
                f"{name}_{language}": LINES
                for name in ("description", "deliverable", "acceptance")
                for language in ("fr", "en")
            },
            "words": LINES,
            "active_from": forms.DateInput(**DAY),
            "active_until": forms.DateInput(**DAY),
        }

    def __init__(self, access: Access, service: Service | None, data: Any = None) -> None:
        # A copy: what is typed must not pass for what stood before.
        start: dict[str, Any] = {"channels": list(Service.Channel.values)}
        if service is not None:
            start = {
                "seen": service.version,
                "channels": service.channels,
                "skills": list(service.skills.all()),
            }
        super().__init__(data, instance=copy.copy(service) if service else None, initial=start)
        self.fields["skills"].queryset = access.see(Skill)
        self.fields["procedure"].queryset = access.see(Procedure)
        self.fields["acceptance_fr"].help_text = _("One criterion a line.")
        if service is not None:
            del self.fields["code"]
        self.order_fields(["code", *FIELDS[:19], "skills", *FIELDS[19:26], "channels"])

    def _get_validation_exclusions(self) -> set[str]:
        return {*super()._get_validation_exclusions(), "provider"}

    def validate_unique(self) -> None:
        """Leave it to the verb."""

    def validate_constraints(self) -> None:
        """Leave it to the verb."""

    def given(self) -> dict[str, Any]:
        """Return what was typed, as the verbs take it."""
        names = [name for name in self.fields if name not in ("seen", "skills")]
        return {
            **{name: self.cleaned_data[name] for name in names},
            "skills": list(self.cleaned_data["skills"]),
        }


class QuestionForm(forms.Form):
    """One field that the request form asks; without a French label it is left out."""

    label_fr = forms.CharField(label=gettext_lazy("Label (French)"), max_length=200, required=False)
    label_en = forms.CharField(
        label=gettext_lazy("Label (English)"), max_length=200, required=False
    )
    key = forms.CharField(label=gettext_lazy("Key"), max_length=40, required=False)
    kind = forms.ChoiceField(
        label=pgettext_lazy("field", "Kind"), choices=list(KINDS.items()), required=False
    )
    choices = forms.CharField(
        label=gettext_lazy("Answers: value | French | English, one a line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    required = forms.BooleanField(label=gettext_lazy("Required"), required=False)

    def facts(self) -> dict[str, Any] | None:
        """Return the field as plain values; None for an empty line."""
        told = self.cleaned_data
        if not told.get("label_fr"):
            return None
        lines = [line for line in told["choices"].splitlines() if line.strip()]
        return {
            "key": told["key"],
            "kind": told["kind"] or "text",
            "label_fr": told["label_fr"],
            "label_en": told["label_en"],
            "help_fr": "",
            "help_en": "",
            "required": told["required"],
            "choices": [_choice(line) for line in lines] if told["kind"] == "choice" else [],
        }


def _choice(line: str) -> dict[str, str]:
    parts = [part.strip() for part in line.split("|")]
    parts += [""] * (3 - len(parts))
    return {"value": parts[0], "fr": parts[1] or parts[0], "en": parts[2]}


QuestionRows = forms.formset_factory(QuestionForm, extra=2, max_num=22, absolute_max=30)


def question_rows(service: Service | None, data: Any = None) -> Any:
    """Return the lines of a service's form, with two empty ones to add to."""
    lines = [
        {
            **each,
            "choices": "\n".join(
                f"{c['value']} | {c['fr']} | {c.get('en', '')}" for c in each.get("choices") or ()
            ),
        }
        for each in (service.questions if service else [])
    ]
    return QuestionRows(data, initial=lines, prefix="questions")


class PlaceForm(forms.Form):
    """Where a service is done otherwise: a company, or one of its sites."""

    place = forms.ChoiceField(label=gettext_lazy("Where?"))

    def __init__(self, access: Access, data: Any = None) -> None:
        super().__init__(data)
        sites = access.see(Site).filter(archived_at=None).select_related("company")
        groups = [
            (
                company.name,
                [
                    (f"company-{company.pk}", _("All of %(company)s") % {"company": company.name}),
                    *((f"site-{s.pk}", s.name) for s in sites if s.company_id == company.pk),
                ],
            )
            for company in access.see(Company).filter(archived_at=None)
        ]
        self.fields["place"].choices = groups


class VariantForm(forms.ModelForm):
    """A service as one place wants it: what is typed as the group has it is not kept."""

    note = forms.CharField(
        label=gettext_lazy("Why it differs"), required=False, max_length=2000, widget=LINES
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    class Meta:
        model = Service
        fields = tuple(name for name in keeping.VARIABLE if name != "questions")
        widgets = {
            f"{name}_{language}": LINES
            for name in ("description", "deliverable", "acceptance")
            for language in ("fr", "en")
        }

    def __init__(self, service: Service, variant: ServiceVariant | None, data: Any = None) -> None:
        live = variant if variant and variant.active else None
        there = variants.applied(service, live.differs if live else {})
        start = {"note": live.note if live else "", "seen": live.version if live else 0}
        super().__init__(data, instance=there, initial=start)
        self.service = service
        for name in self._meta.fields:
            self.fields[name].required = False

    validate_unique = ServiceForm.validate_unique
    validate_constraints = ServiceForm.validate_constraints

    def differs(self) -> dict[str, Any]:
        """Return what was typed otherwise than the group has it."""
        found = {}
        for name in self._meta.fields:
            value = keeping.plain(self.cleaned_data[name])
            standard = keeping.plain(getattr(self.service, name))
            if isinstance(value, str):
                value = value.replace("\r\n", "\n").strip()
                standard = str(standard or "").strip()
            if value != standard and value is not None:
                found[name] = value
            elif name == "approval_above" and value is None and standard:
                found[name] = None
        return found


class StepChangeForm(forms.Form):
    """One step that a place does otherwise."""

    op = forms.ChoiceField(
        label=gettext_lazy("Change"),
        required=False,
        choices=[
            ("", "—"),
            ("replace", gettext_lazy("Do it this way")),
            ("add", gettext_lazy("Add after")),
            ("drop", gettext_lazy("Leave out")),
        ],
    )
    key = forms.ChoiceField(label=gettext_lazy("Step"), required=False)
    action_fr = forms.CharField(
        label=gettext_lazy("Action (French)"), required=False, max_length=500
    )
    action_en = forms.CharField(
        label=gettext_lazy("Action (English)"), required=False, max_length=500
    )
    mandatory = forms.BooleanField(label=gettext_lazy("Mandatory"), required=False)

    def __init__(self, *args: Any, steps: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["key"].choices = [("", "—"), *steps]

    def facts(self, number: int) -> dict[str, Any] | None:
        """Return the change as plain values; None for an empty line."""
        told = self.cleaned_data
        if not told.get("op"):
            return None
        change: dict[str, Any] = {"op": told["op"], "key": told["key"]}
        if told["op"] != "drop":
            change["step"] = {
                "action_fr": told["action_fr"],
                "action_en": told["action_en"],
                "mandatory": told["mandatory"],
            }
        if told["op"] == "add":
            change["step"]["key"] = f"site-{number}"
        return change


StepRows = forms.formset_factory(StepChangeForm, extra=2, max_num=30, absolute_max=40)


def step_rows(service: Service, variant: ServiceVariant | None, data: Any = None) -> Any:
    """Return the lines of the steps that a place changes, with two empty ones to add to."""
    version = service.procedure.in_force() if service.procedure else None
    known = version.content.get("steps", []) if version else []
    steps = [(each["key"], each.get("action_fr", "")) for each in known]
    lines = [
        {"op": each["op"], "key": each["key"], **(each.get("step") or {})}
        for each in (variant.steps if variant and variant.active else [])
    ]
    lines = [
        {**line, "key": change["key"]}
        for line, change in zip(
            lines, variant.steps if variant and variant.active else [], strict=True
        )
    ]
    return StepRows(data, initial=lines, prefix="steps", form_kwargs={"steps": steps})

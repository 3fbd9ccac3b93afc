"""What is typed of a log: its files, what their columns and the tool's words mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relais.offer.models import Agreement

from . import log_mapping, log_upload
from .log_labels import FIELDS, STEP_LABELS
from .log_mapping import Mapping
from .log_words import STEPS
from .models import LogImport

PRIORITIES = [(str(rank), f"P{rank}") for rank in (1, 2, 3, 4)]


class UploadForm(forms.Form):
    """The files of a log."""

    file = forms.FileField(
        label=gettext_lazy("Requests"),
        help_text=gettext_lazy(
            "CSV, XLSX, or CSV packed as .gz, as GLPI, Zammad, Jira, ServiceNow or another tool "
            "exports it. A file of events alone is taken too."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.gz"}),
    )
    events = forms.FileField(
        label=gettext_lazy("Events of the same requests"),
        required=False,
        help_text=gettext_lazy(
            "One row a change of state: gives waits and hand-overs their times."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.gz"}),
    )


class MappingForm(forms.Form):
    """What the columns mean, what to put where none does, and what the tool's words mean."""

    company_name = forms.CharField(
        label=gettext_lazy("Company that asked"),
        max_length=200,
        help_text=gettext_lazy("Made if it is not there; its sites and persons come with the log."),
    )
    zone = forms.ChoiceField(
        label=gettext_lazy("Time zone of times without one"), required=False, choices=[]
    )
    agreement = forms.ModelChoiceField(
        None,
        label=gettext_lazy("Count lateness against"),
        required=False,
        empty_label=gettext_lazy("what the company was promised"),
    )
    day_first = forms.TypedChoiceField(
        label=gettext_lazy("Dates such as 03/04"),
        choices=[("1", gettext_lazy("3 April")), ("", gettext_lazy("4 March"))],
        coerce=bool,
        empty_value=False,
        required=False,
    )

    def __init__(self, data: Any, made: LogImport, access: Any) -> None:
        self.made, self.kind = made, log_upload.main_kind(made)
        self.mapping = mapping = log_upload.mapping_of(made, self.kind)
        super().__init__(
            data,
            initial={
                "company_name": made.company_name,
                "zone": made.zone,
                "agreement": made.agreement_id,
                "day_first": "1" if mapping.day_first else "",
            },
        )
        zones = sorted(zone for zone in available_timezones() if "/" in zone)
        self.fields["zone"].choices = [("", _("the provider's")), *((z, z) for z in zones)]
        self.fields["agreement"].queryset = access.see(Agreement).select_related("company")
        self.fields["agreement"].label_from_instance = lambda a: f"{a.company.name}: {a.name}"
        headings = [("", _("— none —")), *((h, h) for h in dict.fromkeys(mapping.header) if h)]
        for name, label in self.meanings:
            needed = name in log_mapping.NEEDED[self.kind]
            self.fields[f"column_{name}"] = forms.ChoiceField(
                label=label,
                choices=headings,
                required=False,
                initial=mapping.columns.get(name, ""),
            )
            self.fields[f"column_{name}"].needed = needed
        for name in ("site", "requester"):
            self.fields[f"default_{name}"] = forms.CharField(
                label=_("%(field)s where none is said") % {"field": dict(FIELDS)[name]},
                required=False,
                max_length=40,
                initial=mapping.defaults.get(name, ""),
            )
        for number, (word, step) in enumerate(self.words):
            self.fields[f"state_{number}"] = forms.ChoiceField(
                label=word,
                choices=[("", _("— refuse the row —")), *((s, STEP_LABELS[s]) for s in STEPS)],
                required=False,
                initial=step,
            )
        for number, (word, rank) in enumerate(mapping.priorities.items()):
            self.fields[f"priority_{number}"] = forms.ChoiceField(
                label=word, choices=PRIORITIES, initial=str(rank)
            )

    @property
    def meanings(self) -> list[tuple[str, Any]]:
        """Return the fields that a file of this kind may give."""
        events = self.kind == log_mapping.EVENTS
        hidden = {"log", "event_no"} | (
            {"state", "taken_at", "resolved_at", "closed_at", "last_at", "handler_last"}
            if events
            else {"event_at", "event_state"}
        )
        return [(name, label) for name, label in FIELDS if name not in hidden]

    @property
    def words(self) -> list[tuple[str, str]]:
        """Return the tool's words for states, of both files."""
        both = [log_upload.mapping_of(self.made, kind).states for kind in self.made.mapping]
        return list({word: step for states in both for word, step in states.items()}.items())

    @property
    def columns(self) -> list[dict[str, Any]]:
        """Return each field with its column and some of its texts."""
        header = self.mapping.header
        found = []
        for name, _label in self.meanings:
            heading = self.mapping.columns.get(name)
            place = header.index(heading) if heading in header else -1
            texts = [r[place] for r in self.made.samples if 0 <= place < len(r) and r[place]]
            bound = self[f"column_{name}"]
            found.append(
                {"field": bound, "samples": texts, "needed": self.fields[f"column_{name}"].needed}
            )
        return found

    @property
    def states(self) -> list[Any]:
        """Return the choices for the tool's states."""
        return [self[name] for name in self.fields if name.startswith("state_")]

    @property
    def priorities(self) -> list[Any]:
        """Return the choices for the tool's priorities."""
        return [self[name] for name in self.fields if name.startswith("priority_")]

    def said(self) -> Mapping:
        """Return the mapping as the reader says it."""
        data = self.cleaned_data
        told = {name: data[f"column_{name}"] for name, _label in self.meanings}
        kept = {n: h for n, h in self.mapping.columns.items() if n in ("log", "event_no")}
        defaults = {n: data[f"default_{n}"].strip() for n in ("site", "requester")}
        return replace(
            self.mapping,
            columns=kept | {name: heading for name, heading in told.items() if heading},
            defaults={name: text for name, text in defaults.items() if text},
            states={
                word: data[f"state_{number}"]
                for number, (word, _step) in enumerate(self.words)
                if data[f"state_{number}"]
            },
            priorities={
                word: int(data[f"priority_{number}"])
                for number, word in enumerate(self.mapping.priorities)
            },
            day_first=data["day_first"],
            day_first_assumed=False,
        )

    def keep(self) -> None:
        """Understand the log so. Raises `BadMapping`, `NotReady`."""
        data = self.cleaned_data
        log_upload.remap(
            self.made,
            self.said(),
            company_name=data["company_name"].strip(),
            zone=data["zone"],
            agreement=data["agreement"],
        )

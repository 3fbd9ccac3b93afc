"""Importing a log of another tool: upload, columns, the worker's progress, what it came to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from relais.desk import log_mapping, log_upload, tasks
from relais.desk.log_labels import FIELDS, STEP_LABELS
from relais.desk.log_mapping import BadMapping, Mapping
from relais.desk.log_words import STEPS
from relais.desk.models import LogImport, LogRefusal
from relais.lib.problem import Problem
from relais.lib.sheet import send_sheet
from relais.offer.models import Agreement

from .files import in_words
from .lead import lead_only

State = LogImport.State
SHOWN_REFUSALS = 50
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


def _import(request: HttpRequest, pk: int) -> LogImport:
    lead_only(request)
    seen = request.access.see(LogImport).defer("content", "events_content")
    return get_object_or_404(seen.select_related("agreement", "uploaded_by"), pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def logs(request: HttpRequest) -> HttpResponse:
    """Show the logs so far, and take a new one in."""
    lead_only(request)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                return redirect("log", _opened(request, form).pk)
            except Problem as problem:
                form.add_error("file", in_words(problem))
    rows = request.access.see(LogImport).defer("content", "events_content", "figures")
    context = {"form": form, "imports": rows.select_related("uploaded_by")[:50]}
    status = 422 if request.method == "POST" else 200
    return render(request, "desk/logs.html", context, status=status)


def _opened(request: HttpRequest, form: UploadForm) -> LogImport:
    sent = [form.cleaned_data[name] for name in ("file", "events") if form.cleaned_data[name]]
    for file in sent:
        if file.size > log_upload.MAX_BYTES:
            raise log_upload.TooLarge(limit=log_upload.MAX_BYTES // 2**20)
    return log_upload.open_import(
        [(file.name, file.read()) for file in sent],
        provider=request.person.provider_id,
        by=request.person,
    )


@login_required
@require_GET
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a log: its columns to check, how far it is, or what it came to."""
    made = _import(request, pk)
    context: dict[str, Any] = {"made": made, "figures": made.told}
    if made.state in (State.READY, State.FAILED):
        context["form"] = MappingForm(None, made, request.access)
    if made.state == State.DONE:
        refusals = request.access.see(LogRefusal).filter(log_import=made)
        context["refusals"] = [_told(row) for row in refusals[:SHOWN_REFUSALS]]
        reasons = made.counts.get("reasons", {})
        context["reasons"] = [(_(why), n) for why, n in reasons.items()]
        context["assumed"] = [(_(what), n) for what, n in made.counts.get("assumed", {}).items()]
    return render(request, "desk/log.html", context)


def _told(row: LogRefusal) -> dict[str, Any]:
    kind = _("events") if row.of_events else _("requests")
    mend = _(row.mend) if row.mend else ""
    return {"row": row, "file": kind, "why": _(row.why), "mend": mend}


@login_required
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Serve how far the worker is; once it is done, lead to the page."""
    made = _import(request, pk)
    if made.state != State.RUNNING:
        done = HttpResponse(status=200)
        done["HX-Redirect"] = reverse("log", args=[pk])
        return done
    return render(request, "desk/_log_progress.html", {"made": made})


@login_required
@require_POST
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Understand the columns as the reader says, and hand the log to the worker."""
    made = _import(request, pk)
    form = MappingForm(request.POST, made, request.access)
    if form.is_valid():
        try:
            _remap(made, form)
            if "run" in request.POST:
                _hand_over(request, made)
            return redirect("log", pk)
        except BadMapping as problem:
            form.add_error(None, in_words(problem))
        except Problem as problem:
            messages.error(request, in_words(problem))
            return redirect("log", pk)
    return render(request, "desk/log.html", {"made": made, "form": form}, status=422)


def _remap(made: LogImport, form: MappingForm) -> None:
    data, mapping = form.cleaned_data, form.said()
    log_upload.remap(
        made,
        mapping,
        company_name=data["company_name"].strip(),
        zone=data["zone"],
        agreement=data["agreement"],
    )


def _hand_over(request: HttpRequest, made: LogImport) -> None:
    log_upload.claim(made)
    tasks.import_log.configure().defer(provider_id=made.provider_id, import_id=made.pk)


@login_required
@require_POST
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the log to the worker as it is understood; a second click changes nothing."""
    made = _import(request, pk)
    try:
        _hand_over(request, made)
    except Problem as problem:
        messages.error(request, in_words(problem))
    return redirect("log", pk)


@login_required
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the log to the worker anew, should the worker have been stopped at it."""
    made = _import(request, pk)
    if made.state == State.RUNNING:
        tasks.import_log.configure().defer(provider_id=made.provider_id, import_id=made.pk)
    return redirect("log", pk)


@login_required
@require_GET
def refused(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Send every refused row: file, number, column, reason, and what to do."""
    made = _import(request, pk)
    if kind not in ("csv", "xlsx"):
        raise Http404
    rows = request.access.see(LogRefusal).filter(log_import=made)

    def lines() -> Any:
        yield [_("File"), _("Row"), _("Reference"), _("Column"), _("Reason"), _("What to do")]
        for row in rows.iterator(chunk_size=1000):
            told = _told(row)
            yield [told["file"], row.number, row.ref, row.column, told["why"], told["mend"]]

    return send_sheet(lines(), kind, "refus", _("Refused rows"))

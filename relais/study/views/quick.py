"""The quick start, screen by screen: company and sites, what arrives, two questions, the offer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from relais.desk.views.dispatch_rules import kept
from relais.offer.models import Service
from relais.people.models import Company, Site
from relais.study import choosing, generating, quick, quick_starting
from relais.study.models import Study

from .frame import led_study

LEVELS = [
    (1, _("1 – not at all")), (2, "2"), (3, _("3 – somewhat")), (4, "4"), (5, _("5 – very much")),
]  # fmt: skip
A_WEEK_ON = timedelta(days=7)


class CompanyForm(forms.Form):
    """Whose work it is, and where."""

    company = forms.ModelChoiceField(
        None, label=_("A company known here"), required=False, empty_label=_("A new one")
    )
    name = forms.CharField(
        label=_("Name of the new company"), max_length=100, required=False,
        help_text=_("Needed unless you chose one above."),
    )  # fmt: skip
    site_1 = forms.CharField(
        label=_("First site"), max_length=100, required=False,
        help_text=_("A new company has one at least; a known one may keep its own."),
    )  # fmt: skip
    site_2 = forms.CharField(label=_("Second site"), max_length=100, required=False)
    site_3 = forms.CharField(label=_("Third site"), max_length=100, required=False)

    def __init__(self, data: Any, companies: Any) -> None:
        super().__init__(data)
        self.fields["company"].queryset = companies


class WorkForm(forms.Form):
    """How often a week each service is asked for at each site; empty: never."""

    def __init__(self, data: Any, services: list[Service], sites: list[Site], known: Any) -> None:
        super().__init__(data)
        self.keys: dict[str, tuple[int, int]] = {}
        self.services: dict[str, Service] = {}
        for service in services:
            for site in sites:
                name = f"n-{service.pk}-{site.pk}"
                self.keys[name] = (service.pk, site.pk)
                self.services[name] = service
                self.fields[name] = forms.FloatField(
                    label=f"{service.name} – {site.name}" if len(sites) > 1 else service.name,
                    min_value=0, max_value=quick.MOST_A_WEEK, required=False,
                    initial=_short(known.get((service.pk, site.pk))),
                    widget=forms.NumberInput(
                        attrs={"step": "any", "inputmode": "decimal", "class": "form-control",
                               "aria-label": f"{service.name} – {site.name}"}
                    ),
                )  # fmt: skip

    def by_family(self) -> list[tuple[str, list[tuple[Service, list[forms.BoundField]]]]]:
        """Return the families with their services, each with its field for every site."""
        rows: dict[str, dict[Service, list[forms.BoundField]]] = {}
        for name, service in self.services.items():
            row = rows.setdefault(service.get_family_display(), {})
            row.setdefault(service, []).append(self[name])
        return [(family, list(row.items())) for family, row in rows.items()]

    def counts(self, sent: dict[str, Any]) -> dict[tuple[int, int], float]:
        """Return what was typed, by service and site; empty is none."""
        return {self.keys[name]: value or 0.0 for name, value in sent.items()}


def _short(count: float | None) -> float | None:
    """Return a count as one types it: a whole one without its fraction."""
    return int(count) if count is not None and count == int(count) else count


class QuestionsForm(forms.Form):
    """How confidential it is, and how far somebody must be there."""

    secrecy = forms.TypedChoiceField(
        label=_("How confidential is this work?"), choices=LEVELS, coerce=int
    )
    presence = forms.TypedChoiceField(
        label=_("How far must somebody be on site?"), choices=LEVELS, coerce=int
    )


class StartForm(forms.Form):
    """Who steers at the client, and who asks first, where."""

    site = forms.ModelChoiceField(None, label=_("First site"), empty_label=None)
    lead_first_name = forms.CharField(label=_("Client lead: first name"), max_length=100)
    lead_last_name = forms.CharField(label=_("Client lead: last name"), max_length=100)
    lead_email = forms.EmailField(
        label=_("Client lead: e-mail"),
        help_text=_("She signs the agreement and steers priorities; she is invited by mail."),
    )
    first_name = forms.CharField(
        label=_("Who asks first: first name"), max_length=100, required=False
    )
    last_name = forms.CharField(
        label=_("Who asks first: last name"), max_length=100, required=False
    )
    email = forms.EmailField(
        label=_("Who asks first: e-mail"), required=False,
        help_text=_("Empty: the client lead asks herself."),
    )  # fmt: skip

    def __init__(self, data: Any, study: Study, seen: Any) -> None:
        super().__init__(data)
        places = [site.pk for site in quick_starting.first_sites(study)]
        self.fields["site"].queryset = seen.filter(pk__in=places)
        self.fields["site"].initial = places[0] if places else None
        if study.company.engagement is not None:
            for name in ("lead_first_name", "lead_last_name", "lead_email"):
                del self.fields[name]

    def named(self, sent: dict[str, Any], prefix: str = "") -> quick_starting.Named | None:
        """Return the person of these fields, None without an address."""
        said = [sent.get(f"{prefix}{name}", "") for name in ("first_name", "last_name", "email")]
        return quick_starting.Named(*said) if said[2] else None


def _step(
    request: HttpRequest, number: int, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, "study/quick.html", {"step": number} | context, status=status)


def _led(request: HttpRequest, pk: int) -> Study:
    study = led_study(request, pk)
    if not request.access.runs_pool:
        raise Http404
    return study


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Say whose work it is and where: the study is kept from here on."""
    if not request.access.runs_pool:
        raise Http404
    companies = request.access.see(Company).filter(archived_at=None)
    form = CompanyForm(request.POST if request.method == "POST" else None, companies)
    made: list[Study] = []

    def keep(sent: dict[str, Any]) -> object:
        places = [sent["site_1"], sent["site_2"], sent["site_3"]]
        made.append(quick.begin(sent["company"], sent["name"], places, by=request.person))
        return made

    if (status := kept(form, keep)) == 302:
        return redirect("quick_work", made[0].pk)
    return _step(request, 1, {"form": form}, status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def work(request: HttpRequest, pk: int) -> HttpResponse:
    """Note what arrives and how often, in the list of the catalogue."""
    study = _led(request, pk)
    services = list(request.access.see(Service).offered())
    sites = [scope.site for scope in study.scopes.select_related("site")[: quick.MOST_SITES]]
    form = WorkForm(
        request.POST if request.method == "POST" else None, services, sites, quick.noted(study)
    )
    if (
        status := kept(form, lambda sent: quick.note(study, form.counts(sent), by=request.person))
    ) == 302:
        return redirect("quick_questions", pk)
    return _step(request, 2, {"form": form, "study": study, "sites": sites}, status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def questions(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the two questions that decide most."""
    study = _led(request, pk)
    form = QuestionsForm(
        request.POST if request.method == "POST" else None, initial=quick.answered(study)
    )

    def keep(sent: dict[str, Any]) -> object:
        return quick.answer(study, sent["secrecy"], sent["presence"], by=request.person)

    if (status := kept(form, keep)) == 302:
        return redirect("quick_result", pk)
    return _step(request, 3, {"form": form, "study": study}, status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def result(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the hours and, once made, the models and the draft offer; make it."""
    study = _led(request, pk)
    form = forms.Form(request.POST if request.method == "POST" else None)
    day = timezone.localdate() + A_WEEK_ON
    if (status := kept(form, lambda _sent: quick.finish(study, day, by=request.person))) == 302:
        return redirect("quick_result", pk)
    trace = choosing.last(study)
    context = {
        "form": form, "study": study, "hours": quick.hours(study), "lines": study.lines.count(),
        "judged": choosing.judged(trace) if trace else [],
        "generation": generating.standing(study),
    }  # fmt: skip
    return _step(request, 4, context, status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the service in one go; show what is left before the first request."""
    study = _led(request, pk)
    if generating.standing(study) is None:
        return redirect("quick_result", pk)
    sent_data = request.POST if request.method == "POST" else None
    form = StartForm(sent_data, study, request.access.see(Site))

    def keep(sent: dict[str, Any]) -> object:
        lead, asker = form.named(sent, "lead_"), form.named(sent)
        return quick_starting.start(study, lead, asker, sent["site"], by=request.person)

    if (status := kept(form, keep)) == 302:
        return redirect("quick_start", pk)
    steps = quick_starting.steps(study, request.access)
    context = {
        "form": form, "study": study, "steps": steps, "opened": steps[0].done and steps[2].done,
    }  # fmt: skip
    return _step(request, 5, context, status)

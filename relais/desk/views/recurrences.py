"""Recurring requests: set up in plain words, seen twelve months ahead before they are kept."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from relais.desk import recurring_words
from relais.desk.models import Occurrence, Recurrence, StandingEvent
from relais.desk.models.recurrence import too_far
from relais.lib import repeats
from relais.lib.problem import Problem
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.models import Person, Site

from .files import in_words
from .manager import asks
from .tickets import version_of

OFTEN = (
    ("daily", _("Every working day")),
    ("weekly", _("Every week, on chosen days")),
    ("monthly", _("Every month, on the same day as the first date")),
    ("weekday", _("Every month, on the same weekday (first Monday…)")),
    ("last", _("Every month, on the last day")),
    ("quarterly", _("Every quarter")),
    ("yearly", _("Every year")),
    ("rule", _("A rule of my own (RFC 5545)")),
)
WEEKDAYS = tuple(
    zip(
        recurring_words.CODES,
        (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"),
         _("Sunday")),
        strict=True,
    )
)  # fmt: skip


class RecurrenceForm(forms.Form):
    """What comes back, and when, in plain words."""

    asked_by = forms.EmailField(label=_("Asked by (e-mail)"))
    site = forms.ModelChoiceField(None, label=_("For the site"))
    subject = forms.CharField(label=_("What do you need, in one line?"), max_length=300)
    body = forms.CharField(
        label=_("Details"), required=False, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    often = forms.ChoiceField(label=_("How often?"), choices=OFTEN)
    weekdays = forms.MultipleChoiceField(
        label=_("On which days? (every week)"), choices=WEEKDAYS, required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: the weekday of the first date."),
    )  # fmt: skip
    every = forms.IntegerField(
        label=_("Every how many weeks, months or years?"), min_value=1, max_value=60, initial=1,
        required=False,
    )  # fmt: skip
    first_on = forms.DateField(
        label=_("First date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Until"), required=False, help_text=_("Empty: until it is stopped."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    hour = forms.TimeField(
        label=_("At what time does it come in?"), initial=time(9),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )  # fmt: skip
    shift = forms.ChoiceField(
        label=_("When the site is closed that day"), choices=Recurrence.Shift.choices
    )
    rule = forms.CharField(
        label=_("Your own rule"), required=False, max_length=repeats.LONGEST_RULE,
        help_text=_("Only for “a rule of my own”, such as FREQ=MONTHLY;BYDAY=1MO."),
    )  # fmt: skip

    def __init__(self, *args: Any, access: Access, **more: Any) -> None:
        super().__init__(*args, **more)
        self.access = access
        sites = access.see(Site).filter(archived_at=None)
        if access.is_client:
            del self.fields["asked_by"]
            if not access.steered_company_ids:
                sites = sites.filter(pk__in=access.own_site_ids)
        self.fields["site"].queryset = sites.order_by("name_key", "pk")

    def clean_asked_by(self) -> Person:
        """Return the client of this address, if seen."""
        clients = self.access.see(Person).exclude(company=None).filter(archived_at=None)
        found = clients.filter(email__iexact=self.cleaned_data["asked_by"]).first()
        if found is None:
            raise forms.ValidationError(_t("Nobody of your clients has this address."))
        return found

    def clean(self) -> dict[str, Any]:
        """Return what was typed with the rule that it means."""
        found = super().clean() or {}
        first, until = found.get("first_on"), found.get("until")
        if first and not 2000 <= first.year <= 2150:
            self.add_error("first_on", _t("Choose a day between 2000 and 2150."))
        elif first and until and until < first:
            self.add_error("until", _t("Choose a day that is not before the first."))
        if self.errors:
            return found
        rule = recurring_words.rule_of(found["often"], found)
        try:
            found["rule"] = repeats.followed(rule, found["first_on"])
        except repeats.TooFar as fault:
            where = "rule" if found["often"] == "rule" else "every"
            self.add_error(where, capfirst(too_far(fault)) + ".")
        except repeats.BadRule as fault:
            text = _t("This is no rule by whole days (RFC 5545): look at “%(part)s”.")
            self.add_error("rule", text % {"part": fault})
        return found

    def fields_of(self) -> dict[str, Any]:
        """Return what the recurrence keeps of the form."""
        clean = self.cleaned_data
        kept = {name: clean[name] for name in ("rule", "first_on", "hour", "shift")}
        words = {name: clean[name].replace("\x00", "") for name in ("subject", "body")}
        return kept | words


@login_required
@require_safe
def recurrences(request: HttpRequest) -> HttpResponse:
    """Show what comes back, the next one first."""
    rows = request.access.see(Recurrence).select_related("site", "requester", "service")
    shown = list(rows.exclude(state="stopped").order_by("next_at", "-pk")[:200])
    if not shown and not asks(request):
        raise Http404
    context = {
        "recurrences": [(one, recurring_words.described(one)) for one in shown],
        "stopped": rows.filter(state="stopped").order_by("-pk")[:20],
        "services": request.access.see(Service).filter(active=True) if asks(request) else [],
    }
    return render(request, "desk/recurrences.html", context)


@login_required
def new_recurrence(request: HttpRequest, code: str) -> HttpResponse:
    """Set up a recurring request; it is kept once its dates were shown."""
    if not asks(request):
        raise Http404
    offered = request.access.see(Service).filter(active=True)
    service = get_object_or_404(offered, code=code)
    today = timezone.localdate()
    initial = {"site": request.person.site_id, "first_on": today, "shift": "previous"}
    form = RecurrenceForm(request.POST or None, access=request.access, initial=initial)
    if not (request.method == "POST" and form.is_valid()):
        return _typed(request, form, service)
    requester = form.cleaned_data.get("asked_by") or request.person
    draft = _draft(form, service, requester, request.person)
    if request.POST.get("keep") == _mark(form):
        try:
            made = Recurrence.start(
                site=form.cleaned_data["site"], requester=requester, service=service,
                by=request.person, **form.fields_of(),
            )  # fmt: skip
        except Problem as problem:
            form.add_error(None, in_words(problem))
            return _typed(request, form, service)
        messages.success(request, _t("It comes back by itself from now on."))
        return redirect("recurrence", made.pk)
    return _typed(request, form, service, draft)


def _draft(form: RecurrenceForm, service: Service, requester: Person, by: Person) -> Recurrence:
    """Return what would be kept, for its dates to be shown."""
    now, site = timezone.now(), form.cleaned_data["site"]
    return Recurrence(
        provider_id=site.provider_id, company_id=site.company_id, site=site, service=service,
        requester=requester, created_by=by, created_at=now, begun_at=now, **form.fields_of(),
    )  # fmt: skip


def _mark(form: RecurrenceForm) -> str:
    """Return what tells these dates from others: they are shown before they are kept."""
    clean = form.cleaned_data
    facts = (clean["rule"], clean["first_on"], clean["hour"], clean["shift"], clean["site"].pk)
    return "|".join(str(fact) for fact in facts)


def _typed(
    request: HttpRequest, form: RecurrenceForm, service: Service, draft: Recurrence | None = None,
    editing: Recurrence | None = None,
) -> HttpResponse:  # fmt: skip
    context: dict[str, Any] = {"form": form, "service": service, "editing": editing}
    if draft is not None and not form.errors:
        try:
            context |= _ahead(draft)
            context["mark"] = _mark(form)
        except Problem as problem:
            form.add_error(None, in_words(problem))
        except repeats.NoDay:
            form.add_error("shift", _t("The site is closed for too long around one of the dates."))
    status = 422 if form.errors else 200
    return render(request, "desk/recurrence_form.html", context, status=status)


def _ahead(recurrence: Recurrence) -> dict[str, Any]:
    dates = recurrence.ahead(timezone.now())
    return {
        "described": recurring_words.described(recurrence),
        "dates": dates,
        "zone": recurrence.site.time_zone,
    }


def _found(request: HttpRequest, pk: int) -> Recurrence:
    related = request.access.see(Recurrence).select_related(
        "site__calendar", "site__entity__calendar", "site__company__calendar", "requester",
        "service",
    )  # fmt: skip
    return get_object_or_404(related, pk=pk)


@login_required
@require_safe
def recurrence(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a recurring request: its dates ahead, and what became of the last ones."""
    return _draw(request, _found(request, pk))


def _draw(request: HttpRequest, found: Recurrence, status: int = 200) -> HttpResponse:
    done = request.access.see(Occurrence).filter(recurrence=found).select_related("ticket")
    skipped = set(done.filter(ticket=None).values_list("nominal", flat=True))
    context = {"recurrence": found, "may": found.may_keep(request.person), "skipped": skipped}
    try:
        context |= _ahead(found) if found.state != "stopped" else {}
    except (Problem, repeats.NoDay, repeats.BadRule):
        context["unsound"] = True
    context.setdefault("described", recurring_words.described(found))
    context["done"] = done.exclude(ticket=None, fault="").order_by("-nominal")[:12]
    events = request.access.see(StandingEvent).filter(recurrence=found).select_related("by")
    context["events"] = events.exclude(kind="created").order_by("-pk")[:20]
    return render(request, "desk/recurrence.html", context, status=status)


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a recurring request; its new dates are shown before they are kept."""
    found = _found(request, pk)
    if not found.may_keep(request.person) or found.state == "stopped":
        raise Http404
    parts, until = _told(found.rule)
    often = "rule" if "COUNT" in parts else recurring_words.often_of(found.rule)
    initial = {
        "asked_by": found.requester.email, "site": found.site_id, "subject": found.subject,
        "body": found.body, "often": often, "rule": found.rule if often == "rule" else "",
        "weekdays": [code for code in parts.get("BYDAY", "").split(",") if len(code) == 2],
        "every": int(parts.get("INTERVAL", 1)) if often != "quarterly" else 1,
        "first_on": found.first_on, "hour": found.hour, "shift": found.shift,
        "until": until,
    }  # fmt: skip
    form = RecurrenceForm(request.POST or None, access=request.access, initial=initial)
    for name in ("asked_by", "site"):
        if name in form.fields:
            form.fields[name].disabled = True
    if not (request.method == "POST" and form.is_valid()):
        return _typed(request, form, found.service, editing=found)
    if request.POST.get("keep") == _mark(form):
        try:
            found.expect(version_of(request.POST))
            found.edit(by=request.person, **form.fields_of())
        except Problem as problem:
            form.add_error(None, in_words(problem))
            return _typed(request, form, found.service, editing=found)
        messages.success(request, _t("Changed from the next date on."))
        return redirect("recurrence", pk)
    draft = _draft(form, found.service, found.requester, request.person)
    return _typed(request, form, found.service, draft, editing=found)


def _told(rule: str) -> tuple[dict[str, str], date | None]:
    """Return the parts of a kept rule and its last day; of one that cannot be followed, to edit."""
    try:
        parts = repeats.parts(rule)
        until = parts.get("UNTIL")
        last = datetime.strptime(until[:8], "%Y%m%d").date() if until else None  # noqa: DTZ007
    except ValueError:  # kept before its like was refused
        return {"COUNT": ""}, None
    return parts, last


def _verb(name: str, done: Any) -> Any:
    @login_required
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        found = _found(request, pk)
        try:
            found.expect(version_of(request.POST))
            if name == "skip":
                found.skip(_day(request.POST.get("nominal", "")), by=request.person)
            else:
                getattr(found, name)(by=request.person)
        except Problem as problem:
            messages.error(request, in_words(problem))
            return _draw(request, _found(request, pk), status=409)
        messages.success(request, done)
        return redirect("recurrence", pk)

    view.__name__ = name
    view.__doc__ = f"Do `{name}` to a recurring request."
    return view


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min  # no date of any rule: the verb refuses it


pause = _verb("pause", _("Paused: nothing comes until it is resumed."))
resume = _verb("resume", _("It comes again from now on."))
stop = _verb("stop", _("Stopped: it never comes again."))
skip = _verb("skip", _("This date is left out."))

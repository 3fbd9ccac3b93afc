"""The pages of calendars: the list, the year, a day and why, and what may be changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST, require_safe

from relais.lib.listing import Choice, Column, Empty, Listing, answer
from relais.people import calendar_changes as changes
from relais.people import calendar_removal, calendars, holidays
from relais.people.calendar_changes import ChangedMeanwhile
from relais.people.calendar_forms import (
    DaysForm,
    HourRows,
    SettingsForm,
    WeekForm,
    region_choices,
    typed_rows,
)
from relais.people.calendar_year import FIRST_YEAR, LAST_YEAR, full_date, span_text, told, year_of
from relais.people.models import (
    AssistantProfile,
    Calendar,
    CalendarChange,
    CalendarDay,
    Company,
    LegalEntity,
    Person,
    Site,
)

from . import foreseen

MOST_CHANGES = 100
MOST_PLACES = 200
Kind = CalendarDay.Kind


def seen_calendar(request: HttpRequest, pk: int) -> Calendar:
    """Return the calendar if this person may see it; else it does not exist."""
    return get_object_or_404(request.access.see(Calendar).select_related("company"), pk=pk)


def own_calendar(request: HttpRequest, pk: int) -> Calendar:
    """Return the calendar if this person may change it; else it does not exist."""
    if not request.access.may_organise():
        raise Http404
    return seen_calendar(request, pk)


# The list and the year ------------------------------------------------------------------------


def _owner(calendar: Calendar) -> str:
    return str(calendar.company or _("The provider's own"))


def _uses(calendar: Calendar) -> int:
    """Return how many places or persons were given this calendar."""
    if calendar.company_id is None:
        # Of a company's calendar the assistants are not told: its people read this list too.
        return calendar.places + calendar.assistants_count
    return calendar.places


def _owned(rows: Any, value: str) -> Any:
    return (
        rows.filter(company=None)
        if value == "own"
        else rows.exclude(company=None)
        if value
        else rows
    )


LISTING = Listing(
    name="calendars",
    title=gettext_lazy("Calendars"),
    search_label=gettext_lazy("Name of the calendar or of the company"),
    search=("name_key", "company__name_key"),
    columns=(
        Column(
            "name",
            gettext_lazy("Name"),
            lambda row: row.name,
            sort="name_key",
            url=lambda row: reverse("calendar", args=[row.pk]),
        ),
        Column("owner", gettext_lazy("Client company"), _owner, sort="company__name_key"),
        Column(
            "holidays",
            gettext_lazy("Public holidays"),
            lambda row: holidays.name_of(row.holiday_zone),
            sort="holiday_zone",
        ),
        Column("zone", gettext_lazy("Time zone"), lambda row: row.time_zone, sort="time_zone"),
        Column("uses", gettext_lazy("Used by"), _uses, number=True),
    ),
    filters=(
        Choice(
            "owner",
            gettext_lazy("Whose"),
            lambda: [("", _("All")), ("company", _("Companies")), ("own", _("The provider's own"))],
            _owned,
        ),
    ),
    prepare=lambda rows: rows.select_related("company").annotate(
        places=Count("sites", distinct=True)
        + Count("entities", distinct=True)
        + Count("companies", distinct=True),
        assistants_count=Count("assistants", distinct=True),
    ),
    empty=Empty(
        gettext_lazy("No calendar yet."),
        gettext_lazy("A calendar holds opening hours and public holidays: deadlines count by it."),
    ),
)


@login_required
@require_safe
def calendar_list(request: HttpRequest) -> HttpResponse:
    """List the calendars that this person may see."""
    rows = request.access.see(Calendar)
    return answer(request, LISTING, rows, "people/calendars/list.html")


@login_required
@require_safe
def calendar(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a calendar's year; `year` and `day` choose what is shown."""
    shown = seen_calendar(request, pk)
    day = _day_asked(request.GET.get("day", "")) or _today(shown)
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else day.year
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    if day.year != year:
        day = date(year, 1, 1)
    book = calendars.book_of(shown)
    return render(
        request,
        "people/calendars/calendar.html",
        {
            "calendar": shown,
            "year": year_of(book, year),
            "years": range(max(year - 1, FIRST_YEAR), min(year + 1, LAST_YEAR) + 1),
            "today": _today(shown),
            "zone_name": holidays.name_of(shown.holiday_zone),
            "states": [(state, _state_text(state)) for state in calendars.State],
            "may_change": request.access.may_organise(),
            "entries": _entries(shown),
            "feeds": shown.feeds.select_related("imported_by"),
            **_day_context(request, shown, day),
            **_used_by(request, shown),
        },
    )


def _state_text(state: calendars.State) -> str:
    return calendars.DayState(date.min, state, (), "", calendars.Origin.WEEK).state_text


def _today(shown: Calendar) -> date:
    return timezone.localdate(timezone=ZoneInfo(shown.time_zone))


def _day_asked(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _entries(shown: Calendar) -> list[tuple[CalendarDay, str]]:
    rows = shown.days.filter(feed=None).select_related("changed_by").order_by("-first_day", "-pk")
    return [(r, span_text(r.first_day, r.last_day, yearly=r.yearly)) for r in rows]


def _used_by(request: HttpRequest, shown: Calendar) -> dict[str, Any]:
    """Return the places that follow this calendar, their own or inherited, as far as seen."""
    see = request.access.see
    inherited = Q(calendar=None) & (
        Q(entity__calendar=shown)
        | (Q(entity=None) | Q(entity__calendar=None)) & Q(company__calendar=shown)
    )
    sites = (
        see(Site).filter(Q(calendar=shown) | inherited, archived_at=None).select_related("company")
    )
    shown_sites = list(sites[:MOST_PLACES])
    return {
        "sites": shown_sites,
        "elsewhere": [
            site
            for site in shown_sites
            if site.time_zone != shown.time_zone or site.holiday_zone != shown.holiday_zone
        ],
        "entities": see(LegalEntity).filter(calendar=shown).select_related("company")[:MOST_PLACES],
        "companies": see(Company).filter(calendar=shown)[:MOST_PLACES],
        "assistants": see(AssistantProfile)
        .filter(calendar=shown)
        .select_related("person")[:MOST_PLACES],
    }


# A day ----------------------------------------------------------------------------------------


def _day_context(request: HttpRequest, shown: Calendar, day: date) -> dict[str, Any]:
    state = calendars.day(shown, day)
    entry = shown.days.filter(pk=state.entry, feed=None).first() if state.entry else None
    book = calendars.book_of(shown)
    # A client reads who changed a day only where she may see that person anyway.
    by = request.access.see(Person).filter(pk=state.by_pk).first() if state.by_pk else None
    return {
        "calendar": shown,
        "state": state,
        "day_name": full_date(day),
        "by": by,
        "entry": entry,
        "entry_text": entry and span_text(entry.first_day, entry.last_day, yearly=entry.yearly),
        "week_open": bool(book.week[day.weekday()]),
        "hours": HourRows("hours", _("Hours"), _pairs(state)),
        "may_change": request.access.may_organise(),
    }


def _pairs(state: calendars.DayState) -> list[list[str]]:
    texts = [part.split("–") for part in state.hours_text.split(", ") if part]
    return [[start, "00:00" if end == "24:00" else end] for start, end in texts]


@login_required
@require_safe
def calendar_day(request: HttpRequest, pk: int, day: str) -> HttpResponse:
    """Show where the state of a day comes from: alone for htmx, else in its year."""
    shown = seen_calendar(request, pk)
    when = _day_asked(day)
    if when is None:
        raise Http404
    if not request.htmx:
        return redirect(_year_url(shown, when))
    return render(request, "people/calendars/_day.html", _day_context(request, shown, when))


def _year_url(shown: Calendar, day: date) -> str:
    return f"{reverse('calendar', args=[shown.pk])}?year={day.year}&day={day.isoformat()}#day"


def seen_version(request: HttpRequest) -> int:
    """Return the version of the calendar that the person had before her eyes; 0 when unreadable."""
    text = request.POST.get("seen", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _try(
    request: HttpRequest, shown: Calendar, change: Callable[[Calendar], Any], back: str
) -> Any:
    """Return what the change returns; None when it was refused, after saying why.

    A page is returned instead while the person has not yet seen which deadlines would move.
    """
    try:
        return foreseen.of_calendar(request, shown, change, back) or change(shown) or True
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except ChangedMeanwhile as error:
        messages.error(request, str(error))
    return None


@login_required
@require_POST
def calendar_day_change(request: HttpRequest, pk: int, day: str) -> HttpResponse:
    """Close one day, open it as usual, or give it other hours."""
    shown = own_calendar(request, pk)
    when = _day_asked(day)
    if when is None:
        raise Http404
    kind = request.POST.get("kind", "")

    def change(calendar: Calendar) -> CalendarDay:
        hours = typed_rows(request.POST, "hours", _("Hours")).filled if kind == Kind.HOURS else ()
        return changes.add_days(
            calendar,
            when,
            by=request.person,
            seen=seen_version(request),
            kind=kind,
            hours=hours,
            label=request.POST.get("label", ""),
            overnight="overnight" in request.POST,
        )

    back = _year_url(shown, when)
    row = _try(request, shown, change, back)
    if isinstance(row, HttpResponse):
        return row
    if row:
        done = {
            Kind.CLOSED: _("%(day)s is closed."),
            Kind.HOURS: _("%(day)s has other hours."),
            Kind.NORMAL: _("%(day)s is open as usual."),
        }[Kind(row.kind)]
        messages.success(request, (done % {"day": full_date(when)}).capitalize())
    return redirect(back)


@login_required
@require_POST
def calendar_days_remove(request: HttpRequest, pk: int, entry: int) -> HttpResponse:
    """Remove an exception that a person entered; the message offers to undo it."""
    shown = own_calendar(request, pk)
    row = get_object_or_404(request.access.see(CalendarDay), pk=entry, calendar=shown, feed=None)
    by, seen = request.person, seen_version(request)
    day = _day_asked(request.POST.get("day", "")) or row.first_day
    back = _year_url(shown, day)
    removal = _try(
        request, shown, lambda it: changes.remove_days(it, [row], by=by, seen=seen), back
    )
    if isinstance(removal, HttpResponse):
        return removal
    if removal:
        text = span_text(row.first_day, row.last_day, yearly=row.yearly)
        messages.success(request, _with_undo(request, shown, removal, text))
    return redirect(back)


def _with_undo(request: HttpRequest, shown: Calendar, removal: CalendarChange, days: str) -> str:
    return format_html(
        '{} <form method="post" action="{}" class="d-inline">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<input type="hidden" name="seen" value="{}">'
        '<button class="btn btn-sm ms-2">{}</button></form>',
        _("The exception was removed: %(days)s.") % {"days": days},
        reverse("calendar_change_undo", args=[shown.pk, removal.pk]),
        get_token(request),
        shown.version,
        pgettext("a removal", "Undo"),
    )


@login_required
@require_POST
def calendar_change_undo(request: HttpRequest, pk: int, change: int) -> HttpResponse:
    """Bring back the exceptions that a removal took away."""
    shown = own_calendar(request, pk)
    rows = request.access.see(CalendarChange).filter(calendar=shown, kind="days_removed")
    removal = get_object_or_404(rows, pk=change)
    by, seen = request.person, seen_version(request)
    day = date.fromisoformat(removal.facts["before"]["days"][0]["first"])
    back = _year_url(shown, day)
    done = _try(
        request, shown, lambda it: changes.restore_days(it, removal, by=by, seen=seen), back
    )
    if isinstance(done, HttpResponse):
        return done
    if done:
        messages.success(request, _("The exception is back."))
    return redirect(back)


@login_required
def calendar_days_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter an exceptional day or a range of them."""
    shown = own_calendar(request, pk)
    form = DaysForm(request.POST or None, initial={"seen": shown.version})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data

        def add(calendar: Calendar) -> CalendarDay:
            return changes.add_days(
                calendar,
                data["first_day"],
                data["last_day"],
                by=request.person,
                seen=data["seen"],
                kind=data["kind"],
                hours=data.get("hours", ()),
                label=data["label"],
                yearly=data["yearly"],
                overnight=form.overnight,
            )

        try:
            if asked := foreseen.of_calendar(request, shown, add, _back(shown)):
                return asked
            row = add(shown)
        except (ValidationError, ChangedMeanwhile) as error:
            _say(form, error, shown)
        else:
            messages.success(request, _("The exception is entered."))
            return redirect(_year_url(shown, row.first_day))
    context = {"calendar": shown, "form": form, "hours": form.hours, "overnight": form.overnight}
    return render(request, "people/calendars/days_add.html", context, status=_status(form))


def _back(shown: Calendar) -> str:
    return reverse("calendar", args=[shown.pk])


def _status(form: Any) -> int:
    return 422 if form.is_bound and form.errors else 200


def _say(form: Any, error: Exception, shown: Calendar) -> None:
    """Put an error where the person reads it; one who came too late may save again knowingly."""
    if isinstance(error, ChangedMeanwhile):
        form.add_error(None, str(error))
        form.data = form.data.copy()
        form.data["seen"] = str(shown.version)
    else:
        known = hasattr(error, "error_dict") and all(
            name in form.fields or name == "__all__" for name in error.error_dict
        )
        form.add_error(None, error if known else error.messages)


# Week and settings ----------------------------------------------------------------------------


@login_required
def calendar_hours(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit the weekly hours; two of the buttons only help to type them."""
    shown = own_calendar(request, pk)
    if request.method != "POST":
        form = WeekForm.of(changes.week_of(shown), shown.version)
    else:
        form = WeekForm.typed(request.POST)
        if "save" in request.POST and (saved := _save_week(request, shown, form)):
            if saved is not True:
                return saved
            messages.success(request, _("The weekly hours are saved."))
            return redirect("calendar", shown.pk)
    part = request.htmx and "save" not in request.POST
    template = "_week" if part else "hours"
    context, status = {"calendar": shown, "form": form}, 422 if form.errors else 200
    return render(request, f"people/calendars/{template}.html", context, status=status)


def _save_week(request: HttpRequest, shown: Calendar, form: WeekForm) -> HttpResponse | bool:
    """Return whether the week is kept, or the page that asks first."""

    def save(calendar: Calendar) -> None:
        night = form.overnight
        changes.change_weekly(
            calendar, form.week(), by=request.person, seen=form.seen, overnight=night
        )

    try:
        if asked := foreseen.of_calendar(request, shown, save, _back(shown)):
            return asked
        save(shown)
    except ValidationError as error:
        form.errors = error.messages
    except ChangedMeanwhile as error:
        form.errors, form.seen = [str(error)], shown.version
    return not form.errors


@login_required
def calendar_settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit name, zones and rules."""
    shown = own_calendar(request, pk)
    form = SettingsForm(request.POST or None, calendar=shown, companies=None)
    if request.method == "POST" and form.is_valid():

        def save(calendar: Calendar) -> None:
            seen = form.cleaned_data["seen"] or 0
            changes.change_settings(calendar, by=request.person, seen=seen, **form.settings())

        try:
            if asked := foreseen.of_calendar(request, shown, save, _back(shown)):
                return asked
            save(shown)
        except (ValidationError, ChangedMeanwhile) as error:
            _say(form, error, seen_calendar(request, pk))
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("calendar", shown.pk)
    context = {"calendar": shown, "form": form}
    return render(request, "people/calendars/settings.html", context, status=_status(form))


@login_required
def calendar_new(request: HttpRequest) -> HttpResponse:
    """Make a calendar: its settings and a usual week, to be edited next."""
    if not request.access.may_organise():
        raise Http404
    companies = request.access.see(Company).filter(archived_at=None)
    form = SettingsForm(request.POST or None, calendar=None, companies=companies)
    if request.method == "POST" and form.is_valid():
        try:
            made = changes.create(
                request.person.provider,
                by=request.person,
                company=form.cleaned_data["company"],
                week=changes.USUAL_WEEK,
                **form.settings(),
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("The calendar stands. Now say when it is open."))
            return redirect("calendar_hours", made.pk)
    return render(request, "people/calendars/settings.html", {"form": form}, status=_status(form))


@login_required
def calendar_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a calendar that nothing goes by; else say what does."""
    shown = own_calendar(request, pk)
    refused = ""
    if request.method == "POST":
        try:
            calendar_removal.delete(shown, by=request.person, seen=seen_version(request))
        except ChangedMeanwhile as error:
            messages.error(request, str(error))
            return redirect("calendar", pk)
        except calendar_removal.CalendarInUse as error:
            refused = str(error.values["things"])
        else:
            messages.success(request, _("The calendar “%(name)s” is deleted.") % {"name": shown})
            return redirect("calendars")
    # What only the database knew of (it came meanwhile) is said in the refusal's own words.
    uses = calendar_removal.uses(shown) or ([refused] if refused else [])
    context = {"calendar": shown, "uses": uses}
    status = 409 if request.method == "POST" else 200
    return render(request, "people/calendars/delete.html", context, status=status)


@login_required
@require_safe
def holiday_regions(request: HttpRequest) -> HttpResponse:
    """Return the regions of a country as options, for the form of settings."""
    choices = region_choices(request.GET.get("country", ""))
    return render(request, "people/calendars/_regions.html", {"choices": choices})


# History --------------------------------------------------------------------------------------


@login_required
@require_safe
def calendar_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell who changed what, when: for the provider's people only."""
    shown = seen_calendar(request, pk)
    if not request.access.is_staff:
        raise Http404
    rows = request.access.see(CalendarChange).filter(calendar=shown).select_related("by")
    found = list(rows[:MOST_CHANGES])
    undone = {change.facts.get("undoes") for change in found}
    context = {
        "calendar": shown,
        "changes": [told(change, undone) for change in found],
        "may_change": request.access.may_organise(),
    }
    return render(request, "people/calendars/history.html", context)

"""Bringing a holiday feed into a calendar: choose a file, see what changes, take it in."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from relais.people import calendar_changes as changes
from relais.people import feeds
from relais.people.calendar_changes import ChangedMeanwhile, FedDays
from relais.people.calendar_forms import FeedForm
from relais.people.calendar_year import span_text
from relais.people.models import Calendar, HolidayFeed

from . import foreseen
from .calendars import own_calendar, seen_version

# A preview is acted upon soon, or looked at again.
VALID_SECONDS = 3600
SHOWN = 60


@login_required
def calendar_feed_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file, show what it would change, and take it in once that is confirmed."""
    calendar = own_calendar(request, pk)
    if "reading" in request.POST:
        return _take_in(request, calendar)
    form = FeedForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _preview(request, calendar, form)
        except feeds.FeedRefused as error:
            form.add_error("file", str(error))
    return render(
        request, "people/calendars/feed_import.html", {"calendar": calendar, "form": form}
    )


def _preview(request: HttpRequest, calendar: Calendar, form: FeedForm) -> HttpResponse:
    file = form.cleaned_data["file"]
    reading = feeds.read(file.read(), timezone.localdate())
    name = feeds.name_for(reading, file.name, form.cleaned_data["name"])
    preview = changes.preview_feed(calendar, name, reading.days)
    context = {
        "calendar": calendar,
        "name": name,
        "feed": changes.feed_named(calendar, name),
        "reading": reading,
        "days": sum(each.count for each in reading.days),
        "preview": preview,
        "new": _texts(preview.new),
        "gone": _texts(preview.gone),
        "overridden": [span_text(day, day, yearly=False) for day in preview.overridden[:SHOWN]],
        "token": _packed(calendar, name, reading),
        "shown": SHOWN,
    }
    return render(request, "people/calendars/feed_preview.html", context)


def _texts(days: Any) -> list[tuple[str, str]]:
    return [
        (span_text(each.first, each.last, yearly=each.yearly), each.label) for each in days[:SHOWN]
    ]


def _salt(calendar: Calendar) -> str:
    return f"calendar feed {calendar.pk}"


def _packed(calendar: Calendar, name: str, reading: feeds.Reading) -> str:
    days = [
        [each.first.isoformat(), each.last.isoformat(), each.label, each.yearly]
        for each in reading.days
    ]
    # The file stays with the browser until it is confirmed, signed: nothing half-imported is kept.
    return signing.dumps([name, reading.digest, days], salt=_salt(calendar), compress=True)


def _take_in(request: HttpRequest, calendar: Calendar) -> HttpResponse:
    try:
        name, digest, packed = signing.loads(
            request.POST["reading"], salt=_salt(calendar), max_age=VALID_SECONDS
        )
    except signing.BadSignature:
        messages.error(request, _("The preview is no longer valid: choose the file again."))
        return redirect("calendar_feed_import", calendar.pk)
    days = [
        FedDays(date.fromisoformat(first), date.fromisoformat(last), label, yearly)
        for first, last, label, yearly in packed
    ]

    def take_in(it: Calendar) -> None:
        by, seen = request.person, seen_version(request)
        changes.import_feed(it, name, days, digest=digest, by=by, seen=seen)

    try:
        if asked := foreseen.of_calendar(request, calendar, take_in, _back(calendar)):
            return asked
        take_in(calendar)
    except (ValidationError, ChangedMeanwhile) as error:
        text = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        messages.error(request, text)
        return redirect("calendar_feed_import", calendar.pk)
    count = sum(each.count for each in days)
    messages.success(
        request,
        ngettext(
            "The feed “%(name)s” is taken in: %(days)s day.",
            "The feed “%(name)s” is taken in: %(days)s days.",
            count,
        )
        % {"name": name, "days": count},
    )
    return redirect("calendar", calendar.pk)


def _back(calendar: Calendar) -> str:
    return reverse("calendar", args=[calendar.pk])


@login_required
@require_POST
def calendar_feed_remove(request: HttpRequest, pk: int, feed: int) -> HttpResponse:
    """Remove a feed with its days."""
    calendar = own_calendar(request, pk)
    row = get_object_or_404(request.access.see(HolidayFeed), pk=feed, calendar=calendar)
    name = row.name

    def remove(it: Calendar) -> None:
        # Fetched anew: a row that was deleted and came back no longer knows its key.
        feed_row = it.feeds.get(pk=feed)
        changes.remove_feed(it, feed_row, by=request.person, seen=seen_version(request))

    try:
        if asked := foreseen.of_calendar(request, calendar, remove, _back(calendar)):
            return asked
        remove(calendar)
    except (ValidationError, ChangedMeanwhile) as error:
        text = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        messages.error(request, text)
    else:
        messages.success(request, _("The feed “%(name)s” is removed.") % {"name": name})
    return redirect("calendar", calendar.pk)

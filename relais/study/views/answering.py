"""What somebody answers by the link of her letter: on a phone, without an account."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from relais.desk.views.files import in_words
from relais.lib.problem import Problem
from relais.study import activity_logs, interviews, surveys
from relais.study.interview_forms import InterviewForm, draft_of
from relais.study.models import ActivityLog, Interview, StudyLink
from relais.study.models.activity import BACK, FEWEST_DAYS, MOST_DAYS
from relais.study.models.interview import Ask
from relais.study.workshop_forms import BrakesForm

STEPS = (15, 30, 60, 90, 120)
CLOCK = "clock"
# The secret is in the address. A form sent under "no-referrer" bears no origin either, and would be
# refused: the origin alone is told.
HEADERS = {"Referrer-Policy": "strict-origin", "X-Robots-Tag": "noindex"}
View = Callable[..., HttpResponse]


def door(view: View) -> View:
    """Open the link of the address for a view, or answer that it opens nothing."""

    @functools.wraps(view)
    @never_cache
    @sensitive_post_parameters()
    def opened(request: HttpRequest, secret: str, **more: Any) -> HttpResponse:
        place = request.META.get("REMOTE_ADDR", "")
        try:
            with interviews.opened(secret, place, timezone.now()) as link:
                if link is None:
                    response = render(request, "study/answer_closed.html", status=404)
                else:
                    request.LANGUAGE_CODE = link.language
                    response = view(request, link, secret, **more)
        except interviews.TooOften:
            response = HttpResponse(
                _("Too many pages at once: try again in a minute."), status=429,
                content_type="text/plain; charset=utf-8", headers={"Retry-After": "60"},
            )  # fmt: skip
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    return opened


def asked(what: Ask) -> Callable[[View], View]:
    """Lead back to the first page unless this is asked and she has read who is told what."""

    def around(view: View) -> View:
        @functools.wraps(view)
        def checked(request: HttpRequest, link: StudyLink, secret: str) -> HttpResponse:
            if what not in link.asks or link.agreed_at is None:
                return redirect("answer", secret)
            return view(request, link, secret)

        return checked

    return around


@require_http_methods(["GET", "HEAD", "POST"])
@door
def answer(request: HttpRequest, link: StudyLink, secret: str) -> HttpResponse:
    """Say who is told what, and what is asked; note that it was read."""
    if request.method == "POST":
        if language := request.POST.get("language"):
            link.speak(language)
        if "agree" in request.POST:
            link.agree()
        return redirect("answer", secret)
    context = _context(link, secret) | {
        "parts": [(ask.value, ask.label) for ask in Ask if ask in link.asks],
        "most_days": MOST_DAYS,
        **interviews.hers(link.participant),
    }
    return render(request, "study/answer.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@door
@asked(Ask.INTERVIEW)
def answer_interview(request: HttpRequest, link: StudyLink, secret: str) -> HttpResponse:
    """Ask for her work; sent twice it is sent once."""
    interview = Interview.of(link.participant)
    context = _context(link, secret) | {"interview": interview}
    if interview.sent_at is not None:
        if request.method == "POST":  # sent twice: it is there
            return redirect("answer_interview", secret)
        return render(request, "study/answer_interview.html", context)
    typed = request.POST if request.method == "POST" else None
    form = InterviewForm(typed, link.participant, initial=interview.draft)
    if typed is not None:
        if form.is_valid():
            interviews.take(interview, form.answers(), site=form.site)
            return redirect("answer_interview", secret)
        interview.keep(draft_of(typed, form))
    status = 200 if typed is None else 422
    return render(request, "study/answer_interview.html", context | {"form": form}, status=status)


@require_POST
@door
@asked(Ask.INTERVIEW)
def answer_draft(request: HttpRequest, link: StudyLink, secret: str) -> HttpResponse:
    """Keep what is typed so far."""
    interview = Interview.of(link.participant)
    try:
        interview.keep(draft_of(request.POST, InterviewForm(None, link.participant)))
    except Problem as problem:
        return JsonResponse({"detail": in_words(problem)}, status=409)
    return JsonResponse({"kept": True})


@require_http_methods(["GET", "HEAD", "POST"])
@door
@asked(Ask.BRAKES)
def answer_brakes(request: HttpRequest, link: StudyLink, secret: str) -> HttpResponse:
    """Ask the eight questions; they may be answered again while the study asks."""
    who = link.participant
    sites = interviews.sites_to_choose(who)
    known = surveys.answered_by(who)
    initial = {**known.levels, "site": known.site_id} if known else None
    typed = request.POST if request.method == "POST" else None
    form = BrakesForm(typed, sites, initial=initial)
    if typed is not None and form.is_valid():
        site = who.site or form.cleaned_data["site"]
        surveys.keep_brakes(who, form.levels, site=site)
        messages.success(request, _("Thank you: your answers are kept."))
        return redirect("answer", secret)
    context = _context(link, secret) | {"form": form, "answered": known is not None}
    status = 200 if typed is None else 422
    return render(request, "study/answer_brakes.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@door
@asked(Ask.ACTIVITY)
def answer_activity(request: HttpRequest, link: StudyLink, secret: str) -> HttpResponse:
    """Show her log of a day and take what she adds to it: one touch an activity."""
    log = activity_logs.log_of(link.participant)
    if request.method == "POST":
        return _logged(request, link, log, secret)
    today = timezone.localdate()
    day = _day(request.GET.get("day", ""), today)
    entries = list(log.entries.filter(day=day).select_related("category").order_by("added_at"))
    days = log.days()
    for entry in entries:
        entry.called = entry.category.called(link.language)
    context = _context(link, secret) | {
        "log": log,
        "day": day,
        "today": today,
        "entries": entries,
        "minutes": sum(entry.minutes for entry in entries),
        "steps": STEPS,
        "categories": [
            (row, row.called(link.language))
            for row in log.study.categories.filter(hidden=False)
        ],
        "running": log.running.called(link.language) if log.running else "",
        "days": days,
        "may_close": len(days) >= FEWEST_DAYS,
        "fewest_days": FEWEST_DAYS,
        "most_days": MOST_DAYS,
    }  # fmt: skip
    return render(request, "study/answer_activity.html", context)


def _logged(
    request: HttpRequest, link: StudyLink, log: ActivityLog, secret: str
) -> HttpResponse:  # fmt: skip
    """Do what was touched; a program (the page's own) is told in few words."""
    program = request.headers.get("X-Outbox") == "1"
    day = _day(request.POST.get("day", ""), timezone.localdate())
    try:
        said = _touched(request.POST, link, log, day)
    except Problem as problem:
        if program:
            return JsonResponse({"detail": in_words(problem)}, status=422)
        messages.error(request, in_words(problem))
    else:
        if program:
            return JsonResponse({"kept": True}, status=201)
        messages.success(request, said)
    response = redirect("answer_activity", secret)
    response["Location"] += f"?day={day.isoformat()}"
    return response


def _touched(data: Any, link: StudyLink, log: ActivityLog, day: date) -> str:
    """Return what was done, in words."""
    what = data.get("do", "")
    if what == "undo":
        return _("The last one is taken back.") if log.undo() else _("There is nothing to undo.")
    if what == "stop":
        ran = log.stop()
        return _("The clock is stopped: %(minutes)s min.") % {"minutes": ran or 0}
    if what == "close":
        log.close()
        return _("Thank you: your log is complete.")
    if what == "reopen":
        log.reopen()
        return _("Your log is open again.")
    key = data.get("category", "")
    rows = log.study.categories.filter(hidden=False)
    category = rows.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 18 else None
    if category is None:
        return _("Choose a category.")
    name, unplanned = category.called(link.language), bool(data.get("unplanned"))
    length = data.get("minutes", "")
    if length == CLOCK:
        log.start(category, unplanned=unplanned)
        return _("The clock runs: %(name)s.") % {"name": name}
    minutes = int(length) if length.isdecimal() and len(length) < 5 else 0
    token = data.get("token", "").replace("\x00", "")[:40] or uuid.uuid4().hex
    log.add(category, minutes, token=token, day=day, unplanned=unplanned)
    return _("%(name)s: %(minutes)s min kept.") % {"name": name, "minutes": minutes}


def _day(text: str, today: date) -> date:
    """Return the day asked for where it may be logged, else today."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if today - BACK <= day <= today else today


def _context(link: StudyLink, secret: str) -> dict[str, Any]:
    who = link.participant
    return {"link": link, "secret": secret, "who": who, "study": who.study}

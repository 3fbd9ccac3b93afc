"""Figures of the month: the dashboard, its charts and files, the views that somebody keeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from babel.dates import format_skeleton
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from relais.desk.views.files import in_words
from relais.lib.formats import babel_locale
from relais.lib.problem import Problem
from relais.lib.sheet import send_sheet
from relais.people.models import Company
from relais.records import figures_board as flow
from relais.records import figures_charts
from relais.records.figures_words import (
    STANDING_TONES,
    change_text,
    interval_text,
    said,
    share,
    standing_text,
    tone,
    value_text,
    why_text,
)
from relais.records.models import FigureView


@login_required
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Show the figures of a month, one of them closely if it is named."""
    look = flow.look(request.access, request.GET.dict())
    board = flow.board(look)
    kind = request.GET.get("export", "")
    # While it is being counted a file would be empty, and look like an answer: the page says so.
    if kind in ("csv", "xlsx") and board.as_of is not None:
        return send_sheet(_sheet(board), kind, f"figures-{look.month}", _("Figures"))
    return render(request, "records/figures.html", _context(request, board))


def _context(request: HttpRequest, board: flow.Board) -> dict[str, Any]:
    look = board.look
    chosen = board.chosen
    names = flow.cut_names()
    course = flow.course(look) if chosen else []
    return {
        "board": board,
        "look": look,
        "month_name": month_text(look.month),
        "months": [(each, month_text(each)) for each in flow.months(look)],
        "companies": [] if look.access.is_client else look.access.see(Company),
        "cuts": [(each, names[each]) for each in look.cuts],
        "cut_name": names.get(look.cut, ""),
        "only": _only(look),
        "lines": [_line(each) for each in board.lines],
        "chosen": _line(chosen) if chosen else None,
        "course": [(month_text(month), shown(each)) for month, each in course],
        "course_drawn": sum(each.value is not None for _month, each in course) > 1,
        "rows": [(row, shown(row.figure)) for row in board.rows],
        "rows_of": said(flow.DEFINITIONS[look.figure or flow.FIRST].name),
        "alike": _alike(board),
        "views": request.access.see(FigureView),
        "here": urlencode(look.parameters),
        "address": urlencode({**look.parameters, "month": look.month}),
    }


def month_text(month: str) -> str:
    """Return a month as the reader says it: mars 2027."""
    return format_skeleton("yMMMM", date(int(month[:4]), int(month[5:]), 1), locale=babel_locale())


def shown(figure: Any) -> dict[str, Any]:
    """Return a figure in words: value, interval, sample, why nothing is told."""
    return {
        "value": value_text(figure),
        "interval": interval_text(figure),
        "n": figure.n,
        "why": why_text(figure),
        "pooled": len(figure.periods) if figure.pooled and figure.n else 0,
        # Of the time returned, those without a standard time: its assumption says how many.
        "excluded": 0 if figure.assumption else figure.excluded,
    }


def _line(line: flow.Line) -> dict[str, Any]:
    figure = line.figure
    means = figure.definition
    return shown(figure) | {
        "key": figure.key,
        "name": said(means.name),
        "what": said(means.what),
        "population": said(means.population),
        "left_out": said(means.excluded),
        "smallest": means.smallest,
        "assumption": said(figure.assumption) if figure.assumption else "",
        "former": change_text(line.former, figure),
        "former_tone": tone(line.former),
        "year": change_text(line.year, figure),
        "year_tone": tone(line.year),
    }


def _only(look: flow.Look) -> tuple[str, str] | None:
    if look.only is None:
        return None
    by, value = look.only
    return flow.cut_names()[by], flow.names_of(look.access, by, {value}).get(value, "—")


def _alike(board: flow.Board) -> dict[str, Any] | None:
    found = board.alike
    if found is None:
        return None
    rows = [
        {
            "name": board.names.get(each.site, "—"),
            "share": share(each.share),
            "interval": f"{share(each.low)} – {share(each.high)}",
            "n": each.n,
            "limits": f"{share(each.inner[0])} – {share(each.inner[1])}",
            "standing": standing_text(each.standing),
            "tone": STANDING_TONES[each.standing],
        }
        for each in found.points
    ]
    rows.sort(key=lambda row: row["name"].casefold())
    return {"rows": rows, "sentence": figures_charts.funnel_sentence(found, board.names)}


def _sheet(board: flow.Board) -> Iterator[list[Any]]:
    yield [
        _("Figure"), _("Cut"), _("Value"), _("In words"), _("Low"), _("High"), _("Sample"),
        _("Remark"), _("Definition"),
    ]  # fmt: skip
    for name, figure in [
        *(("", line.figure) for line in board.lines),
        *((row.name, row.figure) for row in board.rows),
    ]:
        means = figure.definition
        yield [
            said(means.name), name, None if figure.value is None else float(figure.value),
            value_text(figure), figure.low, figure.high, figure.n, why_text(figure),
            said(means.what),
        ]  # fmt: skip


@login_required
@require_safe
def chart(request: HttpRequest, name: str) -> HttpResponse:
    """Serve a drawing (`funnel` or `course`); as a picture where `form=png` is asked."""
    look = flow.look(request.access, request.GET.dict())
    svg = figures_charts.drawing(look, name)
    if request.GET.get("form") == "png":
        return HttpResponse(figures_charts.png(svg), content_type="image/png")
    return HttpResponse(svg, content_type="image/svg+xml")


@login_required
@require_POST
def view_keep(request: HttpRequest) -> HttpResponse:
    """Keep what is shown under a name, without its month."""
    look = flow.look(request.access, request.POST.dict())
    try:
        view = FigureView.keep(
            person=request.person, name=request.POST.get("name", ""), query=look.parameters
        )
    except Problem as refusal:
        messages.error(request, in_words(refusal))
    else:
        messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
    return HttpResponseRedirect(f"{reverse('figures')}?{urlencode(look.parameters)}")


@login_required
@require_POST
def view_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a view of one's own."""
    get_object_or_404(request.access.see(FigureView), pk=pk).delete()
    return redirect("figures")

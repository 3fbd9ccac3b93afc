"""The charts of figures: a funnel of sites, and a figure's course. Each says the same as its table.

Drawn once for the same data and language, then kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from django.core.cache import cache
from django.http import Http404
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from relais.engine.measures import Figure
from relais.engine.measures_alike import Alike, Standing, funnel
from relais.engine.measures_words import UNITS, Unit
from relais.lib import charts

from . import figures_board as board
from .figures_words import said, share, short_month, standing_text

DAY = 24 * 3600
STEPS = 40


def drawing(look: board.Look, name: str) -> str:
    """Return a drawing of what is looked at (SVG); Http404 where there is nothing to draw."""
    if name == "funnel":
        made = board.board(look)
        if made.alike is not None:
            return funnel_drawing(made.alike, made.names)
    if name == "course" and look.figure:
        months = [each for each in board.course(look) if each[1].value is not None]
        if len(months) > 1:
            return course_drawing(months)
    raise Http404


def funnel_drawing(found: Alike, names: dict[str, str]) -> str:
    """Return the sites by their size against the limits of chance, as a drawing (SVG)."""
    points = [
        {
            "name": names.get(each.site, "—"),
            "n": each.n,
            "value": float(each.share),
            "standing": standing_text(each.standing),
        }
        for each in found.points
    ]
    most = max((each.n for each in found.points), default=1)
    sizes = range(5, most + most // 10 + 6, max(1, most // STEPS))
    limits = [
        {"n": step.n, "value": float(value), "name": name, "side": f"{name}{side}"}
        for step in funnel(found.rate, sizes)
        for name, pair in ((_("95 % limits"), step.inner), (_("99.8 % limits"), step.outer))
        for side, value in enumerate(pair)
    ]
    words = {"n": _("Promises of the site"), "value": _("Delivered on time"), "all": _("All sites")}
    data = [points, limits, float(found.rate), words]
    return _kept(data, lambda language: _funnel(points, limits, float(found.rate), words, language))


def _funnel(
    points: list[Any], limits: list[Any], rate: float, words: dict[str, str], language: str
) -> str:
    import altair as alt

    x = alt.X("n:Q", title=words["n"], axis=alt.Axis(tickMinStep=1))
    y = alt.Y(
        "value:Q", title=words["value"], axis=alt.Axis(format="%"), scale=alt.Scale(zero=False)
    )
    legend = alt.Legend(orient="bottom", title=None)
    edges = (
        alt.Chart(alt.Data(values=limits))
        .mark_line(color=charts.PLAIN)
        .encode(x=x, y=y, detail="side:N", strokeDash=alt.StrokeDash("name:N", legend=legend))
    )
    middle = (
        alt.Chart(alt.Data(values=[{"value": rate}]))
        .mark_rule(color=charts.PLAIN)
        .encode(y="value:Q")
    )
    base = alt.Chart(alt.Data(values=points)).encode(x=x, y=y)
    marks = base.mark_point(filled=True, size=80, color=charts.MARKED).encode(
        # Above: beside the other one they would run into each other.
        shape=alt.Shape("standing:N", legend=alt.Legend(orient="top", title=None))
    )
    # Only who stands apart is named: names of the others hide one another, and the table has all.
    plain = (standing_text(Standing.ALIKE), standing_text(Standing.TOO_FEW))
    named = [each for each in points if each["standing"] not in plain]
    labels = (
        alt.Chart(alt.Data(values=named))
        .mark_text(align="left", dx=8, dy=-6, limit=140)
        .encode(x=x, y=y, text="name:N")
    )
    return charts.drawn(edges + middle + marks + labels, 300, language)


def course_drawing(months: Sequence[tuple[str, Figure]]) -> str:
    """Return a figure month by month with its 95 % intervals, as a drawing (SVG)."""
    (_month, first), *_rest = months
    unit = first.definition.unit
    scale = {Unit.SECONDS: 3600}.get(unit, 1)
    values = [
        {
            "month": short_month(month),
            "value": float(figure.value / scale),
            "low": None if figure.low is None else float(figure.low),
            "high": None if figure.high is None else float(figure.high),
        }
        for month, figure in months
        if figure.value is not None
    ]
    name = said(first.definition.name)
    if unit is Unit.SECONDS:
        name = f"{name} ({said(UNITS[unit])})"
    words = {"value": name, "unit": str(unit)}
    return _kept([values, words], lambda language: _course(values, words, unit, language))


def _course(values: list[Any], words: dict[str, str], unit: Unit, language: str) -> str:
    import altair as alt

    axis = alt.Axis(format="%") if unit is Unit.SHARE else alt.Axis()
    base = alt.Chart(alt.Data(values=values)).encode(
        # In the order given, which is that of time.
        x=alt.X("month:O", sort=None, title=None, axis=alt.Axis(labelAngle=0))
    )
    y = alt.Y("value:Q", title=words["value"], axis=axis, scale=alt.Scale(zero=False))
    line = base.mark_line(point=alt.OverlayMarkDef(size=60), color=charts.MARKED).encode(y=y)
    if any(each["low"] is not None for each in values):
        spans = base.mark_rule(color=charts.PLAIN, strokeWidth=2).encode(y="low:Q", y2="high:Q")
        return charts.drawn(spans + line, 220, language)
    return charts.drawn(line, 220, language)


def _kept(data: Any, draw: Callable[[str], str]) -> str:
    language = "en" if (get_language() or "fr").startswith("en") else "fr"
    text = json.dumps([data, language], sort_keys=True)
    key = f"chart:{hashlib.sha256(text.encode()).hexdigest()}"
    found: str | None = cache.get(key)
    if found is None:
        found = draw(language)
        cache.set(key, found, DAY)
    return found


def funnel_sentence(found: Alike, names: dict[str, str]) -> str:
    """Return what the funnel shows, in a sentence."""
    apart = [
        f"{names.get(each.site, '—')} ({standing_text(each.standing)})"
        for each in found.points
        if each.standing in ("watch", "below", "above")
    ]
    few = [each for each in found.points if each.standing is Standing.TOO_FEW]
    said_of_all = _("Over %(sites)s sites, %(rate)s of deadlines were kept.") % {
        "sites": len(found.points), "rate": share(found.rate),
    }  # fmt: skip
    if len(few) == len(found.points):
        told = _("Too few deadlines at each of them to tell them apart.")
    elif not apart:
        told = _("Every site lies where chance alone would leave it.")
    else:
        told = _("Apart from the others: %(names)s.") % {"names": ", ".join(apart)}
    return f"{said_of_all} {told}"


def png(svg: str) -> bytes:
    """Return a drawing as a picture of twice its size."""
    import vl_convert

    made: bytes = vl_convert.svg_to_png(svg, scale=2)
    return made

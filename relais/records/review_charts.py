"""The drawings of a review: months so far, sites in a funnel, families; for page and document."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from relais.lib.charts import MARKED, PLAIN, drawn
from relais.lib.diagrams import COLOURS

from . import figures_charts
from .figures_words import short_month
from .reading import Reading


def all_of(reading: Reading, language: str) -> dict[str, str]:
    """Return every drawing of a review by name; those with nothing to show are left out."""
    found = {}
    if any(len([f for _m, f in points if f.value is not None]) > 1 for _k, points in reading.trend):
        found["trend"] = trend(reading, language)
    if reading.alike is not None and len(reading.alike.points) > 1:
        names = {point.site: reading.name_of("site", point.site) for point in reading.alike.points}
        found["sites"] = figures_charts.funnel_drawing(reading.alike, names)
    if len([row for row in reading.families if _has_share(row)]) > 1:
        found["families"] = families(reading, language)
    return found


def _has_share(row: dict[str, Any]) -> bool:
    return row["figure"] is not None and row["figure"].value is not None


def trend(reading: Reading, language: str) -> str:
    """Return what was promised, month by month, each with its interval."""
    import altair as alt

    values = [
        {
            "name": reading.whole[key].definition.name.fr
            if language == "fr"
            else reading.whole[key].definition.name.en,
            "month": month, "value": float(figure.value),
            "low": float(figure.low or 0), "high": float(figure.high or 1),
        }
        for key, points in reading.trend
        if key in reading.whole
        for month, figure in points
        if figure.value is not None
    ]  # fmt: skip
    # In their order, not in that of the alphabet.
    months = [short_month(month) for month in sorted({str(each["month"]) for each in values})]
    values = [each | {"month": short_month(str(each["month"]))} for each in values]
    names = list(dict.fromkeys(str(each["name"]) for each in values))
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("month:N", sort=months, title=None, axis=alt.Axis(labelAngle=0)),
        color=alt.Color(
            "name:N", sort=names, title=None,
            legend=alt.Legend(orient="bottom", symbolOpacity=1),
            scale=alt.Scale(domain=names, range=list(COLOURS[: len(names)])),
        ),
    )  # fmt: skip
    share = alt.Y("value:Q", title=_("Share kept"), axis=alt.Axis(format="%"),
                  scale=alt.Scale(zero=False))  # fmt: skip
    lines = base.mark_line(point=alt.OverlayMarkDef(size=60)).encode(
        y=share, strokeDash=alt.StrokeDash("name:N", sort=names, legend=None)
    )
    rules = base.mark_rule(opacity=0.45, strokeWidth=2).encode(y="low:Q", y2="high:Q")
    return drawn(rules + lines, 210, language)


def families(reading: Reading, language: str) -> str:
    """Return the share kept of each family of services, with its interval."""
    import altair as alt

    values = [
        {
            "name": row["name"], "value": float(row["figure"].value),
            "low": float(row["figure"].low or 0), "high": float(row["figure"].high or 1),
        }
        for row in reading.families
        if _has_share(row)
    ]  # fmt: skip
    base = alt.Chart(alt.Data(values=values)).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=220))
    )
    rules = base.mark_rule(strokeWidth=2, color=PLAIN).encode(
        x=alt.X(
            "low:Q", title=_("Share kept"), axis=alt.Axis(format="%"), scale=alt.Scale(zero=False)
        ),
        x2="high:Q",
    )
    points = base.mark_point(filled=True, size=80, color=MARKED, opacity=1).encode(x="value:Q")
    return drawn(rules + points, max(60, 26 * len(values)), language)

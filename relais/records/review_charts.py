"""The drawings of a review: months so far, sites in a funnel, families; for page and document."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from relais.engine.measures_alike import Alike, Standing, funnel
from relais.lib.charts import MARKED, PLAIN, drawn
from relais.lib.diagrams import COLOURS

from .reading import Reading

STEPS = 40
ROOM = 1.15
# In words too, and by shape: colour alone tells nothing to some.
SHAPES = {
    Standing.BELOW: ("triangle-down", COLOURS[5]),
    Standing.WATCH: ("diamond", COLOURS[1]),
    Standing.ABOVE: ("triangle-up", COLOURS[2]),
}


def all_of(reading: Reading, language: str) -> dict[str, str]:
    """Return every drawing of a review by name; those with nothing to show are left out."""
    found = {}
    if any(len([f for _m, f in points if f.value is not None]) > 1 for _k, points in reading.trend):
        found["trend"] = trend(reading, language)
    if reading.alike is not None and len(reading.alike.points) > 1:
        found["sites"] = sites(reading.alike, reading, language)
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
    months = sorted({str(each["month"]) for each in values})
    names = list(dict.fromkeys(str(each["name"]) for each in values))
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("month:N", sort=months, title=None, axis=alt.Axis(labelAngle=0)),
        color=alt.Color(
            "name:N", sort=names, title=None, legend=alt.Legend(orient="bottom"),
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


def sites(found: Alike, reading: Reading, language: str) -> str:
    """Return each site by its volume and its share, within the limits of chance."""
    import altair as alt

    points = [
        {
            "name": reading.name_of("site", point.site), "n": point.n,
            "share": float(point.share), "standing": str(point.standing),
        }
        for point in found.points
    ]  # fmt: skip
    most = int(max(point.n for point in found.points) * ROOM) + 2
    sizes = range(1, most, max(1, most // STEPS))
    limits = [
        {"n": step.n, "limit": float(value), "which": which}
        for step in funnel(Fraction(found.rate), sizes)
        if step.n >= 5
        for which, value in (
            ("95 %", step.inner[0]), ("95 % ", step.inner[1]),
            ("99,8 %", step.outer[0]), ("99,8 % ", step.outer[1]),
        )
    ]  # fmt: skip
    across = alt.X("n:Q", title=_("Deadlines of the site"), scale=alt.Scale(domain=[0, most]))
    height = alt.Y("share:Q", title=_("Share kept"), axis=alt.Axis(format="%"),
                   scale=alt.Scale(zero=False))  # fmt: skip
    lines = (
        alt.Chart(alt.Data(values=limits))
        .mark_line(color=PLAIN, strokeWidth=1)
        .encode(
            x=across, y=alt.Y("limit:Q", title=_("Share kept")),
            detail="which:N",
            strokeDash=alt.condition(
                "datum.which == '95 %' || datum.which == '95 % '",
                alt.value([4, 3]), alt.value([1, 0]),
            ),
        )
    )  # fmt: skip
    rate = (
        alt.Chart(alt.Data(values=[{"limit": float(found.rate)}]))
        .mark_rule(color=MARKED)
        .encode(y="limit:Q")
    )
    base = alt.Chart(alt.Data(values=points)).encode(x=across, y=height)
    kinds = [str(each) for each in Standing]
    shapes = [SHAPES.get(each, ("circle", MARKED))[0] for each in Standing]
    colours = [SHAPES.get(each, ("circle", MARKED))[1] for each in Standing]
    marks = base.mark_point(filled=True, size=90, opacity=1).encode(
        shape=alt.Shape("standing:N", legend=None, scale=alt.Scale(domain=kinds, range=shapes)),
        color=alt.Color("standing:N", legend=None, scale=alt.Scale(domain=kinds, range=colours)),
    )
    names = base.mark_text(align="left", dx=8, fontSize=11).encode(text="name:N")
    return drawn(lines + rate + marks + names, 260, language)


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

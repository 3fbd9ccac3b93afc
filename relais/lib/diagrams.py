"""Bars, heat maps and curves as drawings (SVG), for pages and documents alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .charts import MARKED, PLAIN, drawn

# Told apart by who does not tell red from green, and in grey too (Okabe & Ito).
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
ROW = 26
LABEL = 240


def bars(
    rows: Sequence[tuple[str, Mapping[str, float]]],
    *,
    axis: str,
    language: str,
    parts: Sequence[str] = (),
    per_cent: bool = False,
) -> str:
    """Return a bar a row lying down, put together of its parts in the order given."""
    import altair as alt

    names = list(parts) or list(dict.fromkeys(part for _name, told in rows for part in told))
    values = [
        {"row": name, "part": part, "place": names.index(part), "value": value}
        for name, told in rows
        for part, value in told.items()
        if value
    ]
    single = len(names) < 2
    legend = None if single else alt.Legend(orient="bottom", labelLimit=LABEL, columns=3)
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar()
        .encode(
            y=alt.Y("row:N", sort=[name for name, _told in rows], title=None, axis=_names()),
            x=alt.X("value:Q", title=axis, axis=alt.Axis(format="%" if per_cent else ",.0f")),
            color=alt.Color("part:N", sort=names, title=None, legend=legend, scale=_scale(names)),
            order=alt.Order("place:Q"),
        )
    )
    return drawn(chart, max(1, len(rows)) * ROW, language)


def side_by_side(
    rows: Sequence[tuple[str, Mapping[str, float]]], *, axis: str, language: str
) -> str:
    """Return a group of standing bars a row: the same steps in each, in the order given."""
    import altair as alt

    steps = list(dict.fromkeys(step for _name, told in rows for step in told))
    values = [
        {"row": name, "step": step, "value": value}
        for name, told in rows
        for step, value in told.items()
    ]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar()
        .encode(
            x=alt.X(
                "row:N",
                sort=[name for name, _told in rows],
                title=None,
                axis=alt.Axis(labelAngle=0, labelLimit=LABEL),
            ),
            xOffset=alt.XOffset("step:N", sort=steps),
            y=alt.Y("value:Q", title=axis, axis=alt.Axis(format=",.0f")),
            color=alt.Color(
                "step:N",
                sort=steps,
                title=None,
                legend=alt.Legend(orient="bottom"),
                scale=_scale(steps),
            ),
        )
    )
    return drawn(chart, 240, language)


def pareto(
    rows: Sequence[tuple[str, float]], *, axis: str, reached: str, line: float, language: str
) -> str:
    """Return standing bars, the greatest first, with what they make together and a line at it."""
    import altair as alt

    whole, so_far, values = sum(value for _name, value in rows) or 1.0, 0.0, []
    for name, value in rows:
        treat = so_far < line * whole - 1e-9
        so_far += value
        values.append({"row": name, "value": value, "reached": so_far / whole, "treat": treat})
    place = alt.X(
        "row:N",
        sort=[name for name, _value in rows],
        title=None,
        axis=alt.Axis(labelAngle=-35, labelLimit=130),
    )
    base = alt.Chart(alt.Data(values=values)).encode(x=place)
    columns = base.mark_bar().encode(
        y=alt.Y("value:Q", title=axis),
        color=alt.Color(
            "treat:N", legend=None, scale=alt.Scale(domain=[True, False], range=[MARKED, PLAIN])
        ),
    )
    told = base.mark_line(point=True, color=COLOURS[5]).encode(
        y=alt.Y(
            "reached:Q", title=reached, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])
        )
    )
    limit = (
        alt.Chart(alt.Data(values=[{"line": line}]))
        .mark_rule(strokeDash=[4, 4], color=COLOURS[5])
        .encode(y=alt.Y("line:Q", title=reached, scale=alt.Scale(domain=[0, 1])))
    )
    return drawn(alt.layer(columns, told + limit).resolve_scale(y="independent"), 220, language)


def heat(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], float],
    *,
    axis: str,
    language: str,
    form: str = ",.0f",
    domain: tuple[float, float] | None = None,
) -> str:
    """Return a map of rows by columns: the darker the more, with its figure in each."""
    import altair as alt

    top = domain[1] if domain else max(cells.values(), default=1.0) or 1.0
    low = domain[0] if domain else 0.0
    values = [
        {"row": row, "column": column, "value": value, "dark": value - low > 0.55 * (top - low)}
        for (row, column), value in cells.items()
    ]
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X(
            "column:N",
            sort=list(columns),
            title=None,
            axis=alt.Axis(orient="top", labelAngle=-30, labelLimit=130),
        ),
        y=alt.Y("row:N", sort=list(rows), title=None, axis=_names()),
    )
    squares = base.mark_rect(stroke="white").encode(
        color=alt.Color(
            "value:Q",
            title=axis,
            legend=None,
            scale=alt.Scale(domain=[low, top], range=["#eef4fb", "#084594"]),
        )
    )
    figures = base.mark_text(fontSize=11).encode(
        text=alt.Text("value:Q", format=form),
        color=alt.Color(
            "dark:N",
            legend=None,
            scale=alt.Scale(domain=[True, False], range=["white", "#182433"]),
        ),
    )
    drawing = alt.layer(squares, figures).resolve_scale(color="independent")
    return drawn(drawing, max(1, len(rows)) * 30, language)


def curves(
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    *,
    across: str,
    axis: str,
    level: float,
    language: str,
) -> str:
    """Return a line of points a series, its heights in per cent, and a line at what is asked."""
    import altair as alt

    names = [name for name, _points in series]
    values = [{"name": name, "x": x, "y": y} for name, points in series for x, y in points]
    shown = (
        alt.Chart(alt.Data(values=values))
        .mark_line(point=alt.OverlayMarkDef(size=55))
        .encode(
            x=alt.X("x:Q", title=across, scale=alt.Scale(zero=False), axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("y:Q", title=axis, scale=alt.Scale(zero=False), axis=alt.Axis(format="%")),
            color=alt.Color(
                "name:N",
                sort=names,
                title=None,
                legend=alt.Legend(orient="bottom", labelLimit=LABEL, columns=2),
                scale=_scale(names),
            ),
            strokeDash=alt.StrokeDash("name:N", sort=names, legend=None),
        )
    )
    asked = (
        alt.Chart(alt.Data(values=[{"y": level}]))
        .mark_rule(strokeDash=[4, 4], color=PLAIN)
        .encode(y="y:Q")
    )
    return drawn(asked + shown, 240, language)


def _names() -> Any:
    import altair as alt

    return alt.Axis(labelLimit=LABEL)


def _scale(names: Sequence[str]) -> Any:
    import altair as alt

    if len(names) < 2:
        return alt.Scale(range=[MARKED])
    return alt.Scale(
        domain=list(names), range=[COLOURS[n % len(COLOURS)] for n in range(len(names))]
    )

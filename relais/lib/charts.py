"""Charts as drawings (SVG): the same in a page and in a document, drawn without a browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# One colour for all that is compared, another for what the reader looks for.
PLAIN, MARKED = "#6c7a91", "#066fd1"
FONT = "Inter, Helvetica, Arial, sans-serif"
ROOM = {"left": 40, "right": 12, "top": 5, "bottom": 5}
WIDTH = 620


def intervals(
    rows: Sequence[tuple[str, float, float]], *, axis: str, marked: Sequence[str], language: str
) -> str:
    """Return points with their intervals, one line a row (name, value, half), in per cent."""
    import altair as alt

    values = [
        {
            "name": name,
            "value": value,
            "low": value - half,
            "high": value + half,
            "own": name in marked,
        }
        for name, value, half in rows
    ]
    base = alt.Chart(alt.Data(values=values)).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)),
        color=alt.Color(
            "own:N", legend=None, scale=alt.Scale(domain=[False, True], range=[PLAIN, MARKED])
        ),
    )
    ranges = base.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q")
    points = base.mark_point(filled=True, size=70).encode(
        x=alt.X("value:Q", title=axis, axis=alt.Axis(format="%"), scale=alt.Scale(zero=False))
    )
    return drawn(ranges + points, len(rows) * 26, language)


def lines(
    series: Sequence[tuple[str, Sequence[float | None]]], *, across: str, axis: str, language: str
) -> str:
    """Return a line a series over numbered steps, in per cent; None leaves a gap."""
    import altair as alt

    values = [
        {"name": name, "step": step + 1, "value": value}
        for name, told in series
        for step, value in enumerate(told)
        if value is not None
    ]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line(point=True)
        .encode(
            x=alt.X("step:Q", title=across, axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y("value:Q", title=axis, axis=alt.Axis(format="%")),
            color=alt.Color(
                "name:N",
                sort=None,
                title=None,
                legend=alt.Legend(orient="bottom", labelLimit=260, columns=2),
            ),
            strokeDash=alt.StrokeDash("name:N", sort=None, legend=None),
        )
    )
    return drawn(chart, 240, language)


def reliability(
    series: Sequence[tuple[str, Sequence[tuple[float, float, int]]]],
    *,
    said: str,
    came: str,
    language: str,
) -> str:
    """Return what came beside what was said (said, came, of how many); the diagonal is perfect."""
    import altair as alt

    values = [
        {"name": name, "said": a, "came": b, "count": count}
        for name, told in series
        for a, b, count in told
    ]
    share, whole = alt.Axis(format="%"), alt.Scale(domain=[0, 1])
    ideal = (
        alt.Chart(alt.Data(values=[{"said": 0, "came": 0}, {"said": 1, "came": 1}]))
        .mark_line(strokeDash=[4, 4], color=PLAIN)
        .encode(x="said:Q", y="came:Q")
    )
    shown = (
        alt.Chart(alt.Data(values=values))
        .mark_line(point=alt.OverlayMarkDef(size=60))
        .encode(
            x=alt.X("said:Q", title=said, axis=share, scale=whole),
            y=alt.Y("came:Q", title=came, axis=share, scale=whole),
            color=alt.Color("name:N", sort=None, title=None, legend=alt.Legend(orient="bottom")),
        )
    )
    return drawn(ideal + shown, 300, language)


def against(
    rows: Sequence[tuple[str, float, float, float]],
    *,
    across: str,
    axis: str,
    names: tuple[str, str, str],
    language: str,
) -> str:
    """Return, by step (name, middle, high, limit), two bars and the limit above them as a tick."""
    import altair as alt

    steps = [row[0] for row in rows]
    bars = [
        {"step": step, "name": name, "value": value}
        for step, middle, high, _limit in rows
        for name, value in ((names[0], middle), (names[1], high))
    ]
    ticks = [{"step": step, "name": names[2], "value": limit} for step, _m, _h, limit in rows]
    colours = alt.Scale(domain=list(names), range=["#9fb3c8", PLAIN, MARKED])
    place = alt.X("step:N", sort=steps, title=across, axis=alt.Axis(labelAngle=0))
    legend = alt.Legend(orient="bottom", title=None, labelLimit=260)
    shown = (
        alt.Chart(alt.Data(values=bars))
        .mark_bar()
        .encode(
            x=place,
            xOffset=alt.XOffset("name:N", sort=list(names[:2])),
            y=alt.Y("value:Q", title=axis),
            color=alt.Color("name:N", scale=colours, legend=legend),
        )
    )
    limits = (
        alt.Chart(alt.Data(values=ticks))
        .mark_tick(thickness=3, size=70)
        .encode(x=place, y="value:Q", color=alt.Color("name:N", scale=colours, legend=legend))
    )
    return drawn(shown + limits, 240, language)


def drawn(chart: Any, height: int, language: str) -> str:
    """Return a chart as a drawing of the common width, figures written as the language does."""
    import vl_convert

    spec = (
        chart.properties(width=WIDTH, height=height)
        # The reader's own font may be wider than the one that was measured: names need room.
        .configure(font=FONT, background="white", padding=ROOM)
        .configure_view(stroke=None)
        .to_dict()
    )
    locale = "fr-FR" if language == "fr" else "en-US"
    drawn: str = vl_convert.vegalite_to_svg(spec, format_locale=locale, time_format_locale=locale)
    return drawn

"""A replay in words: the names of the rules, the rows of its tables, what each chart says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from .models import Replay

NAMES = {
    "happened": gettext_lazy("As it happened"),
    "as_given": gettext_lazy("Same holders, in order of arrival"),
    "round_robin": gettext_lazy("Each in turn"),
    "least_loaded": gettext_lazy("Least loaded first"),
    "earliest_due": gettext_lazy("Earliest deadline first"),
    "generalised_cmu": gettext_lazy("Cost of delay over effort"),
    "ours": gettext_lazy("Relais"),
    "other": gettext_lazy("Relais, other weights"),
}
SHOWN_BY_WEEK = ("happened", "earliest_due", "ours")
RIVALS = ("round_robin", "least_loaded", "earliest_due", "generalised_cmu")


@dataclass(frozen=True)
class Line:
    """A rule in the table, its figures as one reads them."""

    code: str
    name: str
    in_time: str
    half: str
    gain: str
    urgent: str
    late: str
    familiar: str
    hand_offs: str
    used: str
    spread: str
    open_at_end: int


def name(code: str) -> str:
    """Return what a rule is called, in the reader's language."""
    return str(NAMES.get(code, code))


def lines(report: Mapping[str, Any]) -> list[Line]:
    """Return the table of the rules."""
    return [_line(row) for row in report.get("rows", [])]


def _line(row: Mapping[str, Any]) -> Line:
    in_time, happened = row["in_time"], row["code"] == "happened"
    return Line(
        row["code"],
        name(row["code"]),
        in_time=per_cent(in_time["value"]),
        half=points(in_time["half"]),
        gain=""
        if row["code"] == "ours"
        else f"{_sign(in_time['gain'])} ± {points(in_time['gain_half'])}",
        urgent=per_cent(row["urgent"]["value"]),
        late=f"{row['late']['value'] / 60:.1f}",
        familiar=per_cent(row["familiar"]["value"]),
        hand_offs=f"{row['hand_offs']['value']:.2f}" if happened else "0",
        used=per_cent(row["used"]),
        spread=f"{row['spread']:.2f}",
        open_at_end=row["open_at_end"],
    )


def per_cent(value: float) -> str:
    """Return a share as one reads it."""
    return _("%(value)s%%") % {"value": f"{100 * value:.1f}"}


def points(value: float) -> str:
    """Return a difference of shares, in points."""
    return f"{100 * value:.1f}"


def _sign(value: float) -> str:
    return f"{100 * value:+.1f}"


def sentence(report: Mapping[str, Any]) -> str:
    """Return what the first chart says: ours, beside the best of the usual rules."""
    rows = {row["code"]: row for row in report.get("rows", [])}
    if "ours" not in rows or not any(code in rows for code in RIVALS):
        return ""
    best = max((rows[c] for c in RIVALS if c in rows), key=lambda row: row["in_time"]["value"])
    gain, half = best["in_time"]["gain"], best["in_time"]["gain_half"]
    told = {
        "ours": per_cent(rows["ours"]["in_time"]["value"]),
        "rule": name(best["code"]),
        "other": per_cent(best["in_time"]["value"]),
        "gain": _sign(gain),
        "half": points(half),
    }
    if abs(gain) <= half:
        return (
            _(
                "Relais: %(ours)s in time. The best of the usual rules is “%(rule)s”, %(other)s: "
                "no difference that these weeks could prove (%(gain)s ± %(half)s points)."
            )
            % told
        )
    return (
        _(
            "Relais: %(ours)s in time. The best of the usual rules is “%(rule)s”, %(other)s: a "
            "difference of %(gain)s ± %(half)s points."
        )
        % told
    )


def forecast_sentence(report: Mapping[str, Any]) -> str:
    """Return how true the chance of being late was on the last part, held back."""
    told = report.get("forecast")
    if not told:
        return _("The period is too short to hold some of it back.")
    facts = {
        "ours": f"{told['ours']:.3f}",
        "elapsed": f"{told['elapsed']:.3f}",
        "fitted": f"{told['elapsed_fitted']:.3f}",
        "tried": told["tried"],
        "late": per_cent(told["late"]),
    }
    return (
        _(
            "Brier score on %(tried)s forecasts held back (%(late)s late), less is better: "
            "%(ours)s; the share of the target that has passed, as it is: %(elapsed)s; brought to "
            "chances in the same way: %(fitted)s."
        )
        % facts
    )


def by_week(report: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the share in time of each week, rule by rule; a dash where nothing came."""
    rows = [row for row in report.get("rows", []) if row["code"] in SHOWN_BY_WEEK]
    told = [[per_cent(v) if v is not None else "–" for v in row["weeks"]] for row in rows]
    return {
        "names": [name(row["code"]) for row in rows],
        "rows": [list(week) for week in zip(*told, strict=True)],
    }


def steps(report: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Return what was said of being late, what came, and of how many."""
    told = (report.get("forecast") or {}).get("steps", [])
    return [(per_cent(s["said"]), per_cent(s["came"]), s["count"]) for s in told]


def changes(made: Replay) -> list[str]:
    """Return in words how the pool or the weights differ from what was."""
    found = []
    if made.people:
        found.append(_("%(n)s people") % {"n": f"{made.people:+d}"})
    if made.all_sites:
        found.append(_("everybody covers every site"))
    if made.all_kinds:
        found.append(_("everybody knows every kind of work"))
    if made.weights:
        told = ", ".join(f"{code} = {value:g}" for code, value in sorted(made.weights.items()))
        found.append(_("other weights: %(weights)s") % {"weights": told})
    return found


def drawing(made: Replay, chart: str) -> str:
    """Return a drawing in the reader's language; raise Http404 without one."""
    language = "en" if (get_language() or "fr").startswith("en") else "fr"
    found: str | None = made.charts.get(chart, {}).get(language)
    if found is None:
        raise Http404
    return found


def text(report: Mapping[str, Any]) -> str:
    """Return the report for a terminal."""
    facts = report["facts"]
    head = _(
        "%(requests)s requests, %(people)s people, %(work)s h of work in %(at_work)s h at work; "
        "%(counted)s requests of %(weeks)s weeks counted"
    )
    cells = (
        _("in time"), "±", _("Relais gains"), _("urgent"), _("late h"), _("familiar"),
        _("hand-offs"), _("used"), _("spread"),
    )  # fmt: skip
    table = [f"{'':<36}" + "".join(f"{cell:>14}" for cell in cells)]
    for one in lines(report):
        figures = (
            one.in_time, one.half, one.gain, one.urgent, one.late, one.familiar, one.hand_offs,
            one.used, one.spread,
        )  # fmt: skip
        table.append(f"{one.name[:36]:<36}" + "".join(f"{cell:>14}" for cell in figures))
    last = _("%(seconds)s s, at most %(mb)s MB of memory") % facts
    return "\n".join([head % facts, *table, sentence(report), forecast_sentence(report), last])

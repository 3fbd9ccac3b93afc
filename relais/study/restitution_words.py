"""A report in words: the same sections on the page and in the document, as the reader speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from relais.offer.models import Service

from . import sizing_words
from .models import CostScenario, InventoryLine, Report
from .sizing_words import number, per_cent

FAMILIES = dict(Service.Family.choices)
SCENARIOS = dict(CostScenario.Kind.choices)
EVIDENCE = dict(InventoryLine.Evidence.choices)
VALUES = {
    "VA": gettext_lazy("Adds value"),
    "ENVA": gettext_lazy("Needed, adds none"),
    "NVA": gettext_lazy("Adds none"),
}
VOLUME_NAMES = (gettext_lazy("−30 %"), gettext_lazy("Today's volume"), gettext_lazy("+30 %"))
BEHAVIOURS = {
    "fixed": gettext_lazy("fixed"), "variable": gettext_lazy("follows the volume"),
    "posts": gettext_lazy("by posts"), "once": gettext_lazy("once"),
}  # fmt: skip


def BRAKES() -> dict[str, Any]:  # noqa: N802 (a table, read once the questionnaire is there)
    """Return the names of the cultural brakes."""
    from .models import brake

    return dict(brake.Brake.choices)


@dataclass(frozen=True)
class Section:
    """A part of a report: what it shows in a sentence, its chart, and its table."""

    name: str
    title: str
    text: str
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default_factory=list)
    numbers: Sequence[int] = ()  # the columns of figures
    chart: str = ""
    note: str = ""

    @property
    def columns(self) -> list[tuple[str, bool]]:
        """Return each column's name, and whether it holds figures."""
        return [(name, place in self.numbers) for place, name in enumerate(self.head)]

    @property
    def cells(self) -> list[list[tuple[str, bool, str]]]:
        """Return each row's cells: text, whether it is a figure, and its column's name."""
        return [
            [(text, place in self.numbers, self.head[place]) for place, text in enumerate(row)]
            for row in self.rows
        ]


def hours(value: float) -> str:
    """Return hours, whole but where there are few."""
    return _("%(n)s h") % {"n": number(value, 1 if 0 < value < 10 else 0)}


def euros(value: float) -> str:
    """Return whole euros."""
    return _("€%(n)s") % {"n": number(value, 0)}


def role_name(role: str) -> str:
    """Return a role as it is told; those of few people are told together."""
    return role or _("Other roles")


def sections(kind: str, figures: Mapping[str, Any]) -> list[Section]:
    """Return the parts of a report that have something to say, in order."""
    return [found for make in OF[kind] if (found := make(figures)) is not None]


def title(kind: str, figures: Mapping[str, Any]) -> str:
    """Return a report's title."""
    if kind == Report.Kind.SITE:
        return _("%(study)s: %(site)s") % {
            "study": figures["study"], "site": figures["site_name"],
        }  # fmt: skip
    if kind == Report.Kind.COSTS:
        return _("%(study)s: what it costs") % {"study": figures["study"]}
    return _("%(study)s: the group") % {"study": figures["study"]}


def _essential(figures: Mapping[str, Any]) -> Section:
    lost = figures["waiting"] + figures["rework"] + figures["double"]
    text = _(
        "%(lines)s tasks make %(hours)s a year; %(measured)s of it is observed or measured, the "
        "rest declared. %(lost)s are lost to waiting, rework and work done twice."
    ) % {
        "lines": figures["lines"], "hours": hours(figures["hours"]),
        "measured": per_cent(figures["measured"], 0), "lost": hours(lost),
    }  # fmt: skip
    rows = [
        [_("Hours a year"), hours(figures["hours"])],
        [_("Each work counted once"), hours(figures["once"])],
        [_("Waiting"), hours(figures["waiting"])],
        [_("Rework"), hours(figures["rework"])],
        [_("Done twice"), hours(figures["double"])],
    ]
    if figures.get("paid"):
        share = per_cent(figures["hours"] / figures["paid"], 0)
        rows.append([_("Of the paid hours"), share])
    head = [_("In all"), _("Figure")]
    return Section("essential", _("The essential"), text, head, rows, (1,))


def _map(figures: Mapping[str, Any]) -> Section | None:
    rows = [
        [row["name"], str(row["lines"]), hours(row["hours"]), hours(row["once"]),
         hours(row["friction"])]
        for row in figures["sites"]
    ]  # fmt: skip
    busiest = max(figures["sites"], key=lambda row: row["hours"], default=None)
    if busiest is None:
        return None
    text = _("Most hours are worked for %(site)s: %(hours)s a year.") % {
        "site": busiest["name"], "hours": hours(busiest["hours"]),
    }  # fmt: skip
    head = [_("Site"), _("Lines"), _("Hours a year"), _("Counted once"), _("Friction")]
    return Section("map", _("Tasks by site and family"), text, head, rows, (1, 2, 3, 4), "map")


def _values(figures: Mapping[str, Any]) -> Section | None:
    total = sum(figures["values"].values())
    if not total:
        return None
    text = _("%(share)s of the hours add value.") % {
        "share": per_cent(figures["values"]["VA"] / total, 0)
    }
    head = [_("Site"), *(str(name) for name in VALUES.values())]
    rows = [
        [row["name"], *(hours(row["values"][key]) for key in VALUES)] for row in figures["sites"]
    ]
    return Section("values", _("What the work is worth"), text, head, rows, (1, 2, 3), "values")


def _families(figures: Mapping[str, Any]) -> Section | None:
    rows = [[str(FAMILIES.get(key, key)), hours(n)] for key, n in figures["families"].items()]
    if not rows:
        return None
    text = _("Most of the work is: %(family)s.") % {"family": rows[0][0]}
    head = [_("Family"), _("Hours a year")]
    return Section("families", _("Work by family"), text, head, rows, (1,), "families")


def _tasks(figures: Mapping[str, Any]) -> Section | None:
    named = {"rest": _("All smaller tasks"), "secret": _("Confidential work (C3)")}
    rows = [
        [task or named[family], str(FAMILIES.get(family, "–")) if task else "–", hours(n),
         str(EVIDENCE.get(evidence, "–"))]
        for task, family, n, evidence in figures["tasks"]
    ]  # fmt: skip
    if not rows:
        return None
    text = _("What was inventoried, the most hours first. Say what is missing or wrong.")
    head = [_("Task"), _("Family"), _("Hours a year"), _("Known by")]
    return Section("tasks", _("The tasks"), text, head, rows, (2,))


def _roles(figures: Mapping[str, Any]) -> Section | None:
    rows = [[role_name(role), hours(n)] for role, n in figures["roles"]]
    if not rows:
        return None
    text = _("Roles that fewer than three people hold are told together: nobody is evaluated.")
    return Section(
        "roles", _("Hours by role"), text, [_("Role"), _("Hours a year")], rows, (1,), "roles"
    )


def _months(figures: Mapping[str, Any]) -> Section | None:
    if not figures["hours"]:
        return None
    most = max(range(12), key=lambda n: figures["months"][n])
    mean = sum(figures["months"]) / 12
    text = _("The busiest month is %(month)s, with %(times)s times the mean.") % {
        "month": MONTHS[most + 1], "times": number(figures["months"][most] / mean, 2),
    }  # fmt: skip
    rows = [[str(MONTHS[n + 1]), hours(each)] for n, each in enumerate(figures["months"])]
    return Section(
        "months", _("The year"), text, [_("Month"), _("Hours of work")], rows, (1,), "months"
    )


def _irritants(figures: Mapping[str, Any]) -> Section | None:
    if not figures["irritants"]:
        return None
    treat = sum(each["treat"] for each in figures["irritants"])
    text = ngettext(
        "%(n)s pain point makes 80 %% of the score: treat it first.",
        "%(n)s pain points make 80 %% of the score: treat them first.",
        treat,
    ) % {"n": treat}
    head = [_("Pain point"), _("Hours lost a month"), _("Score")]
    rows = [
        [each["text"], number(each["hours"]), number(each["score"])]
        for each in figures["irritants"]
    ]
    return Section("irritants", _("What hurts"), text, head, rows, (1, 2), "irritants")


def _doubles(figures: Mapping[str, Any]) -> Section | None:
    if not figures["doubles"]:
        return None
    total = sum(each["double"] for each in figures["doubles"])
    text = _("Work that is done at several places: %(hours)s a year are done twice.") % {
        "hours": hours(total)
    }
    head = [_("Task"), _("Also done at"), _("Hours a year"), _("Done twice")]
    rows = []
    for each in figures["doubles"]:
        others = ngettext("%(n)s other site", "%(n)s other sites", each["others"]) % {
            "n": each["others"]
        }
        where = ", ".join(each["sites"]) or others
        rows.append([each["task"], where, hours(each["hours"]), hours(each["double"])])
    chart = "doubles" if total and len(figures.get("sites", ())) else ""
    return Section("doubles", _("Work done twice"), text, head, rows, (2, 3), chart)


def _brakes(figures: Mapping[str, Any]) -> Section | None:
    told = [row for row in figures["brakes"] if row["cells"]]
    if not told:
        return None
    names = BRAKES()
    strong = [
        f"{row['name']}: {names.get(brake, brake)}"
        for row in told
        for brake, mean in row["cells"]
        if mean >= 4
    ]
    text = (
        _("Brakes of 4 or more call for an action: %(brakes)s.") % {"brakes": "; ".join(strong)}
        if strong
        else _("No brake is strong (4 or more).")
    )
    head = [_("Site"), _("Brake"), _("Mean (1–5)")]
    rows = [
        [row["name"], str(names.get(brake, brake)), number(mean)]
        for row in told
        for brake, mean in row["cells"]
    ]
    return Section("brakes", _("Cultural brakes"), text, head, rows, (2,), "brakes")


def _capacity(figures: Mapping[str, Any]) -> Section | None:
    told = figures["sizing"]
    if told is None:
        return None
    ways = sizing_words.ways(told["formula"], told["lived"])
    said = [sizing_words.gain_said(way) for way in ways if way.gain]
    curve = sizing_words.curve_said(ways, told["lived"])
    text = " ".join(filter(None, [curve, sizing_words.peaks_said(told["formula"])]))
    head = [
        _("Way of serving"), _("Hours a week"), _("Posts"), _("People"), _("People, simulated"),
        _("Fewer than apart"),
    ]  # fmt: skip
    rows = [
        [str(way.name), number(way.hours, 0), number(way.posts), str(way.people),
         way.interval or "–", way.saved or "–"]
        for way in ways
    ]  # fmt: skip
    basis = sizing_words.basis_said(told["basis"], told["terms"])
    return Section(
        "capacity", _("How many people"), text, head, rows, (1, 2, 3, 4, 5),
        "curve" if told["lived"] else "", " ".join([basis, *said]),
    )  # fmt: skip


def _yearly(figures: Mapping[str, Any]) -> Section | None:
    told = figures["scenarios"]
    least = min(told, key=lambda one: one["yearly"][1])
    text = _("At today's volume “%(name)s” costs least: %(amount)s a year.") % {
        "name": SCENARIOS[least["kind"]], "amount": euros(least["yearly"][1]),
    }  # fmt: skip
    head = [_("Scenario"), *(str(name) for name in VOLUME_NAMES), _("Once")]
    rows = [
        [str(SCENARIOS[one["kind"]]), *(euros(each) for each in one["yearly"]), euros(one["once"])]
        for one in told
    ]
    return Section("yearly", _("Cost a year"), text, head, rows, (1, 2, 3, 4), "yearly")


def _split(figures: Mapping[str, Any]) -> Section | None:
    head = [
        _("Scenario"), _("Fixed and by posts"), _("Follows the volume"), _("Share of fixed costs"),
        _("Cost of friction"), _("An hour of work"),
    ]  # fmt: skip
    rows = [
        [str(SCENARIOS[one["kind"]]), euros(one["fixed"]), euros(one["variable"]),
         per_cent(one["fixed_share"], 0), euros(one["friction"]),
         euros(one["per_hour"]) if one["per_hour"] is not None else "–"]
        for one in figures["scenarios"]
    ]  # fmt: skip
    text = _("Fixed costs stay when the volume falls; the cost of friction is that of hours lost.")
    return Section("split", _("What moves with the volume"), text, head, rows, (1, 2, 3, 4, 5),
                   "split")  # fmt: skip


def _assumed(figures: Mapping[str, Any]) -> Section | None:
    rows = [
        [str(SCENARIOS[one["kind"]]), name, euros(amount), str(BEHAVIOURS[behaviour]),
         _("assumption") if assumed else _("typed")]
        for one in figures["scenarios"]
        for name, amount, behaviour, assumed in one["lines"]
    ]  # fmt: skip
    count = sum(line[3] for one in figures["scenarios"] for line in one["lines"])
    text = ngettext(
        "%(n)s line is an assumption of the software: nobody has typed it.",
        "%(n)s lines are assumptions of the software: nobody has typed them.",
        count,
    ) % {"n": count}
    head = [_("Scenario"), _("Line"), _("Amount"), _("When the volume moves"), _("Known by")]
    return Section("lines", _("What it rests on"), text, head, rows, (2,))


Make = Callable[[Mapping[str, Any]], Section | None]
OF: dict[str, tuple[Make, ...]] = {
    Report.Kind.SITE: (
        _essential, _families, _tasks, _roles, _months, _doubles, _irritants, _brakes,
    ),
    Report.Kind.GROUP: (
        _essential, _map, _values, _roles, _months, _doubles, _irritants, _brakes, _capacity,
    ),
    Report.Kind.COSTS: (_yearly, _split, _assumed),
}  # fmt: skip

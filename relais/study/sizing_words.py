"""A sizing in words: its terms, its ways, where the gain comes from, and when sharing loses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_decimal
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from relais.lib.formats import babel_locale

WAYS = {
    "apart": gettext_lazy("Each site its own"),
    "chain_2": gettext_lazy("Shared, two know each site"),
    "chain_3": gettext_lazy("Shared, three know each site"),
    "together": gettext_lazy("Shared, all know all sites"),
}
LOSSES = {
    "one_site": gettext_lazy("there is one site only: nobody to share with"),
    "same_peaks": gettext_lazy("all sites have their peaks in the same weeks"),
    "knowledge": gettext_lazy("knowing the sites costs more than sharing saves"),
    "nothing_to_round": gettext_lazy("no post is saved by rounding together"),
}
GAPS = {
    "small_team": gettext_lazy("for so few people the formula cannot be trusted"),
    "whole_people": gettext_lazy("people cannot share one request as the formula lets them"),
    "who_may": gettext_lazy("not everybody may take everything"),
    "chance": gettext_lazy("the weeks drawn explain it: simulate more of them"),
}
VERDICTS = {
    "gains": gettext_lazy("saves people"),
    "loses": gettext_lazy("costs people"),
    "unsure": gettext_lazy("may save or cost: the interval holds zero"),
}
# Of a year, step by step: the key of what is left, and what was taken off.
YEAR = (
    ("weekdays", gettext_lazy("Weekdays that are no holiday")),
    ("leave", gettext_lazy("Paid leave, days")),
    ("extra_leave", gettext_lazy("Further days off (RTT)")),
    ("sickness", gettext_lazy("Sickness and other absences, %")),
    ("training", gettext_lazy("Training, days")),
    ("hours_a_day", gettext_lazy("Hours a day")),
    ("rituals", gettext_lazy("Meetings of the pool, hours a week")),
    ("practical", gettext_lazy("Practical capacity, %")),
)


def number(value: float | None, digits: int = 1) -> str:
    """Return a figure as the reader writes it; a dash for none."""
    if value is None:
        return "–"
    form = "#,##0" + ("." + "0" * digits if digits else "")
    text: str = format_decimal(value, form, locale=babel_locale())
    return text


def per_cent(share: float, digits: int = 1) -> str:
    """Return a share as per cent."""
    return _("%(n)s %%") % {"n": number(100 * share, digits)}


@dataclass(frozen=True)
class Step:
    """A line of a calculation: what is taken, and what is left."""

    name: Any
    given: str
    left: str = ""


def year_steps(terms: Mapping[str, Any], found: Mapping[str, Any]) -> list[Step]:
    """Return one person's year line by line, each with what is left after it."""
    off = terms["weekdays"] - terms["leave"] - terms["extra_leave"]
    there = off * (1 - terms["sickness"] / 100)
    days, hours = _("%(n)s days"), _("%(n)s h")
    left = {
        "weekdays": days % {"n": number(terms["weekdays"], 0)},
        "leave": days % {"n": number(terms["weekdays"] - terms["leave"], 1)},
        "extra_leave": days % {"n": number(off, 1)},
        "sickness": days % {"n": number(there, 1)},
        "training": days % {"n": number(found["days"], 1)},
        "hours_a_day": hours % {"n": number(found["hours"], 0)},
        "rituals": hours % {"n": number(found["after_rituals"], 0)},
        "practical": hours % {"n": number(found["productive"], 0)},
    }
    steps = [
        Step(name, number(terms[key], 0 if float(terms[key]).is_integer() else 1), left[key])
        for key, name in YEAR
    ]
    return [*steps, Step(_("A week, over 52 weeks"), "52", hours % {"n": number(found["a_week"])})]


def basis_said(basis: Mapping[str, Any], terms: Mapping[str, Any]) -> str:
    """Return how far sites are taken to move together, and how that is known."""
    told = basis["correlation"]
    facts = {
        "rho": number(told["mean"], 2), "low": number(told["low"], 2),
        "high": number(told["high"], 2), "weeks": told["weeks"],
    }  # fmt: skip
    if not told["assumed"]:
        return (
            _(
                "Sites move together by %(rho)s (95 %% interval %(low)s to %(high)s), estimated "
                "from %(weeks)s weeks of requests."
            )
            % facts
        )
    if terms["correlation"] is not None:
        return _("Sites are assumed to move together by %(rho)s: typed, not measured.") % facts
    return (
        _(
            "Sites are assumed to move together by %(rho)s: too few weeks of requests "
            "(%(weeks)s) to estimate it."
        )
        % facts
    )


@dataclass(frozen=True)
class Way:
    """One way of serving as the page tells it."""

    code: str
    name: Any
    hours: float
    posts: float
    people: int
    pairs: int
    knowledge: float
    gain: Mapping[str, Any] | None
    lived: Mapping[str, Any] | None

    @property
    def interval(self) -> str:
        """Return the simulated heads with their interval; empty when nobody has simulated."""
        if self.lived is None:
            return ""
        return f"{number(self.lived['heads'])} ± {number(self.lived['half'])}"

    @property
    def saved(self) -> str:
        """Return the heads saved beside teams apart, with their interval."""
        beside = self.lived and self.lived["difference"]
        if not beside:
            return ""
        return f"{number(beside['heads'])} ± {number(beside['half'])}"


def ways(formula: Mapping[str, Any], lived: Mapping[str, Any]) -> list[Way]:
    """Return the ways side by side, by formula and as they were lived."""
    known = {each["way"]: each for each in lived.get("ways", ())}
    return [
        Way(
            one["way"], WAYS[one["way"]], one["hours"], one["posts"], one["people"], one["pairs"],
            one["knowledge_hours"], one["gain"], known.get(one["way"]),
        )
        for one in formula["ways"]
    ]  # fmt: skip


def gain_said(way: Way) -> str:
    """Return what one way brings beside teams apart, or why it loses, in a sentence."""
    gain = way.gain
    if gain is None:
        return ""
    if gain["loses"]:
        why = ", ".join(str(LOSSES[code]) for code in gain["why"]) or _("nothing is saved")
        return _("%(way)s loses %(net)s h a year: %(why)s.") % {
            "way": way.name, "net": number(abs(gain["net"]), 0), "why": why,
        }  # fmt: skip
    said = _("%(way)s saves %(net)s h a year.") % {
        "way": way.name, "net": number(gain["net"], 0),
    }  # fmt: skip
    limit = gain["upkeep_limit"]
    if limit is None:
        return said
    return said + " " + _(
        "It loses once keeping up one site takes a person more than %(limit)s h a month."
    ) % {"limit": number(limit)}  # fmt: skip


def peaks_said(formula: Mapping[str, Any]) -> str:
    """Return what is left of sharing if all sites had their heavy weeks at once."""
    told = formula["same_peaks"]
    facts = {"net": number(abs(told["net"]), 0)}
    if told["loses"]:
        return _("If all sites had their peaks together, sharing would lose %(net)s h a year.") % (
            facts
        )
    return (
        _("Even if all sites had their peaks together, sharing would save %(net)s h a year.")
        % facts
    )


def lived_said(way: Way) -> str:
    """Return what simulation found of one way, in a sentence; empty where there is none."""
    if way.lived is None or way.lived["difference"] is None:
        return ""
    beside = way.lived["difference"]
    said = _("%(way)s: %(saved)s people fewer than each site its own; it %(verdict)s.") % {
        "way": way.name, "saved": way.saved, "verdict": VERDICTS[beside["verdict"]],
    }  # fmt: skip
    gaps = [str(GAPS[code]) for code in way.lived["gaps"]]
    if not gaps or way.lived["formula"] is None:
        return said
    return said + " " + _("The formula says %(formula)s: %(why)s.") % {
        "formula": number(way.lived["formula"]), "why": ", ".join(gaps),
    }  # fmt: skip


def curve_said(told: list[Way], lived: Mapping[str, Any]) -> str:
    """Return what the capacity curve shows, in a sentence."""
    by_code = {way.code: way.lived for way in told if way.lived}
    if "together" not in by_code or "apart" not in by_code:
        return ""
    apart, shared = by_code["apart"], by_code["together"]
    assert apart and shared
    first = ngettext(
        "%(share)s of the requests in time take %(n)s person in a shared pool",
        "%(share)s of the requests in time take %(n)s people in a shared pool",
        shared["whole"],
    ) % {"share": per_cent(lived["share"], 0), "n": shared["whole"]}
    return first + " " + _("and %(n)s with each site its own (%(weeks)s replications).") % {
        "n": apart["whole"], "weeks": lived["replications"],
    }  # fmt: skip

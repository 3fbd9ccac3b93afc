"""What a review's figures say: values, intervals, changes and levels in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from relais.engine.credits import Level, Statistic
from relais.engine.measures import Figure, Why
from relais.engine.measures_compared import Change, Move, compared
from relais.engine.measures_frozen import CAUSES, Cause
from relais.engine.measures_words import UNITS, Unit, Words
from relais.offer.models import AgreementTarget, Service
from relais.offer.terms import TargetTerms

from .verdicts import Judged, promised

# What a board reads first, in this order; then the rest.
FIRST = (
    "on_time", "first_response", "words_kept", "right_first_time", "turnaround_p50",
    "turnaround_p90", "received", "delivered", "backlog", "satisfaction", "alike_index",
    "time_returned",
)  # fmt: skip
EXECUTIVE = ("on_time", "first_response", "right_first_time", "turnaround_p50", "satisfaction",
             "received", "backlog", "alike_index")  # fmt: skip
LEVELS = {
    Level.TARGET: pgettext_lazy("level", "At the target"),
    Level.EXPECTED: pgettext_lazy("level", "As expected"),
    Level.BELOW: pgettext_lazy("level", "Below expected"),
    Level.CRITICAL: pgettext_lazy("level", "Critical"),
    Level.TOO_FEW: pgettext_lazy("level", "Too few to tell"),
}
TONES = {
    Level.TARGET: "good", Level.EXPECTED: "good", Level.BELOW: "warn",
    Level.CRITICAL: "bad", Level.TOO_FEW: "neutral",
}  # fmt: skip
WHYS = {
    Why.NOTHING: pgettext_lazy("figure", "nothing to count"),
    Why.FEW: pgettext_lazy("figure", "too few to conclude"),
    Why.WITHHELD: pgettext_lazy("figure", "not told: it would give away who answered"),
    Why.NO_STANDARD: pgettext_lazy("figure", "nobody measured what it would have cost her"),
    Why.ONE_SITE: pgettext_lazy("figure", "fewer than two sites have enough requests"),
}
MOVES = {
    Move.BETTER: pgettext_lazy("change", "better, beyond chance"),
    Move.WORSE: pgettext_lazy("change", "worse, beyond chance"),
    Move.UNCLEAR: pgettext_lazy("change", "within chance"),
    Move.SAME: pgettext_lazy("change", "unchanged"),
}
# Where the words of a move are of no help: a count has no chance to be told from.
MOVE_TONES = {Move.BETTER: "good", Move.WORSE: "bad"}


@dataclass(frozen=True, slots=True)
class Line:
    """One figure as it is read: every part a text."""

    key: str
    name: str
    value: str
    unit: str
    interval: str
    n: str
    note: str
    change: str
    move: str
    tone: str
    what: str
    shown: bool


def said(words: Words) -> str:
    """Return what the engine says in both tongues in the reader's."""
    text = words.fr if (get_language() or "fr").startswith("fr") else words.en
    return str(text)


def number(value: Fraction | Decimal | int | float, digits: int) -> str:
    """Return a number with that many decimals, halves away from nought: as dashboards round."""
    exact = Decimal(value.numerator) / value.denominator if isinstance(value, Fraction) else value
    quantum = Decimal(1).scaleb(-digits)
    rounded = Decimal(exact).quantize(quantum, ROUND_HALF_UP)
    return str(number_format(rounded, digits, use_l10n=True, force_grouping=True))


def percent(value: Fraction | Decimal, digits: int = 1) -> str:
    """Return a share from 0 to 1 as a percentage."""
    whole = value * 100
    return _("%(number)s %%") % {"number": number(whole, digits)}


def euros(amount: Decimal) -> str:
    """Return an amount of money as the language writes it."""
    return _("€%(amount)s") % {"amount": number(amount, 2)}


def value_text(figure: Figure) -> str:
    """Return a figure's value with its unit; a dash where there is none."""
    if figure.value is None:
        return "–"
    return amount_text(figure.definition.unit, figure.value)


def amount_text(unit: Unit, value: Fraction) -> str:
    """Return a value of a unit as text."""
    if unit is Unit.SHARE:
        return percent(value)
    if unit is Unit.SECONDS:
        return _("%(hours)s h") % {"hours": number(value / 3600, 1)}
    if unit is Unit.MINUTES:
        return _("%(hours)s h") % {"hours": number(value / 60, 1)}
    if unit is Unit.CENTS:
        return euros(Decimal(value.numerator) / value.denominator / 100)
    if unit is Unit.DAYS:
        return _("%(days)s d") % {"days": number(value, 0 if value.denominator == 1 else 1)}
    if unit in (Unit.INDEX, Unit.SCORE, Unit.PERSONS):
        return number(value, 3 if unit is Unit.INDEX else 2)
    return number(value, 0 if value.denominator == 1 else 1)


def interval_text(figure: Figure) -> str:
    """Return the 95 % interval of a share; empty for other figures."""
    if figure.value is None or figure.low is None or figure.high is None:
        return ""
    low, high = number(figure.low * 100, 1), number(figure.high * 100, 1)
    return _("%(low)s to %(high)s %%") % {"low": low, "high": high}


def note_of(figure: Figure) -> str:
    """Return what must be known to read the figure: too few, pooled, what was left out."""
    parts = [str(WHYS[figure.why])] if figure.why in WHYS else []
    if figure.pooled and figure.value is not None:
        parts.append(_("read over three months; %(n)s in the month") % {"n": figure.own_n})
    if figure.excluded and figure.assumption is None:
        parts.append(
            ngettext("%(n)d left out by agreement", "%(n)d left out by agreement", figure.excluded)
            % {"n": figure.excluded}
        )
    if figure.assumption is not None and figure.value is not None:
        parts.append(said(figure.assumption))
    return " · ".join(parts)


def change_of(figure: Figure, before: Figure | None) -> Change | None:
    """Return the change since the month before, where both are known and read alike."""
    if before is None or before.definition.version != figure.definition.version:
        return None
    return compared(figure, before)


def change_text(figure: Figure, change: Change | None) -> str:
    """Return by how much it moved, with its sign."""
    if change is None:
        return ""
    sign = "+" if change.difference > 0 else "−" if change.difference < 0 else "±"
    size = abs(change.difference)
    if figure.definition.unit is Unit.SHARE:
        return _("%(change)s pts") % {"change": sign + number(size * 100, 1)}
    return sign + amount_text(figure.definition.unit, size)


def line_of(figure: Figure, before: Figure | None = None) -> Line:
    """Return a figure as it is read, with its change since the month before."""
    change = change_of(figure, before)
    share = figure.low is not None
    return Line(
        key=figure.key, name=said(figure.definition.name), value=value_text(figure),
        unit=said(UNITS[figure.definition.unit]), interval=interval_text(figure),
        n=number(figure.n, 0), note=note_of(figure), change=change_text(figure, change),
        move=str(MOVES[change.move]) if change and (share or change.move is Move.SAME) else "",
        tone=MOVE_TONES.get(change.move, "neutral") if change else "neutral",
        what=said(figure.definition.what), shown=figure.value is not None,
    )  # fmt: skip


def whole(figures: Iterable[Figure]) -> dict[str, Figure]:
    """Return the figures of everything, by key."""
    return {each.key: each for each in figures if not each.cut}


def by(figures: Iterable[Figure], name: str, key: str) -> dict[str, Figure]:
    """Return a figure by the values of a cut, those without anything left out."""
    return {
        each.cut[0][1]: each for each in figures if each.key == key and each.cut
        and each.cut[0][0] == name and (each.n or each.why is Why.WITHHELD)
    }  # fmt: skip


def lines(
    figures: Iterable[Figure], before: Iterable[Figure] = (), keys: Sequence[str] | None = None
) -> list[Line]:
    """Return the figures of everything as they are read, what matters first."""
    now, then = whole(figures), whole(before)
    ordered = keys or (*FIRST, *(key for key in now if key not in FIRST))
    told = (line_of(now[key], then.get(key)) for key in ordered if key in now)
    return [each for each in told if each.shown or keys or each.note != WHYS[Why.NOTHING]]


# Promises of the agreement ------------------------------------------------------------------------


def target_name(target: TargetTerms, services: Mapping[int, str]) -> str:
    """Return what is promised, for what."""
    kind = str(dict(AgreementTarget.Kind.choices).get(target.kind, target.kind))
    parts = [kind]
    if target.service is not None:
        parts.append(services.get(target.service, f"#{target.service}"))
    if target.family:
        parts.append(str(dict(Service.Family.choices).get(target.family, target.family)))
    if target.priority is not None:
        parts.append(_("priority %(n)s") % {"n": target.priority})
    return " · ".join(parts)


def level_value(statistic: str, value: Decimal | None) -> str:
    """Return a level or what was reached, in the unit of its statistic."""
    if value is None:
        return "–"
    if statistic == Statistic.PCT_WITHIN:
        return _("%(number)s %%") % {"number": number(value, 2)}
    if statistic == Statistic.COUNT:
        return number(value, 0)
    return _("%(hours)s h") % {"hours": number(value, 1)}


def promise_lines(judged: Sequence[Judged], services: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return the promises of a month as they are read: expected, reached, level."""
    return [
        {
            "agreement": each.name,
            "name": target_name(each.target, services),
            "reached": level_value(each.target.statistic, each.verdict.value),
            "expected": level_value(each.target.statistic, each.target.expected),
            "target": level_value(each.target.statistic, each.target.target),
            "critical": level_value(each.target.statistic, each.target.critical),
            "n": number(each.verdict.counted, 0),
            "excluded": each.verdict.excluded,
            "level": str(LEVELS[each.verdict.level]),
            "tone": TONES[each.verdict.level],
            "weight": percent(each.target.weight, 0) if each.target.weight else "",
        }
        for each in judged
    ]


def service_names(judged: Sequence[Judged]) -> dict[int, str]:
    """Return the services that promises name."""
    keys = {each.target.service for each in judged if each.target.service}
    return {one.pk: one.name for one in Service.objects.filter(pk__in=keys)} if keys else {}


# Restatements -------------------------------------------------------------------------------------


def change_lines(
    changes: Iterable[Mapping[str, Any]], names: Mapping[str, Mapping[str, str]], *, inside: bool,
    seen: Mapping[str, str],
) -> list[dict[str, Any]]:  # fmt: skip
    """Return what a restatement changed; requests by reference, those that are seen alone.

    `inside`: whether the provider's own figures are told.
    """
    from relais.engine.measures_words import DEFINITIONS

    found = []
    for each in changes:
        definition = DEFINITIONS.get(each["key"])
        if each["inside"] and not inside:
            continue
        if "promise" in each:
            found.append(_promise_change(each))
            continue
        unit = definition.unit if definition else Unit.COUNT
        told = {
            name: "–" if each[name] is None else amount_text(unit, Fraction(each[name]))
            for name in ("before", "now")
        }
        keys = (*each["added"], *each["removed"], *each["changed"])
        requests = dict.fromkeys(key.partition("#")[0] for key in keys)
        found.append({
            "name": said(definition.name) if definition else each["key"],
            "cut": ", ".join(cut_name(name, value, names) for name, value in each["cut"]),
            "causes": ", ".join(said(CAUSES[Cause(cause)]) for cause in each["causes"]),
            "requests": [(key, seen[key]) for key in requests if key in seen],
            **told,
        })  # fmt: skip
    return found


def _promise_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a promise that is judged otherwise: what was reached before and now, and its level."""
    target = promised(change["promise"])
    rows = Service.objects.filter(pk=target.service) if target.service else ()
    told = {}
    for name, level in zip(("before", "now"), change["levels"], strict=True):
        value = None if change[name] is None else Decimal(change[name])
        said_level = f" ({LEVELS[Level(level)]})" if level else ""
        told[name] = level_value(target.statistic, value) + said_level
    return {
        "name": target_name(target, {one.pk: one.name for one in rows}), "cut": "",
        "causes": ", ".join(said(CAUSES[Cause(cause)]) for cause in change["causes"]),
        "requests": [], **told,
    }  # fmt: skip


def cut_name(name: str, value: str, names: Mapping[str, Mapping[str, str]]) -> str:
    """Return what a place or a kind of work is called, as the report names it."""
    if name == "family":
        return str(dict(Service.Family.choices).get(value, value))
    return names.get(name, {}).get(value, value or "–")


# Sentences ----------------------------------------------------------------------------------------


def month_text(month: Any) -> str:
    """Return a month as it is read: octobre 2026."""
    return date_format(month, "F Y")


def without_lines(figure: Figure) -> Figure:
    """Return the figure alone."""
    return replace(figure, lines=())

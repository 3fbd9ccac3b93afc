"""Figures as people read them: values in their units, intervals, changes, why nothing is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from babel.dates import format_skeleton
from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from relais.engine.measures import Figure, Why
from relais.engine.measures_alike import STANDINGS, Standing
from relais.engine.measures_compared import Change, Move
from relais.engine.measures_words import Unit, Words
from relais.lib.formats import babel_locale

NARROW = "\u202f"
HOUR = 3600


def short_month(month: str) -> str:
    """Return a month such as 2026-10 as charts and tables bear it: oct. 2026."""
    day = date.fromisoformat(f"{month}-01")
    return str(format_skeleton("yMMM", day, locale=babel_locale()))


def said(words: Words) -> str:
    """Return the engine's words in the reader's language."""
    return words.en if (get_language() or "fr").startswith("en") else words.fr


def number(value: Fraction | Decimal | int, places: int) -> str:
    """Return a number with so many decimals, as the reader writes it; halves away from nought."""
    whole = Fraction(value) * 10**places
    rounded = int(abs(whole) + Fraction(1, 2)) * (1 if whole >= 0 else -1)
    return str(formats.number_format(Decimal(rounded).scaleb(-places), places, force_grouping=True))


def share(value: Fraction | Decimal) -> str:
    """Return a share in percent with one decimal."""
    return f"{number(Fraction(value) * 100, 1)}{NARROW}%"


def value_text(figure: Figure) -> str:
    """Return the value with its unit; empty where there is none."""
    value = figure.value
    if value is None:
        return ""
    unit = figure.definition.unit
    if unit is Unit.SHARE:
        return share(value)
    if unit is Unit.SECONDS:
        return _("%(hours)s h") % {"hours": number(value / HOUR, 1)}
    if unit is Unit.DAYS:
        return _("%(days)s d") % {"days": number(value, 1)}
    if unit is Unit.SCORE:
        return f"{number(value, 2)} / 5"
    if unit is Unit.MINUTES:
        return _("%(minutes)s min") % {"minutes": number(value, 0)}
    if unit is Unit.CENTS:
        return _("%(euros)s € a unit") % {"euros": number(value / 100, 2)}
    if unit is Unit.INDEX:
        return number(value, 3)
    if unit is Unit.PERSONS:
        return number(value, 1)
    return number(value, 0)


def interval_text(figure: Figure) -> str:
    """Return the 95 % interval of a share; empty for what has none."""
    if figure.value is None or figure.low is None or figure.high is None:
        return ""
    return f"{share(figure.low)} – {share(figure.high)}"


def why_text(figure: Figure) -> str:
    """Return why nothing may be concluded, and what would help; empty where something may."""
    if figure.why is Why.SHOWN:
        return ""
    if figure.why is Why.FEW:
        return _("too few to conclude: %(n)s of at least %(least)s") % {
            "n": figure.n, "least": figure.definition.smallest,
        }  # fmt: skip
    if figure.why is Why.WITHHELD and figure.n >= figure.definition.smallest:
        return _("not shown: with the months told before it would tell who said what")
    if figure.why is Why.WITHHELD:
        return _("not shown: fewer than %(least)s answers would tell who said what") % {
            "least": figure.definition.smallest
        }
    if figure.why is Why.NO_STANDARD:
        return _("not known: nobody measured what requests cost executives; the diagnostic does")
    if figure.why is Why.ONE_SITE:
        return _("needs two sites of enough requests")
    return {
        "bypass": _("not known: nobody declares requests made outside the service yet"),
        "backlog_days": _("not known: what a day can do is not given for these requests"),
        "cost_per_unit": _("not known: no cost is given"),
        "occupation": _("not known: no capacity is given"),
    }.get(figure.key, _("nothing to count in this month"))


def change_text(change: Change | None, figure: Figure) -> str:
    """Return how a figure moved, with what chance leaves sure; empty where nothing is compared."""
    if change is None:
        return ""
    if change.move is Move.SAME:
        return _("unchanged")
    unit, sign = figure.definition.unit, "+" if change.difference > 0 else "−"
    size = abs(change.difference)
    if unit is Unit.SHARE:
        text = _("%(points)s pts") % {"points": number(size * 100, 1)}
    elif unit is Unit.SECONDS:
        text = _("%(hours)s h") % {"hours": number(size / HOUR, 1)}
    else:
        text = number(size, {Unit.INDEX: 3, Unit.COUNT: 0}.get(unit, 1))
    judged = {
        Move.BETTER: _("better, beyond chance"),
        Move.WORSE: _("worse, beyond chance"),
    }.get(change.move, "")
    return f"{sign}{text}" + (f" · {judged}" if judged else "")


def tone(change: Change | None) -> str:
    """Return the tone of a move: good and bad only beyond chance."""
    moves = {Move.BETTER: "good", Move.WORSE: "bad"}
    return moves.get(change.move, "neutral") if change is not None else "neutral"


def standing_text(standing: Standing) -> str:
    """Return where a site stands in its funnel; sites are never ranked."""
    return said(Words(*STANDINGS[standing]))


STANDING_TONES = {
    Standing.ALIKE: "good",
    Standing.WATCH: "warn",
    Standing.BELOW: "bad",
    Standing.ABOVE: "info",
    Standing.TOO_FEW: "neutral",
}

"""Every figure of reports and packs, from the facts of requests: once, and the same for ever.

Lines are counted one by one (`Count`), each with the request it stands for; figures add them up
for any cut (`Tally.cut`). Everything is whole numbers and fractions, so that neither order nor
machine nor time zone changes a digit. What each figure means is told in `measures_words`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from .measures_alike import Alike, alike, spread
from .measures_facts import (
    DELIVERY,
    FIRST_RESPONSE,
    WORD,
    Given,
    Life,
    Means,
    Period,
    known,
)
from .measures_stats import median, percentile, wilson
from .measures_words import DEFINITIONS, Definition, Sum, Unit, Words
from .satisfaction import GOOD

CUTS = (
    "client", "entity", "site", "family", "service", "priority", "requester", "assistant",
)  # fmt: skip
POOLED = 3
BUCKETS = (2, 5, 10)


class Count(NamedTuple):
    """One line behind a figure: the request, and what it adds above and below the stroke.

    `excluded` lines are told, and counted nowhere.
    """

    key: str
    over: Fraction | int
    under: Fraction | int = 1
    group: str = ""
    excluded: str = ""


class Why(StrEnum):
    """Why nothing may be concluded from a figure."""

    SHOWN = ""
    NOTHING = "nothing"
    FEW = "few"
    WITHHELD = "withheld"
    NO_STANDARD = "no_standard"
    ONE_SITE = "one_site"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a month and a cut, with all that is needed to believe it.

    `value` is over / under, or what the definition makes of the lines; None where there is none or
    where it is withheld. `low` and `high` are its 95 % interval if it is a share. `n` is the
    sample, `excluded` what was left out by agreement, `periods` the months read: three if one was
    too few, and then `own_n` is the sample of the month alone. `lines` lead to the requests.
    """

    key: str
    period: str
    cut: tuple[tuple[str, str], ...]
    over: Fraction
    under: Fraction
    value: Fraction | None
    n: int
    low: Decimal | None
    high: Decimal | None
    why: Why
    periods: tuple[str, ...]
    own_n: int
    excluded: int = 0
    assumption: Words | None = None
    lines: tuple[Count, ...] = field(default=(), repr=False)

    @property
    def shown(self) -> bool:
        """Return whether it may be put before people as a figure."""
        return self.why is Why.SHOWN

    @property
    def pooled(self) -> bool:
        """Return whether it was read over several months."""
        return len(self.periods) > 1

    @property
    def definition(self) -> Definition:
        return DEFINITIONS[self.key]

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the requests that it counts."""
        return tuple(dict.fromkeys(line.key.partition("#")[0] for line in self.lines))


Row = tuple[Life | Means, Count]


@dataclass(frozen=True, slots=True)
class Tally:
    """The lines of some months, the last of which is reported, ready to be cut."""

    periods: tuple[Period, ...]
    given: Given
    counted: Mapping[str, Mapping[str, Sequence[Row]]] = field(repr=False)
    lives: tuple[Life, ...] = field(repr=False)

    def cut(self, *by: str, keys: Iterable[str] = DEFINITIONS) -> tuple[Figure, ...]:
        """Return the figures for each value of these keys; of everything if there are none."""
        for each in by:
            if each not in CUTS:
                raise ValueError(f"{each}: cut by one of {', '.join(CUTS)}")
        places = {id(life): _cell(life, by) for life in self.lives} if by else {}
        cells = sorted(set(places.values())) if by else [()]
        found: list[Figure] = []
        for key in keys:
            rows = {
                period: _grouped(rows, by, places)
                for period, rows in self._lines(DEFINITIONS[key]).items()
            }
            figures = [
                self._figure(key, cell, {name: each.get(cell, ()) for name, each in rows.items()})
                for cell in cells
            ]
            found += _not_by_subtraction(figures) if DEFINITIONS[key].withheld else figures
        return tuple(found)

    def whole(self) -> dict[str, Figure]:
        """Return the figures of everything, by key."""
        return {each.key: each for each in self.cut()}

    def _lines(self, definition: Definition) -> dict[str, Sequence[Row]]:
        source = "on_time" if definition.sum is Sum.ALIKE else definition.key
        read = self.periods if definition.pooled else self.periods[-1:]
        return {each.name: self.counted[each.name].get(source, ()) for each in read}

    def _figure(
        self, key: str, cell: tuple[tuple[str, str], ...], lines: Mapping[str, Sequence[Count]]
    ) -> Figure:
        definition, last = DEFINITIONS[key], self.periods[-1].name
        smallest = self.given.smallest.get(key, definition.smallest)
        own = _size(lines[last])
        names = [last]
        if definition.pooled and own < smallest:
            names = [each.name for each in self.periods[-POOLED:]]
        chosen = sorted(line for name in names for line in lines[name])
        figure = _added(definition, chosen, self.given, smallest)
        figure = replace(figure, period=last, cut=cell, periods=tuple(names), own_n=own)
        # A month already told alone would give the few others away by subtraction.
        untold = sum(n for name in names if (n := _size(lines[name])) < smallest)
        if definition.withheld and untold < smallest and (len(names) > 1 or figure.n < smallest):
            return _withheld(figure)
        return figure


def tally(
    lives: Iterable[Life], periods: Sequence[Period], as_of: datetime, given: Given | None = None
) -> Tally:
    """Return what these months count as known at `as_of`; the last of them is the one reported.

    Give the two months before as well where a small month may be read with them. Raises
    ValueError where two lives bear one key, for one of them would be counted twice.
    """
    given = given or Given()
    ordered = tuple(sorted(lives, key=lambda each: each.key))
    for one, following in pairwise(ordered):
        if one.key == following.key:
            raise ValueError(f"{one.key}: give each request once")
    ordered = tuple(each for each in ordered if each.received <= as_of)
    months = tuple(sorted(periods, key=lambda each: each.begin))
    if not months:
        raise ValueError("months: give at least the one to report")
    return Tally(months, given, _counted(ordered, months, as_of, given), ordered)


Months = Sequence[Period]


def _counted(
    lives: Sequence[Life], months: Months, as_of: datetime, given: Given
) -> dict[str, dict[str, list[Row]]]:
    """Return the lines of each month by figure, each life looked at once for all months."""
    found: dict[str, dict[str, list[Row]]] = {each.name: defaultdict(list) for each in months}
    for life in lives:
        for count in (_promised, _delivered, _received, _said, _standing):
            for month, key, line in count(life, months, as_of, given):
                found[month.name][key].append((life, line))
    for means in given.means:
        if means.period in found:
            rows = found[means.period]
            rows["cost_per_unit"].append((means, Count(means.key, means.cents, 0, "means")))
            line = Count(means.key, means.used_minutes, means.practical_minutes)
            rows["occupation"].append((means, line))
    return found


def _holding(months: Months, at: datetime | None) -> list[Period]:
    return [each for each in months if each.holds(at)]


Lines = Iterable[tuple[Period, str, Count]]
_PROMISES = {DELIVERY: "on_time", FIRST_RESPONSE: "first_response", WORD: "words_kept"}


def _promised(life: Life, months: Months, as_of: datetime, given: Given) -> Lines:
    """Promises, in the month of their end or of their breach; none of what was cancelled."""
    if life.void(as_of):
        return
    for promise in life.promises:
        key = _PROMISES.get(promise.kind)
        outcome = promise.outcome(as_of) if key else None
        if not key or outcome is None:
            continue
        for month in _holding(months, outcome.counted_at):
            name = f"{life.key}#{promise.key}" if promise.key else life.key
            yield month, key, Count(name, int(outcome.kept), 1, life.site, outcome.excluded)


def _delivered(life: Life, months: Months, as_of: datetime, given: Given) -> Lines:
    """What is asked of a request once it was first delivered, in the month of that delivery."""
    for month in _holding(months, life.delivered(as_of)):
        for key, line in _of_delivered(life, as_of, given):
            yield month, key, line


def _of_delivered(life: Life, as_of: datetime, given: Given) -> Iterable[tuple[str, Count]]:
    reopened = [each for each in life.reopenings if known(each.at, as_of)]
    faults = (*life.asked_by_fault, *life.corrected)
    right = not reopened and not any(known(each, as_of) for each in faults)
    yield "delivered", Count(life.key, 1)
    yield "right_first_time", Count(life.key, int(right))
    soon = any(each.days <= given.reopened_within for each in reopened)
    yield "reopened", Count(life.key, int(soon))
    yield "cost_per_unit", Count(life.key, 0, life.units)
    if life.worked is not None:
        yield "turnaround_p50", Count(life.key, life.worked)
        yield "turnaround_p90", Count(life.key, life.worked)
        if life.worked + life.waited:
            yield "client_waiting", Count(life.key, life.waited, life.worked + life.waited)
    if life.standard is not None:
        spent = life.written * given.minutes_a_message + life.validation
        yield "time_returned", Count(life.key, life.standard - spent)
    else:
        yield "time_returned", Count(life.key, 0, excluded=Why.NO_STANDARD)


def _received(life: Life, months: Months, as_of: datetime, given: Given) -> Lines:
    holding = _holding(months, life.received)
    if not holding or life.void(as_of):
        return
    for month in holding:
        yield month, "received", Count(life.key, 1)
        yield month, "off_catalogue", Count(life.key, int(life.off_catalogue))
        yield month, "anticipation", Count(life.key, int(life.anticipated))
        if life.bypassed is not None:
            yield month, "bypass", Count(life.key, int(life.bypassed))
        yield month, "documentation", Count(life.key, int(life.documented))
        if life.assistant:
            yield month, "concentration", Count(life.key, 1, 1, life.assistant)
            yield month, "effective_people", Count(life.key, 1, 1, life.assistant)


def _said(life: Life, months: Months, as_of: datetime, given: Given) -> Lines:
    """What people and checks said, in the month in which they did."""
    rating = life.rating
    told = rating is not None and known(rating.at, as_of)
    if known(life.invited, as_of):
        for month in _holding(months, life.invited):
            yield month, "response_rate", Count(life.key, int(told))
    if rating is not None and told:
        for month in _holding(months, rating.at):
            yield month, "satisfaction", Count(life.key, int(rating.score >= GOOD))
            yield month, "satisfaction_mean", Count(life.key, rating.score)
            if rating.effort is not None:
                yield month, "effort", Count(life.key, rating.effort)
    done = [each for each in life.audits if known(each.at, as_of)]
    for month in months if done else ():
        audits = [each for each in done if month.holds(each.at)]
        if audits:
            yield (
                month,
                "critical_errors",
                Count(life.key, int(any(one.critical for one in audits))),
            )


def _standing(life: Life, months: Months, as_of: datetime, given: Given) -> Lines:
    """What was open when the last month ended, or is now if it has not yet; none is pooled."""
    month = months[-1]
    at = min(month.end, as_of)
    if at <= month.begin or not life.open(at):
        return
    yield month, "backlog", Count(life.key, 1)
    age = given.age(life, at)
    yield month, "backlog_age_p50", Count(life.key, age)
    yield month, "backlog_age_p90", Count(life.key, age)
    if given.daily_minutes:
        yield (
            month,
            "backlog_days",
            Count(life.key, Fraction(life.left_minutes, given.daily_minutes)),
        )


def _cell(of: Life | Means, by: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((each, str(getattr(of, each))) for each in by)


def _grouped(
    rows: Sequence[Row], by: Sequence[str], places: Mapping[int, tuple[tuple[str, str], ...]]
) -> dict[tuple[tuple[str, str], ...], list[Count]]:
    """Return the lines of each cell; `places` are those of the lives, by their identity."""
    if not by:
        return {(): [line for _of, line in rows]}
    found = defaultdict(list)
    for of, line in rows:
        found[places.get(id(of)) or _cell(of, by)].append(line)
    return found


def _size(lines: Sequence[Count]) -> int:
    """Return how many requests (or resources, if only they count) the lines stand for."""
    return sum(not line.excluded and line.group != "means" for line in lines)


def _added(definition: Definition, lines: Sequence[Count], given: Given, smallest: int) -> Figure:
    """Return the figure of these lines, its month and cut still empty."""
    counted = [line for line in lines if not line.excluded]
    over = Fraction(sum(line.over for line in counted))
    under = Fraction(sum(line.under for line in counted))
    n = _size(lines)
    value = _value(definition, counted, over, under)
    low = high = None
    if definition.sum is Sum.SHARE and n:
        low, high = wilson(int(over), n)
    if definition.sum is Sum.TOTAL:
        under = Fraction(1)
    why = _why(definition, value, n, given, smallest)
    figure = Figure(
        definition.key, "", (), over, under, None if why is Why.NOTHING else value, n, low, high,
        why, (), n,
        len(lines) - len(counted), None, tuple(lines),
    )  # fmt: skip
    return _assumed(figure, given) if definition.key == "time_returned" else figure


def _value(
    definition: Definition, lines: Sequence[Count], over: Fraction, under: Fraction
) -> Fraction | None:
    made = definition.sum
    if made is Sum.TOTAL:
        return over
    if made is Sum.ALIKE:
        return _alike_value(definition.key, lines)
    if not lines or not under:
        return None
    if made is Sum.MEDIAN:
        return median([int(line.over) for line in lines])
    if made is Sum.P90:
        return percentile([int(line.over) for line in lines], 90)
    if made is Sum.SPREAD:
        held = concentration(Counter(line.group for line in lines))
        return 1 / held if definition.unit is Unit.PERSONS else held
    if definition.key == "cost_per_unit" and all(line.group != "means" for line in lines):
        return None  # no cost is known here, which is not a cost of nought
    return over / under


def _why(
    definition: Definition, value: Fraction | None, n: int, given: Given, smallest: int
) -> Why:
    if definition.key == "time_returned" and not given.standards:
        return Why.NO_STANDARD
    if definition.key == "backlog_days" and not given.daily_minutes:
        return Why.NOTHING  # what a day can do is not known, which is not a backlog of nought
    if definition.sum is Sum.TOTAL:
        return Why.SHOWN
    if definition.sum is Sum.ALIKE and value is None and n:
        return Why.ONE_SITE
    if value is None:
        return Why.NOTHING
    return Why.FEW if n < smallest else Why.SHOWN


def _assumed(figure: Figure, given: Given) -> Figure:
    """Return the time returned with its assumption, and without its value if it has none."""
    said = Words(
        f"Hypothèse : {given.minutes_a_message} min par message écrit, plus le temps de "
        f"validation ; temps évité au dirigeant : {given.standards or 'non mesuré'} ; "
        f"{figure.excluded} demande(s) sans temps de référence non comptée(s).",
        f"Assumption: {given.minutes_a_message} min a message written, plus the time of "
        f"validation; time spared to the executive: {given.standards or 'not measured'}; "
        f"{figure.excluded} request(s) without a standard time not counted.",
    )
    value = figure.value if given.standards else None
    return replace(figure, assumption=said, value=value)


def _withheld(figure: Figure) -> Figure:
    nought = Fraction(0)
    return replace(
        figure, over=nought, under=nought, value=None, low=None, high=None,
        why=Why.WITHHELD if figure.n else Why.NOTHING, lines=(),
    )  # fmt: skip


def _not_by_subtraction(figures: Sequence[Figure]) -> Sequence[Figure]:
    """Return the figures of a cut, one more withheld if the whole less the others told the few."""
    found = list(figures)
    smallest = max((each.definition.smallest for each in found), default=0)
    while True:
        hidden = sum(each.own_n for each in found if each.why is Why.WITHHELD)
        told = [each for each in found if each.value is not None]
        if not 0 < hidden < smallest or not told:
            return found
        least = min(told, key=lambda each: (each.own_n, each.cut))
        found[found.index(least)] = _withheld(least)


def concentration(counts: Mapping[str, int]) -> Fraction:
    """Return the sum of the squared shares (Herfindahl): 1 if one has all, 1/k if k share alike."""
    n = sum(counts.values())
    return sum((Fraction(each, n) ** 2 for each in counts.values()), Fraction(0))


def sites(figure: Figure, *, smallest: int | None = None) -> Alike | None:
    """Return the sites of a figure of promises side by side, with the limits of chance."""
    least = figure.definition.smallest if smallest is None else smallest
    return alike(_by_site(figure.lines), smallest=least)


def _by_site(lines: Iterable[Count]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for line in lines:
        if not line.excluded:
            good, n = found.get(line.group, (0, 0))
            found[line.group] = good + int(line.over), n + 1
    return found


def _alike_value(key: str, lines: Sequence[Count]) -> Fraction | None:
    found = spread(_by_site(lines), smallest=DEFINITIONS[key].smallest)
    if found is None:
        return None
    value = {
        "alike_gap": found.gap,
        "alike_deviation": found.deviation,
        "alike_index": found.index,
    }[key]
    return None if value is None else Fraction(value)


def ages(figure: Figure) -> tuple[int, int, int, int]:
    """Return how many open requests are 0-2, 3-5, 6-10 and more working days old."""
    found = [0, 0, 0, 0]
    for line in figure.lines:
        found[sum(line.over > each for each in BUCKETS)] += 1
    return found[0], found[1], found[2], found[3]


class Alert(StrEnum):
    """What an occupation asks for: beyond 85 % queues grow, under 60 % people wait for work."""

    NONE = ""
    HIGH = "high"
    LOW = "low"


def alert(occupation: Fraction) -> Alert:
    """Return what this share of practical capacity asks for."""
    if occupation > Fraction(85, 100):
        return Alert.HIGH
    return Alert.LOW if occupation < Fraction(60, 100) else Alert.NONE

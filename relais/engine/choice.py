"""Which model serves a site's family of work: platform, provider, hybrid or internal pool; and why.

Each site and family is judged by itself: one model for all suits nobody. What must not be bought
with points (quality, secrecy, a named referent…) is a guardrail: it excludes, whatever the score,
unless the sponsor signed a reasoned derogation. Source: domain C.6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from statistics import median

import numpy as np

COST_CAP = 0.20  # of all weights
STEP = 5.0  # points by which each weight is moved to see whether the choice holds
LEAST_QUALITY = 3.0
LEAST_MATURITY = 2.0
TENSE = 4.0  # of the social climate, 1 to 5
FAR_BELOW = 0.20  # below the median of prices
BIMODAL = 0.30  # of hours, at both ends
MOSTLY_SECRET = 0.25  # of hours
NEUTRAL = 50.0


class Model(StrEnum):
    """The four ways; at equal score the first named is taken."""

    INTERNAL = "internal"
    PROVIDER = "provider"
    HYBRID = "hybrid"
    PLATFORM = "platform"


class Criterion(StrEnum):
    """What is asked of each site and family, from 1 (little) to 5 (much); cost from the prices."""

    PERSONAL = "personal"
    SECRECY = "secrecy"
    MATURITY = "maturity"
    STANDARD = "standard"
    SWING = "swing"
    PRESENCE = "presence"
    CONTINUITY = "continuity"
    LANGUAGES = "languages"
    COST = "cost"


# Points of a hundred that a criterion decides about. The first three are the article's own.
WEIGHTS: Mapping[Criterion, float] = {
    Criterion.PERSONAL: 20.0,
    Criterion.SECRECY: 20.0,
    Criterion.MATURITY: 15.0,
    Criterion.STANDARD: 10.0,
    Criterion.SWING: 10.0,
    Criterion.PRESENCE: 5.0,
    Criterion.CONTINUITY: 10.0,
    Criterion.LANGUAGES: 5.0,
    Criterion.COST: 5.0,
}
LEVELS = tuple(each for each in Criterion if each is not Criterion.COST)

# How well each model answers a criterion at level 1, 3 and 5, from 0 to 100; lines in between.
Fits = Mapping[Criterion, Mapping[Model, tuple[float, float, float]]]
_P, _V, _H, _I = Model.PLATFORM, Model.PROVIDER, Model.HYBRID, Model.INTERNAL
FITS: Fits = {
    Criterion.PERSONAL: {_P: (100, 50, 0), _V: (40, 75, 100), _H: (60, 75, 65), _I: (40, 65, 85)},
    Criterion.SECRECY: {_P: (100, 60, 0), _V: (90, 75, 40), _H: (90, 65, 25), _I: (50, 75, 100)},
    Criterion.MATURITY: {_P: (0, 50, 100), _V: (85, 85, 60), _H: (40, 75, 80), _I: (60, 60, 55)},
    Criterion.STANDARD: {_P: (0, 50, 100), _V: (70, 65, 55), _H: (45, 70, 70), _I: (60, 55, 45)},
    Criterion.SWING: {_P: (60, 80, 100), _V: (55, 75, 90), _H: (60, 75, 90), _I: (60, 45, 25)},
    Criterion.PRESENCE: {_P: (100, 40, 0), _V: (90, 70, 50), _H: (90, 60, 40), _I: (70, 80, 95)},
    Criterion.CONTINUITY: {_P: (60, 65, 70), _V: (70, 80, 90), _H: (70, 75, 85), _I: (70, 55, 40)},
    Criterion.LANGUAGES: {_P: (60, 70, 80), _V: (60, 70, 80), _H: (60, 70, 80), _I: (60, 45, 30)},
}
# What the make of the work adds or takes, in points of the score.
BIMODAL_ADDS, NOT_BIMODAL_TAKES = 10.0, 10.0
SECRET_ADDS, NOT_SECRET_TAKES = 15.0, 5.0
SHAPE = "shape"


class BadCase(ValueError):
    """A case that cannot be judged: says which field, and what it should hold."""

    def __init__(self, field: str, mend: str) -> None:
        super().__init__(f"{field}: {mend}")
        self.field, self.mend = field, mend


@dataclass(frozen=True, slots=True)
class Cluster:
    """One family of work at one site: what it asks, what it is made of, and the place's state."""

    site: str
    family: str
    levels: Mapping[Criterion, float]
    hours: float = 0.0
    standard_share: float = 0.0  # of hours that can be made standard (4 or more)
    relation_share: float = 0.0  # of hours that hang on the person (4 or more)
    secret_share: float = 0.0  # of hours that are C3
    reserved: bool = False  # by law or contract: may not leave the house
    climate_risk: float = 1.0  # 1 to 5
    change_plan: bool = False
    training_plan: bool = False

    def __post_init__(self) -> None:
        for each in LEVELS:
            if not 1 <= self.levels.get(each, 0) <= 5:
                raise BadCase(each.value, "from 1 to 5")
        if not 1 <= self.climate_risk <= 5:
            raise BadCase("climate_risk", "from 1 to 5")
        for name in ("standard_share", "relation_share", "secret_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadCase(name, "from 0 to 100 %")


@dataclass(frozen=True, slots=True)
class Offer:
    """One way that is really on the table. Price: euros a year; None when nobody gave one."""

    name: str
    model: Model
    price: float | None = None
    quality: float = 3.0  # expected, 1 to 5
    references: int = 1
    non_disclosure: bool = False
    hosted_in_eu: bool = False
    access_register: bool = False
    named_persons: bool = False
    referent: bool = False
    trained_backup: bool = False
    low_price_explained: bool = False
    reversibility: bool = False

    def __post_init__(self) -> None:
        if self.price is not None and self.price <= 0:
            raise BadCase("price", "more than 0, or none at all")
        if not 1 <= self.quality <= 5:
            raise BadCase("quality", "from 1 to 5")

    @property
    def outside(self) -> bool:
        """Return whether somebody else than the house does the work."""
        return self.model is not Model.INTERNAL


@dataclass(frozen=True, slots=True)
class Derogation:
    """A guardrail that the sponsor lifts, by name, for a reason. None: everywhere, every offer."""

    guardrail: str
    sponsor: str
    reason: str
    signed_on: date
    site: str | None = None
    family: str | None = None
    offer: str | None = None

    def __post_init__(self) -> None:
        if not self.sponsor.strip():
            raise BadCase("sponsor", "who signs?")
        if not self.reason.strip():
            raise BadCase("reason", "why is the guardrail lifted?")
        if self.guardrail not in CODES:
            raise BadCase("guardrail", f"one of {', '.join(CODES)}")

    def lifts(self, code: str, cluster: Cluster, offer: Offer) -> bool:
        """Return whether it lifts this guardrail here."""
        return (
            code == self.guardrail
            and self.site in (None, cluster.site)
            and self.family in (None, cluster.family)
            and self.offer in (None, offer.name)
        )


# The guardrails


@dataclass(frozen=True, slots=True)
class Matter:
    """All that a guardrail may look at."""

    cluster: Cluster
    offer: Offer
    offers: Sequence[Offer]
    weights: Mapping[Criterion, float]


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A rule that excludes: `broken` returns what is missing, in codes; nothing: all is well."""

    code: str
    broken: Callable[[Matter], tuple[str, ...]]


def _cost_weight(matter: Matter) -> tuple[str, ...]:
    whole = sum(matter.weights.values())
    return ("cost_weight",) if matter.weights[Criterion.COST] > COST_CAP * whole + 1e-9 else ()


def _quality_floor(matter: Matter) -> tuple[str, ...]:
    low = ("quality",) if matter.offer.quality < LEAST_QUALITY else ()
    return low + (("references",) if matter.offer.outside and not matter.offer.references else ())


def _secrecy(matter: Matter) -> tuple[str, ...]:
    if matter.cluster.secret_share <= 0:
        return ()
    asked = ("non_disclosure", "hosted_in_eu", "access_register", "named_persons")
    return tuple(name for name in asked if not getattr(matter.offer, name))


def _referent(matter: Matter) -> tuple[str, ...]:
    if matter.offer.model not in (Model.PROVIDER, Model.HYBRID):
        return ()
    return tuple(n for n in ("referent", "trained_backup") if not getattr(matter.offer, n))


def _climate(matter: Matter) -> tuple[str, ...]:
    tense = matter.cluster.climate_risk >= TENSE
    return ("change_plan",) if tense and not matter.cluster.change_plan else ()


def _abnormally_low(matter: Matter) -> tuple[str, ...]:
    prices = [offer.price for offer in matter.offers if offer.price is not None]
    price = matter.offer.price
    if price is None or len(prices) < 2 or matter.offer.low_price_explained:
        return ()
    return ("low_price",) if price < (1 - FAR_BELOW) * median(prices) - 1e-9 else ()


def _maturity(matter: Matter) -> tuple[str, ...]:
    low = matter.cluster.levels[Criterion.MATURITY] < LEAST_MATURITY
    return ("maturity",) if low and matter.offer.model is Model.PLATFORM else ()


def _reversibility(matter: Matter) -> tuple[str, ...]:
    return ("reversibility",) if matter.offer.outside and not matter.offer.reversibility else ()


GUARDRAILS = (
    Guardrail("G1", _cost_weight),
    Guardrail("G2", _quality_floor),
    Guardrail("G3", _secrecy),
    Guardrail("G4", _referent),
    Guardrail("G5", _climate),
    Guardrail("G6", _abnormally_low),
    Guardrail("G7", _maturity),
    Guardrail("G8", _reversibility),
)
CODES = tuple(rule.code for rule in GUARDRAILS)


@dataclass(frozen=True, slots=True)
class Breach:
    """A guardrail that is broken, what is missing, and the derogation that lifts it if any."""

    code: str
    missing: tuple[str, ...]
    derogation: Derogation | None = None


# The choice


@dataclass(frozen=True, slots=True)
class Term:
    """One reason: what the criterion asks (1 to 5), how well it is met, and the points it gives."""

    code: str
    level: float | None
    fit: float
    weight: float  # share of all weights, 0 to 1
    points: float


@dataclass(frozen=True, slots=True)
class Line:
    """One offer as judged: the points of its terms add up to its score."""

    offer: Offer
    score: float
    terms: tuple[Term, ...]
    breaches: tuple[Breach, ...]

    @property
    def excluded(self) -> bool:
        """Return whether a guardrail that nobody lifted is broken."""
        return any(breach.derogation is None for breach in self.breaches)


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of one weight that would change the choice, and to whom."""

    criterion: Criterion
    by: float
    offer: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What suits one site's family; `chosen` is None when every offer is excluded."""

    cluster: Cluster
    lines: tuple[Line, ...]  # the best first, the excluded last
    chosen: Line | None
    turns: tuple[Turn, ...]
    actions: tuple[str, ...] = ()  # to be done before it starts

    @property
    def robust(self) -> bool:
        """Return whether the choice holds with every weight moved by five points."""
        return self.chosen is not None and not self.turns

    @property
    def margin(self) -> float | None:
        """Return by how many points the chosen one leads; None when nobody else is left."""
        left = [line for line in self.lines if not line.excluded]
        return left[0].score - left[1].score if len(left) > 1 else None


def choose(
    cluster: Cluster,
    offers: Sequence[Offer],
    weights: Mapping[Criterion, float] = WEIGHTS,
    derogations: Sequence[Derogation] = (),
    rules: Sequence[Guardrail] = GUARDRAILS,
    fits: Fits = FITS,
) -> Choice:
    """Return the offer that suits this site's family best among those that no guardrail excludes.

    The order of the offers changes nothing. Every guardrail is looked at, also of who loses.
    """
    _check(offers, weights)
    breaches = {
        offer.name: _breaches(Matter(cluster, offer, offers, weights), derogations, rules)
        for offer in offers
    }
    lines = _ranked(cluster, offers, breaches, weights, fits)
    chosen = lines[0] if lines and not lines[0].excluded else None
    turns = _turns(cluster, offers, breaches, weights, fits, chosen) if chosen else ()
    return Choice(cluster, lines, chosen, turns, _actions(cluster, lines, chosen))


def _check(offers: Sequence[Offer], weights: Mapping[Criterion, float]) -> None:
    for criterion in Criterion:
        if weights.get(criterion, -1) < 0:
            raise BadCase(criterion.value, "a weight of 0 or more")
    if not sum(weights.values()):
        raise BadCase("weights", "at least one above 0")
    if len({offer.name for offer in offers}) < len(offers):
        raise BadCase("offers", "each has a name of its own")


def _breaches(
    matter: Matter, derogations: Sequence[Derogation], rules: Sequence[Guardrail]
) -> tuple[Breach, ...]:
    found = []
    for rule in rules:
        if missing := rule.broken(matter):
            lifted = (d for d in derogations if d.lifts(rule.code, matter.cluster, matter.offer))
            found.append(Breach(rule.code, missing, next(lifted, None)))
    return tuple(found)


def _ranked(
    cluster: Cluster,
    offers: Sequence[Offer],
    breaches: Mapping[str, tuple[Breach, ...]],
    weights: Mapping[Criterion, float],
    fits: Fits,
) -> tuple[Line, ...]:
    # A price that is excluded is no measure for the others.
    prices = [
        offer.price
        for offer in offers
        if offer.price is not None
        and all(breach.derogation is not None for breach in breaches[offer.name])
    ]
    cheapest = min(prices, default=None)
    lines = []
    for offer in offers:
        terms = _terms(cluster, offer, cheapest, weights, fits)
        score = sum(term.points for term in terms)
        lines.append(Line(offer, score, terms, breaches[offer.name]))
    order = list(Model)
    lines.sort(
        key=lambda line: (
            line.excluded, -round(line.score, 9), order.index(line.offer.model), line.offer.name
        )
    )  # fmt: skip
    return tuple(lines)


def _terms(
    cluster: Cluster,
    offer: Offer,
    cheapest: float | None,
    weights: Mapping[Criterion, float],
    fits: Fits,
) -> tuple[Term, ...]:
    whole = sum(weights.values())
    found = []
    for criterion in LEVELS:
        level = cluster.levels[criterion]
        fit = float(np.interp(level, (1, 3, 5), fits[criterion][offer.model]))
        share = weights[criterion] / whole
        found.append(Term(criterion.value, level, fit, share, share * fit))
    cost = weights[Criterion.COST] / whole
    fit = cost_fit(offer.price, cheapest)
    found.append(Term(Criterion.COST.value, None, fit, cost, cost * fit))
    found.append(Term(SHAPE, None, 0.0, 0.0, shape_points(cluster, offer.model)))
    return tuple(found)


def cost_fit(price: float | None, cheapest: float | None) -> float:
    """Return how good a price is, 0 to 100: the cheapest has 100, twice as much 50."""
    if price is None or cheapest is None:
        return NEUTRAL
    return min(100.0 * cheapest / price, 100.0)


def shape_points(cluster: Cluster, model: Model) -> float:
    """Return what the make of the work adds to a model's score, or takes from it.

    Hybrid suits work that is standard at one end and personal at the other; an internal pool, work
    of which more than a quarter is C3 or that may not leave the house.
    """
    if model is Model.HYBRID:
        both = min(cluster.standard_share, cluster.relation_share) >= BIMODAL - 1e-9
        return BIMODAL_ADDS if both else -NOT_BIMODAL_TAKES
    if model is Model.INTERNAL:
        kept = cluster.secret_share > MOSTLY_SECRET or cluster.reserved
        return SECRET_ADDS if kept else -NOT_SECRET_TAKES
    return 0.0


def _turns(
    cluster: Cluster,
    offers: Sequence[Offer],
    breaches: Mapping[str, tuple[Breach, ...]],
    weights: Mapping[Criterion, float],
    fits: Fits,
    chosen: Line,
) -> tuple[Turn, ...]:
    found = []
    for criterion in Criterion:
        for by in (-STEP, STEP):
            moved = {**weights, criterion: max(weights[criterion] + by, 0.0)}
            whole = sum(moved.values())
            if not whole or (
                by > 0 and criterion is Criterion.COST and moved[criterion] > COST_CAP * whole
            ):
                continue  # beyond the cap nobody may go
            winner = _ranked(cluster, offers, breaches, moved, fits)[0].offer.name
            if winner != chosen.offer.name:
                found.append(Turn(criterion, by, winner))
    return tuple(found)


def _actions(cluster: Cluster, lines: Sequence[Line], chosen: Line | None) -> tuple[str, ...]:
    found = []
    if cluster.levels[Criterion.MATURITY] < LEAST_MATURITY and not cluster.training_plan:
        found.append("training_plan")
    if cluster.climate_risk >= TENSE and not cluster.change_plan:
        found.append("change_plan")
    if chosen is None:
        missing = {name for line in lines for breach in line.breaches for name in breach.missing}
        found += sorted(missing & {"reversibility", "referent", "trained_backup", "low_price"})
    return tuple(found)

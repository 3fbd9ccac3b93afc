"""How well somebody knows a site, and how ready she is for a work there: facts, never opinions.

Familiarity is a count of what she did for a site that fades with time. Readiness has levels from
0 to 5, each proven by facts; it is the least of its dimensions, and falls without practice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

DAY = timedelta(days=1)


class Result(StrEnum):
    """What came of a piece of work."""

    ACCEPTED = "accepted"
    REWORKED = "reworked"
    OPEN = "open"


# What a deed says of somebody's knowledge of the place.
WORTH = {Result.ACCEPTED: 1.0, Result.OPEN: 0.5, Result.REWORKED: 0.3}


@dataclass(frozen=True, slots=True)
class Deed:
    """A request that she did, when, and with what result."""

    at: datetime
    result: Result = Result.ACCEPTED


@dataclass(frozen=True, slots=True)
class Memory:
    """How familiarity fades: half of it is gone after `half_life`; `enough` deeds make it whole."""

    half_life: timedelta = 28 * DAY
    enough: float = 20.0


def remembered(deeds: Iterable[Deed], now: datetime, memory: Memory | None = None) -> float:
    """Return the count of her deeds, each weighed by its result and halved by time."""
    memory = memory or Memory()
    past = sorted(
        (deed for deed in deeds if deed.at <= now), key=lambda deed: (deed.at, deed.result)
    )
    return sum(WORTH[deed.result] * _half((now - deed.at) / memory.half_life) for deed in past)


def faded(count: float, since: datetime, now: datetime, memory: Memory | None = None) -> float:
    """Return a count kept at `since` as it stands now: a stored figure needs no list of deeds."""
    memory = memory or Memory()
    return count * _half(max(now - since, timedelta(0)) / memory.half_life)


def _half(spans: float) -> float:
    return float(0.5**spans)


def familiarity(count: float, memory: Memory | None = None) -> float:
    """Return how well the place is known: 0 a stranger, 1 at home from `enough` deeds on."""
    memory = memory or Memory()
    return min(count / memory.enough, 1.0)


class Level(IntEnum):
    """Readiness for a work at a site, the label of each proven by facts."""

    UNKNOWN = 0
    INFORMED = 1
    TRAINED = 2
    PRACTISED = 3
    AUTONOMOUS = 4
    TEACHES = 5


@dataclass(frozen=True, slots=True)
class Bounds:
    """The numbers behind the levels (domain E.3); an agreement may ask for others."""

    sheet: timedelta = 90 * DAY
    practised: int = 2
    autonomous: int = 10
    right_first: float = 0.95
    exchanges: int = 2
    access: timedelta = 30 * DAY
    fall_to_practised: timedelta = 120 * DAY
    fall_to_trained: timedelta = 180 * DAY


@dataclass(frozen=True, slots=True)
class Proof:
    """What is on record of one person for one site and one family of work.

    `acknowledged` and `sheet_read`: when she acknowledged the procedure and read the preference
    sheet; `procedure_changed`: its last major version. `asks_access`, `asks_executive`: whether
    the work needs an access, or somebody to be known. `taught`: somebody she trained reached
    level 3.
    """

    acknowledged: datetime | None = None
    procedure_changed: datetime | None = None
    sheet_read: datetime | None = None
    trained: datetime | None = None
    deeds: tuple[Deed, ...] = ()
    met: bool = False
    exchanges: int = 0
    asks_executive: bool = True
    asks_access: bool = False
    access_tested: datetime | None = None
    taught: bool = False


@dataclass(frozen=True, slots=True)
class Readiness:
    """The level in force and its dimensions; `lacking` names those that keep it down.

    `falls_at` is when it will fall if she does nothing of the kind until then.
    """

    level: Level
    site: Level
    executive: Level
    procedure: Level
    practice: Level
    access: Level
    lacking: tuple[str, ...]
    falls_at: datetime | None = None


DIMENSIONS = ("site", "executive", "procedure", "practice", "access")


def readiness(proof: Proof, now: datetime, bounds: Bounds | None = None) -> Readiness:
    """Return how ready she is now: the least of five dimensions, each told.

    A dimension that the work does not ask for is no obstacle.
    """
    bounds = bounds or Bounds()
    practice, falls_at = _practice(proof, now, bounds)
    levels = {
        "site": _site(proof, now, bounds),
        "executive": _executive(proof, bounds),
        "procedure": _procedure(proof),
        "practice": practice,
        "access": _access(proof, now, bounds),
    }
    least = min(levels.values())
    lacking = tuple(name for name in DIMENSIONS if levels[name] == least < Level.TEACHES)
    return Readiness(least, **levels, lacking=lacking, falls_at=falls_at)


def _site(proof: Proof, now: datetime, bounds: Bounds) -> Level:
    """The preference sheet read lately, or work done there: who worked there knows the place."""
    read = proof.sheet_read is not None and now - proof.sheet_read <= bounds.sheet
    if read or any(_within(deed, now, bounds.sheet) for deed in proof.deeds):
        return Level.TEACHES
    return Level.UNKNOWN


def _executive(proof: Proof, bounds: Bounds) -> Level:
    """Somebody who does not know the executive may practise, but is not left alone with it."""
    known = proof.met and proof.exchanges >= bounds.exchanges
    return Level.TEACHES if known or not proof.asks_executive else Level.PRACTISED


def _procedure(proof: Proof) -> Level:
    """The procedure in its current version; a major change asks for it anew."""
    if proof.acknowledged is None:
        return Level.UNKNOWN
    if proof.procedure_changed is not None and proof.procedure_changed > proof.acknowledged:
        return Level.INFORMED
    return Level.TEACHES


def _access(proof: Proof, now: datetime, bounds: Bounds) -> Level:
    """Without an access that was tried lately she can prepare, not do."""
    tested = proof.access_tested is not None and now - proof.access_tested <= bounds.access
    return Level.TEACHES if tested or not proof.asks_access else Level.TRAINED


def _practice(proof: Proof, now: datetime, bounds: Bounds) -> tuple[Level, datetime | None]:
    """Return the level that her work proves, and when it falls next.

    A level is proven on the day of the last deed, so only the falls have to be counted from it.
    """
    past = sorted((deed for deed in proof.deeds if deed.at <= now), key=lambda deed: deed.at)
    accepted = [deed for deed in past if deed.result is Result.ACCEPTED]
    judged = [deed for deed in past if deed.result is not Result.OPEN]
    basis = Level.INFORMED
    if proof.trained is not None and proof.trained <= now:
        basis = Level.TRAINED
    if not past:
        return basis, None
    last, idle = past[-1].at, now - past[-1].at
    reached = basis
    if len(accepted) >= bounds.practised:
        reached = Level.PRACTISED
        good = len(accepted) >= bounds.right_first * len(judged)
        if len(accepted) >= bounds.autonomous and good:
            reached = Level.TEACHES if proof.taught else Level.AUTONOMOUS
    if reached >= Level.AUTONOMOUS and idle > bounds.fall_to_practised:
        reached = Level.PRACTISED
    if reached == Level.PRACTISED and idle > bounds.fall_to_trained:
        return max(basis, Level.TRAINED), None
    if reached >= Level.AUTONOMOUS:
        return reached, last + bounds.fall_to_practised
    return reached, last + bounds.fall_to_trained if reached == Level.PRACTISED else None


def _within(deed: Deed, now: datetime, span: timedelta) -> bool:
    return timedelta(0) <= now - deed.at <= span

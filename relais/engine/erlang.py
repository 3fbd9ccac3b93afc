"""People for the telephone: who calls waits in one line, first come first served (Erlang C and A).

Only for calls. Office work may wait for hours and has deadlines: see `capacity.py`; Erlang C read
on it asks for two to four times the people. Loads are in erlangs: calls an hour x hours a call.
"""

from __future__ import annotations

import math

from scipy import special

# Beyond so many agents the recursion is not asked: the question is wrong.
MOST_AGENTS = 10_000


def blocked(agents: int, load: float) -> float:
    """Return the share of calls that find nobody free and leave (Erlang B), by its recursion."""
    _check(agents, load)
    found = 1.0
    for n in range(1, agents + 1):
        found = load * found / (n + load * found)
    return found


def waits(agents: int, load: float) -> float:
    """Return the share of calls that wait (Erlang C); 1 when there are too few for the load."""
    _check(agents, load)
    if load >= agents:
        return 1.0
    busy = blocked(agents, load)
    return busy / (1 - load / agents * (1 - busy))


def answered(agents: int, an_hour: float, minutes: float, within: float) -> float:
    """Return the share of calls answered within so many minutes; 0 when the line only grows."""
    load = an_hour * minutes / 60
    _check(agents, load)
    if load >= agents:
        return 0.0
    if not load:
        return 1.0
    return 1 - waits(agents, load) * math.exp(-(agents - load) * within / minutes)


def agents_to_answer(an_hour: float, minutes: float, within: float, share: float) -> int:
    """Return the fewest agents who answer this share of calls within so many minutes."""
    _check_share(share)
    return _fewest(an_hour * minutes / 60, lambda n: answered(n, an_hour, minutes, within) >= share)


def agents_so_few_wait(load: float, share: float) -> int:
    """Return the fewest agents with whom no more than this share of calls wait (exact)."""
    _check_share(share)
    return _fewest(load, lambda n: waits(n, load) <= share)


def safety(share: float) -> float:
    """Return beta: agents = load + beta x sqrt(load) let this share wait (Halfin & Whitt 1981)."""
    from scipy import optimize  # long to import, and most processes never ask

    _check_share(share)

    def excess(beta: float) -> float:
        density = math.exp(-beta * beta / 2) / math.sqrt(2 * math.pi)
        return float(1 / (1 + beta * special.ndtr(beta) / density)) - share

    return float(optimize.brentq(excess, 1e-9, 12.0, xtol=1e-12))


def by_square_root(load: float, share: float) -> float:
    """Return the agents, with decimals, by the square-root rule: a quick look, exact is above."""
    return load + safety(share) * math.sqrt(load)


def saved_by_joining(load: float, share: float) -> float:
    """Return the agents saved when two equal lines of this load become one."""
    return (2 - math.sqrt(2)) * safety(share) * math.sqrt(load)


def waits_or_leaves(agents: int, an_hour: float, minutes: float, patience: float) -> float:
    """Return the share of calls that find nobody free when callers hang up (Erlang A).

    `patience` is the mean time, in minutes, that a caller would wait. M/M/n+M, summed over the
    states: the share that wait is that of the states with n calls or more.
    """
    load = an_hour * minutes / 60
    _check(agents, load)
    if minutes <= 0 or patience <= 0:
        raise ValueError("minutes and patience: more than 0")
    term, few = 1.0, 0.0
    for n in range(agents):
        few += term
        term *= load / (n + 1)
    many, more = 0.0, term
    serving, leaving = agents / minutes, 1 / patience
    arriving, k = an_hour / 60, 0
    while more > 1e-18 * (few + many):
        many += more
        k += 1
        more *= arriving / (serving + k * leaving)
    return many / (few + many)


def _fewest(load: float, enough: object) -> int:
    assert callable(enough)
    for n in range(max(1, math.floor(load)), MOST_AGENTS):
        if enough(n):
            return n
    raise ValueError(f"load {load:g}: beyond {MOST_AGENTS} agents")


def _check(agents: int, load: float) -> None:
    if agents < 0 or load < 0 or not math.isfinite(load):
        raise ValueError("agents and load: 0 or more")


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise ValueError("share: between 0 and 1, both excluded")

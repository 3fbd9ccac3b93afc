"""What a site's family asks of a model, from 1 to 5, read from the lines of its inventory.

A figure that no line tells stands in the middle (3): a hand corrects it, and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relais.engine.choice import Criterion
from relais.engine.inventory import Shape

LEAST, MIDDLE, MOST = 1.0, 3.0, 5.0
# Busiest month / mean month that asks for everything: one and a half times is the middle.
SWING_AT_MOST = 2.0
# Persons able to do a work: alone asks for everything, five for nothing.
ABLE_ALONE, ABLE_ENOUGH = 1, 5


@dataclass(frozen=True, slots=True)
class Ask:
    """What one line asks besides its shape. Weight: its minutes a year, counted once."""

    weight: float
    presence: float = 0.0  # 0 from afar, 1 on site, between: both
    foreign: bool = False  # in another language than the site's own
    able: int | None = None  # persons who can do it; None: nobody said


def levels(
    shape: Shape, asks: Sequence[Ask], maturity: float | None = None
) -> dict[Criterion, float]:
    """Return what the family asks at this site by criterion, each from 1 to 5.

    `maturity`: of the site, from its questionnaire; None: not asked yet.
    """
    return {
        Criterion.PERSONAL: _kept(shape.relation),
        Criterion.SECRECY: _kept(shape.secrecy),
        Criterion.MATURITY: MIDDLE if maturity is None else _kept(maturity),
        Criterion.STANDARD: _kept(shape.standard),
        Criterion.SWING: _kept(
            LEAST + (MOST - LEAST) * (shape.swing - 1.0) / (SWING_AT_MOST - 1.0)
        ),
        Criterion.PRESENCE: _kept(
            LEAST + (MOST - LEAST) * _mean([(one.weight, one.presence) for one in asks], 0.0)
        ),
        Criterion.CONTINUITY: _kept(_mean([(one.weight, _alone(one)) for one in asks], MIDDLE)),
        Criterion.LANGUAGES: _kept(
            LEAST + (MOST - LEAST) * _mean([(one.weight, float(one.foreign)) for one in asks], 0.0)
        ),
    }


def _alone(ask: Ask) -> float:
    if ask.able is None:
        return MIDDLE
    able = min(max(ask.able, ABLE_ALONE), ABLE_ENOUGH)
    return MOST - (MOST - LEAST) * (able - ABLE_ALONE) / (ABLE_ENOUGH - ABLE_ALONE)


def _mean(pairs: Sequence[tuple[float, float]], otherwise: float) -> float:
    whole = sum(weight for weight, _value in pairs)
    return sum(weight * value for weight, value in pairs) / whole if whole > 0 else otherwise


def _kept(level: float) -> float:
    """Return the level within bounds, to a hundredth: what is shown is what counts."""
    return round(min(max(level, LEAST), MOST), 2)

"""Which delivered requests are checked, and what a check says: a sample that anybody can redraw.

Chance comes from the digest of a seed and the request's key: the same seed draws the same sample
in any order and on any machine, and nobody can prefer a request.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from .measures_words import Words
from .worktime import Calendar

# A check of a critical error leads to a mended procedure within so many working days.
MEND_WITHIN = 10


@dataclass(frozen=True, slots=True)
class Rule:
    """How much is checked: of each assistant a month at least `fewest` and this `share`.

    Beside these, the `first` requests of an assistant at a site that is new to her, and all of the
    confidential class.
    """

    fewest: int = 5
    share: Fraction = Fraction(5, 100)
    first: int = 10

    def __post_init__(self) -> None:
        if self.fewest < 0 or self.first < 0 or not 0 <= self.share <= 1:
            raise ValueError("sampling: give counts of nought or more, and a share from 0 to 1")

    def quota(self, n: int) -> int:
        """Return how many of `n` are drawn by chance: a part of one is one."""
        return min(n, max(self.fewest, -(-self.share.numerator * n // self.share.denominator)))


@dataclass(frozen=True, slots=True)
class Done:
    """A request delivered in the month. `rank` is its place among hers at that site, from 1."""

    key: str
    assistant: str
    site: str
    rank: int
    confidential: bool = False


class Reason(StrEnum):
    """Why a request is checked."""

    DRAWN = "drawn"
    NEW_PAIR = "new_pair"
    CONFIDENTIAL = "confidential"


REASONS = {
    Reason.DRAWN: Words("tirée au sort", "drawn by chance"),
    Reason.NEW_PAIR: Words(
        "parmi les premières d'une assistante sur ce site",
        "among the first of an assistant at this site",
    ),
    Reason.CONFIDENTIAL: Words("confidentiel direction", "confidential to the management"),
}


@dataclass(frozen=True, slots=True)
class Pick:
    """A request to check, and why."""

    key: str
    assistant: str
    site: str
    reasons: tuple[Reason, ...]


def sample(done: Iterable[Done], seed: str, rule: Rule | None = None) -> tuple[Pick, ...]:
    """Return what is to be checked of a month.

    The drawn ones are drawn from all of an assistant's requests, whether they must be checked
    anyway or not: they alone tell of all her work without bias.
    """
    rule = rule or Rule()
    ordered = sorted(done, key=lambda each: each.key)
    if len({each.key for each in ordered}) < len(ordered):
        raise ValueError("sampling: give each request once")
    hers: dict[str, list[Done]] = defaultdict(list)
    for each in ordered:
        hers[each.assistant].append(each)
    drawn = {key for each in hers.values() for key in _drawn(each, seed, rule)}
    found = []
    for each in ordered:
        reasons = [Reason.DRAWN] if each.key in drawn else []
        reasons += [Reason.NEW_PAIR] if each.rank <= rule.first else []
        reasons += [Reason.CONFIDENTIAL] if each.confidential else []
        if reasons:
            found.append(Pick(each.key, each.assistant, each.site, tuple(reasons)))
    return tuple(found)


def _drawn(done: Sequence[Done], seed: str, rule: Rule) -> set[str]:
    """Return the keys drawn of one assistant's month, spread over her sites by their volume."""
    sites: dict[str, list[Done]] = defaultdict(list)
    for each in done:
        sites[each.site].append(each)
    sizes = spread(rule.quota(len(done)), {site: len(each) for site, each in sites.items()})
    return {
        each.key
        for site, n in sizes.items()
        for each in sorted(sites[site], key=lambda one: _lot(seed, one.key))[:n]
    }


def spread(n: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return how many of `n` fall to each, by its size and never beyond it.

    Each has at least one if there are enough; the rest goes by the largest remainders.
    """
    found = dict.fromkeys(sizes, 0)
    whole = sum(sizes.values())
    n = min(n, whole)
    if n >= len(sizes):
        found = dict.fromkeys(sizes, 1)
    for _each in range(n - sum(found.values())):
        # The one whose due part is furthest from what it has.
        room = [site for site in sizes if found[site] < sizes[site]]
        site = min(room, key=lambda one: (found[one] - Fraction(n * sizes[one], whole), one))
        found[site] += 1
    return found


def _lot(seed: str, key: str) -> bytes:
    return hashlib.sha256(f"{len(seed)}:{seed}{key}".encode()).digest()


# What a check says


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the grid. A critical one alone makes the check fail."""

    key: str
    words: Words
    critical: bool = False


GRID = (
    Question("recipient", Words("Bon destinataire", "Right recipient"), critical=True),
    Question("amount", Words("Montants et dates justes", "Right amounts and dates"), critical=True),
    Question(
        "secrecy", Words("Confidentialité respectée", "Confidentiality kept"), critical=True
    ),
    Question("legal", Words("Délai légal tenu", "Legal deadline met"), critical=True),
    Question("complete", Words("Tout ce qui était demandé est fait", "All that was asked is done")),
    Question("procedure", Words("Procédure suivie", "Procedure followed")),
    Question("preferences", Words("Préférences respectées", "Preferences respected")),
    Question("wording", Words("Ton et orthographe soignés", "Tone and spelling")),
    Question("record", Words("Suivi à jour dans la demande", "The request tells what was done")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """The errors found by a check, by question; `answered` of them bore on the request."""

    critical: tuple[str, ...]
    minor: tuple[str, ...]
    answered: int

    @property
    def passed(self) -> bool:
        return not self.critical


def judged(marks: Mapping[str, bool | None], grid: Sequence[Question] = GRID) -> Checked:
    """Return what a filled-in grid says: True is right, False an error, None does not apply.

    Every question must be answered, so that nothing is passed by leaving it out.
    """
    keys = [each.key for each in grid]
    if missing := [key for key in keys if key not in marks]:
        raise ValueError(f"check: answer {', '.join(missing)}, or say that it does not apply")
    if unknown := sorted(set(marks) - set(keys)):
        raise ValueError(f"check: {', '.join(unknown)} is no question of this grid")
    wrong = [each for each in grid if marks[each.key] is False]
    return Checked(
        tuple(each.key for each in wrong if each.critical),
        tuple(each.key for each in wrong if not each.critical),
        sum(marks[key] is not None for key in keys),
    )


def mend_by(checked: Checked, found_at: datetime, calendar: Calendar) -> datetime | None:
    """Return by when the procedure must be mended after a critical error; None without one."""
    return None if checked.passed else calendar.add_days(found_at, MEND_WITHIN)

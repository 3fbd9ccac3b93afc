"""Which requests ask for the same thing: by their rare words, service, people and time.

Words weigh by how rare they are among the candidates (TF-IDF, Spärck Jones 1972), a word of the
subject counts more than one of the text; closeness is the cosine of the two. What people and place
have in common is added. Every point has its reason.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from . import triage

SUBJECT, BODY = 3.0, 1.0
# Of the text only the beginning tells what is asked; the rest is history and signatures.
BODY_WORDS = 150
# What is added to the closeness of words (0 to 1).
SAME_SERVICE, SAME_REQUESTER, SAME_SITE, SAME_NUMBER, SAME_DAY = 0.10, 0.10, 0.05, 0.15, 0.05
# Days after which nearness in time says nothing.
NEAR = timedelta(days=7)
# Below this nobody is asked; from SURE on they are all but certainly the same.
ENOUGH, SURE = 0.45, 0.75
# However much else agrees, words must.
ENOUGH_WORDS = 0.25
_NUMBER = re.compile(r"(?=[\w./-]*\d)[\w./-]{4,}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is compared: who asks what, where and when. `key` is 0 for a new one."""

    key: int
    subject: str
    body: str
    service: int | None
    requester: int | None
    site: int | None
    at: datetime
    wanted: date | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One reason: its name, what it is about, and how much it adds."""

    name: str
    what: str
    weight: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike a candidate is, from 0 to about 1.4, and why; the strongest reason first."""

    key: int
    score: float
    sure: bool
    points: tuple[Point, ...]


def alike(
    new: Asked, candidates: Sequence[Asked], *, most: int = 5, enough: float = ENOUGH
) -> list[Likeness]:
    """Return the candidates that may ask for the same as `new`, the likeliest first."""
    mine = _weights(new)
    others = {one.key: _weights(one) for one in candidates if one.key != new.key}
    rarity = _rarity([mine, *others.values()])
    numbers = _numbers(new)
    found = []
    for one in candidates:
        if one.key == new.key:
            continue
        likeness = _compare(new, one, mine, others[one.key], rarity, numbers)
        if likeness is not None and likeness.score >= enough:
            found.append(likeness)
    return sorted(found, key=lambda like: (-like.score, -like.key))[:most]


def words(subject: str, body: str) -> list[str]:
    """Return the words by which a request may be found again, each once, the subject's first."""
    found = [*triage.words(subject), *triage.words(body)[:BODY_WORDS]]
    return list(dict.fromkeys(found))


def _compare(
    new: Asked,
    one: Asked,
    mine: dict[str, float],
    theirs: dict[str, float],
    rarity: dict[str, float],
    numbers: frozenset[str],
) -> Likeness | None:
    shared = {word: mine[word] * theirs[word] * rarity[word] ** 2 for word in mine.keys() & theirs}
    size = _length(mine, rarity) * _length(theirs, rarity)
    closeness = sum(shared.values()) / size if size else 0.0
    if closeness < ENOUGH_WORDS:
        return None
    strongest = sorted(shared, key=lambda word: (-shared[word], word))[:4]
    points = [Point("words", ", ".join(_as_written(strongest, new)), closeness)]
    points += _circumstances(new, one)
    if common := numbers & _numbers(one):
        points.append(Point("number", min(common), SAME_NUMBER))
    score = sum(point.weight for point in points)
    return Likeness(one.key, score, score >= SURE, tuple(points))


def _as_written(found: list[str], one: Asked) -> list[str]:
    """Return the words as the request has them: with their accents and their last letter."""
    written: dict[str, str] = {}
    for token in re.findall(r"\w+", f"{one.subject} {one.body[:4000]}"):
        for word in triage.words(token):
            written.setdefault(word, token.lower())
    return [written.get(word, word) for word in found]


def _circumstances(new: Asked, one: Asked) -> list[Point]:
    points = []
    if new.service is not None and new.service == one.service:
        points.append(Point("service", "", SAME_SERVICE))
    if new.requester is not None and new.requester == one.requester:
        points.append(Point("requester", "", SAME_REQUESTER))
    elif new.site is not None and new.site == one.site:
        points.append(Point("site", "", SAME_SITE))
    if new.wanted is not None and new.wanted == one.wanted:
        points.append(Point("day", new.wanted.isoformat(), SAME_DAY))
    apart = abs(new.at - one.at)
    # A month ago the same words are the month's own request, not the same one.
    points.append(Point("time", str(apart.days), SAME_DAY if apart <= NEAR else -0.10))
    return points


def _weights(one: Asked) -> dict[str, float]:
    """Return how much each word stands for the request: more said, more meant, but ever less."""
    subject = Counter(triage.words(one.subject))
    body = Counter(triage.words(one.body)[:BODY_WORDS])
    return {
        word: 1 + math.log(SUBJECT * subject[word] + BODY * body[word])
        for word in subject.keys() | body.keys()
    }


def _rarity(texts: Iterable[dict[str, float]]) -> dict[str, float]:
    texts = list(texts)
    bearers: Counter[str] = Counter()
    for text in texts:
        bearers.update(text.keys())
    return {word: 1 + math.log(len(texts) / count) for word, count in bearers.items()}


def _length(weights: dict[str, float], rarity: dict[str, float]) -> float:
    return math.sqrt(sum((weight * rarity[word]) ** 2 for word, weight in weights.items()))


def _numbers(one: Asked) -> frozenset[str]:
    """Return what names one thing and no other: numbers of invoices, files, flights."""
    text = triage.fold(f"{one.subject} {one.body[:4000]}")
    return frozenset(found.strip("./-") for found in _NUMBER.findall(text))

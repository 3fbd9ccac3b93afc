"""Which tasks of different sites may be the same work: by what is meant, in French and English.

Each word stands for an idea of office work (`duplicates_ideas.py`), or for its own stem. Ideas
weigh by how rare they are in the inventory (TF-IDF, Spärck Jones 1972); what is worked on counts
more than what is done with it, which everybody words otherwise. The closeness is the cosine. A
person confirms. `alike.py` does it for requests, whose people, place and day count as well.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from relais.engine.duplicates_ideas import (
    ACTS,
    EMPTY_WORDS,
    IDEAS,
    PERSONS,
    idea,
    without_phrases,
)
from relais.engine.wording import EMPTY, WORD, fold, stem

# From here on a person is asked, from SURE on they are all but certainly the same.
ENOUGH, SURE = 0.40, 0.65
# Weights beside that of a thing: of a verb, of whom it is for, of a word that is no known idea.
ACT, PERSON, UNKNOWN = 0.4, 0.5, 0.4
SAME_FAMILY = 0.08
# A site that has a much closer task does not do the same work a second time.
NEAR = 0.75
# Two languages share beginnings of words that nobody listed (« statistiques », "statistics").
BEGINNING = 6
MOST = 200


@dataclass(frozen=True, slots=True)
class Task:
    """A line of an inventory as it is compared."""

    key: str
    site: str
    text: str
    family: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tasks that may be one, from 0 to about 1, and the ideas that they share."""

    first: str
    second: str
    score: float
    sure: bool
    shared: tuple[str, ...]
    same_family: bool


def ideas(text: str) -> list[str]:
    """Return the ideas of a text, in its order."""
    rest, found = without_phrases(fold(text))
    for word in WORD.findall(rest):
        if word in EMPTY_WORDS:
            continue
        if known := idea(word):
            found.append(known)
        elif len(word) > 2 and word not in EMPTY:
            found.append(stem(word)[:BEGINNING])
    return found


def alike(
    tasks: Sequence[Task], enough: float = ENOUGH, most: int = MOST, *, nearest: bool = True
) -> list[Pair]:
    """Return the pairs of different sites that may be the same work, the likeliest first.

    `nearest`: a site does a work once; a pair goes whose task has one much closer at that site.
    """
    weights = _weights([Counter(ideas(task.text)) for task in tasks])
    holders: dict[str, list[int]] = {}
    for place, weighed in enumerate(weights):
        for word in weighed:
            holders.setdefault(word, []).append(place)
    found = []
    for place, task in enumerate(tasks):
        others = {other for word in weights[place] for other in holders[word] if other > place}
        for other in sorted(others):
            if tasks[other].site != task.site:
                found.append(_pair(task, tasks[other], weights[place], weights[other]))
    kept = [pair for pair in found if pair.score >= enough]
    kept = _nearest(kept, tasks) if nearest else kept
    return sorted(kept, key=lambda pair: (-pair.score, pair.first, pair.second))[:most]


def _nearest(pairs: Sequence[Pair], tasks: Sequence[Task]) -> list[Pair]:
    """Return the pairs whose tasks have none that is much closer at the other's site."""
    site = {task.key: task.site for task in tasks}
    best: dict[tuple[str, str], float] = {}
    for pair in pairs:
        for one, other in ((pair.first, pair.second), (pair.second, pair.first)):
            at = (one, site[other])
            best[at] = max(best.get(at, 0.0), pair.score)
    return [
        pair
        for pair in pairs
        if pair.score
        >= NEAR * max(best[pair.first, site[pair.second]], best[pair.second, site[pair.first]])
    ]


def groups(pairs: Iterable[Pair]) -> list[tuple[str, ...]]:
    """Return the tasks of confirmed pairs put together: each group is one work."""
    of: dict[str, set[str]] = {}
    for pair in pairs:
        whole = of.get(pair.first, {pair.first}) | of.get(pair.second, {pair.second})
        for key in whole:
            of[key] = whole
    return sorted({tuple(sorted(group)) for group in of.values()})


def _weights(counts: Sequence[Counter[str]]) -> list[dict[str, float]]:
    """Return each task's ideas with a length of 1, rarer ones heavier."""
    bearers: Counter[str] = Counter()
    for count in counts:
        bearers.update(count.keys())
    found = []
    for count in counts:
        raw = {
            word: _worth(word) * (1 + math.log(times)) * (1 + math.log(len(counts) / bearers[word]))
            for word, times in count.items()
        }
        length = math.sqrt(sum(each * each for each in raw.values())) or 1.0
        found.append({word: each / length for word, each in raw.items()})
    return found


def _worth(word: str) -> float:
    if word in ACTS:
        return ACT
    if word in PERSONS:
        return PERSON
    return 1.0 if word in IDEAS else UNKNOWN


def _pair(one: Task, other: Task, a: Mapping[str, float], b: Mapping[str, float]) -> Pair:
    shared = {word: a[word] * b[word] for word in a.keys() & b.keys()}
    same = bool(one.family) and one.family == other.family
    score = sum(shared[word] for word in sorted(shared)) + SAME_FAMILY * same
    strongest = sorted(shared, key=lambda word: (-shared[word], word))[:4]
    first, second = sorted((one.key, other.key))
    return Pair(first, second, score, score >= SURE, tuple(strongest), same)

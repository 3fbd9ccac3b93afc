"""What a message asks for: a service, how urgent, how confidential, and by which words.

Thin on purpose: the words are the catalogue's own. Unsure is an answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SUBJECT_WEIGHT, BODY_WEIGHT = 3.0, 1.0
# A guess is sure when it has this much, and this many times the runner-up's.
ENOUGH, CLEAR = 1.0, 1.5

_WORD = re.compile(r"[a-z0-9]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EMPTY = _set(
    "les des une aux dans pour par sur avec son ses mon mes nos vos nous vous leur leurs "
    "que qui est sont "
    "pas plus tout tous toute autre autres demande entre mettre jour faire "
    "the and for with from this that are not you your our have has something else put get "
    "request update work order point"
)
_URGENT = _set("urgent urgente urgence urgemment asap immediatement immediately")
_SECRET = ("strictement confidentiel", "confidentiel direction", "strictly confidential")
_CONFIDENTIAL = _set("confidentiel confidentielle confidential")


@dataclass(frozen=True, slots=True)
class Offer:
    """A service that can be asked for, and the text whose words point to it."""

    key: int
    text: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One word and what it spoke for: a service (its key), or `urgent`, or `confidential`."""

    word: str
    place: str
    speaks_for: int | str
    weight: float


@dataclass(frozen=True, slots=True)
class Guess:
    """What the message seems to ask. `service` is None when no word pointed anywhere."""

    service: int | None
    sure: bool
    urgent: bool
    confidentiality: int
    reasons: tuple[Reason, ...]
    runners_up: tuple[tuple[int, float], ...] = ()


def classify(subject: str, body: str, offers: Sequence[Offer]) -> Guess:
    """Return the service that most words point to, the rarer a word among services the more.

    `confidentiality` is the lowest class that the words ask for: 0 (nothing said), 2 or 3.
    """
    bearers = _bearers(offers)
    places = (("subject", subject, SUBJECT_WEIGHT), ("body", body, BODY_WEIGHT))
    scores: dict[int, float] = {}
    reasons: list[Reason] = []
    for place, text, weight in places:
        for word in sorted(set(words(text))):
            for key in bearers.get(word, ()):
                gain = weight / len(bearers[word])
                scores[key] = scores.get(key, 0.0) + gain
                reasons.append(Reason(word, place, key, gain))
    ranking = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    best = ranking[0] if ranking else None
    second = ranking[1][1] if len(ranking) > 1 else 0.0
    sure = best is not None and best[1] >= ENOUGH and best[1] >= CLEAR * second
    kept = [reason for reason in reasons if best is not None and reason.speaks_for == best[0]]
    urgent, confidentiality, tone = _tone(places)
    return Guess(
        service=best[0] if best else None,
        sure=sure,
        urgent=urgent,
        confidentiality=confidentiality,
        reasons=(*kept, *tone),
        runners_up=tuple(ranking[1:4]),
    )


def words(text: str) -> list[str]:
    """Return the words that may point to a service: folded, singular, without the empty ones."""
    found = []
    for word in _WORD.findall(fold(text)):
        if word in _EMPTY or len(word) < 3:
            continue
        found.append(word[:-1] if len(word) > 4 and word[-1] in "sx" else word)
    return found


def fold(text: str) -> str:
    """Return the text in lower case, without accents and ligatures."""
    lowered = unicodedata.normalize("NFD", text.lower()).translate(_LIGATURES)
    return "".join(letter for letter in lowered if not unicodedata.combining(letter))


def _bearers(offers: Sequence[Offer]) -> dict[str, list[int]]:
    bearers: dict[str, list[int]] = {}
    for offer in offers:
        for word in set(words(offer.text)):
            bearers.setdefault(word, []).append(offer.key)
    return bearers


def _tone(places: Iterable[tuple[str, str, float]]) -> tuple[bool, int, list[Reason]]:
    """Return whether urgency is spoken of, the class that is, and the words that say so."""
    reasons: list[Reason] = []
    confidentiality = 0
    for place, text, weight in places:
        folded = fold(text)
        spoken = set(_WORD.findall(folded))
        reasons += [Reason(w, place, "urgent", weight) for w in sorted(spoken & _URGENT)]
        for phrase in _SECRET:
            if phrase in folded:
                confidentiality = 3
                reasons.append(Reason(phrase, place, "confidential", weight))
        for word in sorted(spoken & _CONFIDENTIAL):
            confidentiality = max(confidentiality, 2)
            reasons.append(Reason(word, place, "confidential", weight))
    urgent = any(reason.speaks_for == "urgent" for reason in reasons)
    return urgent, confidentiality, reasons

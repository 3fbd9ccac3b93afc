"""What a message asks for: a service, how urgent, how confidential, where, and by which words.

From the first day by the catalogue's own words; better once a model has learned from the
provider's own corrected history (`learned`). Unsure is an answer: a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from . import tone
from .wording import fold, language, near, one_slip_apart, spoken, stem, words

if TYPE_CHECKING:
    from .learned import Model

SUBJECT_WEIGHT, BODY_WEIGHT = 3.0, 1.0
# A guess is sure when it has this much, and this many times the runner-up's.
ENOUGH, CLEAR = 1.0, 2.0
# A word written with a slip speaks less; short words are too near to each other.
SLIP, SHORTEST = 0.6, 6
# A service named as nowhere else: « site de Lyon », not « le train de Lyon ».
_AT = re.compile(r"\b(site|agence|usine|bureau|bureaux|depot|plant|office|branch|warehouse)\b")

__all__ = ["Guess", "Offer", "Place", "Reason", "classify", "fold", "words"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A service that can be asked for, and the text whose words point to it."""

    key: int
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A site, and the names it goes by."""

    key: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """One word and what it spoke for: a service (its key), or `urgent`, or `confidential`…"""

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
    # The day by which it is wanted, when `today` was told.
    wanted: date | None = None
    site: int | None = None
    language: str = ""
    # Of what a person has to decide: "service", "site", "confidentiality", "language".
    unsure: tuple[str, ...] = ()
    # By the catalogue's "words", or by a model that has "learned".
    by: str = "words"
    probability: float | None = None


def classify(
    subject: str,
    body: str,
    offers: Sequence[Offer],
    *,
    places: Sequence[Place] = (),
    today: date | None = None,
    model: Model | None = None,
) -> Guess:
    """Return the service that most words point to, the rarer a word among services the more.

    `confidentiality` is the lowest class that the words ask for: 0 (nothing said), 2 or 3. What a
    model has learned may raise it and never lowers it.
    """
    body = spoken(body)
    texts = (("subject", subject, SUBJECT_WEIGHT), ("body", body, BODY_WEIGHT))
    counted = _count(texts, offers)
    service, sure, reasons, runners_up = counted
    by, probability = "words", None
    told = model.read(subject, body, {offer.key for offer in offers}) if model else None
    if told is not None and told.service is not None:
        by, probability = "learned", told.probability
        service, sure, runners_up = told.service, told.sure, told.runners_up
        reasons = tuple(Reason(w, "text", told.service, weight) for w, weight in told.words)
    said = tone.heard(f"{subject}\n{body}", today)
    site, site_sure, site_reasons = _site(f"{subject}\n{body}", places)
    tongue, _because = language((subject, body))
    tones = tuple(
        Reason(phrase, "subject" if phrase in fold(subject) else "body", what, 1.0)
        for phrase, what in said.phrases
    )
    unsure = [
        name
        for name, doubt in (
            ("service", not sure),
            ("site", site is not None and not site_sure),
            ("confidentiality", said.doubtful),
            ("language", not tongue),
        )
        if doubt
    ]
    return Guess(
        service=service,
        sure=sure,
        urgent=said.urgent or bool(told and told.urgent),
        confidentiality=max(said.confidentiality, told.confidentiality if told else 0),
        reasons=(*reasons, *tones, *site_reasons),
        runners_up=runners_up,
        wanted=said.wanted,
        site=site if site_sure else None,
        language=tongue,
        unsure=tuple(unsure),
        by=by,
        probability=probability,
    )


Counted = tuple[int | None, bool, tuple[Reason, ...], tuple[tuple[int, float], ...]]


def _count(texts: Sequence[tuple[str, str, float]], offers: Sequence[Offer]) -> Counted:
    index = _index(tuple(sorted(offers, key=lambda offer: offer.key)))
    scores: dict[int, float] = {}
    reasons: list[Reason] = []
    for place, text, weight in texts:
        heard: set[str] = set()
        for word in sorted(set(words(text))):
            known, factor = index.find(word)
            if known is None or known in heard:
                continue
            heard.add(known)
            bearers = index.bearers[known]
            for key in bearers:
                gain = factor * weight / len(bearers)
                scores[key] = scores.get(key, 0.0) + gain
                reasons.append(Reason(word, place, key, gain))
    ranking = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    best = ranking[0] if ranking else None
    second = ranking[1][1] if len(ranking) > 1 else 0.0
    sure = best is not None and best[1] >= ENOUGH and best[1] >= CLEAR * second
    kept = tuple(reason for reason in reasons if best is not None and reason.speaks_for == best[0])
    return best[0] if best else None, sure, kept, tuple(ranking[1:4])


@dataclass
class _Index:
    """The stems of a catalogue, and the ways to them from a word written with a slip."""

    bearers: dict[str, list[int]]
    slips: dict[str, set[str]] = field(default_factory=dict)

    def find(self, word: str) -> tuple[str | None, float]:
        """Return the stem that a word stands for, and how much it counts."""
        root = stem(word)
        if root in self.bearers:
            return root, 1.0
        if len(word) < SHORTEST:
            return None, 0.0
        close = {
            known
            for each in near(root)
            for known in self.slips.get(each, ())
            if one_slip_apart(root, known)
        }
        return (close.pop(), SLIP) if len(close) == 1 else (None, 0.0)


@lru_cache(maxsize=64)
def _index(offers: tuple[Offer, ...]) -> _Index:
    bearers: dict[str, list[int]] = {}
    for offer in offers:
        for root in {stem(word) for word in words(offer.text)}:
            bearers.setdefault(root, []).append(offer.key)
    slips: dict[str, set[str]] = {}
    for root in bearers:
        if len(root) >= SHORTEST - 1:
            for each in near(root):
                slips.setdefault(each, set()).add(root)
    return _Index(bearers, slips)


def _site(text: str, places: Sequence[Place]) -> tuple[int | None, bool, tuple[Reason, ...]]:
    """Return the one site that is named, and whether it is named as a site."""
    folded = fold(text)
    found: dict[int, tuple[str, bool]] = {}
    for place in places:
        for name in place.names:
            folded_name = fold(name).strip()
            if len(folded_name) < 3 or folded_name not in folded:
                continue
            for match in re.finditer(rf"\b{re.escape(folded_name)}\b", folded):
                before = folded[max(0, match.start() - 24) : match.start()]
                named = bool(_AT.search(before)) or bool(_AT.match(folded_name))
                found[place.key] = (folded_name, named or found.get(place.key, ("", False))[1])
    if len(found) != 1:
        named_ones = {key: told for key, told in found.items() if told[1]}
        if len(named_ones) != 1:
            reasons = tuple(Reason(w, "text", "site?", 1.0) for w, _n in found.values())
            return (min(found) if found else None), False, reasons
        found = named_ones
    [(key, (word, named))] = found.items()
    return key, named, (Reason(word, "text", "site" if named else "site?", 1.0),)

"""A wish for another priority or scope in the words of a mail, in French and English.

Only what says so outright counts: « c'est urgent » hurries, it does not ask to pass before others;
« finalement mardi » answers a question. Folded words, as triage reads them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate

from .wording import fold

_GIVE = r"(?:pass(?:ez|er|e)|mett(?:ez|re)|mets|trait(?:ez|er|e)|mont(?:ez|er|e)|remont(?:ez|er|e))"
_THIS = r"(?: (?:la|le|les|ma|ca|cela|ceci|cette|ce|notre|sa|demande|dossier|sujet|moi|nous)){0,3}"
_PRIORITY = re.compile(
    rf"\b{_GIVE}(?:[- ](?:la|le|ca|moi))?{_THIS} "
    r"(?:en (?:haute )?priorite|en (?:tout )?premier|en urgence|en tete|"
    r"avant (?:tout|les autres))\b"
    r"|\b(?:augment|relev|mont|hauss|chang|modifi)(?:ez|er|e) (?:la|sa|ma) priorite\b"
    r"|\bpass(?:ez|er|e)[^.!?\n]{0,40} en priorite (?:haute|urgente|maximale|critique)\b"
    r"|\bpriorite (?:absolue|maximale)\b"
    r"|\b(?:raise|increase|change|bump)(?: up)? (?:the|its|my) priority\b"
    r"|\b(?:make|mark|set)(?: it| this| my request)?(?: as| to)? (?:a )?(?:top|high|highest|urgent)"
    r" priority\b|\bput (?:it|this|mine|my request) (?:first|before the others|on top)\b"
    r"|\bprioriti[sz]e (?:it|this|my request)\b"
)
_SCOPE = re.compile(
    r"\b(?:chang|modifi|elargi|eten[d]|redui)(?:ez|er|e|r|ssez|sez|re|s)?"
    r" (?:le perimetre|le cadre de|l'objet de|la portee|le site de)\b"
    r"|\b(?:elargissez|etendez|elargir|etendre) (?:la|cette|ma) demande\b"
    r"|\b(?:change|widen|extend|reduce) (?:the|its) scope\b|\bchange the (?:site|service) of\b"
)
_NOT = re.compile(r"\b(?:pas|ne|inutile|jamais|not|don't|no need|sans)\b[^.!?\n]{0,25}$")
LONGEST = 20_000
AROUND = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wished, as the verb that would do it, and the writer's own words around it."""

    verb: str
    words: str


def wishes(text: str) -> list[Wish]:
    """Return the wishes to steer that the text says outright: each verb at most once."""
    text = text[:LONGEST]
    folded = fold(text)
    found = []
    for verb, pattern in (("reprioritise", _PRIORITY), ("rescope", _SCOPE)):
        for hit in pattern.finditer(folded):
            if _NOT.search(folded[: hit.start()]):
                continue
            start, end = max(0, hit.start() - AROUND), min(len(folded), hit.end() + AROUND)
            found.append(Wish(verb, " ".join(_as_written(text, start, end).split())))
            break
    return found


def _as_written(text: str, start: int, end: int) -> str:
    """Return what was written where the folded text has these signs: folding changes lengths."""
    ends = list(accumulate(len(fold(sign)) for sign in text))
    return text[bisect_right(ends, start) : bisect_left(ends, end) + 1]

"""The words of a message as rules compare them: folded, stemmed, without signatures and quotes.

French and English, by hand-written endings: a stem need not be a word, it must be the same for
« réserver », « réservation » and « réservé ».
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

WORD = re.compile(r"[a-z0-9]+")


class _Folds(dict[int, str | None]):
    """What each sign becomes, asked once a sign: an accent, nothing."""

    def __missing__(self, sign: int) -> str | None:
        self[sign] = None if unicodedata.combining(chr(sign)) else chr(sign)
        return self[sign]


_FOLDS = _Folds({ord("œ"): "oe", ord("æ"): "ae", ord("ß"): "ss", ord("’"): "'"})


def set_of(text: str) -> frozenset[str]:
    """Return the words of a list written on one line."""
    return frozenset(text.split())


# Words that point to no service in particular.
EMPTY = set_of(
    "les des une aux dans pour par sur avec son ses mon mes nos vos nous vous leur leurs "
    "que qui est sont pas plus tout tous toute autre autres demande entre mettre jour faire "
    "the and for with from this that are not you your our have has something else put get "
    "request update work order point bonjour merci avance cordialement salut hello dear thanks "
    "thank please regards bien votre notre cette ces mais sans sous chez etre avoir peux peut "
    "pouvez pourriez pourrais pouvoir voudrais souhaite souhaiterais besoin svp stp can could "
    "would need will want help madame monsieur bonsoir afin aussi ainsi donc car comme etc"
)
_ENDINGS = (
    "issements", "issement", "ifications", "ification", "ations", "ation", "itions", "ition",
    "ements", "ement", "ments", "ment", "euses", "euse", "eurs", "eur", "ions", "ion",
    "ances", "ance", "ences", "ence", "ables", "able", "ees", "ee", "ings", "ing", "ers", "er",
    "ez", "ent", "es", "ed", "e", "s", "x",
)  # fmt: skip
_SHORTEST = 4


def fold(text: str) -> str:
    """Return the text in lower case, without accents and ligatures."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    return unicodedata.normalize("NFD", lowered).translate(_FOLDS)


def words(text: str) -> list[str]:
    """Return the words that may point to a service: folded, singular, without the empty ones."""
    found = []
    for word in WORD.findall(fold(text)):
        if word in EMPTY or len(word) < 3:
            continue
        found.append(word[:-1] if len(word) > 4 and word[-1] in "sx" else word)
    return found


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return what is common to the forms of a folded word."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            word = word[: -len(ending)]
            break
    # « travelling », « relancc- »: a doubled last letter is one.
    return word[:-1] if len(word) > _SHORTEST and word[-1] == word[-2] else word


def near(word: str) -> frozenset[str]:
    """Return the word and what is left of it without one letter: two slips share one of them."""
    return frozenset({word, *(word[:at] + word[at + 1 :] for at in range(len(word)))})


def one_slip_apart(a: str, b: str) -> bool:
    """Return whether one letter was added, left out, exchanged, or two neighbours swapped."""
    if a == b:
        return True
    if abs(len(a) - len(b)) > 1:
        return False
    start = next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
    rest_a, rest_b = a[start:], b[start:]
    return (
        rest_a[1:] == rest_b
        or rest_a == rest_b[1:]
        or rest_a[1:] == rest_b[1:]
        or (rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:])
    )


# What is not the message -----------------------------------------------------------------------

_ENDS = re.compile(
    r"^\s*(--\s*$|_{5,}|-{5,}|cordialement\b|bien cordialement|bien a vous|tres cordialement|"
    r"sinceres salutations|salutations\b|best regards|kind regards|regards\s*,?\s*$|"
    r"yours (sincerely|faithfully|truly)|sincerely|envoye de mon|envoye depuis|sent from my|"
    r"get outlook for|-+ ?(message (d'origine|transfere)|original message|forwarded message)|"
    r"(le|on) .{5,80} (a ecrit|wrote) ?:|(de|from) ?: .+@)"
)
_DISCLAIMER = re.compile(
    r"(ce (message|courriel|mail|mel)|this (message|e-?mail|communication))[^.]{0,160}"
    r"(confidenti|destinataire|intended|privileged|recipient)"
)


def spoken(text: str) -> str:
    """Return what the writer says: without quotes, signature, and the lawyers' last lines."""
    kept = []
    for line in text.splitlines():
        folded = fold(line)
        if folded.lstrip().startswith((">", "|")):
            continue
        if _ENDS.match(folded):
            break
        if not _DISCLAIMER.search(folded):
            kept.append(line)
    said = "\n".join(kept)
    return said if said.strip() else text  # a mail that only forwards speaks by what it forwards


_FRENCH = set_of(
    "le la les un une des du de et est dans pour par sur avec je nous vous il elle que qui ne pas "
    "ce cette ces mon ma mes notre nos votre vos leur au aux merci bonjour svp plus avant demain"
)
_ENGLISH = set_of(
    "the a an of and is in for by on with i we you he she that which not this these my our your "
    "their to please thanks hello dear more before tomorrow can could would be are at from"
)


def language(texts: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """Return "fr", "en" or "" (unsure), and the words that say so."""
    said = [word for text in texts for word in WORD.findall(fold(text))]
    french = [word for word in said if word in _FRENCH]
    english = [word for word in said if word in _ENGLISH]
    if len(french) >= 2 * len(english) and french:
        return "fr", tuple(sorted(set(french))[:5])
    if len(english) >= 2 * len(french) and english:
        return "en", tuple(sorted(set(english))[:5])
    return "", ()

"""Which column of a spreadsheet says what: guessed from its heading, in French and English."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.dates import MONTHS, MONTHS_3
from django.utils.translation import override

from relais.engine.wording import fold

from .line_fields import SitesByName
from .reading_cells import DAY_MINUTES, Unread, period

IGNORED = ""
# In this order: the first that fits a heading takes it.
_WORDS: tuple[tuple[str, str], ...] = (
    (IGNORED, r"total|commentaire|remarque|notes?$|comments?|h(eures)?( ?/| par) ?an|charge|^n°|"
              r"^id$|^#$|hours (a|per) year"),
    ("rework", r"repris|rework|re-?travail"),
    ("waiting", r"attente|waiting"),
    ("errors", r"erreur|errors?"),
    ("secrecy", r"confidential|classe|class\b|secre"),
    ("evidence", r"preuve|evidence|source"),
    ("confidence", r"confiance|confidence|fiabilite"),
    ("value", r"valeur|value|va ?/"),
    ("tools", r"outil|logiciel|tool|software"),
    ("peak_days", r"pics?\b|peak"),
    ("able", r"sachant|personnes (capables|formees)|able|backup"),
    ("owner_role", r"demandeur|donneur|pour qui|demande par|requester|asked (for )?by|client"),
    ("unit", r"^unites?$|^unit$|unite de temps|time unit"),
    ("minutes_low", r"(duree|temps|time|minutes?|duration).*(\bmin\b|mini)|^mini(mum)?\b|^au moins|"
                    r"at least|optimiste|^min\.?$"),
    ("minutes_high", r"(duree|temps|time|minutes?|duration).*\bmax|^max(i|imum)?\b|^au plus|"
                     r"at most|pessimiste"),
    ("minutes_usual", r"duree|temps|duration|\btime\b|minutes?|^heures?$|^hours?$|moyen|"
                      r"usuel|habituel|usual|average"),
    ("period", r"periodicit|^periode$|^period$|^par$|^per$|^every$|unite de frequence"),
    ("count", r"frequence|frequency|nombre|\bnbr?e?\b|volume|occurrence|\bfois\b|quantit|\bqte\b|"
              r"how often|times|\bcount\b|\bqty\b"),
    ("site", r"\bsites?\b|etablissement|\blieu\b|agence|location|office|branch|ville"),
    ("family", r"famille|family|domaine|domain|categor|processus|process"),
    ("doer_role", r"\bqui\b|fonction|\brole\b|\bposte\b|fait par|faite par|acteur|done by|\bwho\b|"
                  r"responsable|executant"),
    ("task", r"tache|activit|libelle|mission|intitule|\btask|designation|description|what|travail|"
             r"prestation"),
)  # fmt: skip
_COMPILED = [(name, re.compile(pattern)) for name, pattern in _WORDS]
_UNITS = (
    (60.0, r"\bh\b|heures?|hours?|hrs?\b"),
    (float(DAY_MINUTES), r"\bj\b|jours?(?!nal)|days?|\bjh\b"),
    (1.0, r"\(min|en min|\bmn\b|minutes?|in min"),
)
FIELDS = (
    "task", "site", "family", "doer_role", "owner_role", "count", "period", "minutes_low",
    "minutes_usual", "minutes_high", "unit", "rework", "waiting", "errors", "value", "secrecy",
    "evidence", "confidence", "tools", "peak_days", "able",
)  # fmt: skip


@dataclass
class Headings:
    """How the columns of one table are understood, from the row after its heading on."""

    row: int
    texts: list[str]
    fields: dict[int, str] = field(default_factory=dict)
    sites: dict[int, int] = field(default_factory=dict)  # columns that stand for a site
    months: dict[int, int] = field(default_factory=dict)  # columns that stand for a month, 1 to 12
    units: dict[int, float] = field(default_factory=dict)  # minutes of a bare number, if said
    period: str = ""  # said by the heading of the count

    @property
    def says_enough(self) -> bool:
        """Return whether it is a heading: a task, and something to count."""
        known = set(self.fields.values())
        return "task" in known and (
            bool(self.sites) or bool(self.months) or len(known & set(FIELDS)) >= 2
        )


def understand(
    row: int, texts: Sequence[str], sites: SitesByName, mapping: Mapping[int, str] | None = None
) -> Headings:
    """Return how a row of headings is understood; `mapping`: what a person said of columns."""
    found = Headings(row, [" ".join(text.split()) for text in texts])
    folded = [fold(text) for text in found.texts]
    has_most = any(re.search(r"\bmax", text) for text in folded)
    for column, text in enumerate(folded):
        if not text:
            continue
        if number := _month(text):
            found.months[column] = number
        elif (pk := _site(text, sites)) is not None:
            found.sites[column] = pk
        else:
            name = _field(text, has_most)
            if name and name not in found.fields.values():
                found.fields[column] = name
        unit = next((worth for worth, rule in _UNITS if re.search(rule, text)), None)
        if unit is not None:
            found.units[column] = unit
    if len(found.months) < 6:
        found.months = {}
    if len(found.sites) < 2:
        found.sites = {}
    if mapping is not None:
        kept = {column: name for column, name in mapping.items() if name in FIELDS}
        found.fields = kept
        found.sites = {c: pk for c, pk in found.sites.items() if c not in kept}
    for column, name in found.fields.items():
        if name == "count":
            found.period = _period(folded[column]) if column < len(folded) else ""
    return found


def joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Return two rows of headings as one: "Durée" over "min" and "max"."""
    width, said = max(len(upper), len(lower)), ""
    found = []
    for column in range(width):
        above = upper[column].strip() if column < len(upper) else ""
        below = lower[column].strip() if column < len(lower) else ""
        # A heading over several columns stands in the first of them alone.
        said = above or (said if below else "")
        found.append(below if said == below else f"{said} {below}".strip())
    return found


def _field(text: str, has_most: bool) -> str:
    # "Durée (min)" says minutes; beside a "max" it is the least.
    bare = text if has_most else re.sub(r"\(?\bmin\b\.?\)?", "minutes", text)
    bare = re.sub(r"\((?:en )?min\.?\)|en min\b", "", bare) if has_most else bare
    return next((name for name, rule in _COMPILED if rule.search(bare.strip())), IGNORED)


def _month(text: str) -> int:
    return _months().get(text.strip(". "), 0)


def _months() -> dict[str, int]:
    found: dict[str, int] = {}
    for language in ("fr", "en"):
        with override(language):
            for number in range(1, 13):
                for name in (MONTHS[number], MONTHS_3[number]):
                    found[fold(str(name)).strip(". ")] = number
    return found | {"janv": 1, "fevr": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10, "dec": 12}


def _site(text: str, sites: SitesByName) -> int | None:
    known = sites.known.get(text.strip())
    return next(iter(known)) if known and len(known) == 1 else None


def _period(text: str) -> str:
    for part in [*re.findall(r"(?:par|per|/|a) ?([a-z]+)", text), *re.findall(r"[a-z]+", text)]:
        if len(part) < 2:
            continue
        try:
            return period(part)
        except Unread:
            continue
    return ""

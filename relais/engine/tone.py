"""What a message says about itself: how urgent, by when, how confidential; and what it denies.

« Rien d'urgent » is no urgency, a lawyer's disclaimer under a signature is no secret (`wording`
takes it away before).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from .wording import fold, set_of

PUBLIC, CONFIDENTIAL, EXECUTIVE = 0, 2, 3

_URGENT = re.compile(
    r"\b(urgent(e|es|s)?|urgence|urgemment|urgently|asap|a\.s\.a\.p|immediatement|immediately|"
    r"au plus (vite|tot)|le plus vite possible|des que possible|as soon as possible|"
    r"sans (delai|attendre|tarder)|right away|straight away|dans l'heure|within the hour|"
    r"(tres|super|hyper|top) (urgent|prioritaire|presse)|prioritaire|top prio(rity|rite)?|"
    r"ca presse|c'est presse|en urgence|d'urgence|critical|critique|derniere minute|last minute)\b"
)
_NOT = re.compile(
    r"\b(pas|plus|rien|aucune?|non|ni|sans|jamais|not|no|nothing|isn't|n'est|nullement)\b"
    r"[\w' -]{0,18}$"
)
_NO_RUSH = re.compile(
    r"\b(pas presse|rien ne presse|quand (tu|vous) (peux|pouvez|aurez|auras)|no (rush|hurry)|"
    r"when you have (time|a moment)|whenever)\b"
)
_EXECUTIVE = re.compile(
    r"\b(strictement confidentiel(le)?|confidentiel(le)? direction|strictly confidential|"
    r"top secret|ultra[- ]confidentiel|licenciements?|licencier|rupture conventionnelle|"
    r"plan social|sauvegarde de l'emploi|plan de depart|enquete interne|harcelement|"
    r"dismissal|layoffs?|redundanc(y|ies)|severance|internal investigation|harassment|"
    r"lettre d'intention|letter of intent|data ?room|due diligence|takeover|"
    r"projet de (fusion|cession|rachat)|opa)\b"
)
_CONFIDENTIAL = re.compile(
    r"\b(confidentiel(le|s|les)?|confidential|confidentialite|prive et confidentiel|"
    r"salaires?|remunerations?|fiches? de paie|bulletins? de (paie|salaire)|paie|payslips?|"
    r"payroll|salar(y|ies)|entretien (annuel|prealable)|sanctions?|avertissement disciplinaire|"
    r"disciplinary|arret maladie|arret de travail|sick leave|medical(e|es|aux)?|numero de securite "
    r"sociale|social security number|rib|iban|restructuration|restructuring|fusion|merger|"
    r"acquisition|cession|rachat d'entreprise|ne pas diffuser|do not (share|forward)|"
    r"entre nous|between us|a ne pas ebruiter)\b"
)
# Of these a person has to say whether they are for named persons only.
_DOUBTFUL = set_of("fusion merger acquisition cession restructuration restructuring")
_DAYS = {
    name: number
    for number, names in enumerate(
        (
            "lundi monday", "mardi tuesday", "mercredi wednesday", "jeudi thursday",
            "vendredi friday", "samedi saturday", "dimanche sunday",
        )
    )
    for name in names.split()
}  # fmt: skip
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier january jan", "fevrier february feb", "mars march", "avril april",
            "mai may", "juin june", "juillet july", "aout august", "septembre september sept",
            "octobre october", "novembre november", "decembre december",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_BY = r"(?:pour|avant|d'ici(?: a)?|au plus tard|jusqu'a|by|before|until|due|no later than|for)"
_THE = r"(?: le| la| ce| cet| cette| au| this| next| the| on)?"
_DAY_NAMES, _MONTH_NAMES = "|".join(_DAYS), "|".join(_MONTHS)
_SOON = {
    "aujourd'hui": 0, "ce soir": 0, "ce midi": 0, "midi": 0, "ce matin": 0, "cet apres-midi": 0,
    "today": 0, "tonight": 0, "noon": 0, "this morning": 0, "this afternoon": 0, "eod": 0,
    "end of day": 0, "fin de journee": 0, "apres-demain": 2, "apres demain": 2,
    "the day after tomorrow": 2, "demain": 1, "demain matin": 1, "tomorrow": 1,
}  # fmt: skip
_WHEN = re.compile(
    rf"\b{_BY}{_THE} (?:(?P<soon>{'|'.join(sorted(_SOON, key=len, reverse=True))})"
    rf"|(?P<day>{_DAY_NAMES})|(?P<d>\d{{1,2}})[/.](?P<m>\d{{1,2}})"
    rf"|(?P<d2>\d{{1,2}})(?:er|st|nd|rd|th)?(?: of)? (?P<month>{_MONTH_NAMES})"
    rf"|(?P<month2>{_MONTH_NAMES}) (?P<d3>\d{{1,2}})"
    rf"|(?P<week>fin de (?:la )?semaine|end of (?:the )?week))\b"
    rf"|\b(?:sous|dans(?: les)?|d'ici|within|in) (?P<n>\d{{1,2}}) ?"
    rf"(?P<unit>h|heures?|hours?|jours?|j|days?)\b"
    rf"|\b(?P<alone>aujourd'hui(?: meme)?|ce soir|tonight|eod)\b"
)


@dataclass(frozen=True, slots=True)
class Tone:
    """How urgent, by when and how confidential, with the phrases that say so."""

    urgent: bool = False
    confidentiality: int = PUBLIC
    wanted: date | None = None
    # A word that may or may not mean a secret of the executives.
    doubtful: bool = False
    phrases: tuple[tuple[str, str], ...] = ()


def heard(text: str, today: date | None = None) -> Tone:
    """Return the tone of what was said; dates are told from `today`, and not at all without it."""
    folded = fold(text)
    phrases: list[tuple[str, str]] = []
    for found in _URGENT.finditer(folded):
        if not _denied(folded, found.start()):
            phrases.append((found[0], "urgent"))
    wanted = None
    if today is not None:
        wanted, phrase = _wanted(folded, today)
        if wanted is not None:
            phrases.append((phrase, "wanted"))
            if (wanted - today).days <= 1:
                phrases.append((phrase, "urgent"))
    if _NO_RUSH.search(folded):
        phrases = [(phrase, what) for phrase, what in phrases if what != "urgent"]
    secret = [m for m in _EXECUTIVE.finditer(folded) if not _denied(folded, m.start())]
    private = [m for m in _CONFIDENTIAL.finditer(folded) if not _denied(folded, m.start())]
    phrases += [(m[0], "confidential") for m in (*secret, *private)]
    return Tone(
        urgent=any(what == "urgent" for _phrase, what in phrases),
        confidentiality=EXECUTIVE if secret else CONFIDENTIAL if private else PUBLIC,
        wanted=wanted,
        doubtful=not secret and any(m[0] in _DOUBTFUL for m in private),
        phrases=tuple(dict.fromkeys(phrases)),
    )


def _denied(text: str, start: int) -> bool:
    """Return whether what stands before denies it, within its own clause."""
    clause = re.split(r"[.,;:!?\n]", text[max(0, start - 40) : start])[-1]
    return bool(_NOT.search(clause))


def _wanted(text: str, today: date) -> tuple[date | None, str]:
    for found in _WHEN.finditer(text):
        day = _day(found, today)
        if day is not None:
            return day, found[0]
    return None, ""


def _day(found: re.Match[str], today: date) -> date | None:
    if found["alone"]:
        return today
    if found["soon"]:
        return today + timedelta(days=_SOON[found["soon"]])
    if found["day"]:
        ahead = (_DAYS[found["day"]] - today.weekday()) % 7
        return today + timedelta(days=ahead or 7)
    if found["week"]:
        return today + timedelta(days=(4 - today.weekday()) % 7)
    if found["n"]:
        count = int(found["n"])
        if found["unit"].startswith("h"):
            count = -(-count // 24) if count > 8 else 0
        return today + timedelta(days=count)
    day = int(found["d"] or found["d2"] or found["d3"])
    month = int(found["m"] or _MONTHS.get(found["month"] or found["month2"] or "", 0))
    for year in (today.year, today.year + 1):
        try:
            told = date(year, month, day)
        except ValueError:
            return None
        # A date of last week is a date of last week, not one of next year.
        if told >= today:
            return told if (told - today).days < 300 else None
    return None

"""One cell's text → the value meant by it. Raises a `Refusal` that says what to correct."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from relais.lib.text import french_key
from relais.people import holidays
from relais.people.models import Role

from . import refusals

_PARTS = re.compile(r"\s*(?:\n|;|/|\s&\s|\s(?:et|and)\s)\s*", re.IGNORECASE)
_TITLES = re.compile(r"^(?:m\.|mme\.?|mlle\.?|mr\.?|ms\.?|mrs\.?|dr\.?|me|m)\s+", re.IGNORECASE)
_SHORTENED = re.compile(r"^[+-]?\d(?:[.,]\d+)?e\+?\d{1,2}$", re.IGNORECASE)
_PARTICLES = {"de", "du", "des", "d", "la", "le", "les", "van", "von", "der", "den", "el", "ben"}


@lru_cache(maxsize=1 << 15)  # the same company, site and town in row after row
def key(text: str) -> str:
    """Return the text as it is compared: no accents, case, doubled spaces or typographic dashes."""
    plain = french_key(text).replace("’", "'").replace("–", "-").replace("‑", "-")
    return " ".join(plain.split())


def person_key(*names: str) -> str:
    """Return a person's name as it is compared: in any order of first and last names."""
    return " ".join(sorted(re.sub(r"[^\w]+", " ", key(" ".join(names))).split()))


def split(text: str) -> list[str]:
    """Return the entries of a cell that holds several: on lines, or between ; / & « et »."""
    return [part for part in _PARTS.split(text.strip()) if part]


# --- names ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Name:
    """A person's name; `shouted` when it came in capitals, so that its case says nothing."""

    first: str
    last: str
    shouted: bool = False


def name_of(text: str, last_first: bool = False) -> Name:
    """Return first and last name of « MARTIN Jean », « Jean MARTIN », « Martin, Jean »…

    Capitals tell the last name; without them the order of the heading does (`last_first`), and a
    particle stays with the name that follows.
    """
    text = _TITLES.sub("", text.strip())
    if "," in text:
        last, _comma, first = (part.strip() for part in text.partition(","))
        return Name(_lowered(first), _lowered(last), _is_shouted(last))
    words = text.split()
    loud = [_is_shouted(word) for word in words]
    if any(loud) and not all(loud):
        # « de LA TOUR Anne »: a particle in small letters before capitals belongs to them.
        for place in range(len(words) - 2, -1, -1):
            if loud[place + 1] and words[place].lower().rstrip("'’") in _PARTICLES:
                loud[place] = True
        last = " ".join(word for word, is_loud in zip(words, loud, strict=True) if is_loud)
        first = " ".join(word for word, is_loud in zip(words, loud, strict=True) if not is_loud)
        return Name(first, _lowered(last), True)
    if len(words) < 2:
        return Name("", _lowered(text), _is_shouted(text))
    cut = _end_of_last_name(words) if last_first else 1
    head, tail = " ".join(words[:cut]), " ".join(words[cut:])
    first, last = (tail, head) if last_first else (head, tail)
    return Name(_lowered(first), _lowered(last), all(loud))


def parts_of_name(first: str, last: str) -> Name:
    """Return the name whose two parts stand in two columns."""
    first, last = _TITLES.sub("", first.strip()), _TITLES.sub("", last.strip())
    if not last:
        return name_of(first)
    return Name(_lowered(first), _lowered(last), _is_shouted(last))


def _end_of_last_name(words: list[str]) -> int:
    cut = 1
    while cut < len(words) - 1 and words[cut - 1].lower().rstrip("'’") in _PARTICLES:
        cut += 1
    return cut


def _is_shouted(word: str) -> bool:
    letters = [c for c in word if c.isalpha()]
    return len(letters) > 1 and all(c.isupper() for c in letters)


def _lowered(text: str) -> str:
    """Return a name in capitals as one writes it: Martin, Le Goff, Saint-Exupéry, d'Ormesson."""
    if not _is_shouted(text):
        return text
    return re.sub(r"[^\W\d_]+", lambda word: word[0].capitalize(), text.lower())


# --- numbers --------------------------------------------------------------------------------


def _digits(text: str, field: str, length: int, is_valid: Callable[[str], bool]) -> str:
    compact = re.sub(r"[\s.\-_']", "", text)
    if _SHORTENED.match(text.replace(" ", "")):
        compact = f"{float(text.replace(' ', '').replace(',', '.')):.0f}"
        # 7,3282932E+08 has kept its digits, 7,33E+08 has not: the control digit tells.
        if not is_valid(compact.zfill(length)):
            raise refusals.ShortenedNumber(field=field, value=text)
    if not compact.isdecimal() or not compact.isascii():
        raise refusals.BadNumber(field=field, value=text, digits=length)
    compact = compact.zfill(length)  # a spreadsheet eats the zero in front
    if not is_valid(compact):
        raise refusals.BadNumber(field=field, value=text, digits=length)
    return compact


def siren(text: str) -> str:
    """Return the nine digits of a SIREN."""
    return _digits(text, "SIREN", 9, siren_number.is_valid) if text else ""


def siret(text: str) -> str:
    """Return the fourteen digits of a SIRET."""
    return _digits(text, "SIRET", 14, siret_number.is_valid) if text else ""


def phone(text: str) -> str:
    """Return a telephone number; nine digits have lost the zero in front."""
    if _SHORTENED.match(text.replace(" ", "")):
        raise refusals.ShortenedNumber(field=_("telephone"), value=text)
    compact = re.sub(r"[\s.]", "", text)
    if re.fullmatch(r"[1-9]\d{8}", compact):
        return f"0{compact}"
    return re.sub(r"^33(?=[1-9]\d{8}$)", "+33", compact) if compact.isdecimal() else text


def postcode(text: str, country: str) -> str:
    """Return a postcode; four digits of a French one have lost the zero in front."""
    compact = text.replace(" ", "")
    if country == "FR" and compact.isdecimal():
        return compact.zfill(5)
    return text


def email(text: str) -> str:
    """Return an e-mail address in small letters, out of « Jean Martin <j@x.fr> » too."""
    bare = parseaddr(text)[1] if "<" in text else text
    bare = bare.removeprefix("mailto:").strip(" .,;<>").lower()
    try:
        validate_email(bare)
    except ValidationError as error:
        raise refusals.BadEmail(value=text) from error
    return bare


# --- places ---------------------------------------------------------------------------------

# The parts of France that have a country code of their own: (holiday zone, time zone).
OVERSEAS = {
    "GP": ("FR-971", "America/Guadeloupe"),
    "MQ": ("FR-972", "America/Martinique"),
    "GF": ("FR-973", "America/Cayenne"),
    "RE": ("FR-974", "Indian/Reunion"),
    "PM": ("FR-PM", "America/Miquelon"),
    "YT": ("FR-976", "Indian/Mayotte"),
    "BL": ("FR-BL", "America/St_Barthelemy"),
    "MF": ("FR-MF", "America/Marigot"),
    "WF": ("FR-WF", "Pacific/Wallis"),
    "PF": ("FR-PF", "Pacific/Tahiti"),
    "NC": ("FR-NC", "Pacific/Noumea"),
}
_BY_POSTCODE = {
    "97133": "BL",
    "97150": "MF",
    "971": "GP",
    "972": "MQ",
    "973": "GF",
    "974": "RE",
    "975": "PM",
    "976": "YT",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    names = {}
    for language in ("en", "fr"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                names[key(name)] = names[key(code)] = code
    return names | {"uk": "GB", "reunion": "RE", "usa": "US", "guyane": "GF", "hollande": "NL"}


def country(text: str) -> str:
    """Return the two letters of a country; "FR" for its overseas parts, and for no text."""
    if not text:
        return "FR"
    code = _countries().get(key(text))
    if code is None:
        raise refusals.BadCountry(value=text)
    return "FR" if code in OVERSEAS else code


def overseas(country_text: str, postcode_text: str) -> str:
    """Return the code of the overseas part of France that a site lies in, or ""."""
    code = _countries().get(key(country_text), "")
    if code in OVERSEAS:
        return code
    if code not in ("", "FR"):
        return ""
    heads = (postcode_text[:5], postcode_text[:3])
    return next((_BY_POSTCODE[head] for head in heads if head in _BY_POSTCODE), "")


@lru_cache(maxsize=10_000)
def guessed_zones(country_text: str, postcode_text: str) -> tuple[str, str]:
    """Return (time zone, holiday zone) of a place; "" for what cannot be guessed."""
    if part := overseas(country_text, postcode_text):
        holiday, zone = OVERSEAS[part]
        return zone, holiday
    code = country(country_text)
    if code == "FR":
        local = postcode_text[:2] in ("57", "67", "68") and len(postcode_text) == 5
        return "Europe/Paris", "FR-57" if local else "FR"
    zones = [zone for zone, where in get_global("zone_territories").items() if where == code]
    zones = [zone for zone in zones if zone in available_timezones()]
    capital = {"DE": "Europe/Berlin", "ES": "Europe/Madrid", "PT": "Europe/Lisbon"}
    zone = capital.get(code, zones[0] if len(zones) == 1 else "")
    return zone, code if holidays.known(code) else ""


@lru_cache(maxsize=1)
def _time_zones() -> dict[str, str]:
    return {key(zone): zone for zone in available_timezones()} | {
        key(zone.rpartition("/")[2].replace("_", " ")): zone for _h, zone in OVERSEAS.values()
    }


def time_zone(text: str) -> str:
    """Return an IANA time zone, written in whatever case, or by the name of an overseas city."""
    names = _time_zones()
    found = names.get(key(text)) or names.get("europe/" + key(text))
    if found is None:
        raise refusals.BadTimeZone(value=text)
    return found


@lru_cache(maxsize=1)
def _holiday_zones() -> dict[str, str]:
    import holidays as library  # here and not above: it takes long to load

    zones = {key(code): code for code in holidays.FRENCH_ZONES}
    for code, (official, _shown) in holidays.FRENCH_ZONES.items():
        zones[key(official)] = code
    aliases = library.country_holidays("FR").subdivisions_aliases
    for name, region in aliases.items():
        if f"FR-{region}" in holidays.FRENCH_ZONES:
            zones[key(name)] = f"FR-{region}"
    more = {"reunion": "FR-974", "alsace": "FR-57", "moselle": "FR-57", "alsace moselle": "FR-57"}
    more |= {
        "france": "FR",
        "france metropolitaine": "FR",
        "metropole": "FR",
        "mainland france": "FR",
    }
    return zones | more | {key(part): zone for part, (zone, _tz) in OVERSEAS.items()}


def holiday_zone(text: str) -> str:
    """Return the code of a zone of public holidays: one of the French thirteen, or a country's."""
    found = _holiday_zones().get(key(text))
    if found:
        return found
    code = text.strip().upper()
    if holidays.known(code):
        return code
    code = _countries().get(key(text), "")
    if code and holidays.known(code):
        return code
    raise refusals.BadHolidayZone(value=text)


# --- roles and languages --------------------------------------------------------------------

Kind = Role.Kind
_ROLES = {
    Kind.REQUESTER: "demandeur|demandeuse|requester|manager|utilisateur|user",
    Kind.SITE_LEAD: "referent de site|referent site|site lead|responsable de site|chef de site|"
    "responsable d etablissement|directeur de site",
    Kind.CLIENT_LEAD: "referent client|referent|client lead|referente client",
    Kind.SPONSOR: "sponsor|commanditaire",
    Kind.DPO: "dpo|delegue a la protection des donnees|data protection officer",
    Kind.AUDITOR: "auditeur|auditrice|auditor|acquereur",
}
_CLIENT_ROLES = {name: kind for kind, names in _ROLES.items() for name in names.split("|")}
_STAFF_ROLES = {
    "assistante": Kind.ASSISTANT,
    "assistant": Kind.ASSISTANT,
    "responsable de pole": Kind.POOL_LEAD,
    "pool lead": Kind.POOL_LEAD,
    "direction": Kind.MANAGEMENT,
    "management": Kind.MANAGEMENT,
    "qualite": Kind.QUALITY,
    "quality": Kind.QUALITY,
    "facturation": Kind.BILLING,
    "billing": Kind.BILLING,
}


def roles(text: str) -> list[str]:
    """Return the kinds of the client's roles in a cell."""
    found: list[str] = []
    for part in re.split(r"[,\n;/]| et | and ", text):
        name = " ".join(re.sub(r"[·.'’_-]", " ", key(part)).split())
        if not name:
            continue
        if name in _STAFF_ROLES or name in {kind.value for kind in Role.STAFF}:
            raise refusals.StaffRole(value=part.strip())
        kind = _CLIENT_ROLES.get(name) or next((k for k in _ROLES if k.value == key(part)), None)
        if kind is None:
            raise refusals.BadRole(value=part.strip())
        if kind.value not in found:
            found.append(kind.value)
    return found


_LANGUAGES = {
    "fr": "fr",
    "francais": "fr",
    "french": "fr",
    "francaise": "fr",
    "fr-fr": "fr",
    "en": "en",
    "anglais": "en",
    "english": "en",
    "en-gb": "en",
    "en-us": "en",
}


def language(text: str) -> str:
    """Return "fr" or "en"; "" for no text."""
    if not text:
        return ""
    found = _LANGUAGES.get(key(text))
    if found is None:
        raise refusals.BadLanguage(value=text)
    return found

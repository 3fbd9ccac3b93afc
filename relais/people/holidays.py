"""Public holidays by zone: the thirteen official French ones, and other countries and regions.

France comes from `jours-feries-france`, the algorithm of the government's own data set, which it
equals day for day; the rest of the world from `holidays` (docs/decisions tells why two).
A zone is written "FR", "FR-974" …, or as ISO 3166 writes a country or region: "BE", "CH-GE".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from babel import Locale
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from jours_feries_france import JoursFeries

from relais.lib.text import french_key

# Our code of each official zone, the name under which it is published, and the one shown.
FRENCH_ZONES: dict[str, tuple[str, str | Promise]] = {
    "FR": ("Métropole", _("Mainland France")),
    "FR-57": ("Alsace-Moselle", _("Alsace-Moselle")),
    "FR-971": ("Guadeloupe", _("Guadeloupe")),
    "FR-972": ("Martinique", _("Martinique")),
    "FR-973": ("Guyane", _("French Guiana")),
    "FR-974": ("La Réunion", _("Réunion")),
    "FR-976": ("Mayotte", _("Mayotte")),
    "FR-BL": ("Saint-Barthélémy", _("Saint Barthélemy")),
    "FR-MF": ("Saint-Martin", _("Saint Martin")),
    "FR-NC": ("Nouvelle-Calédonie", _("New Caledonia")),
    "FR-PF": ("Polynésie Française", _("French Polynesia")),
    "FR-PM": ("Saint-Pierre-et-Miquelon", _("Saint Pierre and Miquelon")),
    "FR-WF": ("Wallis-et-Futuna", _("Wallis and Futuna")),
}

FRENCH_NAMES: dict[str, str | Promise] = {
    "1er janvier": _("New Year's Day"),
    "Vendredi saint": _("Good Friday"),
    "Lundi de Pâques": _("Easter Monday"),
    "1er mai": _("Labour Day"),
    "8 mai": _("Victory in Europe Day"),
    "Ascension": _("Ascension Day"),
    "Lundi de Pentecôte": _("Whit Monday"),
    "14 juillet": _("Bastille Day"),
    "Assomption": _("Assumption Day"),
    "Toussaint": _("All Saints' Day"),
    "11 novembre": _("Armistice Day"),
    "Jour de Noël": _("Christmas Day"),
    "2ème jour de Noël": _("Second day of Christmas"),
    "Abolition de l'esclavage": _("Abolition of slavery"),
}
WHIT_MONDAY = "Lundi de Pentecôte"


class Holiday(NamedTuple):
    """A public holiday: `official` is the name in its source, `name` the one to show."""

    day: date
    official: str
    name: str

    @property
    def is_whit_monday(self) -> bool:
        """Return whether this is the day that French employers may have worked."""
        return self.official == WHIT_MONDAY


def known(zone: str) -> bool:
    """Return whether `zone` names a holiday zone; the empty one (no holidays) does not."""
    if zone in FRENCH_ZONES:
        return True
    country, dash, region = zone.partition("-")
    return country in _regions() and (not dash or region in _regions()[country])


ZONE_TEXT = _("“%(value)s” is no holiday zone: choose one such as FR, FR-974, BE or CH-GE.")


def validate_holiday_zone(value: str) -> None:
    """Raise ValidationError unless `value` names a zone of this module."""
    if not known(value):
        raise ValidationError(
            ZONE_TEXT,
            code="holiday_zone",
            params={"value": value},
        )


def of_year(zone: str, year: int, language: str | None = None) -> dict[date, Holiday]:
    """Return the holidays of a zone in a year by date, named in `language` (default: the reader's).

    Empty for the zone "" and for years of which the source knows nothing.
    Raises ValidationError for an unknown zone.
    """
    if not zone:
        return {}
    return _of_year(zone, year, (language or get_language() or "fr")[:2])


@lru_cache(maxsize=4096)
def _of_year(zone: str, year: int, language: str) -> dict[date, Holiday]:
    validate_holiday_zone(zone)
    found = (
        _french(zone, year, language) if zone in FRENCH_ZONES else _elsewhere(zone, year, language)
    )
    return {holiday.day: holiday for holiday in sorted(found)}


def _french(zone: str, year: int, language: str) -> Iterable[Holiday]:
    from django.utils.translation import override

    with override(language):
        official = JoursFeries.for_year(year, FRENCH_ZONES[zone][0])
        by_day: dict[date, Holiday] = {}
        for name, day in official.items():
            shown = str(FRENCH_NAMES.get(name, name))
            # In 2008 Ascension fell on 1 May: one day, both names.
            if day in by_day:
                shown = f"{by_day[day].name} · {shown}"
            by_day[day] = Holiday(day, name, shown)
    return by_day.values()


def _elsewhere(zone: str, year: int, language: str) -> Iterable[Holiday]:
    # Here and not above: it takes long to load, and every start would wait for it.
    import holidays as library

    country, _dash, region = zone.partition("-")
    spoken = library.country_holidays(country).supported_languages
    spoken_here = next((each for each in spoken if each.startswith(language)), None)
    calendar = library.country_holidays(
        country, subdiv=region or None, years=year, language=spoken_here
    )
    return [Holiday(day, name, name.replace("; ", " · ")) for day, name in calendar.items()]


@lru_cache(maxsize=1)
def _regions() -> dict[str, list[str]]:
    import holidays as library

    known = library.list_supported_countries(include_aliases=False)
    # The library knows GP, RE … as countries too, with days that the official list does not have.
    official = {
        "FR",
        "GP",
        "MQ",
        "GF",
        "RE",
        "YT",
        *(z[3:] for z in FRENCH_ZONES if z[3:].isalpha()),
    }
    return {country: regions for country, regions in known.items() if country not in official}


@lru_cache(maxsize=300)
def _region_names(country: str) -> dict[str, str]:
    import holidays as library

    aliases = library.country_holidays(country).subdivisions_aliases
    # Several aliases a region ("MQ", "Martinique"): the longest is the one that a reader knows.
    best: dict[str, str] = {}
    for name, code in aliases.items():
        if len(name) > len(best.get(code, "")):
            best[code] = name
    return best


def name_of(zone: str) -> str:
    """Return the name of a zone in the reader's language; "No public holidays" for none."""
    if not zone:
        return str(_("No public holidays"))
    if zone in FRENCH_ZONES:
        return str(FRENCH_ZONES[zone][1])
    country, _dash, region = zone.partition("-")
    name = _locale().territories.get(country, country)
    return f"{name} – {_region_names(country).get(region, region)}" if region else name


def french_choices() -> list[tuple[str, str]]:
    """Return the thirteen French zones with their names, the mainland first."""
    return [(code, str(name)) for code, (_official, name) in FRENCH_ZONES.items()]


def country_choices() -> list[tuple[str, str]]:
    """Return the other countries, sorted by name in the reader's language."""
    named = [(code, name_of(code)) for code in _regions()]
    return sorted(named, key=lambda pair: french_key(pair[1]))


def region_choices(country: str) -> list[tuple[str, str]]:
    """Return the zones inside a country whose holidays differ, sorted by name; none for France."""
    zones = [f"{country}-{region}" for region in _regions().get(country, [])]
    names = _region_names(country) if zones else {}
    named = [(zone, names.get(zone.partition("-")[2], zone)) for zone in zones]
    return sorted(named, key=lambda pair: french_key(pair[1]))


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a select shows: French zones, then countries and their regions, in groups."""
    groups = [(str(_("France")), french_choices()), (str(_("Countries")), country_choices())]
    for country, name in country_choices():
        if regions := region_choices(country):
            groups.append((name, [(zone, f"{name} – {region}") for zone, region in regions]))
    return groups


def _locale() -> Locale:
    return Locale((get_language() or "fr")[:2])

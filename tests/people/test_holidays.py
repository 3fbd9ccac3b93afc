"""The thirteen official zones equal the government's list day for day."""

import csv
from collections import defaultdict
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from relais.people import holidays
from relais.people.holidays import FRENCH_ZONES

YEARS = range(2006, 2032)


@pytest.fixture(scope="session")
def official(shared):
    """Return the published days of each zone, by the zone's published name."""
    days = defaultdict(lambda: defaultdict(set))
    with open(shared / "calendars" / "jours_feries.csv", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            for zone in row["zones"].split("|"):
                days[zone][date.fromisoformat(row["date"])].add(row["nom_jour_ferie"])
    return days


def test_every_official_zone_has_its_code(official):
    assert {name for name, _shown in FRENCH_ZONES.values()} == set(official)
    assert len(FRENCH_ZONES) == 13


@pytest.mark.parametrize("zone", FRENCH_ZONES)
def test_a_french_zone_equals_the_official_list(zone, official):
    published = official[FRENCH_ZONES[zone][0]]
    ours = {day: h for year in YEARS for day, h in holidays.of_year(zone, year).items()}
    assert set(ours) == set(published)
    assert all(ours[day].official in names for day, names in published.items())


def test_two_holidays_on_one_day_keep_both_names():
    with translation.override("en"):
        assert holidays.of_year("FR", 2008)[date(2008, 5, 1)].name == "Labour Day · Ascension Day"


def test_names_follow_the_reader():
    christmas = date(2026, 12, 25)
    assert holidays.of_year("FR", 2026, "en")[christmas].name == "Christmas Day"
    assert holidays.of_year("CH-GE", 2026, "fr")[christmas].name == "Noël"


def test_a_region_adds_its_own_days():
    bavaria = holidays.of_year("DE-BY", 2026)
    assert date(2026, 1, 6) in bavaria
    assert date(2026, 1, 6) not in holidays.of_year("DE", 2026)


def test_no_zone_has_no_holidays():
    assert holidays.of_year("", 2026) == {}


@pytest.mark.parametrize("zone", ["XX", "FR-XX", "fr", "DE-ZZ", "GP", "FR-Zone A", "-", "DE-"])
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(ValidationError):
        holidays.of_year(zone, 2026)


def test_every_zone_offered_can_be_asked_and_named():
    for language in ("fr", "en"):
        with translation.override(language):
            offered = [zone for _group, zones in holidays.choices() for zone, _name in zones]
            assert len(offered) == len(set(offered)) > 800
            assert offered[0] == "FR"
            assert all(holidays.known(zone) and holidays.name_of(zone) for zone in offered)


def test_every_zone_offered_has_days():
    for _group, zones in holidays.choices():
        for zone, _name in zones:
            assert holidays.of_year(zone, 2026) is not None

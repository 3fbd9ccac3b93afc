"""Holiday feeds: no day of the official files is lost, and no file however spoilt does harm."""

import csv
from datetime import date, timedelta

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from relais.people import feeds
from relais.people.calendar_changes import FedDays
from relais.people.feeds import FeedRefused
from relais.people.holidays import FRENCH_ZONES

TODAY = date(2026, 11, 23)


def ics(*events, name="Fêtes"):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"X-WR-CALNAME:{name}"]
    for number, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}", *event.strip().splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def read(*events):
    return feeds.read(ics(*events), TODAY)


def slug(name):
    plain = name.lower().translate(str.maketrans("éèçôû ", "eecou-"))
    return f"jours_feries_{plain}.ics"


@pytest.mark.parametrize("official", [name for name, _shown in FRENCH_ZONES.values()])
def test_an_official_file_gives_every_day_of_the_official_list(official, shared):
    """Each of its events ends on the day on which it begins: strictly read, none would remain."""
    reading = feeds.read((shared / "calendars" / slug(official)).read_bytes(), TODAY)
    first = min(each.first.year for each in reading.days)
    last = max(each.first.year for each in reading.days)
    with open(shared / "calendars" / "jours_feries.csv", encoding="utf-8-sig") as file:
        published = {
            (date.fromisoformat(row["date"]), row["nom_jour_ferie"])
            for row in csv.DictReader(file)
            if official in row["zones"].split("|") and first <= int(row["date"][:4]) <= last
        }
    assert last - first >= 10
    assert {(each.first, each.label) for each in reading.days} == published
    assert all(each.first == each.last and not each.yearly for each in reading.days)
    assert not reading.left_out


def test_an_event_of_no_length_is_its_day():
    reading = read("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225\nSUMMARY:Noël")
    assert reading.days == [FedDays(date(2026, 12, 25), date(2026, 12, 25), "Noël")]
    assert reading.name == "Fêtes"


@pytest.mark.parametrize(
    "ending", ["DTEND;VALUE=DATE:20270103", "DURATION:P10D", "DTEND:20270103T000000"]
)
def test_an_event_of_several_days_is_a_range_without_the_day_of_its_end(ending):
    start = "DTSTART:20261224T000000" if "T000000" in ending else "DTSTART;VALUE=DATE:20261224"
    assert read(f"{start}\n{ending}").days == [FedDays(date(2026, 12, 24), date(2027, 1, 2))]


def test_a_repetition_for_ever_on_one_date_stays_yearly():
    for rule in ("FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=1;BYMONTH=8;BYMONTHDAY=16"):
        reading = read(f"DTSTART;VALUE=DATE:20200816\nRRULE:{rule}\nSUMMARY:Saint-Roch")
        assert reading.days == [
            FedDays(date(2020, 8, 16), date(2020, 8, 16), "Saint-Roch", yearly=True)
        ]


def test_a_repetition_by_weekday_is_written_out_from_two_years_back_to_ten_ahead():
    reading = read(
        "DTSTART;VALUE=DATE:20201126\nDTEND;VALUE=DATE:20201126\n"
        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\nEXDATE;VALUE=DATE:20271125"
    )
    days = [each.first for each in reading.days]
    assert (days[0], days[-1], len(days)) == (date(2024, 11, 28), date(2036, 11, 27), 12)
    assert date(2027, 11, 25) not in days


def test_a_repetition_with_an_end_ends():
    reading = read("DTSTART;VALUE=DATE:20250101\nRRULE:FREQ=YEARLY;COUNT=3")
    assert [each.first.year for each in reading.days] == [2025, 2026, 2027]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("DTSTART:20261225T090000\nDTEND:20261225T100000", "hours"),
        ("SUMMARY:no date", "beginning"),
        ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261201", "before it begins"),
        ("DTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20280101", "longer than a year"),
        ("DTSTART;VALUE=DATE:26001225", "1901"),
        ("DTSTART;VALUE=DATE:20261225\nSTATUS:CANCELLED", "cancelled"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=SECONDLY", "within the day"),
        ("DTSTART:INVALID", "cannot be read"),
        # Never true: looked for day by day until the year 9999 it would take for ever.
        ("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", "too oddly"),
    ],
)
def test_what_closes_no_whole_day_is_left_out_with_its_reason(event, why):
    with translation.override("en"):
        reading = read("DTSTART;VALUE=DATE:20260714", event)
        assert len(reading.days) == 1
        assert [why in each.why for each in reading.left_out] == [True]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"date,name\n2026-12-25,Noel",
        b"BEGIN:VCALENDAR\nEND:VCALENDAR",
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT",
        ics("DTSTART:20261225T090000Z"),
        ics("DTSTART;VALUE=DATE:20261225") + b" " * 2**20,
        ics(*[f"DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY\nSUMMARY:{n}" for n in (1, 2)]),
        ics(*["DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=WEEKLY"] * 101),
    ],
)
def test_a_file_that_is_no_feed_is_refused_with_the_reason(data):
    with translation.override("en"), pytest.raises(FeedRefused, match="Choose an iCalendar file"):
        feeds.read(data, TODAY)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_file_of_the_collection_is_taken_or_refused(shared):
    taken = refused = 0
    for file in sorted((shared / "ics" / "files").iterdir()):
        try:
            assert feeds.read(file.read_bytes(), TODAY).days
            taken += 1
        except FeedRefused as error:
            assert len(str(error)) > 40
            refused += 1
    assert taken + refused == 155
    assert taken >= 4


SOUND = ics(
    "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225\nSUMMARY:Noël",
    "DTSTART;VALUE=DATE:20201126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\nDURATION:P1D",
    "DTSTART:20270101T000000Z\nDTEND:20270103T000000Z\nRDATE:20280101T000000Z",
)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.binary(max_size=6)), max_size=8))
def test_a_spoilt_file_is_read_or_refused_and_nothing_else(spoils):
    data = bytearray(SOUND)
    for at, bytes_ in spoils:
        data[at : at + len(bytes_)] = bytes_
    try:
        reading = feeds.read(bytes(data), TODAY)
    except FeedRefused:
        return
    assert reading.days
    assert all(each.last - each.first < timedelta(366) for each in reading.days)

"""Lives of requests for the tests of the figures: one in March 2027 unless said otherwise."""

from datetime import UTC, datetime, timedelta

from relais.engine.measures import tally
from relais.engine.measures_facts import Given, Life, Period, Promise


def at(month, day, hour=9):
    return datetime(2027, month, day, hour, tzinfo=UTC)


JANUARY, FEBRUARY, MARCH, APRIL = (
    Period(f"2027-0{m}", at(m, 1, 0), at(m + 1, 1, 0)) for m in (1, 2, 3, 4)
)
MONTHS = (JANUARY, FEBRUARY, MARCH)
HOUR = timedelta(hours=1)
GIVEN = Given(age=lambda life, when: (when - life.received).days, daily_minutes=420)


def life(key="T1", **facts):
    facts.setdefault("received", at(3, 2))
    return Life(**{"key": key, "client": "Calanques", "site": "Lyon"} | facts)


def promised(kind="delivery", due=None, met=None, **facts):
    return Promise(kind, due or at(3, 10), met, **facts)


def figures(lives, months=MONTHS, as_of=None, given=GIVEN):
    return tally(lives, months, as_of or months[-1].end, given).whole()


def figure(key, *lives, months=MONTHS, as_of=None, given=GIVEN):
    (found,) = tally(lives, months, as_of or months[-1].end, given).cut(keys=[key])
    return found


def tickets(site, kept, n, day=5):
    return [
        life(
            f"{site}{number:03}", site=site, deliveries=(at(3, day),),
            promises=(promised(due=at(3, day) + HOUR * (1 if number < kept else -1),
                               met=at(3, day)),),
        )
        for number in range(n)
    ]  # fmt: skip


CAST = [
    *tickets("Lyon", 118, 124), *tickets("Lille", 61, 66),
    *tickets("Aix", 40, 44), *tickets("Strasbourg", 25, 31),
]  # fmt: skip

"""A month closed: the same bytes however it is counted, and a list of what differs otherwise."""

import json
from dataclasses import replace
from datetime import timedelta, timezone
from fractions import Fraction

import pytest

from relais.engine import measures_words
from relais.engine.measures import Why, tally
from relais.engine.measures_facts import Period, Reopening
from relais.engine.measures_frozen import (
    CAUSES,
    Cause,
    digest,
    frozen,
    mark,
    restatement,
    thawed,
)
from tests.engine.lives import APRIL, CAST, GIVEN, MARCH, MONTHS, at, life, tickets

KEYS = ("on_time", "delivered", "reopened", "satisfaction", "alike_index", "time_returned")


def report(lives, as_of=MARCH.end, months=MONTHS, by=("site",), keys=KEYS):
    table = tally(lives, months, as_of, replace(GIVEN, standards="diagnostic"))
    return (*table.cut(keys=keys), *(table.cut(*by, keys=keys) if by else ()))


def test_the_same_requests_are_the_same_bytes_in_any_order_and_time_zone():
    zone = timezone(timedelta(hours=4))
    months = [Period(m.name, m.begin.astimezone(zone), m.end.astimezone(zone)) for m in MONTHS]
    once = frozen(report(CAST))
    assert frozen(reversed(report(CAST[::-1], MARCH.end.astimezone(zone), months))) == once
    # Written down once: another machine, another database and another year give these figures.
    figures = json.dumps(json.loads(once)["figures"], sort_keys=True).encode()
    assert digest(figures) == "9373800fcae54b7032bfd6b6a5ae06483398370950ee5a11e8ca9e86dcb2d832"
    assert restatement(once, once) == ()


def test_frozen_figures_can_be_read_again():
    figures = report(CAST)
    assert set(thawed(frozen(figures))) == set(figures)
    assert frozen(thawed(frozen(figures))) == frozen(figures)
    with pytest.raises(ValueError, match="give each figure once"):
        frozen([*figures, figures[0]])
    with pytest.raises(ValueError, match="version that wrote it"):
        thawed(b'{"form":0}')


def test_no_binary_float_is_frozen():
    def floats(value):
        if isinstance(value, dict):
            value = list(value.values())
        return isinstance(value, float) or (isinstance(value, list) and any(map(floats, value)))

    assert not floats(json.loads(frozen(report(CAST))))


def test_the_mark_is_that_of_the_lines():
    one, other = (report(tickets("Lyon", kept, 5), by=())[0] for kept in (4, 5))
    assert mark(one) == mark(replace(one, lines=one.lines[::-1]))
    assert mark(one) != mark(other)


def test_what_came_to_be_known_later_is_a_restatement_with_its_requests():
    done = {"deliveries": (at(3, 5),)}
    lives = [
        life("T1", **done),
        life("T2", **done, reopenings=(Reopening(at(4, 2), 9),)),
        life("T3", **done, void_at=at(4, 3)),
    ]
    old, new = (frozen(report(lives, as_of, by=())) for as_of in (MARCH.end, APRIL.end))
    found = {each.key: each for each in restatement(old, new)}
    assert set(found) == {"delivered", "reopened", "time_returned"}
    again = found["reopened"]
    assert (again.before, again.now) == (0, Fraction(1, 2))
    assert (again.removed, again.changed) == (("T3",), ("T2",))
    assert again.causes == (Cause.REMOVED, Cause.CHANGED)
    back = {each.key: each for each in restatement(new, old)}["delivered"]
    assert (back.causes, back.added, back.now) == ((Cause.ADDED,), ("T3",), 3)


def test_a_new_definition_is_told(monkeypatch):
    old = frozen(report(CAST, by=(), keys=("on_time",)))
    changed = replace(measures_words.DEFINITIONS["on_time"], version=2)
    monkeypatch.setitem(measures_words.DEFINITIONS, "on_time", changed)
    (found,) = restatement(old, frozen(report(CAST, by=(), keys=("on_time",))))
    assert (found.causes, found.before) == ((Cause.DEFINITION,), found.now)


def test_a_figure_more_or_less_is_told():
    one, two = (frozen(report(CAST, by=(), keys=KEYS[:n])) for n in (1, 2))
    (new,), (gone,) = restatement(one, two), restatement(two, one)
    assert (new.causes, new.before, new.now) == ((Cause.NEW,), None, 265)
    assert (gone.causes, gone.before, gone.now) == ((Cause.GONE,), 265, None)


def test_another_figure_of_the_same_requests_is_told():
    (figure,) = report(CAST, by=(), keys=("on_time",))
    (found,) = restatement(frozen([figure]), frozen([replace(figure, why=Why.FEW)]))
    assert found.causes == (Cause.RULE,)
    assert set(CAUSES) == set(Cause)

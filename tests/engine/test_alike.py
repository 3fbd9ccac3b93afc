"""What makes two requests the same: rare words above all, never circumstances alone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from relais.engine.alike import Asked, alike, words

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)


def asked(key, subject, body="", *, days=0, **more):
    given = {"service": 1, "requester": 1, "site": 1, "at": NOW - timedelta(days=days)}
    return Asked(key, subject, body, **given | more)


NEW = asked(0, "Réserver la salle Mistral jeudi", "Pour 12 personnes")
OTHERS = [
    asked(2, "Commander des fournitures de bureau"),
    asked(3, "Facture du traiteur à relancer"),
    asked(4, "Réserver un train pour Lyon"),
]


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (asked(1, "Salle Mistral à réserver pour jeudi"), True),
        (asked(1, "Besoin d’une salle", "Merci de réserver la salle Mistral jeudi"), True),
        (asked(1, "Réservation", "", service=1), False),
        (asked(1, "Préparer le comité de direction"), False),
        (asked(1, "Réserver la salle Cassis lundi", days=40, requester=9, site=9), False),
    ],
)
def test_the_same_is_found_and_the_rest_is_not(other, found):
    assert ([one.key for one in alike(NEW, [*OTHERS, other])] == [1]) == found


def test_everything_has_its_reason():
    other = asked(1, "Salle Mistral jeudi", "F-2026-0142", wanted=date(2026, 3, 5))
    new = asked(0, "Salle Mistral jeudi", "Voir F-2026-0142", wanted=date(2026, 3, 5))
    (like,) = alike(new, [*OTHERS, other])
    assert {point.name for point in like.points} == {
        "words", "service", "requester", "day", "time", "number",
    }  # fmt: skip
    assert like.score == pytest.approx(sum(point.weight for point in like.points))
    assert like.sure


def test_it_is_the_same_from_both_sides_and_not_itself():
    first, second = asked(1, "Salle Mistral jeudi"), asked(2, "La salle Mistral, jeudi")
    there = alike(first, [first, second])
    back = alike(second, [first, second])
    assert [one.key for one in (*there, *back)] == [2, 1]
    assert there[0].score == pytest.approx(back[0].score)


def test_last_month_is_another_matter():
    near = alike(NEW, [asked(1, NEW.subject, NEW.body)])[0].score
    far = alike(NEW, [asked(1, NEW.subject, NEW.body, days=30)])[0].score
    assert far < near


@pytest.mark.parametrize("text", ["", "!!!", "de la le", "\x00", "é" * 10_000])
def test_nothing_said_is_like_nothing(text):
    assert alike(asked(0, text), [asked(1, text)]) == [] or text.startswith("é")
    assert words("", "") == []

"""What a month cost and what the team could do: counted by hand, the team's, never a client's."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from relais.desk.models import Event, Ticket, TimeEntry
from relais.offer import catalogue
from relais.people.models import AssistantProfile, Shift
from relais.records import figures, figures_kept
from relais.records.models import KeptFigures

from .months import HOUR, agreed, at, delivered

APRIL = at(4, 3)


@pytest.fixture
def march(world):
    """Return 25 requests delivered, 30 minutes noted on one, and 24 published hours on two days.

    Nobody works but in those hours: three people, 4 hours each on the 5th and on the 6th.
    """
    catalogue.preload(world.provider)
    rows = delivered(world, 25, 25, version=agreed(world))
    TimeEntry.objects.create(
        provider=world.provider, ticket=rows[0], person=world.people.alice, minutes=30,
        started_at=at(3, 5), stopped_at=at(3, 5) + HOUR / 2,
    )  # fmt: skip
    AssistantProfile.objects.update(calendar=None)
    team = list(AssistantProfile.objects.order_by("pk").values_list("person", flat=True))
    for person in team[:3]:
        for day in (5, 6):
            Shift.objects.create(
                provider=world.provider, person_id=person, period=(at(3, day), at(3, day, 13))
            )
    return SimpleNamespace(rows=rows, team=team, usual=rows[0].service.standard_minutes)


def whole(world, company=None, **more):
    period = figures_kept.period_of(company, "2026-03")
    if company is None:
        return figures.tally_of_all(period, as_of=APRIL, **more)
    return figures.tally_of(company, period, as_of=APRIL, **more)


def test_occupation_is_time_noted_or_usual_over_practical_hours(world, march):
    told = whole(world, with_means=True).whole()["occupation"]
    practical = 24 * 60 * 85 // 100
    assert (told.over, told.under) == (30 + 24 * march.usual, practical)
    assert told.value == Fraction(30 + 24 * march.usual, practical)


def test_days_of_backlog_are_work_left_over_what_a_day_can_do(world, march):
    one = march.rows[0]
    left = Ticket.objects.create(
        provider=world.provider, company=one.company, site=one.site, requester=one.requester,
        service=one.service, subject="Reste à faire", channel="form", received_at=at(3, 20),
    )  # fmt: skip
    Event.objects.create(
        provider=world.provider, ticket=left, kind="received", at=at(3, 20), by=one.requester
    )
    told = whole(world, with_means=True).whole()["backlog_days"]
    assert told.value == Fraction(march.usual, 612)  # two days of 24 h x 85 %


def test_of_too_few_people_nothing_is_told(world, march):
    AssistantProfile.objects.exclude(person__in=march.team[:2]).delete()
    told = whole(world, with_means=True).whole()
    assert (told["occupation"].why, told["backlog_days"].why) == ("nothing", "nothing")


def test_the_cost_of_a_unit_is_what_agreements_ask_over_what_was_delivered(world, march):
    calanques = world.companies.calanques
    for table in (whole(world, calanques, with_means=True), whole(world, with_means=True)):
        assert table.whole()["cost_per_unit"].value == 1_200_000 // 25
    by_client = whole(world, with_means=True).cut("client", keys=["cost_per_unit"])
    assert {dict(each.cut)["client"]: each.value for each in by_client} == {
        str(calanques.pk): 48_000
    }


def test_a_closed_month_and_a_client_hold_none_of_it(world, march):
    calanques = world.companies.calanques
    told = whole(world, calanques).whole()
    assert {told[key].why for key in ("occupation", "cost_per_unit", "backlog_days")} == {"nothing"}
    figures_kept.keep(world.provider.pk, calanques.pk, "2026-03", APRIL)
    kept = {each["key"]: each for each in KeptFigures.objects.get(cut="").figures}
    assert kept["backlog_days"]["why"] == "nothing"
    shown = figures_kept.without_internal(map(figures_kept.read, kept.values()))
    assert not {each.key for each in shown} & {"occupation", "cost_per_unit"}


def test_minutes_of_executives_are_not_counted(world, march):
    Ticket.objects.filter(pk=march.rows[0].pk).update(confidentiality=3)
    told = whole(world, with_means=True).whole()["occupation"]
    assert told.over == 24 * march.usual

"""`relais close-month` says what is missing, closes what is over, and may run twice."""

from argparse import Namespace
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override
from procrastinate.contrib.django.models import ProcrastinateJob

from relais.desk.models import Letter
from relais.lib.problem import Problem
from relais.offer import catalogue
from relais.people.access import Access
from relais.people.models import Engagement, OrganisationChange
from relais.records import closing, figures_kept, month_command, months_ahead
from relais.records.models import Exclusion, KeptFigures, QualityCheck, Review

from .months import MARCH, agreed, at, delivered

APRIL = date(2026, 4, 1)


@pytest.fixture
def late(world):
    catalogue.preload(world.provider)
    return delivered(world, 22, 25, version=agreed(world))[24]


def run(world, month="2026-03", company="calanques services", by="", *, dry=False):
    told: list[str] = []
    args = Namespace(month=month, company=company, by=by, dry_run=dry)
    with override("en"):
        return month_command.run(args, world.provider, told.append), told


def closed():
    return OrganisationChange.objects.filter(kind="review_closed").count()


def test_a_dry_run_says_what_is_missing_and_changes_nothing(world, late):
    Exclusion.propose(
        late, "delivery", "Force majeure", "Mail du 5", by=world.people.paul, at=at(4, 1)
    )
    code, told = run(world, dry=True)
    text = "\n".join(told)
    assert code == 0
    assert told[-1].endswith("would be closed")
    for part in ("of the provider", "of the client", "1 exclusion waits"):
        assert part in text
    assert "no agreement" not in text
    assert (Review.objects.count(), closed()) == (0, 0)


def test_it_closes_once_and_may_run_twice(world, late):
    code, told = run(world)
    review = Review.objects.get()
    assert (code, told[-1]) == (0, "Calanques Services, 2026-03: closed for good")
    assert (review.state, review.closed_by) == ("closed", world.people.paul)
    assert run(world) == (0, ["Calanques Services, 2026-03: closed already"])
    assert closed() == 1


def test_all_clients_at_once_and_one_that_cannot_be_keeps_no_other_one_open(world, late):
    Engagement.objects.exclude(company=world.companies.calanques).update(
        started_on=date(2026, 1, 5), provider_lead=world.people.alice
    )
    code, told = run(world, company="")
    assert code == 1
    assert any("Calanques" in line and line.endswith("closed for good") for line in told)
    assert any("give --by" in line for line in told)
    assert Review.objects.get().company == world.companies.calanques


def test_a_month_that_is_not_over_stays_open(world, late):
    code, told = run(world, month=f"{timezone.localdate():%Y-%m}")
    assert code == 1
    assert "not over yet" in told[-1]
    assert not Review.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"month": "2026-13"}, "2026-13"),
        ({"month": "mars"}, "mars"),
        ({"month": "20260301"}, "20260301"),
        ({"company": "Nobody"}, "Calanques"),
        ({"by": "alice@atout.example"}, "paul@atout.example"),
    ],
)
def test_what_is_not_known_is_named_with_what_is(world, late, wrong, named):
    with pytest.raises(Problem) as told:
        run(world, **wrong)
    assert named in str(told.value.message % told.value.values)


def test_without_a_month_it_is_the_last_one():
    assert month_command.month_named("", date(2026, 4, 3)) == MARCH


def test_both_leads_are_reminded_once_and_the_client_not_of_the_checks(world, late):
    company = world.companies.calanques
    review = Review.open(company, MARCH, by=None, at=at(4, 1))
    QualityCheck.objects.create(
        provider=world.provider, ticket=late, month=MARCH, assistant=world.people.alice,
        delivered_at=at(3, 5), drawn_at=at(3, 6),
    )  # fmt: skip
    assert months_ahead.remind(APRIL.replace(day=7)) == 0
    assert months_ahead.remind(APRIL.replace(day=8)) == 2
    assert months_ahead.remind(APRIL.replace(day=9)) == 0
    texts = {each.to: each.body for each in Letter.objects.filter(key__contains="still-open")}
    assert "contrôle" in texts["paul@atout.example"]
    assert "contrôle" not in texts["claire@calanques.example"]
    closing.close(review, by=world.people.paul, at=at(4, 9))
    Letter.objects.filter(key__contains="still-open").delete()
    assert months_ahead.remind(APRIL.replace(day=9)) == 0


# Figures kept for pages ---------------------------------------------------------------------------


def test_a_figure_kept_is_counted_anew_once_an_exclusion_was_agreed(world, late, monkeypatch):
    monkeypatch.setattr(figures_kept, "AT_ONCE", 0)  # as with many: a worker counts
    company, access = world.companies.calanques, Access(world.people.paul)
    months = ("2026-03",)
    figures_kept.keep(world.provider.pk, company.pk, months[0])

    def told():
        return figures_kept.of(access, company, months)[months[0]].whole()["on_time"]

    def asked():
        jobs = ProcrastinateJob.objects.filter(task_name__endswith="keep_figures", status="todo")
        return jobs.count()

    assert (told().n, told().excluded, asked()) == (25, 0, 0)
    made = Exclusion.propose(late, "delivery", "Force majeure", "Mail", by=world.people.paul)
    assert (told().n, asked()) == (25, 0)
    made.agree(by=world.people.claire)
    assert (told().n, asked()) == (25, 1)
    kept = KeptFigures.objects.get(cut="")
    figures_kept.keep(world.provider.pk, company.pk, months[0], kept.as_of + timedelta(minutes=1))
    assert (told().n, told().excluded, asked()) == (24, 1, 1)
    assert isinstance(kept.as_of, datetime)

"""The pool's clock: whoever reads and wherever it is computed; each pool's solving by itself."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from procrastinate.contrib.django.models import ProcrastinateJob

from relais.desk.models import DispatchSetting
from relais.engine.roster import OFF, broken
from relais.people.models import AssistantProfile, Shift
from relais.planning import peaks, roster_problem, roster_words, rostering, working_time
from relais.planning.errors import NoDuty, NotInThisState
from relais.planning.models import Roster, ShiftKind

from .plan import MONDAY, PARIS, at

REUNION = ZoneInfo("Indian/Reunion")
FIELDS = {"name": "Mars", "starts_on": MONDAY, "weeks": 1, "seconds": 3}


@pytest.fixture
def pool(world):
    type(world.provider).objects.filter(pk=world.provider.pk).update(time_zone=REUNION.key)
    world.provider.refresh_from_db()
    for person in (world.people.paul, world.people.alice):
        person.provider = world.provider
    return world


def test_a_roster_is_made_solved_published_and_shown_by_one_clock(
    pool, client_of, call, monkeypatch
):
    people, zones = pool.people, []
    build = roster_problem.build

    def seen(roster, zone, today):
        zones.append(zone)
        return build(roster, zone, today)

    monkeypatch.setattr(roster_problem, "build", seen)
    roster = rostering.draft(FIELDS, by=people.paul)
    rostering.begin(roster)

    def none(roster, zone, today):
        zones.append(zone)
        raise NoDuty(why="")

    monkeypatch.setattr(roster_problem, "build", none)
    with timezone.override("UTC"):
        rostering.run(roster.provider_id, roster.pk, roster.version)
    assert zones == [REUNION, REUNION]
    for week in range(2):
        Roster.objects.create(
            provider=pool.provider, made_by=people.paul, name=f"S{week}", weeks=1,
            starts_on=MONDAY + timedelta(weeks=week),
            rows={str(people.alice.pk): ["J", *[""] * 6]},
        )  # fmt: skip
    one, other = Roster.objects.filter(name__startswith="S").order_by("pk")
    assert call(people.paul, "POST", f"rosters/{one.pk}/publish")[0] == 200
    address = reverse("roster_publish", args=[other.pk])
    client_of(people.paul).post(address, {"version": 1})
    starts = Shift.objects.values_list("period", flat=True)
    assert len(starts) == 4
    hours = {span.lower.astimezone(REUNION).time() for span in starts}
    assert hours == {time(9), time(13, 30)}
    week = client_of(people.paul).get(reverse("shifts"), {"week": MONDAY}).content.decode()
    assert "09:00–12:30" in week
    monkeypatch.setattr(peaks, "look", lambda now, zone: zones.append(zone) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        peaks.compute(pool.provider.pk)
    assert zones[2:] == [REUNION]


def test_each_pool_waits_for_itself_alone_and_a_wait_is_no_silence(pool, monkeypatch):
    roster = rostering.draft(FIELDS, by=pool.people.paul)
    rostering.begin(roster)
    jobs = ProcrastinateJob.objects.filter(task_name=rostering.SOLVE)
    assert list(jobs.values_list("lock", flat=True)) == [f"roster:{pool.provider.pk}"]
    monkeypatch.setattr(rostering, "SILENT", timedelta(days=-1))
    assert not rostering.is_silent(Roster.objects.get())
    with pytest.raises(NotInThisState):
        rostering.begin(Roster.objects.get())
    begun = []

    def build(row, zone, today):
        begun.append(Roster.objects.get())
        raise NoDuty(why="")

    monkeypatch.setattr(roster_problem, "build", build)
    rostering.run(roster.provider_id, roster.pk, roster.version)
    assert begun[0].begun_at and rostering.is_silent(begun[0])


def test_the_solver_knows_the_pools_own_rest_and_the_shift_before_the_first_day(world):
    people = world.people
    DispatchSetting.set({"daily_rest": 780}, "Accord", by=people.paul, seen=0)
    rostering.first_kinds(world.provider.pk)
    ShiftKind.objects.create(
        provider=world.provider, code="N", name="Soir", starts="15:00", ends="22:00"
    )
    Shift.objects.create(
        provider=world.provider, person=people.alice, period=(at(14, days=-1), at(20, days=-1))
    )
    roster = rostering.draft(FIELDS, by=people.paul)
    problem = roster_problem.build(roster, PARIS, MONDAY)
    # Thirteen hours after ten in the evening it is eleven, after eight it is nine.
    after = next(duty for duty in problem.duties if duty.key == "N")
    assert after.never_next == {"M", "J", "S", "AM"}
    hers = {one.key: one for one in problem.people}[people.alice.pk]
    assert hers.never == {0: {"M", "AM"}}
    early = ("M", *[OFF] * 6)
    assert [b.code for b in broken(problem, hers, early) if b.facts.get("day") == -1] == ["rest"]
    names = roster_words.Names([people.alice], [], [])
    roster.place(people.alice.pk, 0, "M")
    with override("en"):
        said = [roster_words.sentence(roster, b, names) for b in roster_words.told(roster).broken]
    assert any("Sun 28 Feb" in each for each in said)


def test_the_law_is_the_pools_where_somebody_has_no_calendar_whoever_reads(pool):
    alice = pool.people.alice
    AssistantProfile.objects.filter(person=alice).update(calendar=None)
    # Six days of nine hours, and 34 hours of rest from Saturday to Monday in La Réunion.
    monday = datetime.combine(MONDAY, time(), REUNION)
    hours = [
        (monday + timedelta(days=n, hours=8), monday + timedelta(days=n, hours=17))
        for n in range(6)
    ]
    hours[5] = (hours[5][0] + timedelta(hours=5), hours[5][1] + timedelta(hours=5))
    hours.append((monday + timedelta(days=7, hours=8), monday + timedelta(days=7, hours=12)))
    told = []
    for reader in ("UTC", "Pacific/Auckland", "America/Los_Angeles"):
        with timezone.override(reader):
            law = working_time.Hours([alice.pk], monday, monday + timedelta(days=14))
            assert law.zone(alice.pk) == working_time.person_zone(alice) == REUNION
            told.append(
                [(one.code, one.day, one.seen) for one in law.judged(alice.pk, hours).stops]
            )
    assert told[0] == told[1] == told[2]
    assert ("weekly_rest", MONDAY, 34 * 60) in told[0]

"""The nine months before: lived once, a week at a time; what is open today stays as it is."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from relais import demo, demo_history, tasks
from relais.desk.models import Clock, Event, Letter, Ticket
from relais.lib import progress
from relais.lib.tenancy import tenant
from relais.people.models import Absence, Person, Site

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_week_is_lived_once_to_its_end_and_touches_nothing_else(db):
    with tenant(demo.build(NOW, lived=False).pk):
        person = Person.objects.get(email="antoine.mercier@calanques.example")
        mine = Ticket.receive(
            site=person.site, requester=person, subject="D’aujourd’hui", channel="form",
            service=demo_history.Life(NOW, {}).services["other"], at=NOW,
        )  # fmt: skip
        asked = demo_history.live_week(0, NOW)
        assert asked > 5
        assert demo_history.live_week(0, NOW) == 0
        old = Ticket.objects.exclude(pk=mine.pk)
        assert old.count() == asked
        monday = demo_history._Week(0, NOW).monday
        assert {timezone.localtime(one.received_at).date() >= monday for one in old} == {True}
        assert set(old.values_list("state", flat=True)) <= {"accepted", "cancelled", "refused"}
        assert not Event.objects.filter(at__gt=NOW).exists()
        assert not Letter.objects.filter(state="waiting", ticket__in=old).exists()
        assert list(mine.events.values_list("kind", flat=True)) == ["received"]
        assert Clock.objects.filter(ticket=mine, stopped_at=None).exists()

        # A later week: somebody is away, and a site is merged into another at its end.
        site = Site.objects.get(code=demo_history.MERGED_CODE)
        assert site.archived_at is None
        demo_history.live_week(demo_history.MERGES_AFTER, NOW)
        site.refresh_from_db()
        assert site.archived_at < NOW - timedelta(days=90)
        assert not Person.objects.filter(site=site).exists()
        assert Absence.objects.filter(period__endswith__lt=NOW - timedelta(days=90)).exists()

        # Two weeks hold what weeks are made of: some of it came back, and was judged.
        assert Event.objects.count() > 150
        told = set(Event.objects.values_list("kind", flat=True))
        assert {"asked", "reopened", "breached", "accepted", "rated"} <= told


def test_the_fading_manager_is_heard_of_less_and_less():
    weeks = range(demo_history.WEEKS)
    shares = [_share(week) for week in weeks]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def _share(week):
    made = demo_history._Week.__new__(demo_history._Week)
    made.week = week
    return made._silence()


def test_a_week_calls_for_the_next_until_the_last(committed, monkeypatch):
    lived = []
    monkeypatch.setattr(demo_history, "live_week", lambda week, now: lived.append(week))
    monkeypatch.setattr(demo_history, "WEEKS", 3)
    provider = demo.build(NOW, lived=False)
    told = []
    for week in range(3):
        tasks.live_demo_week(provider.pk, week)
        told.append(progress.read(demo_history.name_of(provider.pk)))
    called = ProcrastinateJob.objects.filter(queue_name="demo").order_by("id")
    assert [job.args["week"] for job in called] == [1, 2]
    assert ProcrastinateJob.objects.filter(task_name="relais.tasks.show_demo_peaks").count() == 1
    assert (lived, told) == ([0, 1, 2], [33, 67, None])

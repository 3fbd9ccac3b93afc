"""Before hours change, the page says which deadlines move; only the answer changes anything."""

import pytest
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from relais.desk import moves, recalculation
from relais.desk.models import DeadlineChange
from relais.people import calendar_changes, organisation
from relais.people.access import Access
from relais.people.calendars import of_site
from relais.people.models import Calendar, Site

from .test_recalculation import at, clock, deadlines, done

WEEK = {f"{day}-{part}": [] for day in range(1, 8) for part in ("opens", "closes")}


@pytest.fixture
def aix(world):
    return of_site(world.sites.aix).calendar


@pytest.fixture
def paul(world, client_of):
    return client_of(world.people.paul)


@pytest.fixture
def brief(world):
    """Return another calendar of the client's, open on mornings only."""
    week = {day: [["09:00", "12:00"]] for day in range(1, 6)}
    return calendar_changes.create(
        world.provider,
        by=None,
        name="Matinées",
        company=world.companies.calanques,
        week=week,
        time_zone="Europe/Paris",
        holiday_zone="FR",
    )


def days(calendar, **more):
    fields = {"first_day": "2026-03-04", "kind": "closed", "seen": calendar.version}
    return reverse("calendar_days_add", args=[calendar.pk]), fields | more


def typed(page):
    return dict(page.context["typed"])


def test_it_asks_first_and_does_it_once_answered(world, new_ticket, aix, paul):
    ticket = new_ticket(at=at(17))
    before = deadlines()
    url, fields = days(aix, label="Inventaire")
    page = paul.post(url, fields)
    assert page.status_code == 200
    assert page.context["preview"].moved == 2
    assert ticket.subject in page.content.decode()
    assert not aix.days.exists()
    assert not ProcrastinateJob.objects.filter(task_name=calendar_changes.RECALCULATE).exists()
    answer = paul.post(url, typed(page) | {"confirmed": "1"})
    assert answer.status_code == 302
    assert aix.days.get().label == "Inventaire"
    assert deadlines() == before  # the job does the rest
    assert ProcrastinateJob.objects.filter(task_name=calendar_changes.RECALCULATE).count() == 1


def test_a_change_that_moves_nothing_asks_nothing(world, new_ticket, aix, paul):
    new_ticket("accepted")
    url, fields = days(aix)
    assert paul.post(url, fields).status_code == 302
    assert aix.days.exists()


ZONE = {"time_zone": "Asia/Kathmandu", "country": "FR", "region": "", "holiday_eve": "normal"}
WAYS = {
    "hours": ("calendar_hours", [], {**WEEK, "1-opens": "09:00", "1-closes": "12:00", "save": "1"}),
    "settings": ("calendar_settings", [], {"name": "Bureaux Calanques", **ZONE}),
    "day": ("calendar_day_change", ["2026-03-04"], {"kind": "closed"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_change_hours_asks(world, new_ticket, aix, paul, way):
    new_ticket(at=at(17))
    name, more, fields = WAYS[way]
    url = reverse(name, args=[aix.pk, *more])
    page = paul.post(url, fields | {"seen": aix.version})
    assert page.status_code == 200
    assert page.context["preview"].moved
    assert Calendar.objects.get(pk=aix.pk).version == aix.version
    assert paul.post(url, typed(page) | {"confirmed": "1"}).status_code == 302
    assert Calendar.objects.get(pk=aix.pk).version != aix.version


def test_taking_a_day_away_and_bringing_it_back_ask_too(world, new_ticket, aix, paul):
    row = calendar_changes.add_days(aix, at(9, days=1).date(), by=None, seen=aix.version)
    new_ticket(at=at(17))
    url = reverse("calendar_days_remove", args=[aix.pk, row.pk])
    page = paul.post(url, {"seen": aix.version})
    assert page.context["preview"].moved == 2
    paul.post(url, {"seen": aix.version, "confirmed": "1"})
    assert not aix.days.exists()


def test_who_came_too_late_is_told_before_any_preview(world, new_ticket, aix, paul):
    new_ticket(at=at(17))
    url, fields = days(aix, seen=aix.version + 7)
    page = paul.post(url, fields)
    assert "preview" not in page.context
    assert not aix.days.exists()


def test_hours_by_which_no_deadline_would_come_are_refused(world, new_ticket, aix, paul):
    new_ticket(at=at(17))
    paul.post(reverse("calendar_hours", args=[aix.pk]), {**WEEK, "seen": aix.version, "save": "1"})
    assert aix.openings.exists()


@pytest.mark.parametrize("who", ["alice", "claire", "marc", "quentin", "erwan"])
def test_only_those_who_may_change_are_asked(world, new_ticket, aix, client_of, who):
    new_ticket(at=at(17))
    url, fields = days(aix)
    assert client_of(getattr(world.people, who)).post(url, fields).status_code == 404


def test_no_row_is_hidden_the_pages_go_on(world, new_ticket, aix, paul, monkeypatch):
    monkeypatch.setattr(moves, "PAGE", 3)
    for minute in range(4):
        new_ticket(at=at(17, minute))
    url, fields = days(aix)
    seen = []
    for page in ("1", "2", "3"):
        shown = paul.post(url, fields | {"moves-page": page}).context["page"]
        assert (shown.all, shown.pages) == (8, 3)
        seen += [row.clock.pk for row in shown.rows]
    assert len(set(seen)) == 8


# A place that follows another calendar ------------------------------------------------------------


def site_fields(page, **more):
    form = page.context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if v is None else v for name, v in values.items()} | more


def test_a_site_with_another_calendar_asks_first_then_moves(world, new_ticket, aix, paul, brief):
    ticket = new_ticket(at=at(11))
    elsewhere = new_ticket(site=world.sites.lyon, requester=world.people.nadia, at=at(11))
    before = deadlines()
    url = reverse("site_edit", args=[world.sites.aix.pk])
    fields = site_fields(paul.get(url), calendar=brief.pk)
    page = paul.post(url, fields)
    assert page.context["preview"].moved == 2
    assert Site.objects.get(pk=world.sites.aix.pk).calendar == aix
    assert paul.post(url, typed(page) | {"confirmed": "1"}).status_code == 302
    job = ProcrastinateJob.objects.get(task_name=organisation.RECALCULATE)
    run = done(recalculation.begin_for_place(job.args["change_id"]))
    assert (run.state, run.total, run.moved) == ("done", 2, 2)
    answer = clock(ticket, "first_response")  # two hours from 11:00, open until noon
    assert (answer.due_at, answer.calendar) == (at(10, days=1), brief)
    for other in elsewhere.clocks.all():
        assert other.due_at == before[other.pk]
    kept = DeadlineChange.objects.get(clock=answer)
    assert kept.facts == {"calendar": aix.pk, "source": "site"}
    assert recalculation.begin_for_place(job.args["change_id"]).pk == run.pk
    assert done(run).moved == 2


def test_back_to_the_first_calendar_gives_the_first_deadlines(world, new_ticket, aix, brief):
    new_ticket(at=at(11))
    new_ticket("waiting")
    first = deadlines()
    for calendar in (brief, aix):
        Site.objects.filter(pk=world.sites.aix.pk).update(calendar=calendar)
        change = organisation.record(world.sites.aix, "changed", None)
        done(recalculation.begin_for_place(change.pk))
        assert (deadlines() == first) == (calendar == aix)


def test_a_place_left_without_hours_keeps_its_deadlines(world, new_ticket, aix):
    new_ticket(at=at(11))
    before = deadlines()
    Site.objects.filter(pk=world.sites.aix.pk).update(calendar=None)
    change = organisation.record(world.sites.aix, "changed", None)
    run = done(recalculation.begin_for_place(change.pk))
    assert (run.state, run.moved) == ("done", 0)
    assert deadlines() == before


def test_the_jobs_name_is_the_one_called():
    from relais.desk import tasks

    assert tasks.recalculate_place.name == organisation.RECALCULATE


def test_nobody_learns_of_c3_by_the_sums(world, new_ticket, aix, paul):
    new_ticket(at=at(17), confidentiality=3)
    new_ticket(at=at(17))
    url, fields = days(aix)
    assert paul.post(url, fields).context["preview"].moved == 2
    change = calendar_changes.add_days(aix, at(9, days=1).date(), by=None, seen=aix.version)
    assert change
    run = done(recalculation.begin_for_change(aix.version - 1))
    assert (run.total, run.seen, run.moved) == (2, 2, 2)
    assert DeadlineChange.objects.count() == 4
    assert Access(world.people.paul).see(DeadlineChange).count() == 2

"""Recalculations on their pages and by the API: read, stopped, resumed; told at the ticket too."""

import json

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from relais.desk import because, recalculation
from relais.desk.errors import NotNow
from relais.desk.models import DeadlineChange, Recalculation
from relais.people.access import Access
from relais.people.calendars import of_site

from .test_recalculation import at, begun, close, done

RESUME = "relais.desk.tasks.recalculate"


@pytest.fixture
def aix(world):
    return of_site(world.sites.aix).calendar


@pytest.fixture
def ticket(world, new_ticket):
    return new_ticket(at=at(17))


@pytest.fixture
def run(world, ticket, aix):
    """Return a run that waits to begin."""
    close(aix, by=world.people.paul, label="Inventaire")
    return begun(aix)


@pytest.fixture
def paul(world, client_of):
    return client_of(world.people.paul)


def post(client, path, **body):
    return client.post(path, json.dumps(body), content_type="application/json")


def text_of(answer):
    return answer.content.decode()


# Reading ----------------------------------------------------------------------------------------


def test_the_list_and_the_page_tell_why_who_and_what(world, run, paul, ticket):
    done(run)
    page = text_of(paul.get("/recalculations/"))
    assert "Inventaire" in page
    assert world.people.paul.name in page
    page = text_of(paul.get(f"/recalculations/{run.pk}/"))
    assert "2 sur 2" in page
    assert "2 échéances se déplacent" in page
    assert ticket.subject in page
    assert "mer. 4 mars" in page
    assert "jeu. 5 mars" in page


def test_a_long_list_asks_no_more_than_a_short_one(run, paul, django_assert_max_num_queries):
    done(run)
    paul.get("/recalculations/")  # her first page also notes that she is here
    with django_assert_max_num_queries(9):
        paul.get("/recalculations/")


def test_the_progress_says_how_far_it_is_until_it_is_over(run, paul):
    url = f"/recalculations/{run.pk}/progress/"
    recalculation.step(run.pk, 1)
    answer = paul.get(url)
    assert "1 sur 2" in text_of(answer)
    assert "HX-Redirect" not in answer.headers
    done(run)
    assert paul.get(url).headers["HX-Redirect"] == f"/recalculations/{run.pk}/"


PATHS = ["", "{pk}/", "{pk}/progress/"]


@pytest.mark.parametrize("who", ["alice", "claire", "sylvie", "marc", "quentin", "bruno"])
def test_nobody_but_the_pools_leads_knows_them(world, run, client_of, who):
    client = client_of(getattr(world.people, who))
    for path in PATHS:
        assert client.get("/recalculations/" + path.format(pk=run.pk)).status_code == 404
    for verb in ("stop", "resume"):
        assert client.post(f"/recalculations/{run.pk}/{verb}/").status_code == 404
        assert post(client, f"/api/recalculations/{run.pk}/{verb}").status_code == 404
    assert client.get("/api/recalculations").json()["items"] == []
    assert client.get(f"/api/recalculations/{run.pk}/changes").status_code == 404
    run.refresh_from_db()
    assert run.state == "waiting"


def test_the_ticket_tells_its_requester_why_the_deadline_moved(world, run, ticket, client_of):
    done(run)
    page = text_of(client_of(world.people.marc).get(f"/tickets/{ticket.pk}/"))
    assert "est passée du mer. 4 mars, 10:00 au jeu. 5 mars, 10:00" in page
    assert "Inventaire" in page
    assert "/recalculations/" not in page
    told = client_of(world.people.marc).get(f"/api/tickets/{ticket.pk}/clocks").json()
    assert "Inventaire" in told[0]["moved"][0]["because"]


def test_c3_is_told_to_named_persons_only(world, new_ticket, aix, client_of, paul):
    secret = new_ticket(at=at(17), confidentiality=3, subject="Fusion")
    new_ticket(at=at(17))
    close(aix, by=world.people.paul)
    run = done(begun(aix))
    assert DeadlineChange.objects.count() == 4
    page = text_of(paul.get(f"/recalculations/{run.pk}/"))
    assert "Fusion" not in page
    assert "2 sur 2" in page
    clocks = list(secret.clocks.all())
    assert not because.moves_of(Access(world.people.paul), clocks)
    assert because.moves_of(Access(world.people.marc), clocks)


def test_a_run_about_c3_alone_is_not_shown(world, new_ticket, aix, paul):
    new_ticket(at=at(17), confidentiality=3)
    close(aix, by=world.people.paul)
    run = done(begun(aix))
    assert paul.get(f"/recalculations/{run.pk}/").status_code == 404
    assert paul.get("/api/recalculations").json()["items"] == []


# Stop and resume --------------------------------------------------------------------------------


def test_stopped_and_resumed_by_the_pages(run, paul):
    recalculation.step(run.pk, 1)
    page = text_of(paul.post(f"/recalculations/{run.pk}/stop/", follow=True))
    assert "Arrêté" in page
    assert f'action="/recalculations/{run.pk}/resume/"' in page
    assert not recalculation.step(run.pk)
    paul.post(f"/recalculations/{run.pk}/resume/")
    assert ProcrastinateJob.objects.filter(task_name=RESUME).count() == 1
    assert done(run).state == "done"


def test_done_twice_is_done_once_and_told(run, paul):
    paul.post(f"/recalculations/{run.pk}/stop/")
    page = text_of(paul.post(f"/recalculations/{run.pk}/stop/", follow=True))
    assert "« Arrêté »" in page
    assert post(paul, f"/api/recalculations/{run.pk}/stop").status_code == 409
    assert post(paul, f"/api/recalculations/{run.pk}/resume").status_code == 200
    assert post(paul, f"/api/recalculations/{run.pk}/resume").status_code == 409
    assert ProcrastinateJob.objects.filter(task_name=RESUME).count() == 1


@pytest.mark.parametrize("verb", ["stop", "resume"])
def test_two_at_once_leave_one_winner(world, run, verb):
    if verb == "resume":
        run.stop(by=world.people.paul)
    first, second = (Recalculation.objects.get(pk=run.pk) for _ in range(2))
    getattr(first, verb)(by=world.people.paul)
    with pytest.raises(NotNow):
        getattr(second, verb)(by=world.people.maud)
    assert ProcrastinateJob.objects.filter(task_name=RESUME).count() == (verb == "resume")


def test_what_is_done_is_neither_stopped_nor_resumed(world, run):
    done(run)
    for verb in (run.stop, run.resume):
        with pytest.raises(NotNow):
            verb(by=world.people.paul)


# The API ----------------------------------------------------------------------------------------


def test_the_api_tells_the_same(run, paul, ticket):
    done(run)
    (told,) = paul.get("/api/recalculations").json()["items"]
    assert (told["state"], told["total"], told["moved"], told["percent"]) == ("done", 2, 2, 100)
    assert paul.get(f"/api/recalculations/{run.pk}").json() == told
    changes = paul.get(f"/api/recalculations/{run.pk}/changes").json()["items"]
    assert {change["ticket"] for change in changes} == {ticket.pk}


def test_a_calendar_is_previewed_then_changed_by_the_api(world, ticket, aix, paul):
    day = {"first_day": "2026-03-04", "label": "Inventaire", "seen": aix.version}
    url = f"/api/calendars/{aix.pk}/add_days"
    told = post(paul, url, **day, preview=True).json()["preview"]
    assert (told["moved"], told["pages"], len(told["moves"])) == (2, 1, 2)
    assert not aix.days.exists()
    changed = post(paul, url, **day).json()
    assert changed["preview"] is None
    assert [one["label"] for one in changed["calendar"]["days"]] == ["Inventaire"]
    assert post(paul, url, **day).status_code == 409
    seen, (day,) = changed["calendar"]["version"], changed["calendar"]["days"]
    url = f"/api/calendars/{aix.pk}/remove_days"
    assert post(paul, url, seen=seen, days=[day["id"]]).json()["calendar"]["days"] == []


BAD = [
    ("change_weekly", {"week": {"1": [["09:00", "12:00"], ["11:00", "18:00"]]}}, "11:00"),
    ("change_weekly", {"week": {"1": [["12:00", "09:00"]]}}, "12:00"),
    ("change_weekly", {"week": {}}, "jamais"),
    ("change_weekly", {"week": {"1": [["9h", "18:00"]]}}, "9h"),
    ("change_settings", {"time_zone": "Europe/Pairs"}, "Europe/Paris"),
    ("add_days", {"first_day": "2026-03-04", "last_day": "2026-03-02"}, "dernier"),
]


@pytest.mark.parametrize(("verb", "body", "mend"), BAD)
def test_bad_hours_are_refused_with_the_mend(aix, paul, ticket, verb, body, mend):
    for preview in (True, False):
        url = f"/api/calendars/{aix.pk}/{verb}"
        answer = post(paul, url, seen=aix.version, preview=preview, **body)
        assert answer.status_code == 422, text_of(answer)
        assert mend in text_of(answer)


@pytest.mark.parametrize("who", ["alice", "claire", "marc", "quentin", "erwan"])
def test_those_who_do_not_organise_change_no_calendar(world, aix, client_of, who):
    body = {"first_day": "2026-03-04", "seen": aix.version, "preview": True}
    client = client_of(getattr(world.people, who))
    assert post(client, f"/api/calendars/{aix.pk}/add_days", **body).status_code == 404


def test_calendars_are_read_by_those_who_see_them(world, aix, client_of):
    marc = client_of(world.people.marc)
    assert [one["id"] for one in marc.get("/api/calendars").json()["items"]] == [aix.pk]
    assert marc.get(f"/api/calendars/{aix.pk}").json()["week"]["1"][0] == ["09:00", "12:30"]
    theirs = of_site(world.sites.brest).calendar
    assert marc.get(f"/api/calendars/{theirs.pk}").status_code == 404

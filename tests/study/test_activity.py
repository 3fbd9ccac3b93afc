"""A log is its owner's alone; groups of three and more are told, and become lines observed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from relais.desk.errors import BadValue
from relais.people.access import Access
from relais.study import activity_logs
from relais.study.models import ActivityEntry, ActivityLog, InventoryLine, Participant
from relais.study.workshop_errors import LogClosed, NothingObserved

from .test_interviews import asked

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 20, 16, tzinfo=PARIS)


@pytest.fixture
def prepared(world, study):
    """Return the study with its categories."""
    assert activity_logs.prepare(study, by=world.people.basile) == 15
    assert activity_logs.prepare(study, by=world.people.basile) == 0
    return study


def a_log(study, name="Odile", role="Assistante", site=None):
    who = Participant.objects.create(
        provider_id=study.provider_id, study=study, name=name, role=role, site=site
    )
    return activity_logs.log_of(who)


def filled(log, minutes=60, days=5, place=0, times=1, unplanned=False):
    """Return the log with so many days of one category; the time by day."""
    category = log.study.categories.all()[place]
    ActivityEntry.objects.bulk_create(
        ActivityEntry(
            provider_id=log.provider_id, log=log, category=category, minutes=minutes,
            day=NOW.date() - timedelta(days=day), added_at=NOW, unplanned=unplanned,
            token=f"{place}-{day}-{n}",
        )
        for day in range(days)
        for n in range(times)
    )  # fmt: skip
    return log


def test_sent_twice_it_is_one_and_the_last_is_taken_back(world, prepared):
    log, agenda = a_log(prepared), prepared.categories.first()
    assert log.add(agenda, 30, token="a", at=NOW)
    assert not log.add(agenda, 30, token="a", at=NOW)
    assert log.add(agenda, 15, token="b", unplanned=True, at=NOW)
    assert log.undo() and [entry.minutes for entry in log.entries.all()] == [30]
    assert log.undo() and not log.undo()


def test_what_cannot_be_is_refused_with_the_mend(world, prepared):
    log, agenda = filled(a_log(prepared), days=10), prepared.categories.first()
    today = NOW.date()
    for minutes, back in ((0, 0), (721, 0), (5, -1), (5, 30), (5, 12)):
        with pytest.raises(BadValue):
            log.add(agenda, minutes, token="x", day=today - timedelta(days=back), at=NOW)
    assert log.add(agenda, 5, token="x", at=NOW)


def test_a_clock_writes_what_it_measured_and_no_more_than_four_hours(world, prepared):
    log, agenda, mail = a_log(prepared), *prepared.categories.all()[:2]
    log.start(agenda, at=NOW)
    log.start(mail, unplanned=True, at=NOW + timedelta(minutes=25))
    assert log.stop(at=NOW + timedelta(hours=14)) == 815 and log.stop(at=NOW) is None
    told = [(entry.category, entry.minutes, entry.unplanned) for entry in log.entries.all()]
    assert told == [(agenda, 25, False), (mail, 240, True)]


def test_it_is_complete_from_five_days_on_and_may_be_opened_again(world, prepared):
    log = filled(a_log(prepared), days=4)
    with pytest.raises(BadValue):
        log.close(at=NOW)
    log.add(prepared.categories.first(), 30, token="x", day=NOW.date() - timedelta(days=4), at=NOW)
    log.close(at=NOW)
    for verb in (log.close, log.undo):
        with pytest.raises(LogClosed):
            verb()
    log.reopen()
    assert log.undo()


def test_groups_of_less_than_three_are_put_together_or_not_told(world, prepared):
    aix, lyon = world.sites.aix, world.sites.lyon
    for n in range(3):
        filled(a_log(prepared, f"a{n}", site=aix), 60)
    filled(a_log(prepared, "short", site=aix), days=4)
    [group] = activity_logs.groups(prepared)
    assert (group.persons, group.pooled, group.whole) == (3, False, 60)
    # One more elsewhere would be told by subtraction: all are put together.
    filled(a_log(prepared, "l0", site=lyon), 120, place=13, unplanned=True)
    [group] = activity_logs.groups(prepared)
    assert (group.persons, group.pooled, group.sites) == (4, True, sorted([aix.pk, lyon.pk]))
    assert group.whole == 75 and group.unplanned == pytest.approx(0.4)
    categories = {row.pk: row for row in prepared.categories.all()}
    assert activity_logs.by_value(group, categories) == {"VA": 0.6, "ENVA": 0, "NVA": 0.4}
    for n in (1, 2):
        filled(a_log(prepared, f"l{n}", site=lyon), 120)
    assert [(g.persons, g.pooled) for g in activity_logs.groups(prepared)] == [(3, False)] * 2


def test_two_logs_alone_tell_nothing(world, prepared):
    for n in range(2):
        filled(a_log(prepared, f"a{n}", site=world.sites.aix))
    assert activity_logs.groups(prepared) == []
    with pytest.raises(NothingObserved):
        activity_logs.observe(prepared, by=world.people.basile)


def test_groups_become_lines_observed_that_follow_the_logs(world, prepared):
    basile, aix = world.people.basile, world.sites.aix
    logs = [filled(a_log(prepared, f"a{n}", site=aix), 30 + 30 * n, times=2) for n in range(3)]
    assert activity_logs.observe(prepared, by=basile) == (1, 0)
    line = InventoryLine.objects.get()
    assert (line.evidence, line.source, line.author) == ("observed", "activity", None)
    # Three persons, twice a day, five days a week, 60 minutes on average.
    assert (line.count, line.period, line.minutes_usual, line.confidence) == (30, "week", 60, 3)
    assert line.minutes_low == pytest.approx(11, abs=0.1) and line.minutes_high == 109
    assert activity_logs.observe(prepared, by=basile) == (0, 1)
    filled(logs[0], place=1)
    assert activity_logs.observe(prepared, by=basile) == (1, 1)
    InventoryLine.objects.update(validated_at=NOW)
    ActivityEntry.objects.filter(category=prepared.categories.all()[1]).delete()
    assert activity_logs.observe(prepared, by=basile) == (0, 0)
    assert InventoryLine.objects.count() == 2  # what is validated stays


def test_only_she_reads_her_log(world, prepared):
    log = activity_logs.log_of(Participant.objects.get(study=prepared, person=world.people.marc))
    filled(log)
    for model in (ActivityLog, ActivityEntry):
        seen = [key for key, who in vars(world.people).items() if Access(who).see(model).exists()]
        assert seen == ["marc"]


def test_by_the_link_one_touch_writes_an_activity(world, prepared):
    path, who = asked(world, prepared, "activity")
    her, url = Client(), f"{path}activity/"
    agenda, mail = prepared.categories.all()[:2]
    touch = {"category": agenda.pk, "minutes": "30", "token": "t1"}
    page = her.get(url).content.decode()
    assert agenda.name_fr in page and 'value="clock"' in page
    assert her.post(url, touch).status_code == 302
    assert her.post(url, touch, headers={"x-outbox": "1"}).status_code == 201  # done once
    log = ActivityLog.objects.get(participant=who)
    assert log.entries.count() == 1
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    her.post(url, {"category": mail.pk, "minutes": "15", "unplanned": "1", "day": yesterday})
    assert mail.name_fr in her.get(f"{url}?day={yesterday}").content.decode()
    assert her.get(f"{url}?day=%00").status_code == 200
    her.post(url, {"category": mail.pk, "minutes": "clock"})
    assert "Arrêter" in her.get(url).content.decode()
    her.post(url, {"do": "stop"})
    wrong = her.post(url, {"category": agenda.pk, "minutes": "9999"}, headers={"x-outbox": "1"})
    assert wrong.status_code == 422 and "720" in wrong.json()["detail"]
    for odd in ({"category": "x"}, {"category": "9" * 30}, {"do": "close"}, {}):
        assert her.post(url, odd).status_code == 302
    her.post(url, {"do": "undo"})
    assert log.entries.count() == 1
    filled(log, place=3, days=6)
    her.post(url, {"do": "close"})
    assert "Votre relevé est complet" in her.get(url).content.decode()
    her.post(url, {"do": "reopen"})
    log.refresh_from_db()
    assert log.closed_at is None


def test_the_pilot_prepares_categories_and_reads_groups_only(world, study, client_of, call):
    basile, board = client_of(world.people.basile), reverse("activity", args=[study.pk])
    basile.post(reverse("activity_prepare", args=[study.pk]))
    for n in range(3):
        filled(a_log(study, f"Prénom{n}", site=world.sites.aix))
    text = basile.get(board).content.decode()
    assert "Assistante · Aix" in text and "Prénom0" not in text
    typed = {"name_fr": "Visites", "value": "VA", "family": "front_desk"}
    assert basile.post(board, typed).status_code == 302
    assert basile.post(board, typed).status_code == 422
    row = study.categories.get(name_fr="Visites")
    one = reverse("activity_category", args=[row.pk])
    assert basile.post(one, typed | {"name_fr": "Agenda et réunions"}).status_code == 422
    assert basile.post(one, typed | {"hidden": "on"}).status_code == 302
    basile.post(reverse("activity_observe", args=[study.pk]))
    assert InventoryLine.objects.get().task == "Agenda et réunions"
    for name in ("claire", "marc", "alice"):
        other = client_of(getattr(world.people, name))
        assert other.get(board).status_code == 404 and other.get(one).status_code == 404
    url = f"studies/{study.pk}/activity"
    with override("en"):
        told = call(world.people.basile, "GET", url)[1]
    [group] = told["groups"]
    assert (group["persons"], group["sites"], told["enough"]) == (3, ["Aix"], 3)
    assert call(world.people.claire, "GET", url)[0] == 404
    assert call(world.people.basile, "POST", f"{url}/prepare")[1] == {"new": 0}
    assert call(world.people.basile, "POST", f"{url}/observe")[1] == {"new": 0, "changed": 1}
    made = call(world.people.basile, "POST", f"{url}/categories", name_fr="Colis")
    assert (
        made[0] == 201
        and call(world.people.basile, "POST", f"{url}/categories", name_fr="Colis")[0] == 422
    )
    edit = f"activity_categories/{made[1]['id']}/edit"
    assert call(world.people.basile, "POST", edit, name_fr="Plis")[1]["name_fr"] == "Plis"
    assert call(world.people.claire, "POST", edit, name_fr="x")[0] == 404

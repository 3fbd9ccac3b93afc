"""A past dispatched again: asked for, lived by the worker, told; by whom, and by whom not."""

import argparse
from datetime import date

import pytest

from relais import cli
from relais.desk import replay_charts, replay_command, replay_words, replaying
from relais.desk.models import Replay, Ticket
from relais.desk.replaying import NoSuchWeight, NothingToReplay, Wanted

from .conftest import at

CHARTS = {"in_time", "weeks", "reliability"}


@pytest.fixture
def paul(world, client_of):
    return client_of(world.people.paul)


@pytest.fixture
def weeks(world, services):
    """A fortnight of Marc's requests: two a day, of which the second is late."""
    people = world.people
    for day in range(13):
        if (1 + day) % 7 > 4:
            continue
        for hour, who in ((9, people.alice), (13, people.basile)):
            ticket = Ticket.receive(
                site=world.sites.aix, requester=people.marc, service=services["appointment"],
                subject="Point", channel="form", at=at(hour, days=day),
            )  # fmt: skip
            ticket.assign(who, at=at(hour, 5, days=day))
            ticket.take(by=who, at=at(hour, 20, days=day))
            ticket.deliver("Fait.", by=who, at=at(hour + 1, days=day + 7 * (hour == 13)))
    return world


@pytest.fixture
def done(weeks, paul, monkeypatch):
    """A replay of it all, its drawings left out (they are drawn in one test)."""
    monkeypatch.setattr(replay_charts, "drawn", lambda report: {"weeks": {"fr": "<svg/>"}})
    answer = paul.post("/replays/", {"people": "1", "other": "familiar"})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    made = Replay.objects.get()
    for _twice in range(2):
        replaying.run(weeks.provider.pk, made.pk)
    made.refresh_from_db()
    return made


def test_a_period_is_asked_for_lived_by_the_worker_and_told(done, paul):
    assert (done.state, done.per_cent) == ("done", 100)
    rows = {row["code"]: row for row in done.report["rows"]}
    assert set(rows) == {*replay_words.NAMES}
    assert done.report["facts"]["people"] == 3  # two, and one more
    assert rows["happened"]["in_time"]["value"] < rows["ours"]["in_time"]["value"]
    page = paul.get(f"/replays/{done.pk}/").content.decode()
    for line in replay_words.lines(done.report):
        assert line.in_time in page
    assert "+1" in page and "stranger" in page
    assert paul.get("/replays/").content.decode().count(f"/replays/{done.pk}/") == 1
    assert "HX-Redirect" in paul.get(f"/replays/{done.pk}/progress/").headers
    shown = paul.get(f"/replays/{done.pk}/weeks.svg")
    assert shown["Content-Type"] == "image/svg+xml"
    assert paul.get(f"/replays/{done.pk}/other.svg").status_code == 404
    told = replay_words.text(done.report)
    assert told.count("±") >= len(rows) - 1 and "Relais" in told


def test_nobody_else_finds_it(world, client_of):
    done = Replay.objects.create(
        provider=world.provider, state="done", charts={"weeks": {"fr": "<svg/>"}}
    )
    for who in ("alice", "marc", "claire"):
        other = client_of(getattr(world.people, who))
        for path in ("", f"{done.pk}/", f"{done.pk}/progress/", f"{done.pk}/weeks.svg"):
            assert other.get(f"/replays/{path}").status_code == 404
        assert other.post("/replays/", {}).status_code == 404


def test_a_period_without_a_pool_says_so_and_what_to_do(world, paul):
    paul.post("/replays/", {"starts_on": "2001-01-01", "ends_on": "2001-02-01"})
    made = Replay.objects.get()
    assert paul.get(f"/replays/{made.pk}/progress/").status_code == 200
    replaying.run(world.provider.pk, made.pk)
    page = paul.get(f"/replays/{made.pk}/")
    made.refresh_from_db()
    assert made.state == "failed" and page.status_code == 200
    assert "alert" in page.content.decode()
    answer = paul.post("/replays/", {"starts_on": "2027-02-01", "ends_on": "2027-01-01"})
    assert answer.status_code == 422
    assert paul.post("/replays/", {"ends_on": "9999-12-31"}).status_code == 422
    assert paul.post("/replays/", {"company": "999999", "people": "x"}).status_code == 422
    assert Replay.objects.count() == 1


def test_class_c3_and_what_was_never_to_be_done_stay_out(weeks, new_ticket):
    new_ticket(confidentiality=3)
    new_ticket("cancelled")
    keys = {each.key for each in replaying.read(Wanted(), weeks.provider)}
    assert keys == {*Ticket.objects.filter(subject="Point").values_list("pk", flat=True)}
    part = Wanted(starts_on=date(2026, 3, 3), ends_on=date(2026, 3, 4))
    assert len(replaying.read(part, weeks.provider)) == 4
    with pytest.raises(NothingToReplay):
        replaying.read(Wanted(company=weeks.companies.calanques), weeks.provider)


def test_waits_for_the_requester_and_touches_are_read(world, new_ticket):
    ticket = new_ticket("waiting")  # asked at ten
    ticket.resume(by=world.people.alice, at=at(11))
    ticket.deliver("Fait.", by=world.people.alice, at=at(12))
    [lived] = replaying.read(Wanted(), world.provider)
    [(start, end)] = lived.waits
    assert end - start == 60
    assert [who for _t, who in lived.touches] == [world.people.alice.pk] * 4
    assert lived.done - lived.arrival == 180


def test_a_weight_that_is_none_is_refused_with_those_there_are(world):
    with pytest.raises(NoSuchWeight, match="stranger"):
        replaying.ask(Wanted(weights={"slots": 1.0}), by=world.people.paul)


def test_the_charts_are_drawn_in_both_languages():
    row = {"in_time": {"value": 0.5, "half": 0.1}, "weeks": [0.5, None, 0.75]}
    step = {"said": 0.25, "came": 0.5, "count": 9}
    report = {
        "rows": [row | {"code": code} for code in ("happened", "ours")],
        "forecast": {"steps": [step], "steps_elapsed": [step]},
    }
    made = replay_charts.drawn(report)
    assert set(made) == CHARTS
    for chart in made.values():
        assert set(chart) == {"fr", "en"}
        assert all(drawing.startswith("<svg") for drawing in chart.values())
    assert "Tel que vécu" in made["in_time"]["fr"]
    assert "As it happened" in made["in_time"]["en"]


def test_the_command_asks_for_the_same_and_refuses_what_is_none(world, capsys, monkeypatch):
    parser, asked = argparse.ArgumentParser(), []
    cli.replay(parser)
    args = parser.parse_args(["--people", "1", "--weight", "stranger=90", "--from", "2026-03-01"])
    with monkeypatch.context() as patched:
        patched.setattr(replaying, "replay", lambda key, wanted, tell: asked.append(wanted))
        patched.setattr(replay_words, "text", str)
        assert replay_command.run(args, world.provider, print, print) == 0
    wanted = Wanted(starts_on=date(2026, 3, 1), people=1, weights={"stranger": 90.0})
    assert asked == [wanted]
    for bad in (["--weight", "stranger"], ["--weight", "love=1"], ["--company", "Rien"]):
        assert replay_command.run(parser.parse_args(bad), world.provider, print, print) == 2
    assert "love" in capsys.readouterr().err

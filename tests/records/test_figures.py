"""A client's month is counted from what the desk knows: events, pinned clocks, what people said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from relais.desk import intake
from relais.desk.models import Rating, Ticket
from relais.engine.measures import Why
from relais.offer import catalogue
from relais.people.models import Confidentiality
from relais.records import figures, figures_board, figures_kept, lives_kept
from relais.records.figures import month_of, tally_of
from relais.records.figures_words import why_text


def at(month, day, hour=9):
    return datetime(2027, month, day, hour, tzinfo=UTC)


def month(company, name="2027-03"):
    return month_of(figures.zone_of(company), name)


def ask(world, who="marc", when=None, **more):
    return intake.receive(
        requester=getattr(world.people, who), subject="Un train", channel=Ticket.Channel.FORM,
        at=when or at(3, 2), **more,
    )  # fmt: skip


def whole(world, as_of=None, access=None):
    company = world.companies.calanques
    return tally_of(company, month(company), as_of=as_of or at(4, 20), access=access).whole()


def test_a_life_is_counted_in_its_month(world):
    catalogue.preload(world.provider)
    alice, marc = world.people.alice, world.people.marc
    done = ask(world)
    done.assign(alice, at=at(3, 2))
    done.take(by=alice, at=at(3, 2, 10))
    done.deliver("Voilà", by=alice, at=at(3, 3, 10))
    Rating.rate(done, 5, 4, by=marc, at=at(3, 4))
    done.reopen("Pas ce jour", by=marc, at=at(3, 5))
    late = ask(world)
    gone = ask(world)
    gone.cancel("Plus la peine", by=marc, at=at(3, 2, 11))
    told = whole(world)
    assert (told["received"].value, told["delivered"].value) == (2, 1)
    assert (told["on_time"].over, told["on_time"].n) == (1, 2)
    assert (told["first_response"].over, told["first_response"].n) == (1, 2)
    assert told["right_first_time"].value == 0
    assert told["reopened"].value == 1
    assert told["turnaround_p50"].value == 9 * 3600
    assert told["backlog"].value == 2
    assert set(told["backlog"].ids) == {str(done.pk), str(late.pk)}
    assert told["bypass"].why == "nothing"
    assert told["backlog_days"].why == "nothing"


def test_rows_tell_what_events_told(world):
    test_a_life_is_counted_in_its_month(world)
    dug = whole(world)
    assert lives_kept.refresh(world.provider.pk) == 3
    assert lives_kept.refresh(world.provider.pk) == 0
    assert whole(world) == dug
    # What happened since the last reading counts at once.
    open_one = Ticket.objects.order_by("pk")[1]
    open_one.cancel("Plus la peine", by=world.people.marc, at=at(3, 2, 12))
    assert whole(world)["received"].value == 1
    assert lives_kept.refresh(world.provider.pk) == 1
    assert whole(world)["received"].value == 1


def test_nothing_of_class_c3_is_counted(world):
    catalogue.preload(world.provider)
    ask(world)
    ask(world, "claire", confidentiality=Confidentiality.EXECUTIVE)
    for access in (None, world.access("paul"), world.access("claire")):
        assert whole(world, access=access)["received"].value == 1
    lives_kept.refresh(world.provider.pk)
    assert whole(world)["received"].value == 1


# Pages and calls ---------------------------------------------------------------------------------


@pytest.fixture
def asked(world):
    catalogue.preload(world.provider)
    for who in ("marc", "nadia", "erwan"):
        ticket = ask(world, who, when=timezone.now() - timedelta(minutes=1))
        if who == "marc":
            ticket.assign(world.people.basile)
    return world


def page(client_of, world, who, query=""):
    return client_of(getattr(world.people, who)).get(f"/figures/{query}")


def test_each_sees_the_figures_of_what_is_hers(asked, client_of):
    def received(who, query=""):
        answer = client_of(getattr(asked.people, who)).get(f"/api/figures{query}")
        if answer.status_code != 200:
            return answer.status_code
        told = {each["key"]: each for each in answer.json()["figures"]}
        return told["received"]["value"], "occupation" in told

    froid = asked.companies.froid.pk
    assert received("paul") == (3, True)
    assert received("paul", f"?company={froid}") == (1, True)
    assert received("claire") == (2, False)
    # A client asking for another's is told her own.
    assert received("claire", f"?company={froid}") == (2, False)
    assert received("luc") == (1, False)
    for who in ("marc", "alice", "quentin", "bruno"):
        assert received(who) == 404, who
        assert page(client_of, asked, who).status_code == 404


def test_the_page_answers_whatever_is_asked(asked, client_of):
    paul = client_of(asked.people.paul)
    calanques = asked.companies.calanques.pk
    for query in (
        "?month=1999-13&company=x&cut=no&figure=no&only=site", "?company=99999999999999999999",
        f"?company={calanques}&cut=family&only=site:{asked.sites.aix.pk}&figure=received",
        f"?company={calanques}&figure=satisfaction&cut=service",
        "?month=%00&only=site:%00", f"?month=2000-01&cut=family&company={calanques}",
        f"?company={calanques}&cut=family&only=site:{'9' * 40}", "?only=client:1&cut=family",
        "?export=xlsx&cut=client",
    ):  # fmt: skip
        answer = paul.get(f"/figures/{query}")
        assert answer.status_code == 200, query
        assert b"".join(answer) if answer.streaming else answer.content
    assert paul.get("/figures/charts/funnel/").status_code == 404
    assert paul.get("/figures/charts/none/").status_code == 404


def test_no_client_is_told_of_assistants(asked, client_of):
    answer = page(client_of, asked, "claire", "?cut=assistant&figure=concentration")
    assert "Basile" not in answer.content.decode()
    rows = client_of(asked.people.claire).get("/api/figures?cut=assistant&figure=concentration")
    assert rows.json()["rows"] == []


def test_a_view_is_kept_and_dropped_by_its_owner_alone(asked, client_of):
    claire, paul = client_of(asked.people.claire), client_of(asked.people.paul)
    sent = {"name": "Par site", "query": {"cut": "site", "company": "1"}}
    made = claire.post("/api/figure_views", sent, "application/json")
    assert (made.status_code, made.json()["query"]) == (201, {"cut": "site"})
    assert claire.post("/api/figure_views", sent, "application/json").json() == made.json() | {
        "kept_at": claire.get("/api/figure_views").json()[0]["kept_at"]
    }
    assert "Par site" in claire.get("/figures/").content.decode()
    assert paul.get("/api/figure_views").json() == []
    key = made.json()["id"]
    assert paul.delete(f"/api/figure_views/{key}").status_code == 404
    assert paul.post(f"/figures/views/{key}/drop/").status_code == 404
    assert claire.post(f"/figures/views/{key}/drop/").status_code == 302
    assert claire.get("/api/figure_views").json() == []
    assert claire.post("/figures/views/keep/", {"name": "", "cut": "site"}).status_code == 302
    assert claire.get("/api/figure_views").json() == []


def test_a_month_in_which_nothing_happened_is_beside_none(world):
    """Before a service begins there is nothing that it became more of."""
    catalogue.preload(world.provider)
    ask(world)
    company, now = world.companies.calanques, at(4, 20)
    before, march = (
        figures_kept.told_now(tally_of(company, month(company, name), as_of=now), "", now)
        for name in ("2026-03", "2027-03")
    )
    assert figures_board._lived(before) == {}
    assert figures_board._lived(march)["received"].value == 1
    assert figures_board._lived(None) == {}


def test_why_answers_of_several_months_are_withheld_is_told(world):
    catalogue.preload(world.provider)
    ask(world)
    few = replace(whole(world)["satisfaction"], why=Why.WITHHELD, n=3)
    with override("en"):
        assert "fewer than 5" in why_text(few)
        assert "fewer than 5" not in why_text(replace(few, n=23))

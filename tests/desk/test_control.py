"""The control tower looks ahead: risks with remedies, who serves which site, loads, shares."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from relais.desk import board, control, fairness, first, foreseeing, foretold, my_day
from relais.desk.errors import NotNow, NotYours
from relais.desk.models import DayOrder, Event, Foresight
from relais.engine import fairness as rules_of_fairness
from relais.people.models import Absence, Clearance, Engagement, Person

from .conftest import at, kinds

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def away(world):
    def note(person, begin, end):
        Absence.objects.create(
            provider=world.provider, person=person, period=DateTimeTZRange(begin, end)
        )

    return note


@pytest.fixture
def look(world):
    """Return a function that looks at the tower as Paul."""

    def looked(when, person=None):
        access = world.access(person or "paul")
        return control.look(access, board.tower(access, when), when)

    return looked


def test_it_says_who_serves_which_site_and_names_the_gap(look, world, away):
    found = {place.service.site.name: place.service for place in look(at(10)).places}
    assert (found["Aix"].answering, found["Aix"].position) == (world.people.alice, "lead")
    assert found["Aix"].gap == ""
    away(world.people.alice, at(8), at(14))
    found = {place.service.site.name: place.service for place in look(at(10)).places}
    assert (found["Aix"].answering, found["Aix"].position) == (world.people.basile, "backup")
    away(world.people.basile, at(8), at(18))
    with override("en"):
        tower = look(at(10))
    found = {place.service.site.name: place.service for place in tower.places}
    assert (tower.gaps, found["Aix"].answering) == (2, None)
    assert "Alice Arnaud (absent until" in found["Aix"].gap
    assert "Basile Bœuf (absent until" in found["Aix"].gap
    # At night nobody is missed.
    assert look(at(22)).gaps == 0


@pytest.mark.parametrize(
    ("hour", "minute", "state", "left"),
    [
        (10, 0, "here", 150 + 270),
        (13, 0, "off", 270),
        (17, 0, "here", 60),
        (20, 0, "off", 0),
    ],
)
def test_hours_left_are_those_of_today(look, world, hour, minute, state, left):
    hands = {hand.load.key: hand for hand in look(at(hour, minute)).hands}
    hers = hands[world.people.alice.pk]
    assert (hers.presence.state, round(hers.presence.left)) == (state, left)


def test_work_in_hand_stands_beside_the_hours_left(look, world, new_ticket):
    minutes = new_ticket("assigned").service.standard_minutes
    new_ticket("taken")
    hands = {hand.load.key: hand for hand in look(at(17, 55)).hands}
    assert hands[world.people.alice.pk].held == 1.5 * minutes
    assert hands[world.people.alice.pk].is_full
    assert not hands[world.people.basile.pk].is_full


def test_what_is_at_risk_has_its_remedy_one_click_away(
    look, world, new_ticket, services, client_of
):
    people = world.people
    begun = [new_ticket("taken", service=services["travel"], subject=f"N° {n}") for n in range(4)]
    for ticket in begun:
        ticket.clocks.update(due_at=at(10, 15))
    foreseeing.foresee(at(9, 30))
    with override("en"):
        risks = look(at(9, 31)).risks
    assert risks
    assert all(risk.chance >= 0.3 for risk in risks)
    helped = [risk for risk in risks if risk.remedy and risk.remedy.verb == "hand_over"]
    assert helped[0].remedy.text == "Hand it over to Basile Bœuf (no other becomes late)"
    ticket = helped[0].ticket
    sent = {"to": people.basile.pk, "text": helped[0].remedy.why, "back": "tower"}
    answer = client_of(people.paul).post(f"/tickets/{ticket.pk}/hand_over/", sent)
    assert (answer.status_code, answer.url) == (302, "/tower/")
    ticket.refresh_from_db()
    assert ticket.holder == people.basile
    # Once handed over, the old remedy is none.
    assert ticket.pk not in [
        risk.ticket.pk for risk in look(at(9, 32)).risks if risk.remedy and risk.remedy.verb
    ]


def test_the_remedy_is_forgotten_when_its_person_leaves(look, world, new_ticket, away):
    ticket = new_ticket("assigned")
    ticket.clocks.update(due_at=at(12))
    row = Foresight.objects.create(
        provider=world.provider, ticket=ticket, at=at(9, 30), chance=0.5,
        remedy={"kind": "give", "person": world.people.basile.pk, "others": 3},
    )  # fmt: skip
    with override("en"):
        assert look(at(10)).risks[0].remedy.text == "Give it to Basile Bœuf (3 others become late)"
    away(world.people.basile, at(9), at(18))
    assert look(at(10)).risks[0].remedy is None
    Foresight.objects.filter(pk=row.pk).update(
        remedy={"kind": "call", "person": world.people.basile.pk}
    )
    Person.objects.filter(pk=world.people.basile.pk).update(phone="06 11 22 33 44")
    with override("en"):
        text = look(at(10)).risks[0].remedy.text
    assert text.startswith("Call Basile Bœuf, absent until")
    assert text.endswith(": 06 11 22 33 44")


def test_what_somebody_absent_has_begun_is_proposed_to_be_handed_over(
    look, world, new_ticket, away
):
    begun, _waiting = new_ticket("taken"), new_ticket("assigned")
    away(world.people.alice, at(8), at(18))
    (risk,) = look(at(10)).begun_away
    assert (risk.ticket.pk, risk.remedy.person) == (begun.pk, world.people.basile)


def test_class_c3_stays_with_named_persons(look, world, new_ticket, services):
    world_people = world.people
    Clearance.objects.create(
        provider=world.provider, person=world_people.alice, company=world.companies.calanques,
        granted_by=world_people.maud, reason="Direction", starts_on="2026-01-05",
    )  # fmt: skip
    ticket = new_ticket("taken", confidentiality=3, subject="Affaire de la direction")
    ticket.clocks.update(due_at=at(9, 33))
    foreseeing.foresee(at(9, 30))
    assert Foresight.objects.get().chance > 0.3
    found = look(at(9, 31))
    assert (found.risks, found.at_risk, found.decisions) == ([], 0, [])


# The page and the API ----------------------------------------------------------------------------


def test_the_page_and_the_api_tell_the_same_and_nobody_else_reads_them(
    world, new_ticket, client_of
):
    ticket = new_ticket("assigned", subject="Peut-être en retard")
    ticket.clocks.update(due_at=datetime.now(PARIS) + timedelta(hours=5))
    Foresight.objects.create(
        provider=world.provider, ticket=ticket, at=at(9, 30), chance=0.63, remedy={"kind": "later"}
    )
    paul = client_of(world.people.paul)
    page = paul.get("/tower/").content.decode()
    assert "retard 63\u202f%" in page
    assert "Convenir d’une date plus tardive" in page
    told = paul.get("/api/tower").json()
    assert [(one["ticket"], one["chance"]) for one in told["at_risk"]] == [(ticket.pk, 0.63)]
    assert told["at_risk"][0]["remedy"]["kind"] == "later"
    assert {one["name"] for one in told["places"]} == {"Aix", "Lyon", "Brest"}
    urls = ("/fairness/", f"/tickets/{ticket.pk}/simulate/?to={world.people.basile.pk}")
    for url in urls:
        assert paul.get(url).status_code == 200
        for name in ("alice", "marc", "claire", "erwan", "quentin"):
            assert client_of(getattr(world.people, name)).get(url).status_code == 404
    for name in ("marc", "claire", "alice"):
        other = client_of(getattr(world.people, name))
        assert "63\u202f%" not in other.get(f"/tickets/{ticket.pk}/").content.decode()
        api = f"/api/tickets/{ticket.pk}/simulate?to={world.people.basile.pk}"
        assert other.get(api).status_code == 404
        assert other.get("/api/fairness").status_code == 404
        assert other.post(f"/tickets/{ticket.pk}/first/").status_code == 404


def test_as_many_queries_whatever_there_is(world, new_ticket, look):
    def count():
        with CaptureQueriesContext(connection) as queries:
            look(at(10))
        return len(queries)

    def more(number):
        for each in range(number):
            ticket = new_ticket("taken", subject=f"{number} {each}")
            ticket.clocks.update(due_at=at(10, 30))
        foreseeing.foresee(at(9, 45))

    more(5)
    count()
    few = count()
    more(5)
    assert count() == few <= 22


# An override is simulated, and the lead's word comes first ----------------------------------------


def test_an_override_is_told_in_words_before_it_is_done(world, new_ticket, services):
    people = world.people
    ticket = new_ticket("assigned", service=services["travel"])
    ticket.clocks.update(due_at=at(17, days=2))
    for number in range(2):
        tight = new_ticket("assigned", subject=f"Serré {number}")
        tight.assign(people.basile, at=at(9, 15))
        tight.clocks.update(due_at=at(10, 40))
    Absence.objects.create(
        provider=world.provider, person=people.alice, period=DateTimeTZRange(at(9, 25), at(18))
    )
    before = Event.objects.count()
    with override("en"):
        told = foretold.override(world.access("paul"), ticket, people.basile, at(9, 30))
        nobody = foretold.override(world.access("paul"), ticket, people.chloe, at(9, 30))
    assert told.possible
    assert told.summary in ("1 other becomes late:", "2 others become late:")
    assert all(one.ticket and one.by for one in told.delays)
    assert not nobody.possible
    assert Event.objects.count() == before


def test_the_leads_word_puts_it_first_once(world, new_ticket):
    people = world.people
    one, two = new_ticket("assigned"), new_ticket("assigned", subject="Deux")
    for ticket, hour in ((one, 12), (two, 12)):
        ticket.clocks.update(due_at=at(hour))
    foreseeing.foresee(at(9, 30))
    assert DayOrder.objects.get().tickets == [one.pk, two.pk]
    first.put_first(two, by=people.paul, at=at(9, 31))
    first.put_first(two, by=people.paul, at=at(9, 32))
    assert DayOrder.objects.get().tickets == [two.pk, one.pk]
    assert kinds(two)[-2:] == ["assigned", "noted"]
    foreseeing.foresee(at(9, 33))
    assert DayOrder.objects.get().tickets == [two.pk, one.pk]
    for person, error in ((people.alice, NotYours), (people.claire, NotYours)):
        with pytest.raises(error):
            first.put_first(one, by=person)
    with pytest.raises(NotNow):
        first.put_first(new_ticket("open"), by=people.paul)


def test_my_day_says_why_in_this_order(world, new_ticket):
    later, begun = new_ticket("assigned", subject="Plus tard"), new_ticket("taken")
    later.clocks.update(due_at=at(14, 30))
    begun.clocks.filter(kind="delivery").update(due_at=at(16))
    access = world.access("alice")
    with override("en"):
        mine = board.day_of(access, at(11, 30)).now
    assert [ticket.pk for ticket in mine] == [begun.pk, later.pk]
    # Noon is no working time.
    assert mine[1].why == "due in 2 h of working time"
    assert mine[0].why == "begun; due in 3 h 30 of working time"
    with override("en"):
        assert my_day.why(mine[1], {}, at(15)) == "late by 30 min of working time"
    assert my_day.arrange(access, [], at(10)) == []


# Shares ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "hours", "verdict"),
    [(600, 100, "fair"), (900, 100, "above"), (240, 100, "below"), (450, 50, "above")],
)
def test_a_share_is_fair_in_proportion_to_hours(own, hours, verdict):
    pool = [
        rules_of_fairness.Counted(1, hours, work=own),
        rules_of_fairness.Counted(2, 200.0 - hours, work=1200.0 - own),
    ]
    work = rules_of_fairness.shares(pool)[1][0]
    assert (work.what, work.verdict) == ("work", verdict)
    assert rules_of_fairness.shares(pool)[1][1].verdict == "unknown"


def test_difficult_sites_are_those_where_it_goes_wrong_much_oftener():
    sites = {1: (60, 2), 2: (40, 12), 3: (5, 5)}
    assert rules_of_fairness.difficult(sites) == {2}
    assert rules_of_fairness.difficult({1: (40, 0)}) == frozenset()
    assert rules_of_fairness.spread([rules_of_fairness.Counted(1, 10, work=5)]) is None


def test_shares_of_four_weeks_are_told_by_name(world, new_ticket):
    for number in range(12):
        ticket = new_ticket("taken", subject=f"N° {number}")
        ticket.deliver("Fait", by=world.people.alice, at=at(18, 30))
    with override("en"):
        told = fairness.report(world.access("paul"), at(20))
    assert [row.person.first_name for row in told.rows] == ["Alice", "Basile", "Chloé"]
    alice, basile, _chloe = told.rows
    assert {one.share.what: one.share.verdict for one in alice.told}["late_hours"] == "above"
    assert "beyond the limit" in alice.told[2].text
    assert not basile.is_fair
    assert told.beyond == 3
    assert told.spread > 1


# What the requester reads ------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Engagement.Mode.PROVIDER, Engagement.Mode.GROUP])
def test_the_requester_reads_by_when_and_who_only_where_the_mode_allows(
    world, new_ticket, client_of, mode
):
    Engagement.objects.filter(company=world.companies.calanques).update(mode=mode)
    named = mode != Engagement.Mode.PROVIDER
    ticket = new_ticket("assigned", subject="Attendue")
    expected = datetime.now(PARIS) + timedelta(days=2)
    Foresight.objects.create(
        provider=world.provider, ticket=ticket, at=at(9, 30), chance=0.6321, expected=expected,
        person=world.people.basile, remedy={"kind": "give", "person": world.people.basile.pk},
    )  # fmt: skip
    marc = client_of(world.people.marc)
    told = marc.get(f"/api/tickets/{ticket.pk}").json()
    assert told["assistant"] == ("Alice Arnaud" if named else None)
    assert told["expected_at"]
    listed = marc.get("/api/tickets").json()["items"][0]
    assert (listed["assistant"], listed["expected_at"]) == (told["assistant"], told["expected_at"])
    page = marc.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "Attendue pour le" in page
    assert "Attendue pour le" in marc.get("/requests/").content.decode()
    assert ("Auprès du service" in page) is not named
    for url in (f"/tickets/{ticket.pk}/", "/requests/", "/tickets/", f"/api/tickets/{ticket.pk}"):
        text = marc.get(url).content.decode()
        assert ("Alice Arnaud" in text) is (named and url != "/requests/"), url
        assert "Basile" not in text
        assert "0.6321" not in text and "63\u202f%" not in text
    staff = client_of(world.people.paul).get(f"/tickets/{ticket.pk}/").content.decode()
    assert "Alice Arnaud" in staff


def test_what_is_past_or_ended_is_expected_no_more(world, new_ticket):
    for state in ("assigned", "waiting", "delivered", "cancelled"):
        ticket = new_ticket(state, subject=state)
        ticket.expected = at(12)
        assert (board.expected(ticket, at(11)) is not None) is (state == "assigned")
        assert board.expected(ticket, at(13)) is None

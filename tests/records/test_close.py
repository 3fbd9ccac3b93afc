"""A month is closed once, by the lead, when it is over; counted anew it gives the same bytes."""

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from relais.desk.errors import Missing
from relais.desk.models import Event, Letter, Ticket
from relais.engine import measures_frozen
from relais.lib.tenancy import tenant
from relais.offer import catalogue
from relais.people.models import Company, OrganisationChange
from relais.records import closing, review_letters
from relais.records.models import Commentary, QualityCheck, Review, ReviewItem
from relais.records.review_errors import (
    ChangedMeanwhile,
    MonthNotBegun,
    MonthNotOver,
    NotInThisState,
    NotReferent,
)
from tests import world as cast

from .months import MARCH, agreed, at, delivered
from .test_quality import finished

THEN = at(4, 3)


@pytest.fixture
def month(world):
    """Return the March of Calanques, open, 22 of 25 deadlines kept."""
    catalogue.preload(world.provider)
    delivered(world, 22, 25, version=agreed(world))
    return Review.open(world.companies.calanques, MARCH, by=world.people.paul, at=THEN)


def told(kind):
    return OrganisationChange.objects.filter(kind=kind).count()


def fresh(review):
    return Review.objects.select_related("company__calendar").get(pk=review.pk)


def test_the_lead_closes_a_month_and_it_is_frozen_once(world, month):
    closing.close(month, by=world.people.paul, at=THEN)
    kept = fresh(month)
    assert (kept.state, kept.closed_by, told("review_closed")) == ("closed", world.people.paul, 1)
    shown = {each.key: each for each in kept.shown if not each.cut}
    assert (shown["on_time"].over, shown["on_time"].n) == (22, 25)
    assert kept.digest == measures_frozen.digest(bytes(kept.figures))
    assert not any(each.definition.internal for each in kept.shown)
    events = Event.objects.order_by("id").values_list("id", "ticket", "kind", "at", "by")
    lines = [
        f"{pk};{ticket};{kind};{int(at.timestamp())}000000;{by or 0}\n"
        for pk, ticket, kind, at, by in events
    ]
    assert kept.events == len(lines) == 50
    assert kept.events_digest == hashlib.sha256("".join(lines).encode()).hexdigest()
    letters = Letter.objects.filter(key__startswith=f"review:{kept.pk}:")
    assert {each.to for each in letters} == {"claire@calanques.example", "paul@atout.example"}


def test_counted_anew_it_gives_the_same_bytes_wherever_the_server_is(committed, monkeypatch):
    world = cast.build_world()
    with tenant(world.provider.pk):
        catalogue.preload(world.provider)
        delivered(world, 22, 25, version=agreed(world))
        made = Review.open(world.companies.calanques, MARCH, by=world.people.paul, at=THEN)
        closing.close(made, by=world.people.paul, at=THEN)
    seal = made.seal
    elsewhere(monkeypatch)
    with tenant(world.provider.pk), timezone.override("Pacific/Auckland"):
        with connection.cursor() as cursor:
            cursor.execute("show time zone")
            assert cursor.fetchone() == ("America/Los_Angeles",)
        kept = fresh(made)
        assert (kept.as_of, kept.seal) == (THEN, seal)
        assert closing.same_as_closed(kept)
        Event.objects.create(
            provider=world.provider, ticket_id=int(_keys(kept)[0]), kind="noted", at=at(3, 6)
        )
        assert not closing.same_as_closed(kept)  # a fact was laid under it afterwards


def elsewhere(monkeypatch):
    """Let the machine and the database's session be in other zones."""
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "TIME_ZONE", "America/Los_Angeles")
    for each in ("timezone", "timezone_name"):
        monkeypatch.delitem(connections["default"].__dict__, each, raising=False)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()


@pytest.fixture(autouse=True)
def _home():
    yield
    time.tzset()
    for each in ("timezone", "timezone_name"):
        connections["default"].__dict__.pop(each, None)


def _keys(review):
    figures = measures_frozen.thawed(bytes(review.figures))
    return next(each for each in figures if each.key == "delivered" and not each.cut).ids


def test_a_month_is_of_the_clients_zone(world):
    reunion = Company.objects.get(pk=world.companies.calanques.pk)
    world.companies.calanques.calendar = None
    period = closing.period_of(reunion, MARCH)
    assert period.begin == datetime(2026, 2, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("who", "when", "error"),
    [("claire", THEN, NotReferent), ("quentin", THEN, NotReferent), ("alice", THEN, NotReferent),
     ("paul", at(3, 31, 20), MonthNotOver)],
)  # fmt: skip
def test_it_is_refused_to_others_and_before_its_time(world, month, who, when, error):
    with pytest.raises(error):
        closing.close(month, by=getattr(world.people, who), at=when)
    assert (fresh(month).state, told("review_closed")) == ("open", 0)


def test_of_two_who_close_at_once_one_does(world, month):
    first, second = fresh(month), fresh(month)
    closing.close(first, by=world.people.paul, at=THEN)
    with pytest.raises(NotInThisState):
        closing.close(second, by=world.people.maud, at=THEN)
    assert told("review_closed") == 1
    stale = fresh(month)
    Review.objects.filter(pk=stale.pk).update(state="open", version=stale.version + 1)
    stale.state = "open"
    with pytest.raises(ChangedMeanwhile):
        closing.close(stale, by=world.people.paul, at=THEN)


def test_each_side_comments_until_it_is_closed_and_no_word_is_lost(world, month):
    people = world.people
    Commentary.write(month, "Un mois calme.", by=people.paul)
    Commentary.write(month, "Un mois calme, sauf le 12.", by=people.maud, seen=1)
    Commentary.write(month, "D’accord.", by=people.claire)
    assert month.commentaries.count() == 3
    for error, by, words, seen in (
        (NotReferent, people.marc, "Moi aussi", None), (NotReferent, people.fanny, "Et moi", None),
        (ChangedMeanwhile, people.paul, "Perdu", 1), (Missing, people.paul, "  ", None),
    ):  # fmt: skip
        with pytest.raises(error):
            Commentary.write(month, words, by=by, seen=seen)
    closing.close(month, by=people.paul, at=THEN)
    with pytest.raises(NotInThisState):
        Commentary.write(month, "Trop tard", by=people.claire)
    assert told("review_commented") == 3


def test_actions_and_decisions_are_added_done_once_or_dropped(world, month):
    people = world.people
    action = ReviewItem.add(
        month, "action", "Revoir la fiche voyage", by=people.claire, owner=people.alice
    )
    other = ReviewItem.add(month, "decision", "Plus de fax", by=people.paul)
    for who, item in (("marc", action), ("basile", action), ("fanny", other)):
        with pytest.raises(NotReferent):
            item.finish(by=getattr(people, who))
    action.finish(by=people.alice)
    with pytest.raises(NotInThisState):
        ReviewItem.objects.get(pk=action.pk).drop(by=people.paul)
    other.drop(by=people.paul)
    with pytest.raises(NotReferent):
        ReviewItem.add(month, "action", "Non", by=people.marc)
    assert (told("item_added"), told("item_finished"), told("item_dropped")) == (2, 1, 1)


def test_the_month_before_is_opened_once_and_its_figures_are_counted(world):
    catalogue.preload(world.provider)
    assert closing.propose(THEN.date()) == 2
    assert closing.propose(THEN.date()) == 0
    review = Review.objects.get(company=world.companies.froid)
    assert (review.month, review.is_open, bool(review.shown)) == (MARCH, True, True)
    assert Letter.objects.filter(key__startswith="review-open:").count() == 4


def test_many_clients_are_closed_by_a_worker_and_one_that_cannot_says_why(world, month):
    people = world.people
    with pytest.raises(NotReferent):
        closing.ask_all(MARCH, by=people.claire)
    assert closing.ask_all(MARCH, by=people.paul) == 2
    assert closing.ask_all(MARCH, by=people.maud) == 0  # asked already
    for review in Review.objects.all():
        closing.close_asked(review.pk)
        closing.close_asked(review.pk)
    assert set(Review.objects.values_list("state", flat=True)) == {"closed"}
    assert told("review_closed") == 2
    today = timezone.localdate().replace(day=1)
    closing.ask_all(today, by=people.paul)
    ahead = Review.objects.filter(month=today).first()
    closing.close_asked(ahead.pk)
    ahead.refresh_from_db()
    assert (ahead.state, ahead.asked_at, bool(ahead.problem)) == ("open", None, True)


def test_a_review_is_sent_once_to_those_who_asked_and_still_may_read_it(world, month):
    people, company = world.people, world.companies.calanques
    for who in (people.claire, people.paul, people.marc):
        review_letters.subscribe(company, by=who)
        review_letters.subscribe(company, by=who)
    assert review_letters.send_due() == 0
    closing.close(month, by=people.paul, at=THEN)
    assert (review_letters.send_due(), review_letters.send_due()) == (2, 0)
    sent = Letter.objects.filter(key__startswith="review-sent:")
    assert {each.to for each in sent} == {people.claire.email, people.paul.email}
    review_letters.unsubscribe(company, by=people.claire)
    assert not review_letters.is_subscribed(company, people.claire)


def test_its_verdicts_are_those_of_the_agreement(world, month):
    closing.close(month, by=world.people.paul, at=THEN)
    (delivery, response) = json.loads(bytes(fresh(month).verdicts))
    assert (delivery["value"], delivery["counted"], delivery["level"]) == ("88", 25, "below")
    assert (response["value"], response["level"]) == (None, "too_few")


def test_a_verdict_of_a_check_taken_back_since_changes_nothing_that_was_closed(world, month):
    people, ticket = world.people, Ticket.objects.order_by("pk").first()
    check = QualityCheck.objects.create(
        provider=world.provider, ticket=ticket, month=MARCH, assistant=people.alice,
        delivered_at=at(3, 5), drawn_at=at(3, 6), reasons=["drawn"],
    )  # fmt: skip
    finished(check, people, ["amount"], at=at(3, 20))
    closing.close(month, by=people.paul, at=THEN)
    check.reopen("Mal lu", by=people.quentin, at=at(4, 8))
    kept = fresh(month)
    assert next(each for each in kept.shown if each.key == "critical_errors").n == 1
    assert closing.same_as_closed(kept)
    made = closing.restate(kept, by=people.paul, at=at(4, 9))
    assert {each["key"] for each in made.changes} == {"critical_errors"}


def test_a_closing_that_its_worker_forgot_may_be_asked_again(world, month):
    assert month.ask(by=world.people.paul, at=THEN)
    assert not month.ask(by=world.people.maud, at=THEN + timedelta(minutes=59))
    assert month.ask(by=world.people.maud, at=THEN + timedelta(minutes=61))
    assert fresh(month).asked_by == world.people.maud


def test_a_month_that_has_not_begun_is_not_opened(world, month):
    company, paul = world.companies.calanques, world.people.paul
    with pytest.raises(MonthNotBegun, match="2026"):
        Review.open(company, MARCH.replace(month=5), by=paul, at=at(4, 30, 9))
    # It has begun already on the other side of the earth.
    assert Review.open(company, MARCH.replace(month=5), by=paul, at=at(4, 30, 11)).is_open


def test_who_is_given_an_action_is_written_to_once(world, month):
    people = world.people
    given = ReviewItem.add(
        month, "action", "Revoir la fiche", by=people.claire, owner=people.marc, due_on=MARCH
    )
    ReviewItem.add(month, "action", "La mienne", by=people.claire, owner=people.claire)
    letter = Letter.objects.get(key__startswith="review-item:")
    assert (letter.key, letter.to) == (f"review-item:{given.pk}", "marc@calanques.example")
    assert "Revoir la fiche" in letter.body

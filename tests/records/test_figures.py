"""A client's month is counted from what the desk knows: events, pinned clocks, what people said."""

from datetime import UTC, datetime

from relais.desk import intake
from relais.desk.models import Rating, Ticket
from relais.offer import catalogue
from relais.people.models import Confidentiality
from relais.records import figures, lives_kept
from relais.records.figures import month_of, tally_of


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

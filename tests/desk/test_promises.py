"""A ticket keeps the version of the agreement under which it was born."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from relais.desk.models import Approval, Clock
from relais.offer.models import Agreement, AgreementVersion
from relais.offer.promises import Book, promised
from relais.offer.terms import Scope, TargetTerms

from .conftest import at, clock

SIGNING = at(10) - timedelta(days=14)
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
FIRST = TargetTerms(kind="first_response", hours=Decimal(1))
DELIVERY = TargetTerms(kind="delivery", hours=Decimal(4))


@pytest.fixture
def agreed(world, services):
    """Return a function that has both sides sign a version, from a day on."""

    def make(name="Cadre", first=MARCH, **terms):
        people = world.people
        known = Agreement.objects.filter(name=name).first()
        if known:
            version = AgreementVersion.draft_from(known, by=people.paul, at=SIGNING)
        else:
            version = Agreement.open(world.companies.calanques, name, by=people.paul, at=SIGNING)
        given = {"effective_from": first, "targets": (FIRST, DELIVERY)}
        version.edit(by=people.paul, at=SIGNING, **given | terms)
        version.sign(by=people.claire, side="client", at=SIGNING)
        version.sign(by=people.paul, side="provider", at=SIGNING)
        return version

    return make


def test_without_an_agreement_the_catalogue_speaks(world, services, new_ticket):
    ticket = new_ticket()
    assert clock(ticket, "delivery").agreement_version is None
    assert clock(ticket, "delivery").target == services["appointment"].delivery_seconds


def test_the_agreement_in_force_speaks_and_is_kept(world, agreed, new_ticket):
    version = agreed()
    ticket = new_ticket()
    assert clock(ticket, "first_response").due_at == at(10)
    delivery = clock(ticket, "delivery")
    assert (delivery.due_at, delivery.agreement_version) == (at(14), version)
    told = ticket.events.first().facts["clocks"][1]
    assert told["agreement"] == version.pk


def test_a_later_version_changes_nothing_of_what_was_asked_before(world, agreed, new_ticket):
    first = agreed()
    old = new_ticket("delivered")
    second = agreed(first=APRIL, targets=(replace(DELIVERY, hours=Decimal(1)),))
    new = new_ticket(at=at(9, days=30))
    assert clock(old, "delivery").agreement_version == first
    assert clock(new, "delivery").agreement_version == second
    old.reopen("Pas le bon jour", by=world.people.marc, at=at(9, days=35))
    correction = clock(old, "correction")
    assert (correction.agreement_version, correction.target) == (first, 4 * 3600)


def test_working_days_are_promised_too(world, agreed, new_ticket):
    agreed(targets=(replace(DELIVERY, hours=None, days=1),))
    delivery = clock(new_ticket(), "delivery")
    assert (delivery.target, delivery.days) == (0, 1)
    assert delivery.due_at == at(18, days=1)


def test_the_most_specific_word_wins(world, agreed, services):
    site, service = world.sites.aix, services["travel"]
    agreed()
    agreed(
        "Voyages", scopes=(Scope(family="travel"),), targets=(replace(DELIVERY, hours=Decimal(3)),)
    )
    of_site = agreed(
        "Aix",
        scopes=(Scope(site=site.pk),),
        targets=(
            DELIVERY,
            replace(DELIVERY, family="travel", hours=Decimal(2)),
            replace(DELIVERY, service=service.pk, priority=1, hours=Decimal(1)),
        ),
    )

    def seconds(place, what, priority=3):
        return promised(place, services[what], priority, at(9))["delivery"].seconds

    assert seconds(site, "travel") == 2 * 3600
    assert seconds(site, "travel", 1) == 3600
    assert seconds(site, "meeting") == 4 * 3600
    assert seconds(world.sites.lyon, "travel") == 3 * 3600
    # Silent on first answers: the catalogue speaks, under the version all the same.
    answer = promised(site, service, 3, at(9))["first_response"]
    assert (answer.source, answer.version) == ("service", of_site.pk)


def test_another_company_is_not_concerned(world, agreed, services):
    agreed()
    book = Book.of(world.companies.froid.pk)
    assert (
        book.promised(world.sites.brest, services["travel"], 3, at(9))["delivery"].version is None
    )


def test_the_day_is_that_of_the_site(world, agreed, services):
    agreed()
    site = world.sites.aix
    site.time_zone = "Pacific/Auckland"
    last = at(14) - timedelta(days=3)  # Saturday 28 February in Paris, Sunday 1 March over there
    assert promised(site, services["travel"], 3, last)["delivery"].version is not None
    site.time_zone = "Europe/Paris"
    assert promised(site, services["travel"], 3, last)["delivery"].version is None


def test_each_question_of_the_client_awaits_its_answer(world, agreed, new_ticket):
    agreed(targets=(FIRST, DELIVERY, TargetTerms(kind="next_reply", hours=Decimal(2))))
    people = world.people
    ticket = new_ticket("taken")
    ticket.reply("Où en êtes-vous ?", by=people.marc, at=at(14))
    ticket.reply("Allô ?", by=people.marc, at=at(15))
    assert ticket.clocks.filter(kind="next_reply").count() == 1
    assert clock(ticket, "next_reply").due_at == at(16)
    ticket.reply("Bientôt.", by=people.alice, at=at(15, 30))
    assert clock(ticket, "next_reply").verdict == "met"
    ticket.reply("Merci.", by=people.marc, at=at(16))
    assert ticket.clocks.filter(kind="next_reply").count() == 2


def test_nobody_awaits_an_answer_that_was_not_promised(world, agreed, new_ticket):
    agreed()
    ticket = new_ticket("taken")
    ticket.reply("Où en êtes-vous ?", by=world.people.marc, at=at(14))
    assert not ticket.clocks.filter(kind="next_reply").exists()


def test_a_pause_after_the_deadline_hides_no_breach(world, agreed, new_ticket):
    agreed()
    ticket = new_ticket("taken")  # due at 14:00
    ticket.ask("Quel jour ?", by=world.people.alice, at=at(15))
    delivery = clock(ticket, "delivery")
    assert delivery.is_paused
    assert delivery.due_at == at(14)
    ticket.resume(by=world.people.alice, at=at(10, days=1))
    assert clock(ticket, "delivery").due_at == at(14)
    ticket.deliver("Voilà.", by=world.people.alice, at=at(11, days=1))
    assert clock(ticket, "delivery").verdict == "missed"


@pytest.mark.parametrize("terms", [{"hours": Decimal(4)}, {"days": 6}])
def test_the_form_promises_what_the_request_then_has(world, agreed, client_of, terms):
    agreed(targets=(FIRST, TargetTerms(kind="delivery", **terms)))
    marc = client_of(world.people.marc)
    url = "/requests/new/appointment/"
    told = marc.get(url).context["promise"]
    asked = {"subject": "Un point", "token": "7f3a2c66-9c34-4a30-8f0e-1f5f4d9f2f11"}
    marc.post(url, asked | {"site": world.sites.aix.pk})
    had = Clock.objects.get(kind="delivery").due_at
    assert abs((had - told).total_seconds()) < 60, (had, told)


@pytest.mark.parametrize("pauses", [True, False])
def test_the_agreement_says_whether_an_approval_stops_the_promise(
    world, agreed, new_ticket, pauses
):
    agreed(approval_pauses=pauses)
    ticket = new_ticket("taken")
    Approval.ask(ticket, Decimal(900), "", by=world.people.alice, at=at(10))
    assert clock(ticket, "delivery").is_paused is pauses
    page = AgreementVersion.objects.get()
    assert page.terms().approval_pauses is pauses

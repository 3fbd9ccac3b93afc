"""What triage is unsure of is left to a person: one touch settles it, and it is learned from."""

import pytest

from relais.desk import intake, judging, learning, tasks
from relais.desk.errors import NotNow, NotYours
from relais.desk.models import Event, Ticket, TriageModel
from relais.engine import learned
from relais.lib.tenancy import tenant
from relais.offer import catalogue
from relais.people.access import Access
from relais.people.models import Confidentiality

from .conftest import at, kinds, two_at_once


@pytest.fixture
def unsure(world, services):
    """Return a request by mail that no word of the catalogue explains."""
    return intake.receive(
        requester=world.people.marc,
        subject="Bonjour",
        body="le machin bleu",
        channel="mail",
        at=at(9),
    )


def test_one_touch_settles_it_and_the_deadline_follows_the_service(unsure, services, world):
    assert [t.pk for t in judging.unsure(Access(world.people.paul))] == [unsure.pk]
    before = unsure.clocks.get(kind="delivery").due_at
    unsure.settle(services["appointment"], by=world.people.paul, at=at(9, 5))
    unsure.refresh_from_db()
    assert unsure.service == services["appointment"]
    assert unsure.clocks.get(kind="delivery").due_at != before
    assert kinds(unsure).count("settled") == 1
    assert not judging.unsure(Access(world.people.paul)).exists()


def test_it_is_settled_once_and_a_requester_s_choice_is_not_settled(
    unsure, services, world, new_ticket
):
    unsure.settle(services["invoice"], by=world.people.paul)
    assert unsure.confidentiality == Confidentiality.CONFIDENTIAL
    for ticket in (unsure, new_ticket("open")):
        with pytest.raises(NotNow):
            ticket.settle(services["appointment"], by=world.people.paul)


@pytest.mark.parametrize("who", ["marc", "claire", "chloe", "erwan"])
def test_it_is_refused_to_the_wrong_person(unsure, services, world, who):
    with pytest.raises(NotYours):
        unsure.settle(services["invoice"], by=getattr(world.people, who))


def test_two_at_once_leave_one_winner(unsure, services, world):
    two_at_once(unsure, lambda t: t.settle(services["meeting"], by=world.people.paul), "settled")


def test_no_client_sees_that_it_was_settled(unsure, services, world):
    unsure.settle(services["meeting"], by=world.people.paul)
    assert not Access(world.people.marc).see(Event).filter(kind="settled").exists()


# Learning from it ------------------------------------------------------------------------------

SAID = {
    "appointment": ("caler un point", "machin bleu de jeudi", "bloquer une heure"),
    "invoice": ("régler le fournisseur", "papier du comptable", "solder le compte"),
}


@pytest.fixture
def history(world, new_ticket, services):
    """Return a function that makes a history in which the service is told by words of its own."""

    def make(count=66):
        for number in range(count):
            code = "invoice" if number % 3 == 0 else "appointment"
            said = SAID[code][number % 7 % 3]
            new_ticket(
                "assigned",
                service=services[code],
                subject=f"{said} {number % 5}",
                at=at(9, days=number % 20),
            )

    return make


def test_it_learns_what_people_call_things_here_and_nothing_of_c3(
    history, world, services, new_ticket
):
    assert learning.teach(world.provider.pk) is None  # nothing yet
    history()
    secret = new_ticket(
        "open", subject="licenciement zorglub", confidentiality=Confidentiality.EXECUTIVE
    )
    Ticket.objects.filter(pk=secret.pk).update(state="accepted")
    lesson = learning.teach(world.provider.pk)
    assert lesson.state == TriageModel.State.IN_USE
    assert lesson.examples == 66
    model, number = learning.in_use()
    assert number == 1 and not any("zorglub" in term for term in model.terms)
    ticket = intake.receive(
        requester=world.people.marc, subject="machin bleu de jeudi", channel="mail", at=at(9)
    )
    assert ticket.service == services["appointment"]
    told = ticket.events.get(kind="received").facts["triage"]
    assert (told["by"], told["sure"], told["lesson"]) == ("learned", True, 1)
    words = {s.code: terms for s, terms, _l in judging.words_of(list(services.values()))}
    assert "machin" in words["appointment"]


def test_a_lesson_that_is_no_better_does_not_replace_the_one_in_use(history, world):
    history()
    first, second = (learning.teach(world.provider.pk) for _ in range(2))
    assert (first.state, second.state) == ("in_use", "not_better")
    assert TriageModel.objects.get(state="in_use").pk == first.pk
    assert not learning.is_due()


def test_a_provider_learns_from_its_own_requests_alone(worlds):
    mine, other = worlds
    with tenant(mine.provider.pk):
        catalogue.preload(mine.provider)
        for number in range(2):
            intake.receive(
                requester=mine.people.marc, subject=f"Facture {number}", channel="mail", at=at(9)
            ).assign(mine.people.alice, at=at(10))
        assert len(learning.examples()) == 2
    with tenant(other.provider.pk):
        assert learning.examples() == []
        assert learning.in_use() == (None, None)


def test_wanted_tomorrow_is_urgent_and_has_its_day(world, services):
    ticket = intake.receive(
        requester=world.people.marc,
        subject="Facture à payer",
        body="pour demain svp",
        channel="mail",
        at=at(9),
    )
    assert ticket.priority == Ticket.Priority.HIGH
    assert ticket.wanted_by == at(18, days=1)


# The page --------------------------------------------------------------------------------------


def test_the_lead_settles_on_the_page_and_others_find_nothing(
    unsure, services, world, client_of, history
):
    history()
    learning.teach(world.provider.pk)
    paul = client_of(world.people.paul)
    page = paul.get("/triage/", headers={"Accept-Language": "fr"}).content.decode()
    assert "le machin bleu" in page and "Leçon 1" in page
    for who in ("marc", "claire", "alice"):
        assert client_of(getattr(world.people, who)).get("/triage/").status_code == 404
    answer = paul.post(f"/tickets/{unsure.pk}/settle/", {"service": services["meeting"].pk})
    assert answer.status_code == 302
    unsure.refresh_from_db()
    assert unsure.service == services["meeting"]
    assert paul.post(f"/tickets/{unsure.pk}/settle/", {"service": "x"}).status_code == 404
    assert client_of(world.people.erwan).post(f"/tickets/{unsure.pk}/settle/").status_code == 404
    assert paul.post("/triage/teach/").status_code == 302


def test_the_budget_is_what_the_page_says():
    assert learned.BUDGET == 0.05
    assert tasks.teach_triage.queue == "lessons"

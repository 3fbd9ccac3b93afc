"""A handover note: opened with an absence, pre-filled, given, read back; late ones are said."""

from datetime import timedelta

import pytest

from relais.desk.errors import BadValue, Missing
from relais.desk.models import Letter, Ticket
from relais.planning import declaring, handing_on
from relais.planning.continuity_errors import NoteOvertaken, NotHers, NotNowNote
from relais.planning.models import Handover

from .conftest import at

NOW = at(16)


@pytest.fixture
def note(world, new_ticket):
    """Return the note of Alice to Basile, with one request of each kind of wait."""
    new_ticket("assigned"), new_ticket("waiting", subject="Attend un mot")
    declaring.declare(
        world.people.alice, kind="leave", starts=at(0, days=1), ends=at(0, days=2),
        by=world.people.paul, at=NOW,
    )  # fmt: skip
    return Handover.objects.get()


def fresh(note):
    return Handover.objects.get(pk=note.pk)


def words(note):
    return list(note.words.values_list("kind", flat=True))


def test_it_is_opened_by_itself_and_says_what_is_open(world, note):
    people = world.people
    assert (note.giver, note.receiver, note.state) == (people.alice, people.basile, "draft")
    assert note.due_at == NOW + timedelta(hours=2)  # sudden
    facts = handing_on.facts(note, world.access("basile"), NOW)
    assert {one.ticket.subject for one in facts.actions} == {
        "Déplacer le point du jeudi", "Attend un mot",
    }  # fmt: skip
    assert [one.ticket.subject for one in facts.waiting] == ["Attend un mot"]
    assert [one.name for one in facts.files] == ["Aix", "Marc Morel"]


def test_a_leave_that_is_planned_has_its_note_two_days_before(world):
    relief = declaring.declare(
        world.people.alice, kind="leave", starts=at(0, days=10), ends=at(0, days=12),
        by=world.people.paul, at=NOW,
    )  # fmt: skip
    note = Handover.objects.get(relief=relief)
    assert note.due_at == at(0, days=8)
    assert not note.is_late(at(0, days=7))
    assert note.is_late(at(1, days=8))


def test_it_is_written_given_asked_answered_and_accepted_in_the_receivers_words(world, note):
    alice, basile = world.people.alice, world.people.basile
    content = {"files": {"s1": {"state": "critical", "summary": "Un\nDeux\nTrois"}}, "risks": "Si…"}
    note.edit(content, by=alice, seen=note.version, at=at(16, 10))
    note.edit({"risks": "Autre"}, by=alice, at=at(16, 11))
    assert note.words.last().facts["before"]["risks"] == "Si…"  # what stood before is kept
    handing_on.give(note, by=alice, at=at(16, 20))
    assert Letter.objects.filter(to=basile.email, key__contains=":note:").count() == 1
    note.ask("Qui prévenir ?", by=basile)
    note.answer("Marc.", by=alice)
    with pytest.raises(Missing):
        note.accept("  ", by=basile)
    note.accept("Je relance Marc jeudi.", by=basile, at=at(17))
    note.miss("Le code du parking", by=basile, client_asked=True)
    assert words(note) == [
        "edited", "edited", "given", "asked", "answered", "accepted", "missed",
    ]  # fmt: skip
    told = handing_on.figures(world.access("paul"), at(0), at(23))
    assert (told.due, told.on_time, told.accepted, told.missing) == (1, 1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("verb", "given", "who", "error"),
    [
        (lambda n, by: n.edit({}, by=by), False, "basile", NotHers),
        (lambda n, by: n.give(by=by), False, "basile", NotHers),
        (lambda n, by: n.accept("Oui", by=by), True, "alice", NotHers),
        (lambda n, by: n.ask("?", by=by), True, "chloe", NotHers),
        (lambda n, by: n.accept("Oui", by=by), False, "basile", NotNowNote),
        (lambda n, by: n.give(by=by), True, "alice", NotNowNote),
        (lambda n, by: n.ask("", by=by), True, "basile", Missing),
        (lambda n, by: n.edit({"files": {"s1": {"summary": "1\n2\n3\n4"}}}, by=by), False, "alice",
         BadValue),
        (lambda n, by: n.edit({"files": {"s1": {"state": "x"}}}, by=by), False, "alice", BadValue),
        (lambda n, by: n.edit({}, by=by, seen=99), False, "alice", NoteOvertaken),
    ],
)  # fmt: skip
def test_it_is_refused_when_it_should_be(world, note, verb, given, who, error):
    if given:
        note.give(by=world.people.alice)
    before = words(note)
    with pytest.raises(error):
        verb(note, getattr(world.people, who))
    assert words(note) == before


def test_two_at_once_leave_one_winner(world, note):
    first, second = fresh(note), fresh(note)
    first.give(by=world.people.alice)
    with pytest.raises(NoteOvertaken):
        second.give(by=world.people.alice)
    assert words(note) == ["given"]


def test_a_matter_for_named_persons_is_listed_without_content_to_them_alone(world, note, client_of):
    ticket = Ticket.objects.get(subject="Attend un mot")
    Ticket.objects.filter(pk=ticket.pk).update(confidentiality=3, holder=world.people.alice)
    page = f"/continuity/handovers/{note.pk}/"
    for who, listed in (("alice", True), ("basile", False), ("paul", False)):
        text = client_of(getattr(world.people, who)).get(page).content.decode()
        assert (ticket.reference in text) == listed
        assert "Attend un mot" not in text
        told = client_of(getattr(world.people, who)).get(f"/api/handovers/{note.pk}")
        assert "Attend un mot" not in told.content.decode()


def test_an_absence_taken_back_takes_its_notes_back(world, note):
    declaring.undo(note.relief, by=world.people.paul)
    assert fresh(note).state == Handover.State.VOID


def test_pages_and_calls(world, note, client_of, call):
    people = world.people
    alice, basile = client_of(people.alice), client_of(people.basile)
    page = f"/continuity/handovers/{note.pk}/"
    assert "Marc Morel" in alice.get(f"{page}edit/").content.decode()
    key = f"s{world.sites.aix.pk}"
    typed = {f"state-{key}": "watch", f"summary-{key}": "a\nb\nc\nd", "seen": note.version}
    refused = alice.post(f"{page}edit/", typed)
    assert refused.status_code == 422
    assert "Aix" in refused.content.decode()
    assert "a\nb\nc\nd" in refused.content.decode()  # nothing typed is lost
    typed[f"summary-{key}"] = "Tout va bien"
    slip = typed | {"seen": "9" * 5000}
    assert alice.post(f"{page}edit/", slip).status_code == 422
    assert alice.post(f"{page}edit/", typed | {"give": 1}).status_code == 302
    assert fresh(note).state == "given"
    assert "Tout va bien" in basile.get(page).content.decode()
    assert basile.get(f"{page}edit/").status_code == 404
    said = {"ask": basile, "answer": alice, "accept": basile, "miss": basile}
    for verb, who in said.items():
        assert who.post(f"{page}{verb}/", {"text": f"Mot {verb}"}).status_code == 302
    assert words(note) == ["edited", "given", "asked", "answered", "accepted", "missed"]
    path = f"handovers/{note.pk}"
    assert call(people.alice, "POST", f"{path}/edit", risks="x")[0] == 409
    assert call(people.basile, "POST", f"{path}/ask", text="Encore ?")[0] == 200
    assert call(people.basile, "POST", f"{path}/answer", text="Non")[0] == 403
    assert call(people.alice, "POST", f"{path}/answer", text="Oui")[0] == 200
    assert call(people.basile, "POST", f"{path}/miss", text="Autre", client_asked=True)[0] == 200
    assert call(people.paul, "POST", f"{path}/give")[0] == 409
    assert call(people.basile, "POST", f"{path}/accept", text="Oui")[0] == 409
    assert call(people.paul, "GET", path)[1]["state"] == "accepted"
    assert call(people.paul, "GET", "handovers")[1]["items"][0]["id"] == note.pk
    for who in ("paul", "alice", "basile"):
        assert client_of(getattr(people, who)).get("/continuity/handovers/").status_code == 200
    for who in ("chloe", "quentin", "claire", "marc"):
        other = client_of(getattr(people, who))
        assert other.get(page).status_code == 404
        assert other.post(f"{page}accept/", {"text": "x"}).status_code == 404
        assert call(getattr(people, who), "GET", path)[0] == 404
    assert client_of(people.claire).get("/continuity/handovers/").status_code == 404

"""Checks of quality: the month's draw, the grid, what a check finds, and what she answers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from relais.desk.errors import BadValue, Missing
from relais.desk.models import Event, Ticket
from relais.engine import sampling
from relais.engine.measures_facts import Audit, Period
from relais.people.models import Confidentiality, OrganisationChange
from relais.records import checks
from relais.records.models import CorrectiveAction, QualityCheck, QualityDraw, QualityGrid
from relais.records.quality_errors import (
    CheckNotNow,
    CheckOvertaken,
    MayNotCheck,
    Unanswered,
    WordMissing,
)
from tests.desk.conftest import PARIS, new_ticket, services  # noqa: F401
from tests.planning.conftest import call  # noqa: F401

MARCH = date(2026, 3, 1)
IN_MARCH = datetime(2026, 3, 20, 9, tzinfo=UTC)
IN_APRIL = datetime(2026, 4, 2, 9, tzinfo=UTC)
RIGHT = {one.key: "yes" for one in sampling.GRID}


@pytest.fixture
def check(world, new_ticket):  # noqa: F811
    """Return a check of a request that Alice delivered, drawn."""
    new_ticket("delivered", subject="Réserver la salle")
    checks.draw(world.provider, IN_MARCH)
    return QualityCheck.objects.get()


def fresh(check):
    return QualityCheck.objects.get(pk=check.pk)


def told(check):
    rows = OrganisationChange.objects.filter(subject=check._meta.label, subject_id=check.pk)
    return list(rows.order_by("id").values_list("kind", flat=True))


def finished(check, people, wrong=(), at=IN_APRIL):
    """Have Quentin check it, with these questions wrong."""
    if check.state == "drawn":
        check.open(by=people.quentin)
    marks = RIGHT | dict.fromkeys(wrong, "no")
    check.answer(marks, dict.fromkeys(wrong, "Mot-du-contrôle"), by=people.quentin)
    check.finish(by=people.quentin, at=at)
    return check


def copies(ticket, n, by, begin, site=None):
    """Write so many delivered requests like this one, an hour apart."""
    made = Ticket.objects.bulk_create(
        Ticket(
            provider_id=ticket.provider_id, company=ticket.company, site=site or ticket.site,
            requester=ticket.requester, service=ticket.service, subject=f"Copie {each}",
            channel="form", received_at=begin, state="delivered", holder=by,
        )
        for each in range(n)
    )  # fmt: skip
    Event.objects.bulk_create(
        Event.of(one, "delivered", by, begin + timedelta(hours=each), {})
        for each, one in enumerate(made)
    )
    return made


def test_a_month_is_drawn_once_by_a_seed_that_anybody_has(world, new_ticket):  # noqa: F811
    people, sites = world.people, world.sites
    first = new_ticket("delivered")
    february = datetime(2026, 2, 2, 8, tzinfo=UTC)
    copies(first, 10, people.alice, february)  # she knows Aix: no longer new to it
    copies(first, 12, people.alice, datetime(2026, 3, 4, 8, tzinfo=UTC))
    copies(first, 12, people.basile, datetime(2026, 3, 5, 8, tzinfo=UTC), sites.lyon)
    secret = copies(first, 1, people.alice, datetime(2026, 3, 9, 8, tzinfo=UTC))[0]
    Ticket.objects.filter(pk=secret.pk).update(confidentiality=Confidentiality.EXECUTIVE)
    gone = copies(first, 1, people.alice, datetime(2026, 3, 9, 8, tzinfo=UTC))[0]
    Ticket.objects.filter(pk=gone.pk).update(state="cancelled")

    # While the month runs: the first ten of Basile at Lyon, and what is confidential.
    assert checks.draw(world.provider, IN_MARCH) == 10 + 1 + 10  # and February's first
    assert not QualityDraw.objects.filter(month=MARCH).exists()
    made = checks.draw(world.provider, IN_APRIL)
    done = checks.delivered(MARCH, PARIS)
    expected = sampling.sample(done, f"{world.provider.pk}:2026-03")
    kept = QualityCheck.objects.filter(month=MARCH)
    assert {one.ticket_id: sorted(one.reasons) for one in kept} == {
        int(pick.key): sorted(map(str, pick.reasons)) for pick in expected
    }
    assert (len(done), made) == (26, len(expected) - 11)
    draw = QualityDraw.objects.get(month=MARCH)
    assert (draw.delivered, draw.picked) == (26, len(expected))
    before = QualityCheck.objects.count()
    copies(first, 3, people.alice, datetime(2026, 3, 30, 8, tzinfo=UTC))  # known too late
    assert checks.draw(world.provider, IN_APRIL) == 0
    assert QualityCheck.objects.count() == before
    assert {told(one)[0] for one in kept} == {"quality_drawn"}


def test_a_delivery_that_was_undone_or_done_again_is_not_counted_twice(world, new_ticket):  # noqa: F811
    ticket = new_ticket("delivered")
    event = Event.objects.get(ticket=ticket, kind="delivered")
    assert len(checks.delivered(MARCH, PARIS)) == 1
    Event.objects.bulk_create([
        Event.of(ticket, "delivered", world.people.alice, datetime(2026, 4, 1, 8, tzinfo=UTC), {})
    ])  # fmt: skip
    assert checks.delivered(date(2026, 4, 1), PARIS) == []
    ticket.tell("undone", world.people.alice, IN_MARCH, {"undone": "delivered", "event": event.pk})
    assert checks.delivered(MARCH, PARIS) == []


def test_it_is_opened_answered_finished_taken_back_and_answered_by_her(world, check):
    people = world.people
    check.open(by=people.quentin)
    check.answer({"recipient": "yes"}, {}, by=people.quentin)
    check.answer({"wording": "no"}, {"wording": "Deux fautes"}, by=people.quentin)
    assert check.answers["recipient"] == {"mark": "yes", "word": ""}
    with pytest.raises(Unanswered, match=r"procedure|Procédure"):
        check.finish(by=people.quentin)
    finished(check, people, ["wording"])
    assert (check.state, check.critical, check.minor) == ("finished", 0, 1)
    assert not CorrectiveAction.objects.exists()
    check.respond("Je relis désormais à voix haute.", by=people.alice)
    check.reopen("Le mot était juste", by=people.paul)
    assert (check.state, check.critical) == ("open", None)
    assert told(check) == [
        "quality_drawn", "quality_opened", "quality_answered", "quality_answered",
        "quality_answered", "quality_finished", "quality_responded", "quality_reopened",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "who", "verb", "error"),
    [
        ("drawn", "alice", lambda c, by: c.open(by=by), MayNotCheck),
        ("drawn", "basile", lambda c, by: c.open(by=by), MayNotCheck),
        ("drawn", "claire", lambda c, by: c.open(by=by), MayNotCheck),
        ("drawn", "bruno", lambda c, by: c.open(by=by), MayNotCheck),
        ("drawn", "paul", lambda c, by: c.answer({}, {}, by=by), CheckNotNow),
        ("open", "paul", lambda c, by: c.open(by=by), CheckNotNow),
        ("open", "paul", lambda c, by: c.finish(by=by), Unanswered),
        ("open", "paul", lambda c, by: c.answer({"recipient": "perhaps"}, {}, by=by), BadValue),
        ("open", "paul", lambda c, by: c.answer({"colour": "yes"}, {}, by=by), BadValue),
        ("open", "paul", lambda c, by: c.answer({}, {"wording": "x" * 2001}, by=by), BadValue),
        ("open", "paul", lambda c, by: c.answer({}, {}, by=by, seen=99), CheckOvertaken),
        ("open", "alice", lambda c, by: c.respond("Non", by=by), CheckNotNow),
        ("finished", "paul", lambda c, by: c.finish(by=by), CheckNotNow),
        ("finished", "paul", lambda c, by: c.reopen(" ", by=by), Missing),
        ("finished", "basile", lambda c, by: c.reopen("Non", by=by), MayNotCheck),
        ("finished", "basile", lambda c, by: c.respond("Non", by=by), MayNotCheck),
        ("finished", "alice", lambda c, by: c.respond(" ", by=by), Missing),
    ],
)  # fmt: skip
def test_it_is_refused_when_it_should_be(world, check, state, who, verb, error):
    if state == "open":
        check.open(by=world.people.quentin)
    elif state == "finished":
        finished(check, world.people)
    before = told(check)
    with pytest.raises(error):
        verb(check, getattr(world.people, who))
    assert told(check) == before


def test_an_error_is_told_in_words(world, check):
    check.open(by=world.people.paul)
    check.answer(RIGHT | {"amount": "no"}, {}, by=world.people.paul)
    with pytest.raises(WordMissing):
        check.finish(by=world.people.paul)


def test_who_delivered_it_or_holds_it_does_not_check_it(world, check):
    people = world.people
    QualityCheck.objects.filter(pk=check.pk).update(assistant=people.paul)
    assert not fresh(check).may_check(people.paul)
    assert fresh(check).may_check(people.maud)
    Ticket.objects.filter(pk=check.ticket_id).update(holder=people.maud)
    assert not fresh(check).may_check(people.maud)
    assert fresh(check).may_check(people.quentin)


def test_a_confidential_matter_is_checked_by_who_is_named_on_it(world, check):
    from relais.people.models import Clearance

    people = world.people
    Ticket.objects.filter(pk=check.ticket_id).update(confidentiality=Confidentiality.EXECUTIVE)
    assert not fresh(check).may_check(people.paul)
    assert not world.access("paul").see(QualityCheck).exists()
    Clearance.objects.create(
        provider=world.provider, person=people.maud, company=world.companies.calanques,
        starts_on=date(2026, 1, 1),
    )  # fmt: skip
    assert fresh(check).may_check(people.maud)
    assert world.access("maud").see(QualityCheck).exists()


def test_two_at_once_leave_one_winner(world, check):
    first, second = fresh(check), fresh(check)
    first.open(by=world.people.paul)
    with pytest.raises(CheckOvertaken):
        second.open(by=world.people.quentin)
    assert told(check) == ["quality_drawn", "quality_opened"]


def test_a_question_of_ones_own_is_asked_from_the_next_check_on(world, check):
    people = world.people
    check.open(by=people.paul)
    grid = QualityGrid.change(
        [{"fr": "Pièces nommées", "en": "Files named", "critical": True}], by=people.paul, seen=0
    )
    assert [one.key for one in fresh(check).questions] == list(RIGHT)  # opened before
    assert grid.questions[-1].key == "own-1"
    assert QualityGrid.change(grid.own, by=people.paul) == grid  # nothing new
    off = QualityGrid.change([], by=people.paul, seen=1)
    assert (off.number, off.own[0]["on"], len(off.questions)) == (2, False, len(RIGHT))
    for sent, seen, who, error in (
        ([], 1, "paul", CheckOvertaken),
        ([], 2, "quentin", MayNotCheck),
        ([{"key": "recipient", "fr": "x"}], 2, "paul", BadValue),
        ([{"fr": f"Q{n}"} for n in range(20)], 2, "paul", BadValue),
    ):
        with pytest.raises(error):
            QualityGrid.change(sent, by=getattr(people, who), seen=seen)
    assert QualityGrid.objects.count() == 2


def test_a_month_told_before_tells_the_same_after_a_verdict_was_taken_back(world, check):
    people, calanques = world.people, world.companies.calanques
    april = Period("2026-04", *(datetime(2026, m, 1, tzinfo=UTC) for m in (4, 5)))
    may = Period("2026-05", *(datetime(2026, m, 1, tzinfo=UTC) for m in (5, 6)))
    finished(check, people, ["amount", "wording"])
    audit = {check.ticket_id: (Audit(IN_APRIL, 1, 1),)}
    assert checks.audits_of(calanques, [april]) == audit
    assert checks.audits_of(world.companies.froid, [april]) == {}
    check.reopen("À revoir", by=people.paul, at=datetime(2026, 5, 2, 9, tzinfo=UTC))
    assert checks.audits_of(calanques, [april]) == {}
    assert checks.audits_of(calanques, [april], datetime(2026, 5, 1, tzinfo=UTC)) == audit
    again = datetime(2026, 5, 3, 9, tzinfo=UTC)
    finished(check, people, at=again)
    assert checks.audits_of(calanques, [april, may]) == {check.ticket_id: (Audit(again, 0, 0),)}
    assert checks.audits_of(calanques, [april], IN_APRIL) == audit
    assert checks.audits_of(calanques, []) == {}


def test_pages_show_each_what_is_hers(world, check, client_of):
    people = world.people
    page = f"/quality/checks/{check.pk}/"
    quentin, alice = client_of(people.quentin), client_of(people.alice)
    for path in ("/quality/", "/quality/done/", "/quality/actions/", "/quality/grid/"):
        assert quentin.get(path).status_code == 200, path
        assert client_of(people.claire).get(path).status_code == 404, path
        assert client_of(people.bruno).get(path).status_code == 404, path
    assert check.ticket.reference in quentin.get("/quality/?q=salle&state=drawn").content.decode()
    assert quentin.get("/quality/?export=csv").status_code == 200
    assert check.ticket.reference not in alice.get("/quality/").content.decode()
    assert alice.get(page).status_code == 404
    quentin.post(f"{page}open/")
    typed = {f"mark-{key}": mark for key, mark in RIGHT.items()} | {"mark-amount": "no"}
    refused = quentin.post(f"{page}answer/", typed | {"word-record": "Gardé", "finish": 1})
    assert refused.status_code == 422
    assert "Gardé" in refused.content.decode()  # nothing typed is lost
    told = typed | {"word-amount": "Un zéro de trop", "finish": 1, "seen": "9" * 500}
    assert quentin.post(f"{page}answer/", told).status_code == 302
    assert "Un zéro de trop" in alice.get(page).content.decode()
    assert check.ticket.reference in alice.get("/quality/").content.decode()
    assert alice.post(f"{page}respond/", {"text": "Compris"}).status_code == 302
    assert alice.post(f"{page}reopen/", {"text": "Non"}).status_code == 422
    assert client_of(people.basile).get(page).status_code == 404
    action = CorrectiveAction.objects.get()
    doing = f"/quality/actions/{action.pk}/"
    assert alice.get(doing).status_code == 404
    assert quentin.get(doing).status_code == 200
    assert quentin.post(f"{doing}do/").status_code == 422  # no cause yet
    sent = {"root_cause": "Barème", "owner": people.alice.pk, "seen": action.version}
    assert quentin.post(doing, sent | {"owner": people.claire.pk}).status_code == 422
    assert quentin.post(doing, sent).status_code == 302
    assert "Barème" in alice.get("/quality/").content.decode()
    assert alice.post(f"{doing}do/").status_code == 302
    assert quentin.post(f"{doing}verify/").status_code == 302
    assert quentin.post(f"{doing}reopen/", {"text": "Encore"}).status_code == 302
    assert quentin.post(f"{page}reopen/", {"text": "À revoir"}).status_code == 302
    paul = client_of(people.paul)
    asked = {"fr-0": "Pièces nommées", "on-0": "on", "seen": "0"}
    assert quentin.post("/quality/grid/", asked).status_code == 422
    assert paul.post("/quality/grid/", asked).status_code == 302
    assert "Pièces nommées" in quentin.get("/quality/grid/").content.decode()
    assert paul.post("/quality/grid/", asked).status_code == 422  # meanwhile


def test_calls_do_what_the_pages_do(world, check, call):  # noqa: F811
    people, path = world.people, f"quality_checks/{check.pk}"
    assert call(people.claire, "GET", "quality_checks")[0] == 404
    assert call(people.alice, "GET", "quality_checks") == (200, {"items": [], "next": None})
    assert call(people.alice, "GET", path)[0] == 404
    assert call(people.paul, "GET", "quality_checks", state="drawn")[1]["items"][0]["id"] == (
        check.pk
    )
    assert call(people.paul, "POST", f"{path}/open", version=9)[0] == 409
    assert call(people.paul, "POST", f"{path}/open")[1]["state"] == "open"
    lines = [{"key": key, "mark": mark} for key, mark in RIGHT.items()]
    lines[0] |= {"mark": "no", "word": "Mauvais Martin"}
    assert call(people.paul, "POST", f"{path}/answer", lines=lines[:2], finish=True)[0] == 422
    status, told = call(people.paul, "POST", f"{path}/answer", lines=lines, finish=True)
    assert (status, told["critical"], told["lines"][0]["word"]) == (200, 1, "Mauvais Martin")
    assert call(people.alice, "POST", f"{path}/respond", text="Oui")[1]["reply"] == "Oui"
    assert call(people.alice, "GET", "quality_checks", mine=True)[1]["items"][0]["critical"] == 1
    assert call(people.alice, "POST", f"{path}/reopen", text="Non")[0] == 403
    doing = f"corrective_actions/{told['action']}"
    assert call(people.alice, "GET", doing)[0] == 404
    assert (
        call(people.paul, "GET", "corrective_actions", state="open")[1]["items"][0]["owner"]["id"]
        == people.paul.pk
    )
    plan = {"root_cause": "Homonymes", "owner": people.alice.pk}
    theirs = plan | {"owner": people.claire.pk}
    assert call(people.paul, "POST", f"{doing}/plan", **theirs)[0] == 404
    assert call(people.paul, "POST", f"{doing}/plan", **plan)[1]["root_cause"] == "Homonymes"
    assert call(people.alice, "POST", f"{doing}/do")[1]["state"] == "done"
    assert call(people.alice, "POST", f"{doing}/verify")[0] == 403
    assert call(people.maud, "POST", f"{doing}/verify")[1]["state"] == "verified"
    assert call(people.maud, "POST", f"{doing}/reopen", text="Encore")[1]["state"] == "open"
    assert call(people.paul, "POST", f"{path}/reopen", text="À revoir")[1]["state"] == "open"
    assert call(people.quentin, "GET", "quality_grid")[1]["version"] == 0
    assert call(people.quentin, "POST", "quality_grid", own=[{"fr": "Q"}])[0] == 403
    assert call(people.paul, "POST", "quality_grid", own=[{"fr": "Q"}], version=0)[1]["own"] == [
        {"key": "own-1", "fr": "Q", "en": "Q", "critical": False, "on": True}
    ]

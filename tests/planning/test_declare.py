"""Away tomorrow: foreseen, declared once, taken back, given back; told to nobody else."""

from contextlib import nullcontext
from datetime import timedelta

import pytest

from relais.desk.models import DispatchMode, Letter, Ticket
from relais.offer.models import Service, ServiceSkill
from relais.people.models import Absence, Cover, Engagement, Person, Role, Skill
from relais.planning import declaring, reassuring, tasks
from relais.planning.continuity_errors import (
    AwayAlready,
    BadPeriod,
    BegunMeanwhile,
    CannotReturn,
    NotAsSeen,
    NotHers,
    NotOfPool,
    OverAlready,
)
from relais.planning.models import Relief, ReliefMove
from tests.desk.conftest import at, kinds

from .conftest import ahead

NOW = at(16)
STARTS, ENDS = at(0, days=1), at(0, days=2)


@pytest.fixture
def declare(world):
    def call(by=None, when=NOW, starts=STARTS, ends=ENDS, **more):
        return declaring.declare(
            world.people.alice, kind="leave", starts=starts, ends=ends,
            by=by or world.people.paul, at=when, **more,
        )  # fmt: skip

    return call


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def test_what_is_not_begun_moves_what_is_begun_is_handed_over_and_all_is_kept(
    world,
    new_ticket,
    declare,
):
    people = world.people
    waiting, begun = new_ticket("assigned"), new_ticket("taken")
    Ticket.objects.filter(pk=waiting.pk).update(version=waiting.version)
    waiting.clocks.update(due_at=at(17, days=2))
    foreseen = declaring.foresee(people.alice, STARTS, ENDS, NOW)
    assert {one.ticket.pk: one.how for one in foreseen.shares.lines} == {
        waiting.pk: "moves", begun.pk: "begun",
    }  # fmt: skip
    line = foreseen.sites[0]
    assert (line.site, line.chosen.person) == (world.sites.aix, people.basile)
    assert not Absence.objects.exists()  # foreseen is not done

    relief = declare(mark=foreseen.mark)
    assert Absence.objects.get().kind == "leave"
    assert [(one.site, one.backup) for one in relief.sites.all()] == [
        (world.sites.aix, people.basile)
    ]
    assert (fresh(waiting).state, fresh(waiting).holder) == ("assigned", people.basile)
    assert fresh(begun).holder == people.basile
    assert kinds(waiting)[-1] == "assigned"
    assert waiting.events.last().facts["decision"]["replanned"] == {
        "code": "absent", "from": people.alice.pk,
    }  # fmt: skip
    assert kinds(begun)[-1] == "handed_over"
    assert set(relief.moves.values_list("ticket", "how")) == {
        (waiting.pk, "moved"), (begun.pk, "handed"),
    }  # fmt: skip
    assert declare() == relief  # told twice, done once
    assert (Absence.objects.count(), Relief.objects.count()) == (1, 1)


@pytest.mark.parametrize("strict", [True, False], ids=["service only", "names allowed"])
def test_the_requester_learns_what_changes_and_nothing_of_the_absence(
    world,
    new_ticket,
    declare,
    strict,
):
    if not strict:
        Engagement.objects.update(mode=Engagement.Mode.INTERNAL)
    begun = new_ticket("taken")
    relief = declare()
    letter = Letter.objects.get(key=f"relief:{relief.pk}:{world.people.marc.pk}")
    assert begun.reference in letter.body
    assert ("le service" in letter.body) == strict
    assert ("Basile" in letter.body) != strict
    for word in ("Alice", "absen", "congé", "leave", begun.subject):
        assert word not in letter.body + letter.subject
    told = Letter.objects.get(key=f"relief:{relief.pk}:{world.people.basile.pk}")
    assert "Aix" in told.body


def test_what_changes_nothing_is_told_to_nobody(world, new_ticket, declare):
    ticket = new_ticket("assigned")
    ticket.clocks.update(due_at=at(17, days=2))
    relief = declare()
    assert relief.moves.count() == 1
    assert not Letter.objects.filter(to=world.people.marc.email, key__startswith="relief").exists()


def test_what_is_promised_before_she_leaves_stays_hers(world, new_ticket, declare):
    ticket = new_ticket("assigned")
    ticket.clocks.update(due_at=at(17, 30))
    relief = declare()
    assert (fresh(ticket).holder, relief.moves.count()) == (world.people.alice, 0)


def test_what_nobody_can_take_is_said_with_the_mend_and_waits_in_the_queue(
    world,
    new_ticket,
    services,
    declare,
):
    ticket = new_ticket("assigned")
    service = services["appointment"]
    type(service).objects.update(skill_level=3)
    ServiceSkill.objects.create(
        provider=world.provider, service=service, skill=Skill.objects.get(code="excel")
    )
    when = at(10, days=1)
    foreseen = declaring.foresee(world.people.alice, at(8, days=1), ENDS, when)
    (share,) = foreseen.shares.of("nobody")
    assert "Basile" in share.mend
    assert share.why
    relief = declare(starts=at(8, days=1), when=when)
    assert (fresh(ticket).state, fresh(ticket).holder) == ("open", None)
    assert relief.moves.get().how == ReliefMove.How.QUEUED


def test_a_leave_far_ahead_moves_nothing_before_its_eve(world, new_ticket, declare):
    ticket = new_ticket("assigned")
    ticket.clocks.update(due_at=at(17, days=12))
    relief = declare(starts=at(0, days=10), ends=at(0, days=12))
    assert fresh(ticket).holder == world.people.alice
    assert declaring.run_due(at(9, days=5)) == {"moved": 0, "returned": 0}
    assert declaring.run_due(at(9, days=9)) == {"moved": 1, "returned": 0}
    assert fresh(ticket).holder == world.people.basile
    assert declaring.run_due(at(9, 5, days=9))["moved"] == 0
    assert relief.moves.count() == 1


@pytest.mark.parametrize("chosen", [None, [], ["marc"]], ids=["as the facts say", "no", "yes"])
def test_what_moves_on_its_eve_is_told_as_chosen_and_gets_its_note(
    world, new_ticket, declare, chosen
):
    people = world.people
    Engagement.objects.update(mode=Engagement.Mode.INTERNAL)
    waiting, begun = new_ticket("assigned"), new_ticket("taken")
    for ticket in (waiting, begun):
        ticket.clocks.update(due_at=at(17, days=12))
    tell = None if chosen is None else [getattr(people, name).pk for name in chosen]
    relief = declare(starts=at(0, days=10), ends=at(0, days=12), tell=tell)
    assert fresh(begun).holder == people.alice  # months ahead nothing begun is handed over
    relief.sites.all().delete()
    relief.handovers.all().delete()
    # Something went to him by hand meanwhile, and was told: another letter, with another key.
    Letter.inform(people.marc, f"relief:{relief.pk}:{people.marc.pk}", "Premier", "Premier")
    declaring.run_due(at(9, days=9))
    assert (fresh(waiting).holder, fresh(begun).holder) == (people.basile, people.alice)
    assert relief.handovers.get().receiver == people.basile
    later = Letter.objects.filter(key=f"relief:{relief.pk}:later:{people.marc.pk}")
    assert later.count() == (chosen != [])


@pytest.mark.parametrize(
    ("who", "changes", "error"),
    [
        ("paul", {"starts": ENDS, "ends": STARTS}, BadPeriod),
        ("paul", {"starts": at(8), "ends": at(9)}, BadPeriod),
        ("paul", {"starts": at(0, days=800), "ends": at(0, days=801)}, BadPeriod),
        ("paul", {"mark": "another"}, NotAsSeen),
        ("alice", {"starts": at(0, days=9), "ends": at(0, days=12)}, NotHers),
        ("basile", {}, NotHers),
        ("claire", {}, NotHers),
    ],
)
def test_it_is_refused_with_the_mend(world, declare, who, changes, error):
    with pytest.raises(error):
        declare(by=getattr(world.people, who), **changes)
    assert not Absence.objects.exists()


def test_who_is_no_assistant_is_declared_absent_by_nobody(world):
    with pytest.raises(NotOfPool):
        declaring.foresee(world.people.quentin, STARTS, ENDS, NOW)


def test_another_absence_then_is_refused(declare):
    declare()
    with pytest.raises(AwayAlready):
        declare(ends=ENDS + timedelta(hours=1))


def test_it_is_taken_back_while_nothing_was_begun(world, new_ticket, declare):
    people = world.people
    waiting, begun = new_ticket("assigned"), new_ticket("taken")
    waiting.clocks.update(due_at=at(17, days=2))
    relief = declare()
    declaring.undo(relief, by=people.paul, at=at(16, 5))
    assert {fresh(one).holder for one in (waiting, begun)} == {people.alice}
    assert not Absence.objects.exists()
    assert fresh(relief).state == Relief.State.UNDONE
    letters = Letter.objects.filter(key__startswith=f"relief:{relief.pk}:")
    assert set(letters.values_list("state", flat=True)) == {Letter.State.WITHHELD}
    with pytest.raises(OverAlready):  # two at once: the second is told
        declaring.undo(fresh(relief), by=people.paul)


def test_what_was_begun_meanwhile_stands_against_taking_it_back(
    world,
    new_ticket,
    declare,
):
    begun = new_ticket("taken")
    relief = declare()
    fresh(begun).take(by=world.people.basile, at=at(16, 30))
    with pytest.raises(BegunMeanwhile, match=begun.reference):
        declaring.undo(relief, by=world.people.paul, at=at(16, 40))
    with pytest.raises(NotHers):
        declaring.undo(relief, by=world.people.basile)


def test_what_cannot_come_back_leaves_the_absence_as_it_is(world, new_ticket, declare):
    begun = new_ticket("taken")
    relief = declare()
    Role.objects.filter(person=world.people.alice).delete()  # she is no assistant any more
    with pytest.raises(CannotReturn, match=begun.reference):
        declaring.undo(fresh(relief), by=world.people.paul, at=at(16, 5))
    assert (fresh(relief).state, fresh(begun).holder) == ("declared", world.people.basile)
    assert Absence.objects.exists()


@pytest.mark.parametrize("read", [True, False], ids=["the lead read it", "nobody did"])
def test_what_the_lead_gives_by_hand_moves_with_her_word_alone(world, new_ticket, declare, read):
    ticket = new_ticket("assigned")
    ticket.clocks.update(due_at=at(17, days=2))
    DispatchMode.set("manual", by=world.people.paul)
    starts, when = at(8, days=1), at(10, days=1)
    mark = declaring.foresee(world.people.alice, starts, ENDS, when).mark if read else None
    declare(starts=starts, when=when, mark=mark)
    assert fresh(ticket).holder == (world.people.basile if read else None)


@pytest.mark.parametrize(("when", "left"), [(at(1, days=1), "void"), (at(12, days=1), "draft")])
def test_notes_that_nobody_gave_are_void_when_she_is_back_at_once(world, declare, when, left):
    relief = declare()
    declaring.give_back(relief, by=world.people.paul, at=when)
    assert relief.handovers.get().state == left


@pytest.mark.parametrize("end", ["undo", "give_back"])
def test_what_left_her_hands_by_itself_meanwhile_comes_back_too(world, new_ticket, declare, end):
    people, given, queued = world.people, new_ticket("open"), new_ticket("open")
    for ticket in (given, queued):
        ticket.assign(people.alice, at=at(9, 10))
        ticket.clocks.update(due_at=at(17, 30))  # promised before: it stayed
    relief = declare()
    because = {"code": "absent", "from": people.alice.pk}
    fresh(given).assign(people.basile, at=at(9, days=1), reasons={"replanned": because})
    fresh(queued).put_back({"missing": "off_duty", "replanned": because}, at=at(9, days=1))
    getattr(declaring, end)(relief, by=people.paul, at=at(10, days=1))
    assert {fresh(one).holder for one in (given, queued)} == {people.alice}
    assert dict(relief.moves.values_list("ticket", "how")) == {
        given.pk: "moved", queued.pk: "queued",
    }  # fmt: skip


def test_one_that_is_over_meanwhile_or_one_provider_s_trouble_stops_no_other(
    world, new_ticket, declare, monkeypatch
):
    ticket = new_ticket("assigned")
    ticket.clocks.update(due_at=at(17, days=5))
    declare()
    other = declaring.declare(
        world.people.basile, kind="leave", starts=STARTS, ends=ENDS, by=world.people.paul, at=NOW
    )
    whole, seen = declaring.give_back, []

    def faster(relief, **more):
        """Let somebody end the first one between the reading and the verb."""
        if not seen:
            whole(fresh(relief), by=world.people.paul, at=at(0, days=2))
        seen.append(relief)
        return whole(relief, **more)

    monkeypatch.setattr(declaring, "give_back", faster)
    assert declaring.run_due(at(0, 1, days=2)) == {"moved": 0, "returned": 1}
    assert fresh(other).state == Relief.State.RETURNED
    ran = []

    def trouble():
        ran.append(1)
        raise ValueError("a calendar")

    monkeypatch.setattr(declaring, "run_due", trouble)
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    monkeypatch.setattr(tasks, "all_tenants", lambda why: nullcontext())
    tasks.reliefs_due(0)
    assert ran


def test_at_her_return_she_has_again_what_nobody_began(world, new_ticket, declare):
    people = world.people
    waiting, begun, wanted = new_ticket("assigned"), new_ticket("taken"), new_ticket("taken")
    waiting.clocks.update(due_at=at(17, days=2))
    relief = declare()
    for ticket in (begun, wanted):
        fresh(ticket).take(by=people.basile, at=at(9, days=1))
    fresh(begun).deliver("Voilà.", by=people.basile, at=at(10, days=1))
    declaring.give_back(relief, by=people.paul, at=at(11, days=1), bring=[wanted.pk])
    assert {fresh(one).holder for one in (waiting, wanted)} == {people.alice}
    outcomes = dict(relief.moves.values_list("ticket", "outcome"))
    assert outcomes == {waiting.pk: "back", begun.pk: "done", wanted.pk: "back"}
    assert Absence.objects.get().period.upper == at(11, days=1)  # she is back before its end
    assert Letter.objects.filter(key=f"relief:{relief.pk}:return", to=people.alice.email).exists()
    with pytest.raises(OverAlready):
        declaring.give_back(fresh(relief), by=people.paul)


def test_at_the_end_of_the_absence_it_gives_back_by_itself(world, new_ticket, declare):
    ticket = new_ticket("assigned")
    ticket.clocks.update(due_at=at(17, days=5))
    relief = declare()
    assert declaring.run_due(at(12, days=1)) == {"moved": 0, "returned": 0}
    assert declaring.run_due(at(0, 1, days=2)) == {"moved": 0, "returned": 1}
    assert fresh(ticket).holder == world.people.alice
    assert fresh(relief).state == Relief.State.RETURNED
    assert declaring.run_due(at(0, 2, days=2))["returned"] == 0


def test_a_matter_for_named_persons_moves_by_the_rules_and_is_shown_to_them_alone(
    world,
    new_ticket,
    services,
    declare,
    client_of,
):
    secret = new_ticket("open", confidentiality=3, subject="Objet-secret")
    Ticket.objects.filter(pk=secret.pk).update(state="taken", holder=world.people.alice)
    relief = declare()
    assert fresh(secret).holder == world.people.alice  # the lead sees it not: she moves it not
    page = client_of(world.people.paul).get(f"/continuity/reliefs/{relief.pk}/")
    assert page.status_code == 200
    assert "Objet-secret" not in page.content.decode()
    assert "Objet-secret" in (
        client_of(world.people.alice).get(f"/continuity/reliefs/{relief.pk}/").content.decode()
    )


def test_a_requester_s_lines_on_a_matter_for_named_persons_are_shown_to_them_alone(
    world, new_ticket, declare, client_of
):
    open_one, secret = new_ticket("taken"), new_ticket("open", confidentiality=3)
    Ticket.objects.filter(pk=secret.pk).update(state="taken", holder=world.people.alice)
    foreseen = declaring.foresee(world.people.alice, STARTS, ENDS, NOW)
    shares = foreseen.shares.of("begun")
    for share in shares:  # as if somebody were cleared
        object.__setattr__(share, "to", world.people.basile)
    whole = reassuring.of(shares)
    assert secret.reference in whole[0].text()
    (shown,) = reassuring.shown(whole, {open_one.pk})
    assert (open_one.reference in shown.text(), secret.reference in shown.text()) == (True, False)
    assert secret.reference in whole[0].text()  # what is sent stays whole
    assert reassuring.shown(whole, set()) == []

    relief = declare(handed={})
    ReliefMove.objects.create(
        provider=world.provider, relief=relief, ticket=secret, how="handed",
        to=world.people.basile, at=NOW,
    )  # fmt: skip
    Ticket.objects.filter(pk=secret.pk).update(state="delivered")
    with pytest.raises(BegunMeanwhile) as refused:
        declaring.undo(relief, by=world.people.paul, at=NOW)
    assert secret.reference not in str(refused.value)


def test_handing_over_to_a_key_that_is_no_colleague_names_nobody(world, new_ticket, declare):
    begun = new_ticket("taken")
    for key in (world.people.quentin.pk, world.people.marc.pk, 10**12):
        with pytest.raises(NotOfPool) as refused:
            declare(by=world.people.alice, handed={begun.pk: key})
        assert str(key) in str(refused.value)
    assert not Absence.objects.exists()


def test_pages_and_calls(world, new_ticket, client_of):
    people = world.people
    new_ticket("assigned"), new_ticket("taken")
    paul, alice = client_of(people.paul), client_of(people.alice)
    start, end = ahead(20), ahead(20) + timedelta(days=7)
    typed = {"starts": f"{start:%Y-%m-%dT%H:%M}", "ends": f"{end:%Y-%m-%dT%H:%M}", "kind": "leave"}
    asked = typed | {"person": people.alice.pk}
    assert paul.get("/continuity/").status_code == 200
    assert "Basile" in paul.get("/continuity/declare/", asked).content.decode()
    for wrong in ("x", "9999-12-31T23:00", "0001-01-01T00:00", "2199-03-01T00:00"):
        slip = asked | {"ends": wrong, "starts": wrong}
        assert paul.get("/continuity/declare/", slip).status_code == 422, wrong
    assert paul.get("/continuity/declare/", {"person": people.marc.pk}).status_code == 302
    period = {"starts": start.isoformat(), "ends": end.isoformat()}
    call = f"/api/persons/{people.alice.pk}"
    foreseen = paul.get(f"{call}/foresee_absence", period)
    assert foreseen.json()["sites"][0]["chosen"]["name"] == "Basile Bœuf"
    mark = foreseen.json()["mark"]

    def post(who, path, **body):
        return who.post(f"/api/{path}", body, content_type="application/json")

    stale = post(paul, f"persons/{people.alice.pk}/declare_absent", **period, mark="x")
    assert stale.status_code == 409
    assert paul.post("/continuity/declare/", asked | {"mark": "x"}).status_code == 409
    sent = paul.post("/continuity/declare/", asked | {"mark": mark})
    relief = Relief.objects.get()
    assert sent.url == f"/continuity/reliefs/{relief.pk}/"
    again = post(paul, f"persons/{people.alice.pk}/declare_absent", **period)
    assert (again.status_code, again.json()["id"]) == (201, relief.pk)
    for path in (f"/continuity/reliefs/{relief.pk}/", "/continuity/"):
        assert "Alice" in paul.get(path).content.decode()
    assert paul.get(f"/api/reliefs/{relief.pk}").json()["state"] == "declared"
    assert len(paul.get("/api/reliefs").json()["items"]) == 1
    begun = Ticket.objects.get(state="taken", holder=people.alice)  # kept: no "hand-" was sent
    handed = {"ticket": begun.pk, "to": people.basile.pk}
    assert alice.post(f"/continuity/reliefs/{relief.pk}/hand_over/", handed).status_code == 302
    assert fresh(begun).holder == people.basile
    assert post(paul, f"reliefs/{relief.pk}/hand_over", **handed).status_code == 404
    for who in ("basile", "claire", "quentin", "bruno"):
        other = client_of(getattr(people, who))
        for path in (f"/continuity/reliefs/{relief.pk}/", f"/api/reliefs/{relief.pk}"):
            assert other.get(path).status_code == 404
        assert other.get("/continuity/").status_code == 404
        assert other.get(f"{call}/foresee_absence", period).status_code == 404
        assert other.post(f"/continuity/reliefs/{relief.pk}/undo/").status_code == 404
        assert post(other, f"reliefs/{relief.pk}/give_back").status_code in (404, 422)
    assert paul.post(f"/continuity/reliefs/{relief.pk}/undo/").status_code == 302
    assert fresh(relief).state == "undone"
    assert post(paul, f"reliefs/{relief.pk}/undo").status_code == 409
    assert paul.post(f"/continuity/reliefs/{relief.pk}/give_back/").status_code == 302


def _card(page, name):
    return page.content.decode().split(f'id="{name}"')[1].split("</section>")[0]


def test_an_assistant_says_that_she_is_away_tomorrow(world, new_ticket, client_of):
    alice = client_of(world.people.alice)
    begun = new_ticket("taken")
    Cover.objects.filter(person=world.people.basile).update(position="backup")
    ServiceSkill.objects.create(
        provider=world.provider, service=begun.service, skill=Skill.objects.get(code="excel")
    )
    Service.objects.update(skill_level=3)
    period = _tomorrow()
    page = client_of(world.people.paul).get(
        "/continuity/declare/", period | {"person": world.people.alice.pk}
    )
    assert "Basile Bœuf" in _card(page, "begun")
    page = alice.get("/continuity/away/", period)
    assert "Basile" in _card(page, "stand-ins")
    assert begun.reference in _card(page, "begun")
    assert "Basile" not in _card(page, "begun").replace("Basile Bœuf</option>", "")
    mine = {f"backup-{world.sites.aix.pk}": ""}  # who stands in is the lead's to choose
    assert alice.post("/continuity/away/", period | mine).status_code == 302
    assert Absence.objects.get().person == world.people.alice
    assert Relief.objects.get().sites.get().backup == world.people.basile
    assert Letter.objects.filter(to=world.people.paul.email).exists()
    assert client_of(world.people.marc).get("/continuity/away/").status_code == 404
    assert client_of(world.people.paul).get("/continuity/away/").status_code == 404


def _tomorrow():
    from django.utils import timezone

    day = timezone.localdate() + timedelta(days=1)
    return {"starts": f"{day}T00:00", "ends": f"{day + timedelta(1)}T00:00", "kind": "other"}


def test_persons_are_read_with_constant_queries(world, django_assert_max_num_queries):
    person = Person.objects.get(pk=world.people.alice.pk)
    with django_assert_max_num_queries(30):
        declaring.foresee(person, STARTS, ENDS, NOW)

"""Leave and its gate, the matrix by facts, what ifs, impacts, drills, emergency accesses."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from relais.desk.errors import BadValue, Missing
from relais.desk.models import Letter, Ticket
from relais.people.models import Absence, Cover, OrganisationChange, System
from relais.planning import breaking_glass, covering, drilling, leaving
from relais.planning.continuity_errors import (
    BadPeriod,
    DrillOver,
    GateWarns,
    LeaveAnswered,
    NotHers,
    OpenAlready,
)
from relais.planning.models import Drill, EmergencyAccess, Impact, LeaveRequest

from .conftest import ahead, at, away

SOON = timezone.now() + timedelta(days=10)
LONG = SOON + timedelta(days=3)


@pytest.fixture
def practised(world, new_ticket):
    """Alice alone has practised appointments at Aix, lately and well."""
    day = timezone.now() - timedelta(days=3)
    for _ in range(3):
        ticket = new_ticket("open", at=day)
        ticket.assign(world.people.alice, at=day)
        ticket.take(by=world.people.alice, at=day)
        ticket.deliver("Voilà.", by=world.people.alice, at=day)
        ticket.accept(by=world.people.marc, at=day)


@pytest.fixture
def impact(world, services):
    def write(**values):
        told = {"half_day": 1, "day": 3, "three_days": 4, "week": 4, "two_weeks": 4}
        return Impact.write(
            services["appointment"], world.sites.aix, by=world.people.paul,
            **(told | {"resume_hours": 8} | values),
        )  # fmt: skip

    return write


@pytest.fixture
def leave(world):
    return leaving.ask(
        world.people.alice, kind="leave", starts=SOON, ends=LONG, by=world.people.alice
    )


def kinds():
    return list(OrganisationChange.objects.order_by("id").values_list("kind", flat=True))


# Leave --------------------------------------------------------------------------------------------


def test_a_leave_that_leaves_something_critical_uncovered_asks_for_a_reason_and_is_reported(
    world, practised, impact, leave
):
    impact()
    (warning,) = covering.gate(world.people.alice, SOON, LONG)
    assert "Aix" in warning
    assert "Basile" in warning
    with pytest.raises(GateWarns):
        leaving.accept(leave, by=world.people.paul)
    assert not Absence.objects.exists()
    leaving.accept(leave, by=world.people.paul, why="Prévue depuis janvier")
    leave.refresh_from_db()
    assert (leave.state, leave.overridden) == ("accepted", [warning])
    assert leave.relief.absence.kind == "leave"
    assert kinds().count("leave_overridden") == 1
    with pytest.raises(LeaveAnswered):  # of two, one answers
        leaving.refuse(LeaveRequest.objects.get(), "Trop tard", by=world.people.paul)


@pytest.mark.parametrize(
    "change",
    [
        lambda w, i: None,  # nothing is critical
        lambda w, i: i(day=2),  # it can be borne for a day
        lambda w, i: (i(), Cover.objects.filter(person=w.people.alice).delete()),
    ],
    ids=["no impact", "borne", "not hers"],
)
def test_without_a_critical_item_of_hers_nothing_stands_against(world, practised, impact, change):
    change(world, impact)
    assert covering.gate(world.people.alice, SOON, LONG) == []


def test_a_backup_who_is_away_for_half_of_it_is_no_backup(world, practised, impact, new_ticket):
    impact()
    day, people = timezone.now() - timedelta(days=3), world.people
    for _ in range(3):
        ticket = new_ticket("open", at=day)
        ticket.assign(people.basile, at=day)
        ticket.take(by=people.basile, at=day)
        ticket.deliver("Voilà.", by=people.basile, at=day)
        ticket.accept(by=people.marc, at=day)
    starts = ahead(3)
    ends = starts + timedelta(days=14)
    assert covering.gate(people.alice, starts, ends) == []
    away(world, "basile", starts, starts + timedelta(days=7))
    assert covering.gate(people.alice, starts, ends) != []


def test_what_is_critical_is_never_cut_off(world, practised, impact, services, monkeypatch):
    other = next(one for one in services.values() if one.family != services["appointment"].family)
    Ticket.objects.filter(pk=Ticket.objects.first().pk).update(service=other)
    monkeypatch.setattr(covering, "MOST_LINES", 1)
    for service in (services["appointment"], other):
        Impact.objects.all().delete()
        Impact.write(
            service, world.sites.aix, by=world.people.paul, half_day=1, day=3, three_days=4,
            week=4, two_weeks=4, resume_hours=8,
        )  # fmt: skip
        assert covering.read().lines[0].item.critical


def test_what_is_critical_is_looked_at_though_nobody_asked_for_it_lately(world, practised, impact):
    """The bill of the year's end is missed in a leave, whoever asked for one this quarter."""
    Ticket.objects.update(received_at=timezone.now() - timedelta(weeks=13))
    assert covering.gate(world.people.alice, SOON, LONG) == []
    impact()
    (line,) = covering.read().lines
    assert (line.item.critical, line.item.hours, line.factor) == (True, 0.0, 1)
    (told,) = covering.gate(world.people.alice, SOON, LONG)
    assert "Basile" in told


def test_what_is_not_looked_at_is_said(world, practised, services, client_of, call, monkeypatch):
    other = next(one for one in services.values() if one.family != services["appointment"].family)
    Ticket.objects.filter(pk=Ticket.objects.first().pk).update(service=other)
    monkeypatch.setattr(covering, "MOST_LINES", 1)
    paul = world.people.paul
    page = client_of(paul).get(reverse("matrix")).content.decode()
    assert "1 travail de plus, le moins demandé" in page
    assert call(paul, "GET", "continuity/matrix")[1]["left_out"] == 1


def test_of_a_short_leave_nothing_is_asked(world, practised, impact):
    impact()
    assert covering.gate(world.people.alice, SOON, SOON + timedelta(days=1)) == []


def test_leave_is_asked_once_by_herself_and_answered_by_the_lead(world, leave):
    people = world.people
    again = leaving.ask(people.alice, kind="leave", starts=SOON, ends=LONG, by=people.alice)
    assert again == leave
    with pytest.raises(NotHers):
        leaving.ask(people.alice, kind="leave", starts=SOON, ends=LONG, by=people.basile)
    with pytest.raises(NotHers):
        leaving.accept(leave, by=people.basile)
    with pytest.raises(NotHers):
        leave.withdraw(by=people.basile)
    with pytest.raises(Missing):
        leaving.refuse(leave, " ", by=people.paul)
    leave.withdraw(by=people.alice)
    with pytest.raises(LeaveAnswered):
        leaving.accept(LeaveRequest.objects.get(), by=people.paul)
    assert not Absence.objects.exists()


def test_a_leave_that_was_stored_with_a_slip_of_the_year_breaks_no_page(
    world, practised, impact, client_of
):
    impact()
    for year in (2230, 9999):
        end = timezone.now().replace(year=year, month=12, day=28)
        LeaveRequest.objects.create(
            provider=world.provider, person=world.people.alice, kind="leave",
            starts_at=end - timedelta(days=9), ends_at=end, asked_at=timezone.now(),
        )  # fmt: skip
    paul = client_of(world.people.paul)
    assert paul.get("/continuity/leave/").status_code == 200
    with pytest.raises(BadPeriod):
        leaving.accept(LeaveRequest.objects.first(), by=world.people.paul, why="x")


# By facts -----------------------------------------------------------------------------------------


def test_the_matrix_counts_who_is_ready_by_proof_and_says_what_is_lacking(
    world, practised, django_assert_max_num_queries
):
    with django_assert_max_num_queries(14):
        ground = covering.read()
    (line,) = ground.lines
    assert (line.site, line.factor, line.standing) == (world.sites.aix, 1, "fragile")
    assert {one.person: one.is_ready for one in line.facts} == {
        world.people.alice: True, world.people.basile: False,
    }  # fmt: skip
    assert ground.dependencies() == [(world.people.alice, 1.0, True)]
    (flow,) = covering.flows(ground)
    assert (flow.first, flow.index, flow.alarming) == (world.people.alice, 1.0, True)
    Ticket.objects.update(confidentiality=3)
    assert covering.flows(ground) == []


def test_what_if_somebody_is_missing_says_what_is_left_and_whom_to_train(world, practised):
    ground = covering.read()
    outcome = covering.imagine(ground, people=[world.people.alice.pk])
    assert outcome.usual.undelivered == 0
    assert outcome.case.undelivered > 0
    assert outcome.sites == (world.sites.aix.pk,)
    assert outcome.training[0].person == world.people.basile.pk
    assert covering.imagine(ground, sites=[world.sites.aix.pk]).case.undelivered == 0
    more = covering.imagine(ground, more=1.0)
    assert more.case.load[world.people.alice.pk] == pytest.approx(
        2 * more.usual.load[world.people.alice.pk]
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [({"three_days": 2}, "shrink"), ({"resume_hours": 30}, "24")],
)
def test_an_impact_that_cannot_be_is_refused_with_the_mend(world, impact, values, words):
    with pytest.raises(BadValue) as refused:
        impact(**values)
    assert words in str(refused.value) or "diminue" in str(refused.value)
    assert not Impact.objects.exists()


def test_an_impact_is_written_anew_in_place(world, impact, services):
    first, second = impact(), impact(resume_hours=4)
    assert (first.pk, second.resume_hours) == (second.pk, 4)
    assert first.is_critical
    assert kinds() == ["impact_written", "impact_changed"]
    with pytest.raises(NotHers):
        Impact.write(services["appointment"], world.sites.aix, by=world.people.alice)


# Drills and accesses ------------------------------------------------------------------------------


def test_a_drill_is_scored_by_what_others_delivered_in_time(world, new_ticket):
    people = world.people
    kept, missed = new_ticket("assigned"), new_ticket("assigned")
    for ticket in (kept, missed):
        ticket.clocks.filter(kind="delivery").update(due_at=at(17))
    kept.assign(people.basile, at=at(9, 30))
    kept.take(by=people.basile, at=at(9, 40))
    kept.deliver("Voilà.", by=people.basile, at=at(16))
    drill = Drill.plan(people.alice, at(9).date(), kind="whole", by=people.paul)
    assert Drill.plan(people.alice, at(9).date(), kind="table", by=people.paul) == drill
    assert drilling.measured(drill) == (2, 1)
    Ticket.objects.filter(pk=missed.pk).update(confidentiality=3)
    assert drilling.measured(drill) == (1, 1)  # of a matter for named persons not even a count
    with pytest.raises(Missing):
        drill.close(by=people.paul, due=2, kept=1, note="", actions=[])
    drill.close(by=people.paul, due=2, kept=1, note="Clé absente", actions=["Doubler", " "])
    assert drill.score == 0.5
    with pytest.raises(DrillOver):
        Drill.objects.get().drop(by=people.paul)
    action = drill.actions.get()
    action.done(by=people.paul), action.done(by=people.paul)
    assert kinds() == ["drill_planned", "drill_scored", "drill_action_done"]
    later = timezone.localdate() + timedelta(days=9)
    ahead_of_it = Drill.plan(people.alice, later, kind="whole", by=people.paul)
    with pytest.raises(BadValue):
        ahead_of_it.close(by=people.paul, due=0, kept=0, note="Déjà", actions=[])
    ahead_of_it.drop(by=people.paul)
    again = Drill.plan(people.alice, later, kind="table", by=people.paul)
    assert (again.pk, again.state, again.kind) == (ahead_of_it.pk, "planned", "table")
    with pytest.raises(NotHers):
        Drill.plan(people.basile, at(9).date(), kind="whole", by=people.alice)


def test_breaking_the_glass_asks_for_a_reason_holds_a_day_and_is_told_to_both_leads(world):
    people = world.people
    tool = System.objects.create(
        provider=world.provider, company=world.companies.calanques, code="erp", name="Progiciel"
    )
    with pytest.raises(Missing):
        breaking_glass.open_access(tool, people.basile, " ", by=people.paul)
    with pytest.raises(NotHers):
        breaking_glass.open_access(tool, people.basile, "Urgence", by=people.basile)
    made = breaking_glass.open_access(tool, people.basile, "Alice absente", by=people.paul)
    assert made.ends_at - made.opened_at == timedelta(hours=24)
    with pytest.raises(OpenAlready):
        breaking_glass.open_access(tool, people.basile, "Encore", by=people.paul)
    letters = {letter.to: letter.body for letter in Letter.objects.all()}
    assert set(letters) == {people.claire.email, people.paul.email}
    assert "absente" not in letters[people.claire.email]
    assert "absente" in letters[people.paul.email]
    made.close(by=people.paul), made.close(by=people.paul)
    assert kinds() == ["emergency_opened", "emergency_closed"]


# Pages and calls ----------------------------------------------------------------------------------


def test_pages_and_calls(world, practised, services, client_of, call):
    people, day = world.people, timezone.localdate()
    paul, alice = client_of(people.paul), client_of(people.alice)
    first, last = ahead(20), ahead(20) + timedelta(days=3)
    typed = {
        "starts": f"{first:%Y-%m-%dT%H:%M}", "ends": f"{last:%Y-%m-%dT%H:%M}", "kind": "leave",
    }  # fmt: skip
    assert alice.post("/continuity/leave/", typed | {"ends": "x"}).status_code == 422
    assert alice.post("/continuity/leave/", typed).status_code == 302
    row = LeaveRequest.objects.get()
    impact = {"service": services["appointment"].pk, "site": world.sites.aix.pk, "resume_hours": 4,
              "day": 3, "three_days": 3, "week": 3, "two_weeks": 3}  # fmt: skip
    assert paul.post("/continuity/impacts/", impact | {"week": 0}).status_code == 422
    assert paul.post("/continuity/impacts/", impact).status_code == 302
    assert call(people.paul, "POST", "impacts", **impact)[1]["critical"]
    assert call(people.paul, "GET", "impacts")[1][0]["tolerable"] == 24
    assert "Aix" in paul.get("/continuity/leave/").content.decode()
    assert call(people.paul, "POST", f"leaves/{row.pk}/accept")[0] == 422
    assert paul.post(f"/continuity/leave/{row.pk}/accept/").status_code == 302
    assert LeaveRequest.objects.get().state == "asked"
    assert paul.post(f"/continuity/leave/{row.pk}/refuse/", {"why": "Non"}).status_code == 302
    assert alice.post(f"/continuity/leave/{row.pk}/withdraw/").status_code == 302
    period = {"starts": ahead(40).isoformat(), "ends": (ahead(40) + timedelta(3)).isoformat()}
    key = call(people.alice, "POST", "leaves", **period)[1]["id"]
    assert call(people.alice, "POST", f"leaves/{key}/accept", why="x")[0] == 404
    assert call(people.paul, "POST", f"leaves/{key}/accept", why="x")[1]["state"] == "accepted"
    assert call(people.paul, "POST", f"leaves/{key}/refuse", why="x")[0] == 409
    assert call(people.alice, "POST", f"leaves/{key}/withdraw")[0] == 409
    assert len(call(people.alice, "GET", "leaves")[1]) == 2
    assert call(people.basile, "GET", "leaves")[1] == []

    case = f"what-if/?person={people.alice.pk}&more=20"
    for path in ("matrix/", "matrix/?standing=fragile", case, "what-if/?more=x", "impacts/",
                 "drills/", "accesses/", "leave/"):  # fmt: skip
        assert paul.get(f"/continuity/{path}").status_code == 200, path
    told = call(people.paul, "GET", "continuity/matrix")[1]
    assert told["lines"][0]["able"] == 1
    lost = call(people.paul, "GET", "continuity/what_if", person=people.alice.pk)[1]
    assert lost["undelivered"]

    drill = {"person": people.alice.pk, "day": str(day), "kind": "whole"}
    for wrong in ("", "9999-12-31", "0001-01-01"):
        assert paul.post("/continuity/drills/", drill | {"day": wrong}).status_code == 422, wrong
    assert paul.post("/continuity/drills/", drill).status_code == 302
    key = call(people.paul, "POST", "drills", **drill)[1]["id"]
    sent = {"note": "Vu", "actions": "Une\nDeux"}
    assert paul.post(f"/continuity/drills/{key}/close/", sent).status_code == 302
    assert call(people.paul, "POST", f"drills/{key}/close", note="x")[0] == 409
    assert call(people.paul, "POST", f"drills/{key}/drop")[0] == 409
    actions = call(people.paul, "GET", "drills")[1][0]["actions"]
    assert paul.post(f"/continuity/actions/{actions[0]['id']}/done/").status_code == 302
    assert call(people.paul, "POST", f"drill_actions/{actions[1]['id']}/done")[1]["done"]

    tool = System.objects.create(
        provider=world.provider, company=world.companies.calanques, code="erp", name="Progiciel"
    )
    glass = {"system": tool.pk, "person": people.basile.pk, "why": "Urgence"}
    assert paul.post("/continuity/accesses/", glass | {"why": ""}).status_code == 422
    assert paul.post("/continuity/accesses/", glass).status_code == 302
    key = EmergencyAccess.objects.get().pk
    body = {"tool": tool.pk, "person": people.basile.pk, "why": "Encore"}
    assert call(people.paul, "POST", "emergency_accesses", **body)[0] == 409
    assert len(call(people.basile, "GET", "emergency_accesses")[1]) == 1
    assert call(people.alice, "GET", "emergency_accesses")[1] == []
    assert paul.post(f"/continuity/accesses/{key}/close/").status_code == 302
    assert call(people.paul, "POST", f"emergency_accesses/{key}/close")[0] == 200

    for who in ("alice", "claire", "quentin"):
        other, person = client_of(getattr(people, who)), getattr(people, who)
        for path in ("matrix", "what-if", "impacts", "drills"):
            assert other.get(f"/continuity/{path}/").status_code == 404
        for path in ("continuity/matrix", "continuity/what_if", "impacts", "drills"):
            assert call(person, "GET", path)[0] == 404
    for path in ("leaves", "emergency_accesses"):
        assert call(people.claire, "GET", path)[0] == 404
    assert client_of(people.claire).get("/continuity/leave/").status_code == 404

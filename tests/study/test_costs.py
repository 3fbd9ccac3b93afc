"""What it costs: three scenarios proposed, typed, side by side; read by very few."""

import pytest
from django.urls import reverse

from relais.people.models.organisation_change import OrganisationChange
from relais.study import costing, sizing
from relais.study.errors import ChangedMeanwhile, NothingToSize, NotInThisPhase
from relais.study.models import CostLine, CostScenario, Study

from .conftest import a_line


@pytest.fixture
def scenarios(world, study):
    """Give the study its three scenarios, by kind."""
    for site in (world.sites.aix, world.sites.lyon):
        a_line(study, site, count=22, period="week", waiting=10, rework=5)
    sizing.make(study, {}, by=world.people.maud)
    costing.propose(study, by=world.people.maud)
    return {one.kind: one for one in study.cost_scenarios.all()}


def test_scenarios_are_proposed_once_and_marked(world, study, scenarios):
    assert set(scenarios) == {"dedicated", "shared", "outsourced"}
    assert all(CostLine.objects.values_list("assumed", flat=True))
    salaries = scenarios["dedicated"].lines.first()
    assert salaries.amount == pytest.approx(salaries.posts * 40_000 * 1.42)
    assert costing.propose(study, by=world.people.maud) == []
    assert CostScenario.objects.count() == 3
    assert OrganisationChange.objects.filter(kind="costs_proposed").count() == 1


def test_nothing_is_proposed_before_anything_is_sized(world, study):
    with pytest.raises(NothingToSize):
        costing.propose(study, by=world.people.maud)


def test_they_stand_side_by_side_at_three_volumes(world, study, scenarios):
    CostLine.objects.all().delete()
    one = scenarios["shared"]
    for name, amount, behaviour, posts in (
        ("Postes", 100_000, "posts", 2), ("Loyer", 20_000, "fixed", 0),
        ("Forfait", 30_000, "variable", 0), ("Départ", 5_000, "once", 0),
    ):  # fmt: skip
        costing.add_line(
            one, {"name": name, "amount": amount, "behaviour": behaviour, "posts": posts},
            by=world.people.maud,
        )  # fmt: skip
    one.edit({"hour_cost": 0.0, "hours": 1000.0}, by=world.people.maud)
    told = costing.side_by_side(study, [CostScenario.objects.get(pk=one.pk)])[0]
    assert told.cost.yearly == pytest.approx((141_000, 150_000, 209_000))
    assert (told.cost.fixed_share, told.cost.once) == (0.8, 5_000)
    CostScenario.objects.update(hour_cost=40, friction_left=50)
    worse = costing.side_by_side(study, [CostScenario.objects.get(pk=one.pk)])[0]
    hours = costing.friction_hours(study)
    assert hours == pytest.approx(2 * 22 * 52 * 0.5 * 0.15, rel=0.01)
    assert worse.friction == pytest.approx(hours / 2 * 40)
    assert worse.cost.yearly[1] == pytest.approx(150_000 + worse.friction)


def test_a_line_typed_is_no_assumption_and_two_at_once_leave_one_winner(world, scenarios):
    line = scenarios["shared"].lines.first()
    other = CostLine.objects.get(pk=line.pk)
    line.edit({"amount": 7.0}, by=world.people.maud)
    for verb in (lambda: other.edit({"amount": 8.0}, by=world.people.maud),
                 lambda: other.remove(by=world.people.maud)):  # fmt: skip
        with pytest.raises(ChangedMeanwhile):
            verb()
    line.refresh_from_db()
    assert (line.amount, line.assumed) == (7.0, False)
    line.remove(by=world.people.maud)
    told = OrganisationChange.objects.filter(kind__startswith="cost_").order_by("pk")
    assert list(told.values_list("kind", flat=True)) == ["cost_edited", "cost_removed"]
    Study.objects.update(phase="decided")
    late = scenarios["shared"].lines.select_related("scenario__study").first()
    with pytest.raises(NotInThisPhase):
        late.edit({"amount": 1.0}, by=world.people.maud)


def test_management_types_them_on_the_page(world, study, scenarios, client_of):
    maud, one = client_of(world.people.maud), scenarios["outsourced"]
    page = maud.get(reverse("costs", args=[study.pk])).content.decode()
    assert "hypothèse" in page and "Externalisé" in page and "−30 %" in page
    sent = maud.post(
        reverse("cost_line_new", args=[one.pk]),
        {"name": "Audit", "amount": "1200", "behaviour": "fixed"},
    )
    line = one.lines.get(name="Audit")
    assert sent.status_code == 302 and not line.assumed
    wrong = maud.post(
        reverse("cost_line", args=[line.pk]),
        {"name": "Audit", "amount": "1200", "behaviour": "posts", "version": 1},
    )
    assert wrong.status_code == 422 and wrong.context["form"].errors["posts"]
    typed = {"hours": 900, "hour_cost": 30, "friction_left": 101, "hours_returned": 0,
             "hour_worth": 0}  # fmt: skip
    assert maud.post(reverse("cost_scenario", args=[one.pk]), typed).status_code == 422
    typed["friction_left"] = 20
    assert maud.post(reverse("cost_scenario", args=[one.pk]), typed).status_code == 302
    assert maud.post(reverse("cost_line_remove", args=[line.pk])).status_code == 302
    assert not one.lines.filter(name="Audit").exists()


def test_the_api_does_the_same(world, study, scenarios, call):
    maud, one = world.people.maud, scenarios["shared"]
    told = call(maud, "GET", f"studies/{study.pk}/costs")[1]
    assert [each["kind"] for each in told] == ["dedicated", "shared", "outsourced"]
    assert len(told[0]["yearly"]) == 3 and told[0]["lines"][0]["assumed"]
    assert call(maud, "POST", f"studies/{study.pk}/costs/propose")[0] == 200
    path = f"cost_scenarios/{one.pk}"
    status, line = call(maud, "POST", f"{path}/lines", name="Train", amount=900)
    assert status == 201 and line["behaviour"] == "fixed"
    body = {"name": "Train", "amount": 800, "version": 9}
    assert call(maud, "POST", f"cost_lines/{line['id']}/edit", **body)[0] == 409
    body["version"] = 1
    assert call(maud, "POST", f"cost_lines/{line['id']}/edit", **body)[1]["amount"] == 800
    assert call(maud, "POST", f"cost_lines/{line['id']}/remove")[1] == {"removed": 1}
    body = {"hours": 10, "hour_cost": 1, "friction_left": 0}
    assert not call(maud, "POST", f"{path}/edit", **body)[1][1]["assumed"]


def test_nobody_else_reads_what_it_costs(world, study, scenarios, client_of, call):
    people, page = world.people, reverse("costs", args=[study.pk])
    api, line = f"studies/{study.pk}/costs", CostLine.objects.first()
    assert call(people.sylvie, "GET", api)[0] == 404  # nothing is told yet
    Study.objects.update(phase="restitution")
    assert call(people.sylvie, "GET", api)[0] == 200
    assert client_of(people.sylvie).get(page).status_code == 200
    assert client_of(people.sylvie).get(reverse("cost_line", args=[line.pk])).status_code == 404
    assert call(people.sylvie, "POST", f"cost_lines/{line.pk}/remove")[0] == 404
    for who in ("paul", "basile", "claire", "fanny"):
        person = getattr(people, who)
        assert client_of(person).get(page).status_code == 404, who
        assert call(person, "GET", api)[0] == 404
        assert call(person, "POST", f"{api}/propose")[0] == 404
        assert call(person, "POST", f"cost_lines/{line.pk}/remove")[0] == 404

"""How many people: terms typed on the page, the pencil's figures, weeks lived, and who reads it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from relais.desk.models import Ticket
from relais.lib.tenancy import tenant
from relais.offer import catalogue
from relais.offer.models import Service
from relais.people.models import Confidentiality, Site
from relais.people.models.organisation_change import OrganisationChange
from relais.study import sizing, sizing_charts, sizing_words
from relais.study.errors import ChangedMeanwhile, NothingToSize, NotInThisState, NotPiloting
from relais.study.models import Sizing, StudySite

from .conftest import a_line


@pytest.fixture
def six(world, study):
    """Give the study six sites of 22 hours a week each."""
    sites = [world.sites.aix, world.sites.lyon]
    for name in ("Lille", "Nice", "Dijon", "Metz"):
        sites.append(
            Site.objects.create(
                provider=world.provider,
                company=study.company,
                name=name,
                city=name,
                calendar=world.sites.aix.calendar,
                entity=world.sites.aix.entity,
            )
        )
        StudySite.objects.create(provider=world.provider, study=study, site=sites[-1])
    for site in sites:
        a_line(
            study, site, count=22, period="week", minutes_low=60, minutes_usual=60, minutes_high=60
        )
    return study


@pytest.fixture
def drawn(monkeypatch):
    """Draw nothing: drawings have a test of their own."""
    monkeypatch.setattr(sizing_charts, "drawn", lambda lived: {"curve": {"fr": "<svg/>"}})


def typed(**more):
    """Return what the page posts."""
    given = {name: "" if value is None else value for name, value in sizing.TERMS.items()}
    return given | {"spread": 35, "correlation": 20} | more


def count(six, client, **more):
    sent = client.post(reverse("sizing_new", args=[six.pk]), typed(**more))
    assert sent.status_code == 302, sent.content.decode()
    return six.sizings.first()


def test_the_vectors_of_the_domain_through_the_page(world, six, client_of):
    paul = client_of(world.people.paul)
    made = count(six, paul, calls=6)
    ways = {one["way"]: one for one in made.formula["ways"]}
    assert round(ways["apart"]["hours"]) == 191 and round(ways["together"]["hours"]) == 166
    assert round(100 * ways["together"]["gain"]["share"], 1) == 13.1
    assert (ways["apart"]["posts"], ways["together"]["posts"]) == (9, 6)
    absence = dict(made.formula["standby"])
    assert [absence[n] for n in (1, 2, 3, 5, 8)] == [2, 4, 5, 8, 12]
    phone = made.formula["phone"]
    assert (phone["each"], phone["apart"], phone["together"]) == (2, 12, 7)
    year = made.formula["year"]
    assert [round(year[key]) for key in ("hours", "after_rituals", "productive")] == [
        1489, 1425, 1211,
    ]  # fmt: skip
    assert round(year["a_week"], 1) == 23.3
    page = paul.get(reverse("sizings", args=[six.pk])).content.decode()
    for told in ("191", "166", "13,1", "9", "1 211 h", "212,7 jours", "23,3 h"):
        assert told.replace(" ", "\u202f", 1) in page or told in page, told
    centre = count(six, paul, sickness=9.8, correlation=50, calls="")
    assert round(centre.formula["year"]["productive"]) == 1159
    assert round(next(w for w in centre.formula["ways"] if w["way"] == "together")["hours"]) == 177
    assert centre.number == 2 and centre.formula["phone"] is None
    former = paul.get(reverse("sizings", args=[six.pk]), {"number": 1}).content.decode()
    assert "13,1" in former


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("service", "110"), ("sickness", "x"), ("step", "0"), ("weekdays", ""),
        ("normal_share", "90"), ("leave", "300"), ("rituals", "40"), ("replications", "2"),
    ],
)  # fmt: skip
def test_bad_terms_name_their_field(world, six, client_of, call, field, value):
    sent = client_of(world.people.paul).post(
        reverse("sizing_new", args=[six.pk]), typed(**{field: value})
    )
    assert sent.status_code == 422 and sent.context["form"].errors[field]
    assert not six.sizings.exists()
    if value.isdecimal():
        path = f"studies/{six.pk}/sizings"
        status, told = call(world.people.paul, "POST", path, **{field: int(value)})
        assert status == 422 and field in str(told)


def test_a_year_of_which_nothing_is_left_is_refused(world, six, call):
    less = {"weekdays": 200, "leave": 80, "extra_leave": 40, "training": 60, "sickness": 60}
    status, told = call(world.people.paul, "POST", f"studies/{six.pk}/sizings", **less)
    assert status == 422 and "leave" in str(told)


def test_an_inventory_without_hours_cannot_be_sized(world, study, client_of):
    a_line(study, world.sites.aix, count=0)
    with pytest.raises(NothingToSize):
        sizing.make(study, {}, by=world.people.paul)
    sent = client_of(world.people.paul).post(reverse("sizing_new", args=[study.pk]), typed())
    assert sent.status_code == 422


def test_correlation_comes_from_the_weeks_that_the_desk_lived(world, study):
    catalogue.preload(world.provider)
    service = Service.objects.get(code="appointment")
    now = timezone.now()
    monday = (now - timedelta(days=now.weekday())).replace(hour=10, minute=0)
    for site, person in ((world.sites.aix, "marc"), (world.sites.lyon, "nadia")):
        a_line(study, site, count=20, period="week")
        for week in range(1, 13):
            for n in range(1 + week % 4):
                Ticket.receive(
                    site=site, requester=getattr(world.people, person), service=service,
                    subject="Point", channel="form", priority=3,
                    at=monday - timedelta(days=7 * week, hours=-n),
                )  # fmt: skip
    made = sizing.make(study, {}, by=world.people.paul)
    told = made.basis["correlation"]
    assert not told["assumed"] and told["weeks"] == 12 and told["mean"] > 0.9
    assert "12" in sizing_words.basis_said(made.basis, made.terms)
    assert not sizing.is_stale(made)
    # What class C3 brings is for named persons: no week of it is counted.
    Ticket.objects.update(confidentiality=Confidentiality.EXECUTIVE)
    again = sizing.make(study, {}, by=world.people.paul)
    assert again.basis["correlation"]["assumed"] and sizing.is_stale(made)


QUICK = {"replications": 4, "spread": 20}


@pytest.fixture
def small(world, study):
    """Give the study two sites with a little work, counted."""
    for site in (world.sites.aix, world.sites.lyon):
        a_line(study, site, count=12, period="week")
    return sizing.make(study, sizing.TERMS | QUICK, by=world.people.paul)


def test_weeks_are_lived_in_the_background_and_kept(world, small, drawn, client_of):
    sizing.begin(small, by=world.people.paul)
    version = small.version
    sizing.run(world.provider.pk, small.pk, version)
    sizing.run(world.provider.pk, small.pk, version)
    small.refresh_from_db()
    assert (small.state, small.lived["replications"]) == ("lived", 4)
    ways = {one["way"]: one for one in small.lived["ways"]}
    assert ways["together"]["whole"] <= ways["apart"]["whole"] == sum(small.lived["teams"])
    assert ways["together"]["difference"]["verdict"] in ("gains", "unsure")
    assert small.done >= 12 and len(small.digest) == 64
    page = client_of(world.people.paul).get(reverse("sizings", args=[small.study_id]))
    told = page.content.decode()
    assert (
        "Courbe de capacité" in told and reverse("sizing_chart", args=[small.pk, "curve"]) in told
    )
    # The same seed on the same inputs: the same figures.
    twin = sizing.make(small.study, sizing.TERMS | QUICK, by=world.people.paul)
    assert twin.digest == small.digest


def test_a_simulation_is_stopped_with_the_best_so_far(world, small, drawn, monkeypatch):
    people = world.people
    with pytest.raises(NotInThisState):
        small.stop(by=people.paul)
    sizing.begin(small, by=people.paul)

    def rounds(basis, terms, seed, told):
        yield {"replications": 4, "ways": [], "share": 0.9, "teams": []}
        Sizing.objects.get(pk=small.pk).stop(by=people.paul)
        told.tell()
        raise AssertionError("nobody stopped it")

    monkeypatch.setattr(sizing, "lived", rounds)
    sizing.run(world.provider.pk, small.pk, small.version)
    small.refresh_from_db()
    assert (small.state, small.lived["replications"]) == ("lived", 4)
    kinds = OrganisationChange.objects.filter(kind__startswith="sizing_").order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == ["sizing_begun", "sizing_stopped"]


def test_promises_nobody_could_keep_and_faults_are_said(world, small, drawn, monkeypatch):
    from relais.engine.capacity_study import Unkeepable

    for fault, said in ((Unkeepable("never"), sizing.UNKEEPABLE), (OSError(), sizing.BROKE_OFF)):

        def rounds(*_all, fault=fault):
            raise fault
            yield

        monkeypatch.setattr(sizing, "lived", rounds)
        small.refresh_from_db()
        sizing.begin(small, by=world.people.paul)
        if isinstance(fault, OSError):
            with pytest.raises(OSError):
                sizing.run(world.provider.pk, small.pk, small.version)
        else:
            sizing.run(world.provider.pk, small.pk, small.version)
        small.refresh_from_db()
        assert (small.state, small.problem) == ("told", said)


def test_two_at_once_leave_one_winner(world, small):
    other = Sizing.objects.get(pk=small.pk)
    sizing.begin(small, by=world.people.paul)
    with pytest.raises(ChangedMeanwhile):
        sizing.begin(other, by=world.people.basile)
    with pytest.raises(NotInThisState):
        sizing.begin(small, by=world.people.paul)
    with pytest.raises(NotPiloting):
        small.stop(by=world.people.sylvie)
    # A worker that fell silent leaves it to be begun anew.
    Sizing.objects.update(told_at=timezone.now() - timedelta(minutes=5))
    small.refresh_from_db()
    sizing.begin(small, by=world.people.paul)


def test_the_client_reads_it_once_results_are_told(world, small, client_of, call):
    people, study = world.people, small.study
    path, page = f"studies/{study.pk}/sizings", reverse("sizings", args=[study.pk])
    assert call(people.paul, "GET", path)[0] == 200
    assert client_of(people.sylvie).get(page).status_code == 404
    with tenant(world.provider.pk):
        type(study).objects.update(phase="restitution")
    status, told = call(people.sylvie, "GET", f"sizings/{small.pk}")
    assert status == 200 and told["ways"][0]["way"] == "apart"
    assert client_of(people.claire).get(page).status_code == 200
    for who in ("luc", "marc", "fanny", "alice"):
        assert client_of(getattr(people, who)).get(page).status_code == 404
        assert call(getattr(people, who), "GET", f"sizings/{small.pk}")[0] == 404
    for who in ("sylvie", "claire"):
        for verb in ("live", "stop"):
            assert call(getattr(people, who), "POST", f"sizings/{small.pk}/{verb}")[0] == 404
        assert call(getattr(people, who), "POST", path)[0] == 404
        assert client_of(getattr(people, who)).post(
            reverse("sizing_live", args=[small.pk])
        ).status_code == 404  # fmt: skip


def test_the_api_sizes_simulates_and_stops(world, small, call):
    paul = world.people.paul
    status, made = call(paul, "POST", f"studies/{small.study_id}/sizings", service=95, calls=6)
    assert status == 201 and made["terms"]["service"] == 95 and made["phone"]["each"] == 2
    assert call(paul, "POST", f"sizings/{made['id']}/live", version=9)[0] == 409
    assert call(paul, "POST", f"sizings/{made['id']}/live", version=1)[1]["state"] == "running"
    assert call(paul, "POST", f"sizings/{made['id']}/stop")[0] == 200
    assert call(paul, "GET", f"sizings/{made['id']}/charts/curve")[0] == 404
    assert len(call(paul, "GET", f"studies/{small.study_id}/sizings")[1]["items"]) == 2

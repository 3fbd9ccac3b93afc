"""From study to service: made once, linked to its lines, taken back untouched, started in waves."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from relais.desk.models import Ticket, TimeEntry
from relais.offer import catalogue
from relais.offer.errors import MayNotKeep
from relais.offer.models import Agreement, AgreementVersion, Procedure, Service
from relais.people.models import Cover, OrganisationChange
from relais.planning.models import VolumeProfile
from relais.study import generating, turned_out
from relais.study.choosing_errors import (
    AlreadyUndone,
    NothingToGenerate,
    NotOfThePool,
    NotReadyToStart,
    PostOvertaken,
    Touched,
    WaveNotNow,
    WaveOvertaken,
)
from relais.study.errors import NotPiloting
from relais.study.models import Generated, Generation, InventoryLine, Origin, Post, Wave

from .conftest import a_line

START = date(2027, 1, 4)


@pytest.fixture
def lines(world, study):
    """Two lines of one work, one that the catalogue knows, one that stays local."""
    catalogue.preload(world.provider)
    aix, lyon = world.sites.aix, world.sites.lyon
    invoice = {"family": "invoicing", "period": "week", "trigger": "Facture reçue"}
    return [
        a_line(study, aix, "Saisir les lettres de voiture", **invoice, count=30),
        a_line(study, lyon, "Saisir les lettres de voiture", **invoice, count=5,
               minutes_high=90, output="Lettre saisie"),
        a_line(study, aix, "x", service=Service.objects.get(code="appointment")),
        a_line(study, lyon, "Arroser les plantes", family="facilities", target="local"),
    ]  # fmt: skip


@pytest.fixture
def made(world, study, lines):
    return generating.generate(study, START, by=world.people.paul)


def counted():
    tables = (Service, Procedure, AgreementVersion, Post, Wave, Generated, Origin, Generation)
    return [table.objects.count() for table in tables]


def one(kind, **more):
    return Generated.objects.get(kind=kind, generation__undone_at=None, **more)


def test_nothing_is_made_by_looking_and_the_same_is_made_once(world, study, lines):
    before = counted()
    plan = generating.preview(study, START, by=world.people.paul)
    assert counted() == before
    assert {item.status for item in plan.of("service")} == {"new", "matched"}
    first = generating.generate(study, START, by=world.people.paul)
    after = counted()
    assert generating.generate(study, START, by=world.people.paul) == first
    assert counted() == after
    told = OrganisationChange.objects.filter(kind="service_generated")
    assert told.count() == 1
    a_line(study, world.sites.aix, "Classer les polices d’assurance", family="contracts")
    generating.generate(study, START, by=world.people.paul)  # what came since is added
    assert Generation.objects.count() == 1
    assert Service.objects.count() == after[0] + 1


def test_each_thing_says_what_the_lines_say_and_where_it_comes_from(world, study, lines, made):
    people = world.people
    service = one("service", made=True).row
    assert (service.code, service.active) == ("saisir-les-lettres-de-voiture", False)
    # 35 a week, of which 30 take 20-30-40 minutes and 5 take 20-30-90.
    assert service.standard_minutes == 30
    assert 35 <= service.p90_minutes <= 45
    assert set(one("service", made=True).origins.values_list("line", flat=True)) == {
        lines[0].pk, lines[1].pk,
    }  # fmt: skip
    assert InventoryLine.objects.get(pk=lines[0].pk).service == service
    assert one("service", made=False).row.code == "appointment"
    todo = one("procedure", order=1).row
    assert (todo.code, todo.owner) == (service.code, people.alice)  # she leads Aix
    assert todo.draft.told.trigger_fr == "Facture reçue"
    assert todo.draft.told.outputs_fr == "Lettre saisie"
    assert Service.objects.get(pk=service.pk).procedure == todo
    draft = one("agreement").row
    assert (draft.state, draft.effective_from) == ("draft", START)
    told = draft.terms()
    assert {scope.site for scope in told.scopes} == {world.sites.aix.pk, world.sites.lyon.pk}
    assert told.target("delivery", service=0, family="", priority=None).hours == 16
    assert not Origin.objects.filter(line=lines[3]).exists()  # it stays local


def test_people_hold_posts_where_the_pool_has_them_and_are_proposed_elsewhere(world, study, made):
    people, sites = world.people, world.sites
    posts = {(post.site_id, post.position): post for post in Post.objects.all()}
    assert posts[sites.aix.pk, "lead"].person == people.alice
    assert posts[sites.lyon.pk, "lead"].person == people.basile
    empty = posts[sites.lyon.pk, "backup"]
    assert (empty.person, empty.proposed) == (None, people.alice)
    other = Post.objects.get(pk=empty.pk)
    with pytest.raises(NotOfThePool):
        empty.fill(people.marc, by=people.paul)
    with pytest.raises(NotPiloting):
        empty.fill(people.chloe, by=people.alice)
    empty.fill(people.chloe, by=people.paul)
    assert Cover.objects.get(site=sites.lyon, person=people.chloe).position == "backup"
    with pytest.raises(PostOvertaken):
        other.fill(people.alice, by=people.paul)


def test_taken_back_and_made_again_it_is_there_once(world, study, lines, made):
    paul, before = world.people.paul, counted()
    generating.undo(study, by=paul)
    assert not AgreementVersion.objects.filter(state="draft").exists()
    assert Procedure.objects.get(code="saisir-les-lettres-de-voiture").draft is None
    assert not Wave.objects.exclude(state="dropped").exists()
    with pytest.raises(AlreadyUndone):
        generating.undo(study, by=paul)
    generating.generate(study, START, by=paul)
    assert counted()[:2] == before[:2]  # no service and no procedure twice
    assert Agreement.objects.count() == 1
    assert Agreement.objects.get().draft.number == 2


@pytest.mark.parametrize(
    "touch",
    [
        lambda by: one("agreement").row.edit(by=by, note="Relu"),
        lambda by: Service.objects.get(code="saisir-les-lettres-de-voiture").edit(
            by=by, words="cmr"
        ),
        lambda by: Procedure.objects.get(code="saisir-les-lettres-de-voiture").draft.edit(
            by=by, note="Commencée"
        ),
        lambda by: Wave.objects.first().edit(by=by, name="Autre"),
    ],
    ids=["agreement", "service", "procedure", "wave"],
)
def test_what_somebody_worked_on_is_not_taken_back(world, study, made, touch):
    touch(world.people.paul)
    before = counted()
    with pytest.raises(Touched):
        generating.undo(study, by=world.people.paul)
    assert counted() == before
    assert AgreementVersion.objects.get().state == "draft"


def test_it_is_made_by_who_leads_the_study_and_keeps_the_catalogue(world, study, lines):
    for name, refusal in (("alice", NotPiloting), ("sylvie", NotPiloting), ("basile", MayNotKeep)):
        with pytest.raises(refusal):  # Basile pilots the study, but writes no catalogue
            generating.generate(study, START, by=getattr(world.people, name))
    assert not Generation.objects.exists()


def test_an_empty_study_makes_nothing(world, study):
    with pytest.raises(NothingToGenerate):
        generating.generate(study, START, by=world.people.paul)


def test_a_wave_starts_after_the_one_before_and_opens_its_services(world, study, lines, made):
    paul = world.people.paul
    pilot, second = Wave.objects.order_by("number")
    assert [link.site for link in pilot.sites.all()] == [world.sites.lyon]  # the smallest
    assert second.starts_on - pilot.starts_on == timedelta(weeks=8)
    with pytest.raises(NotReadyToStart):  # nobody backs Lyon up yet
        generating.start_wave(pilot, by=paul)
    Post.objects.get(site=world.sites.lyon, position="backup").fill(world.people.chloe, by=paul)
    with pytest.raises(NotReadyToStart):
        generating.start_wave(second, by=paul)
    stale = Wave.objects.get(pk=pilot.pk)
    (opened,) = generating.start_wave(pilot, by=paul)
    assert (opened.code, opened.active) == ("saisir-les-lettres-de-voiture", True)
    with pytest.raises(WaveOvertaken):
        generating.start_wave(stale, by=paul)
    with pytest.raises(WaveNotNow):
        pilot.edit(by=paul, name="Trop tard")
    pilot.steady(by=paul)
    generating.start_wave(second, by=paul)
    kinds = list(OrganisationChange.objects.filter(kind__startswith="wave").values_list("kind"))
    assert len(kinds) == 3


def test_after_months_the_desk_stands_beside_the_study(world, study, lines, made):
    people, lyon = world.people, world.sites.lyon
    pilot = Wave.objects.order_by("number").first()
    Post.objects.get(site=lyon, position="backup").fill(people.chloe, by=people.paul)
    began = timezone.now() - timedelta(days=120)
    (service,) = generating.start_wave(pilot, by=people.paul, on=began.date())
    for days in (10, 20, 100):  # the third: after three months, before six
        ticket = Ticket.receive(
            site=lyon, requester=people.nadia, service=service, subject="CMR", channel="form",
            at=began + timedelta(days=days),
        )  # fmt: skip
        TimeEntry.objects.create(
            provider=world.provider, ticket=ticket, person=people.basile, minutes=40,
            started_at=ticket.received_at, stopped_at=ticket.received_at,
        )  # fmt: skip
    (row,) = turned_out.rows(study)
    three, six = row.seen
    assert (three.requests, three.whole, three.minutes) == (2, True, 40)
    assert (six.requests, six.whole) == (3, False)
    assert row.a_month == pytest.approx(5 * 52 / 12)
    assert three.foreseen == pytest.approx(5 * 52 / 4)
    assert six.foreseen == pytest.approx(5 * 52 / 365.25 * 120, rel=0.02)


def test_pages_and_calls(world, study, lines, client_of):
    people = world.people
    urls = ["service/", "turned-out/"]
    for name in ("sylvie", "claire", "marc", "alice", "erwan"):
        client = client_of(getattr(people, name))
        for url in urls:
            assert client.get(f"/studies/{study.pk}/{url}").status_code == 404, (name, url)
    lead = client_of(people.paul)
    page = lead.get(f"/studies/{study.pk}/service/?starts_on=2027-01-04").content.decode()
    assert "Saisir les lettres de voiture" in page
    assert lead.get(f"/studies/{study.pk}/service/?starts_on=x").status_code == 422
    lead.post(f"/studies/{study.pk}/service/generate/", {"starts_on": "2027-01-04"})
    thing = one("service", made=True)
    assert "Lyon" in lead.get(f"/studies/{study.pk}/service/things/{thing.pk}/").content.decode()
    line = thing.origins.first().line_id
    origins = f"/studies/{study.pk}/service/things/{thing.pk}/"
    assert f"/study-lines/{line}/" in lead.get(origins).content.decode()  # both ways
    assert origins in lead.get(f"/study-lines/{line}/").content.decode()
    told = lead.get(f"/api/came-from/service/{thing.thing_id}").json()
    assert {each["task"] for each in told} == {"Saisir les lettres de voiture"}
    assert (
        "Diagnostic" in lead.get(f"/studies/came-from/service/{thing.thing_id}/").content.decode()
    )
    waves = client_of(people.sylvie).get(f"/studies/{study.pk}/waves/").content.decode()
    assert "Pilote" in waves
    assert "Chloé" not in waves  # posts are the provider's own affair
    assert client_of(people.sylvie).get(f"/api/studies/{study.pk}/posts").status_code == 404
    lead.post(f"/studies/{study.pk}/service/undo/")
    assert generating.standing(study) is None


def test_the_planning_foresees_by_the_inventory_until_it_is_taken_back(world, study, lines):
    InventoryLine.objects.filter(pk=lines[0].pk).update(months=[2] * 6 + [0] * 6)
    InventoryLine.objects.filter(pk=lines[2].pk).update(secrecy=3)
    paul = world.people.paul
    generating.generate(study, START, by=paul)
    found = {(one.site, one.family): one for one in VolumeProfile.objects.select_related("site")}
    assert set(found) == {(world.sites.aix, "invoicing"), (world.sites.lyon, "invoicing")}
    aix = found[world.sites.aix, "invoicing"]
    assert (aix.yearly, aix.months) == (30 * 52, [2.0] * 6 + [0.0] * 6)
    assert found[world.sites.lyon, "invoicing"].months == [1.0] * 12
    generating.generate(study, START, by=paul)
    assert VolumeProfile.objects.count() == 2
    generating.undo(study, by=paul)
    assert not VolumeProfile.objects.exists()

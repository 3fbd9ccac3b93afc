"""A study goes on phase by phase when nothing is missing, and tells each only what is hers."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from relais.desk.errors import Missing
from relais.people.access import Access
from relais.people.models import OrganisationChange
from relais.study.errors import ChangedMeanwhile, GateShut, NotInThisPhase, NotPiloting
from relais.study.models import InventoryLine, Participant, Restitution, Study, StudyLink
from relais.study.study_forms import StudyForm

from .conftest import a_line, a_study


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


def events(kind):
    return OrganisationChange.objects.filter(kind=kind).count()


def test_it_goes_on_phase_by_phase_one_event_each(world):
    study, basile = a_study(world, phase="prepared"), world.people.basile
    study.begin(by=basile)
    with pytest.raises(GateShut, match="Nothing is inventoried yet for: Aix, Lyon"):
        study.tell(by=basile)
    for site in (world.sites.aix, world.sites.lyon):
        a_line(study, site)
    study.tell(by=basile)
    study.go_back("Lyon a été oublié", by=basile)
    assert study.phase == "collecting" and events("study_gone_back") == 1
    study.refresh_from_db()
    assert study.phase == "collecting" and study.version == 4
    assert [events(f"study_{kind}") for kind in ("begun", "told")] == [1, 1]


# By what is missing: the fields that say so, and the sentence.
MISSING = {
    "sponsor": ({"sponsor": None}, "Name the sponsor"),
    "told": ({"told": " "}, "who is told what"),
    "promise": ({"promised": False}, "nobody is evaluated"),
}


@pytest.mark.parametrize("what", MISSING)
def test_the_gate_says_what_is_missing(world, what):
    fields, words = MISSING[what]
    study = a_study(world, phase="prepared", **fields)
    with pytest.raises(GateShut, match=words):
        study.begin(by=world.people.paul)
    study.refresh_from_db()
    assert study.phase == "prepared" and not events("study_begun")


def test_what_is_not_now_or_not_hers_is_refused(world, study):
    people = world.people
    for person in (people.alice, people.sylvie, people.quentin):
        with pytest.raises(NotPiloting):
            study.tell(by=person)
    with pytest.raises(NotInThisPhase):
        study.begin(by=people.paul)
    with pytest.raises(Missing):
        study.go_back(" ", by=people.paul)
    same = Study.objects.get(pk=study.pk)
    study.go_back("À revoir", by=people.paul)
    with pytest.raises(ChangedMeanwhile):
        same.go_back("À revoir", by=people.paul)
    with pytest.raises(NotInThisPhase):
        study.go_back("Encore", by=people.paul)


# Who sees the study in each phase; who is not named sees it in none.
SEEN = {
    "prepared": {"maud", "paul", "basile"},
    "collecting": {"maud", "paul", "basile", "sylvie", "claire", "marc"},
    "restitution": {"maud", "paul", "basile", "sylvie", "claire", "marc", "luc"},
}


@pytest.mark.parametrize("phase", SEEN)
def test_who_sees_a_study(world, phase):
    study = a_study(world, phase=phase)
    people = vars(world.people).items()
    assert {name for name, one in people if Access(one).see(Study).exists()} == SEEN[phase]
    assert str(study) == "Diagnostic"


def test_what_one_person_says_is_hers_until_it_is_validated(world, study):
    marc = Participant.objects.get(person=world.people.marc)
    line = a_line(study, world.sites.aix, author=marc)

    def readers():
        people = vars(world.people).items()
        return {name for name, one in people if Access(one).see(InventoryLine).exists()}

    assert readers() == {"maud", "paul", "basile", "marc"}
    InventoryLine.objects.filter(pk=line.pk).update(validated_at="2026-11-20T10:00Z")
    assert readers() == {"maud", "paul", "basile", "marc", "sylvie", "claire"}


def test_a_line_is_counted_by_the_engine(world, study):
    counted = a_line(study, world.sites.aix, months=[2.0] * 12, rework=10).as_counted()
    assert counted.minutes == (20, 30, 40) and counted.rework == 0.1
    assert counted.months == (1.0,) * 12 and counted.entity == str(world.sites.aix.entity_id)


def test_the_pages_of_a_study(world, client_of):
    people, company = world.people, world.companies.calanques
    paul = client_of(people.paul)
    sent = {
        "company": company.pk, "name": "Été", "starts_on": "2026-11-02", "ends_on": "2026-12-11",
        "pilot": people.basile.pk,
    }  # fmt: skip
    page = paul.post(reverse("study_new"), sent | {"ends_on": "2026-10-01"})
    assert page.status_code == 422 and "finit avant de commencer" in page.content.decode()
    assert paul.post(reverse("study_new"), sent).status_code == 302
    study = Study.objects.get(name="Été")
    assert study.scopes.count() == 2 and events("created") == 1
    pilot = client_of(people.basile)
    a_line(study, world.sites.aix)
    keep_lyon = {f"in_{world.sites.lyon.pk}": "on", f"paid_{world.sites.lyon.pk}": "1600"}
    page = pilot.post(reverse("study_sites", args=[study.pk]), keep_lyon)
    assert page.status_code == 422 and "a des lignes dans l’inventaire" in page.content.decode()
    both = keep_lyon | {f"in_{world.sites.aix.pk}": "on", f"paid_{world.sites.aix.pk}": "60"}
    assert pilot.post(reverse("study_sites", args=[study.pk]), both).status_code == 302
    asked = {"person": people.marc.pk, "role": "Directeur"}
    new = reverse("participant_new", args=[study.pk])
    assert pilot.post(new, asked).status_code == 302
    assert "participe déjà" in pilot.post(new, asked).content.decode()
    assert study.participants.get().site == world.sites.aix
    page = pilot.get(reverse("study", args=[study.pk])).content.decode()
    assert "Désignez le commanditaire" in page and "100 %" in page and "Marc Morel" in page
    assert pilot.post(reverse("study_begin", args=[study.pk])).status_code == 302
    study.refresh_from_db()
    assert study.phase == "prepared"
    frame = sent | {"sponsor": people.sylvie.pk, "told": "…", "promised": "on"}
    frame["seen"] = str(StudyForm(instance=study, access=Access(people.paul)).initial["seen"])
    assert pilot.post(reverse("study_edit", args=[study.pk]), frame).status_code == 302
    pilot.post(reverse("study_begin", args=[study.pk]))
    page = client_of(people.sylvie).get(reverse("study", args=[study.pk])).content.decode()
    assert "60 h" in page and "Marc Morel" not in page and "Revenir" not in page
    pilot.post(reverse("participant_remove", args=[study.participants.get().pk]))
    pilot.post(reverse("study_go_back", args=[study.pk]), {"why": "Trop tôt"})
    study.refresh_from_db()
    assert study.phase == "prepared" and not study.participants.exists()
    for name in ("alice", "erwan", "fanny"):
        assert client_of(getattr(people, name)).get(f"/studies/{study.pk}/").status_code == 404
    assert client_of(people.claire).get(reverse("study_new")).status_code == 404


def test_the_api_of_a_study(world, call):
    people, sites = world.people, world.sites
    sent = {
        "company": world.companies.calanques.pk, "name": "Été", "starts_on": "2026-11-02",
        "ends_on": "2026-12-11", "pilot": people.basile.pk,
    }  # fmt: skip
    assert call(people.basile, "POST", "studies", **sent)[0] == 404
    status, made = call(people.paul, "POST", "studies", **sent)
    assert status == 201 and made["phase"] == "prepared" and len(made["missing"]) == 3
    path = f"studies/{made['id']}"
    status, told = call(people.basile, "POST", f"{path}/begin")
    assert status == 409 and "Désignez le commanditaire" in told["detail"]
    frame = {"sponsor": people.sylvie.pk, "promised": True}
    assert call(people.basile, "POST", f"{path}/edit", **frame)[0] == 200
    who = {"name": "Rémi", "role": "Assistant", "site": sites.lyon.pk}
    status, row = call(people.basile, "POST", f"{path}/participants", **who)
    assert status == 201 and row["name"] == "Rémi"
    assert call(people.basile, "POST", f"{path}/begin", version=99)[0] == 409
    assert call(people.basile, "POST", f"{path}/begin", version=1)[1]["phase"] == "collecting"
    for site in (sites.aix, sites.lyon):
        a_line(Study.objects.get(), site)
    left = {"sites": [{"site": sites.aix.pk, "paid_hours": 60}]}
    assert call(people.basile, "POST", f"{path}/sites", **left)[0] == 422
    left["sites"].append({"site": sites.lyon.pk})
    status, told = call(people.basile, "POST", f"{path}/sites", **left)
    assert [(one["verdict"], one["hours"]) for one in told] == [("good", 60), ("unknown", 60)]
    assert call(people.sylvie, "GET", f"{path}/sites") == (200, told)
    assert call(people.marc, "GET", f"{path}/sites")[0] == 404
    assert len(call(people.claire, "GET", f"{path}/participants")[1]["items"]) == 1
    assert call(people.basile, "POST", f"{path}/tell")[1]["phase"] == "restitution"
    assert len(call(people.luc, "GET", f"{path}/sites")[1]) == 1  # his own site
    assert call(people.basile, "POST", f"{path}/decide")[0] == 409  # no restitution yet
    Restitution.objects.create(
        provider=world.provider, study=Study.objects.get(), number=1, made_by=people.paul,
        state="ready",
    )  # fmt: skip
    assert call(people.basile, "POST", f"{path}/decide")[1]["phase"] == "decided"
    assert call(people.basile, "POST", f"{path}/close")[1]["phase"] == "closed"
    assert call(people.basile, "POST", f"{path}/go_back", why="Erreur")[1]["phase"] == "decided"
    assert call(people.claire, "POST", f"{path}/close")[0] == 404
    gone = f"study_participants/{row['id']}/remove"
    assert call(people.basile, "POST", gone) == (200, {"removed": 1})
    assert call(people.fanny, "GET", "studies")[1]["items"] == []


def test_who_takes_part_reads_what_is_asked_of_her_and_what_she_gave(world, study, client_of, call):
    people, aix = world.people, world.sites.aix
    marc = study.participants.get(person=people.marc)
    a_line(study, aix, "Relancer les devis", author=marc)
    a_line(study, aix, "Ce que dit une autre")
    StudyLink.make(marc, ["interview", "brakes"], language="fr", by=people.paul)
    page = client_of(people.marc).get(reverse("study", args=[study.pk])).content.decode()
    assert "On vous demande : Entretien, " in page
    assert "Relancer les devis" in page
    assert "Ce que dit une autre" not in page
    status, told = call(people.marc, "GET", f"studies/{study.pk}/mine")
    assert (status, [each["task"] for each in told["lines"]]) == (200, ["Relancer les devis"])
    assert not told["interview_sent"] and told["days_noted"] == 0
    for other in ("paul", "nadia"):
        assert call(getattr(people, other), "GET", f"studies/{study.pk}/mine")[0] == 404

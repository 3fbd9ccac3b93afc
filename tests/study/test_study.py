"""A study goes on phase by phase when nothing is missing, and tells each only what is hers."""

import pytest
from django.utils.translation import override

from relais.desk.errors import Missing
from relais.people.access import Access
from relais.people.models import OrganisationChange
from relais.study.errors import ChangedMeanwhile, GateShut, NotInThisPhase, NotPiloting
from relais.study.models import InventoryLine, Participant, Study

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

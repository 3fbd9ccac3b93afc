"""The restitution: documents that can be kept and read aloud, which each site says yes or no to."""

import page
import pytest
from django.urls import reverse
from django.utils import timezone

from relais.people.models.organisation_change import OrganisationChange
from relais.study import costing, restitution, restitution_charts, sizing
from relais.study.errors import (
    ChangedMeanwhile,
    GateShut,
    NotInThisPhase,
    NotInThisState,
    NotTheSites,
)
from relais.study.models import (
    BrakeAnswer,
    Irritant,
    Participant,
    Report,
    Restitution,
    Study,
)
from relais.study.models.brake import Brake

from .conftest import a_line

DRAWN = restitution_charts.drawn
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="9"/></svg>'


@pytest.fixture
def told(world, study, monkeypatch):
    """Give the study lines, a sizing, costs, and go to the restitution; draw little."""
    sites, people = world.sites, world.people
    common = {"count": 30, "doer_role": "Assistante", "same_as": "x"}
    a_line(study, sites.aix, "Tenir l’agenda", waiting=10, **common)
    a_line(study, sites.lyon, "Gérer les agendas", **common | {"count": 20})
    a_line(study, sites.aix, "Plan social", secrecy=3, doer_role="Secrétaire", count=5)
    a_line(study, sites.lyon, "Frais", family="expenses", doer_role="Comptable", count=4)
    for name in ("alice", "chloe", "nadia"):
        Participant.objects.create(
            provider=world.provider, study=study, person=getattr(people, name), role="assistante",
            site=sites.aix,
        )  # fmt: skip
    Irritant.objects.create(
        provider=world.provider, study=study, site=sites.aix, process="Ressaisie", a_month=20,
        persons=2, minutes=15, severity=3,
    )  # fmt: skip
    for n, someone in enumerate(Participant.objects.filter(study=study)):
        BrakeAnswer.objects.create(
            provider=world.provider, study=study, participant=someone, answered_at=timezone.now(),
            site=sites.aix if n < 3 else sites.lyon, levels=dict.fromkeys(Brake.values, 4),
        )  # fmt: skip
    sizing.make(study, {}, by=people.maud)
    costing.propose(study, by=people.maud)
    Study.objects.update(phase="restitution")
    study.refresh_from_db()
    monkeypatch.setattr(
        restitution_charts, "drawn", lambda kind, figures: {"roles": {"fr": SVG, "en": SVG}}
    )
    return study


@pytest.fixture
def edition(world, told):
    made = restitution.begin(told, by=world.people.basile)
    restitution.run(world.provider.pk, made.pk)
    restitution.run(world.provider.pk, made.pk)
    made.refresh_from_db()
    return made


def of(edition, kind, site=None):
    return edition.reports.select_related("site", "restitution__study").get(kind=kind, site=site)


def test_each_site_the_group_and_the_costs_have_their_document(world, edition):
    assert edition.state == "ready"
    kinds = sorted(edition.reports.values_list("kind", flat=True))
    assert kinds == ["costs", "group", "site", "site"]
    for report in edition.reports.all():
        for made, digest in (
            (report.pdf_fr, report.digest_fr), (report.pdf_en, report.digest_en),
        ):  # fmt: skip
            assert bytes(made).startswith(b"%PDF") and len(digest) == 64
    # What is set once more from the same is the same document.
    from relais.study import restitution_documents

    group = of(edition, "group")
    assert restitution_documents.made(group, "fr", at=edition.made_at) == bytes(group.pdf_fr)
    assert OrganisationChange.objects.filter(kind="restitution_begun").count() == 1


def test_documents_can_be_kept_and_read_aloud(edition):
    group = of(edition, "group")
    for made in (group.pdf_fr, of(edition, "costs").pdf_en):
        for profile in (page.ValidationProfile.PDF_A_3B, page.ValidationProfile.PDF_UA_1):
            told = page.validate_pdf_bytes(bytes(made), profile=profile)
            assert told.is_compliant, told.failures


def test_charts_are_drawn_in_both_languages(edition):
    group = DRAWN("group", of(edition, "group").figures)
    assert {"map", "values", "roles", "months", "irritants", "brakes"} <= set(group)
    assert "Heures" in group["roles"]["fr"] and "Hours" in group["roles"]["en"]


def test_nobody_is_recognisable_and_no_site_reads_of_another(world, edition):
    sites = world.sites
    aix = of(edition, "site", sites.aix).figures
    group = of(edition, "group").figures
    # Three assistants are told; the one secretary and the one accountant together, without names.
    assert [row[0] for row in group["roles"]] == ["Assistante", ""]
    text = str([aix, group])
    assert "Secrétaire" not in text and "Comptable" not in text and "Plan social" not in text
    assert "Lyon" not in str(aix) and "Gérer les agendas" not in str(aix)
    assert aix["doubles"][0]["others"] == 1
    assert [row["text"] for row in aix["irritants"]] == ["Ressaisie"]
    assert not of(edition, "site", sites.lyon).figures["irritants"]
    # Three managers of Aix have answered; the one of Lyon would be recognised.
    assert {row["name"] for row in group["brakes"] if row["cells"]} == {"Aix"}
    for who in ("Alice", "Chloé", "Nadia", "Marc"):
        assert who not in text
    assert ["", "secret", 5 * 12 * 0.5, ""] in aix["tasks"]


@pytest.mark.parametrize(
    ("hours", "held", "shown"),
    [
        ({"A": 9, "B": 5, "C": 2}, {"a": 3, "b": 4}, ["A", ""]),  # C alone would be told
        ({"A": 9, "B": 5, "C": 2, "D": 1}, {"a": 3, "b": 4}, ["A", "B", ""]),
        ({"A": 9}, {"a": 2}, [""]),
        ({"A": 9}, {"a": 3}, ["A"]),
    ],
)
def test_roles_of_few_people_are_told_together(hours, held, shown):
    from relais.engine.inventory import Line, Period, counted

    rows = counted(
        [Line(role, "s", "f", n, Period.YEAR, (60, 60, 60), role=role) for role, n in hours.items()]
    )
    assert [role for role, _hours in restitution.roles(rows, held)] == shown
    assert sum(n for _role, n in restitution.roles(rows, held)) == sum(hours.values())


def test_a_site_says_yes_or_what_is_wrong(world, edition):
    people, report = world.people, of(edition, "site", world.sites.lyon)
    with pytest.raises(NotTheSites):
        report.validate(by=people.nadia)
    with pytest.raises(NotTheSites):
        report.validate(by=people.paul)
    report.contest("Il manque les frais", by=people.luc)
    other = of(edition, "site", world.sites.lyon)
    report.validate("Corrigé", by=people.claire)
    assert (report.state, report.word, report.answered_by) == (
        "validated", "Corrigé", people.claire,
    )  # fmt: skip
    with pytest.raises(ChangedMeanwhile):
        other.validate(by=people.luc)
    with pytest.raises(NotInThisState):
        report.validate(by=people.luc)
    with pytest.raises(NotTheSites):
        of(edition, "group").validate(by=people.claire)
    Study.objects.update(phase="decided")
    with pytest.raises(NotInThisPhase):
        of(edition, "site", world.sites.aix).validate(by=people.claire)
    kinds = OrganisationChange.objects.filter(kind__startswith="report_").order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == ["report_contested", "report_validated"]


def test_nothing_is_decided_until_every_site_has_said_yes_or_is_passed_over(world, told):
    people = world.people
    with pytest.raises(GateShut, match="restitution"):
        told.decide(by=people.basile)
    made = restitution.begin(told, by=people.basile)
    restitution.run(world.provider.pk, made.pk)
    of(made, "site", world.sites.lyon).validate(by=people.luc)
    with pytest.raises(GateShut, match="Aix"):
        told.decide(by=people.basile)
    aix = of(made, "site", world.sites.aix)
    aix.contest("Non", by=people.claire)
    aix.pass_over("Son référent est parti", by=people.basile)
    with pytest.raises(NotInThisState):
        aix.pass_over("Encore", by=people.basile)
    told.decide(by=people.basile)
    assert told.phase == "decided"


def test_each_reads_on_the_page_only_what_is_hers(world, told, edition, client_of, call):
    people, url = world.people, reverse("restitution", args=[told.pk])
    reports = {
        key: of(edition, kind, site)
        for key, kind, site in (
            ("aix", "site", world.sites.aix), ("lyon", "site", world.sites.lyon),
            ("group", "group", None), ("costs", "costs", None),
        )
    }  # fmt: skip
    reads = {
        "maud": {"aix", "lyon", "group", "costs"}, "paul": {"aix", "lyon", "group"},
        "basile": {"aix", "lyon", "group"}, "sylvie": {"aix", "lyon", "group", "costs"},
        "claire": {"aix", "lyon", "group"}, "luc": {"lyon"}, "nadia": set(), "erwan": set(),
        "fanny": set(), "bruno": set(),
    }  # fmt: skip
    for who, hers in reads.items():
        seen = set(world.access(who).see(Report).values_list("pk", flat=True))
        assert seen == {reports[key].pk for key in hers}, who
    for who, key, status in (
        ("maud", "costs", 200), ("paul", "costs", 404), ("claire", "costs", 404),
        ("luc", "lyon", 200), ("luc", "group", 404), ("nadia", "aix", 404),
    ):  # fmt: skip
        client, report = client_of(getattr(people, who)), reports[key]
        assert client.get(url).status_code == (200 if reads[who] else 404)
        found = client.get(reverse("study_report_document", args=[report.pk, "fr"]))
        assert found.status_code == status, (who, key)
        assert client.get(f"/api/study_reports/{report.pk}").status_code == status
    shown = client_of(people.maud).get(url, {"report": reports["costs"].pk}).content.decode()
    assert "Dédié" in shown and "hypothèse" in shown
    luc = client_of(people.luc)
    text = luc.get(url).content.decode()
    assert "Gérer les agendas" in text and "Valider" in text and "Mutualisé" not in text
    drawing = reverse("study_report_chart", args=[reports["lyon"].pk, "roles"])
    assert luc.get(drawing)["Content-Type"] == "image/svg+xml"
    assert luc.get(reverse("study_report_document", args=[reports["lyon"].pk, "de"])).status_code \
        == 404  # fmt: skip
    sent = luc.post(reverse("study_report_contest", args=[reports["lyon"].pk]), {"word": " "})
    assert sent.status_code == 302 and of(edition, "site", world.sites.lyon).state == "open"
    luc.post(reverse("study_report_validate", args=[reports["lyon"].pk]))
    assert of(edition, "site", world.sites.lyon).state == "validated"
    over = reverse("study_report_pass_over", args=[reports["aix"].pk])
    assert client_of(people.claire).post(over, {"reason": "x"}).status_code == 404
    assert client_of(people.basile).post(over, {"reason": "Absent"}).status_code == 302
    assert of(edition, "site", world.sites.aix).excuse == "Absent"
    assert client_of(people.basile).post(reverse("restitution_make", args=[told.pk])) \
        .status_code == 302  # fmt: skip


def test_the_api_does_the_same(world, told, edition, call):
    people = world.people
    status, found = call(people.claire, "GET", f"studies/{told.pk}/restitution")
    assert status == 200 and (found["number"], found["making"]) == (1, False)
    lyon = next(row for row in found["reports"] if row["name"] == "Lyon")
    path = f"study_reports/{lyon['id']}"
    detail = call(people.luc, "GET", path)[1]
    assert [part["name"] for part in detail["sections"]][:2] == ["essential", "families"]
    assert call(people.luc, "GET", f"{path}/charts/roles")[1]["svg"] == SVG
    assert call(people.luc, "GET", f"{path}/charts/none")[0] == 404
    assert call(people.luc, "POST", f"{path}/contest", word="")[0] == 422
    assert call(people.luc, "POST", f"{path}/contest", word="Non", version=9)[0] == 409
    assert call(people.luc, "POST", f"{path}/contest", word="Non")[1]["state"] == "contested"
    assert call(people.basile, "POST", f"{path}/validate")[0] == 403
    assert call(people.luc, "POST", f"{path}/pass_over", reason="x")[0] == 404
    assert call(people.basile, "POST", f"{path}/pass_over", reason="Vu")[1]["excuse"] == "Vu"
    assert call(people.luc, "POST", f"studies/{told.pk}/restitution")[0] == 404
    assert call(people.basile, "POST", f"studies/{told.pk}/restitution") == (202, {"number": 2})
    assert Restitution.objects.filter(state="making").count() == 1


def test_an_edition_that_breaks_off_says_so_and_keeps_nothing(world, told, monkeypatch):
    made = restitution.begin(told, by=world.people.basile)
    monkeypatch.setattr(restitution_charts, "drawn", lambda kind, figures: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        restitution.run(world.provider.pk, made.pk)
    made.refresh_from_db()
    assert made.problem == restitution.BROKE_OFF and not Report.objects.exists()

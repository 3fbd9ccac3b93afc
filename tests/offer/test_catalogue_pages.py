"""The pages and the API of catalogue and procedures: who sees which, and what they do."""

from __future__ import annotations

import json
from datetime import date

import pytest

from relais.engine.procedure import Content, Rescue, Step
from relais.offer import catalogue
from relais.offer.errors import ProcedureDraftStands, ProcedureNotNow, ProcedureOvertaken, Unsound
from relais.offer.models import (
    Acknowledgement,
    OfferEvent,
    Procedure,
    ProcedureVersion,
    Service,
    ServiceVariant,
)


@pytest.fixture
def published(world, services):
    """Return the procedure of appointments, in force."""
    made = catalogue.preload_procedures(world.provider, world.people.paul)
    return next(one for one in made if one.procedure.code == "agenda-appointment")


def rows(page, prefix):
    """Return the lines of a list as the page posts them back."""
    found = {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    formset = page.context["rows"]
    found[f"{prefix}-TOTAL_FORMS"] = len(formset.forms)
    found[f"{prefix}-INITIAL_FORMS"] = formset.initial_form_count()
    for form in formset:
        for field in form:
            value = field.value()
            if value not in (None, False, ""):
                found[field.html_name] = value
    return found


def filled(form):
    """Return a form as the page posts it back."""
    return {
        field.html_name: [getattr(v, "pk", v) for v in value] if isinstance(value, list) else value
        for field in form
        if (value := field.value()) not in (None, False, "")
    }


# Who sees what ------------------------------------------------------------------------------------

PAGES = {
    "/catalogue/": {"paul", "alice", "quentin", "marc", "claire"},
    "/catalogue/services/travel/": {"paul", "alice", "quentin", "marc", "claire"},
    "/catalogue/services/travel/edit/": {"paul"},
    "/catalogue/services/travel/history/": {"paul"},
    "/catalogue/services/travel/variants/new/": {"paul"},
    "/catalogue/new/": {"paul"},
    "/procedures/": {"paul", "alice", "quentin"},
    "/procedures/new/": {"paul"},
    "/procedures/{key}/versions/1/": {"paul", "alice", "quentin"},
    "/procedures/{key}/versions/1/compare/": {"paul", "alice", "quentin"},
    "/procedures/{key}/versions/1/review/": {"paul"},
    "/procedures/{key}/versions/1/drill/": {"paul"},
    "/procedures/{key}/history/": {"paul"},
    "/api/catalogue": {"paul", "alice", "quentin", "marc", "claire"},
    "/api/procedure_versions/{version}": {"paul", "alice", "quentin"},
}


@pytest.mark.parametrize("who", ["paul", "alice", "quentin", "marc", "claire"])
def test_who_opens_which_page(world, client_of, published, who):
    browser = client_of(getattr(world.people, who))
    for path, readers in PAGES.items():
        url = path.format(key=published.procedure_id, version=published.pk)
        assert browser.get(url).status_code == (200 if who in readers else 404), url


def test_a_client_reads_no_word_of_how_it_is_done(world, client_of, published):
    marc = client_of(world.people.marc)
    page = marc.get("/catalogue/services/appointment/").content.decode()
    api = marc.get("/api/catalogue").content.decode()
    for secret in ("Chercher trois créneaux", "agenda-appointment", "readiness", "p90", "Excel"):
        assert secret not in page + api
    assert "Le rendez-vous à l" in page


def test_the_list_asks_as_often_whatever_its_length(
    world, client_of, published, django_assert_max_num_queries
):
    paul = client_of(world.people.paul)
    for path, most in (("/procedures/", 30), ("/catalogue/", 25)):
        paul.get(path)
        with django_assert_max_num_queries(most):
            paul.get(path)


# Catalogue ----------------------------------------------------------------------------------------


def test_a_service_is_edited_with_its_fields(world, client_of, services):
    paul = client_of(world.people.paul)
    page = paul.get("/catalogue/services/travel/edit/")
    sent = filled(page.context["form"]) | rows(page, "questions")
    sent |= {"priority": 2, "questions-5-label_fr": "Vol", "questions-5-key": "flight"}
    sent |= {"questions-5-kind": "yes_no"}
    assert paul.post("/catalogue/services/travel/edit/", sent).status_code == 302
    found = Service.objects.get(code="travel")
    assert (found.priority, found.questions[-1]["key"]) == (2, "flight")
    changes = OfferEvent.objects.get(service=found).facts["changes"]
    assert set(changes) == {"priority", "questions"}
    stale = paul.post("/catalogue/services/travel/edit/", sent | {"priority": 4})
    assert stale.status_code == 422
    assert "travel" in paul.get("/catalogue/services/travel/history/").content.decode()
    wrong = filled(page.context["form"]) | rows(page, "questions") | {"p90_minutes": 1}
    assert paul.post("/catalogue/services/travel/edit/", wrong).status_code == 422


def test_only_what_differs_is_kept_and_shown_beside_the_group(
    world, client_of, services, published
):
    paul, aix = client_of(world.people.paul), world.sites.aix
    url = f"/catalogue/services/appointment/variants/site-{aix.pk}/"
    page = paul.get(url)
    sent = filled(page.context["form"]) | rows(page, "steps")
    sent |= {"deliverable_fr": "Un créneau par écrit", "note": "Demande d’Aix"}
    sent |= {"steps-0-op": "drop", "steps-0-key": "place"}
    assert paul.post(url, sent).status_code == 302
    kept = ServiceVariant.objects.get(site=aix)
    assert kept.differs == {"deliverable_fr": "Un créneau par écrit"}
    assert kept.steps == [{"op": "drop", "key": "place"}]
    shown = paul.get("/catalogue/services/appointment/").content.decode()
    assert "Un créneau par écrit" in shown
    assert "dans l&#x27;agenda" in shown or "à l&#x27;agenda de chacun" in shown
    marc = client_of(world.people.marc).get("/catalogue/services/appointment/").content.decode()
    erwan = client_of(world.people.erwan).get("/catalogue/services/appointment/").content.decode()
    assert "Un créneau par écrit" in marc
    assert "Un créneau par écrit" not in erwan
    assert paul.get(url).context["form"]["deliverable_fr"].value() == "Un créneau par écrit"
    ended = paul.post(f"/catalogue/services/appointment/variants/{kept.pk}/end/")
    assert ended.status_code == 302
    assert not ServiceVariant.objects.get(pk=kept.pk).active


def test_the_api_reads_and_changes(world, client_of, services):
    paul = client_of(world.people.paul)

    def post(path, **sent):
        return paul.post(path, json.dumps(sent), content_type="application/json")

    assert post("/api/catalogue/travel/edit", version=1, approval_above="950").status_code == 200
    assert post("/api/catalogue/travel/edit", version=1, priority=1).status_code == 409
    assert post("/api/catalogue/travel/edit", channels=[]).status_code == 422
    assert post("/api/catalogue", code="new", name_fr="Neuf", name_en="New").status_code == 201
    site = world.sites.aix.pk
    varied = post("/api/catalogue/travel/vary", site=site, differs={"priority": 1})
    assert varied.json()["differs"] == {"priority": 1}
    marc = client_of(world.people.marc)
    told = {one["code"]: one for one in marc.get("/api/catalogue").json()}
    assert told["travel"]["priority"] == 1
    answer = marc.post(
        "/api/catalogue/travel/edit", json.dumps({}), content_type="application/json"
    )
    assert answer.status_code == 404


# Procedures ---------------------------------------------------------------------------------------


def test_a_version_is_drafted_compared_published_and_read(world, client_of, published):
    people = world.people
    key = published.procedure_id
    for _twice in range(2):
        assert client_of(people.paul).post(f"/procedures/{key}/draft/").status_code == 302
    draft = ProcedureVersion.objects.get(procedure=key, state="draft")
    facts = published.content | {"steps": published.content["steps"][:-1]}
    draft.edit(by=people.paul, content=Content.of(facts), note="Plus court")
    paul = client_of(people.paul)
    page = paul.get(f"/procedures/{key}/versions/2/compare/").content.decode()
    assert "Prévenir le demandeur" in page
    assert client_of(people.alice).get(f"/procedures/{key}/versions/2/").status_code == 404
    sent = {"effective_from": "2026-01-05", "seen": draft.revision}
    assert paul.post(f"/procedures/{key}/versions/2/publish/", sent).status_code == 302
    assert Procedure.objects.get(pk=key).versions.get(number=2).approver == people.paul
    alice = client_of(people.alice)
    for _twice in range(2):
        alice.post(f"/procedures/{key}/versions/2/acknowledge/")
    assert Acknowledgement.objects.filter(version__number=2, person=people.alice).count() == 1
    assert (
        "Alice Arnaud" not in alice.get(f"/procedures/{key}/versions/1/").content.decode()[-2000:]
    )
    kinds = list(
        OfferEvent.objects.filter(procedure=key).order_by("id").values_list("kind", flat=True)
    )
    assert kinds[-4:] == ["drafted", "edited", "published", "acknowledged"]


def test_the_editor_keeps_what_is_typed(world, client_of, published):
    paul, key = client_of(world.people.paul), published.procedure_id
    draft = ProcedureVersion.draft_from(published.procedure, by=world.people.paul)
    url = f"/procedures/{key}/versions/2/edit/"
    form = paul.get(url).context["form"]
    sent = filled(form.texts)
    for prefix, lines in (("steps", form.steps), ("rescues", form.rescues), ("tools", form.tools)):
        sent |= {f"{prefix}-TOTAL_FORMS": len(lines.forms)}
        sent |= {f"{prefix}-INITIAL_FORMS": lines.initial_form_count()}
        for line in lines:
            sent |= filled(line)
    count = len(published.content["steps"])
    sent |= {f"steps-{count}-action_fr": "Fermer la demande", f"steps-{count}-place": 5}
    assert paul.post(url, sent).status_code == 302
    draft.refresh_from_db()
    assert draft.content["steps"][0]["key"] == "fermer-la-demande"
    assert draft.content["steps"][1:] == published.content["steps"]
    assert draft.content["rescues"] == published.content["rescues"]


def test_what_is_refused(world, published):
    paul = world.people.paul
    with pytest.raises(ProcedureNotNow):
        published.edit(by=paul, note="x")
    draft = ProcedureVersion.draft_from(published.procedure, by=paul)
    with pytest.raises(ProcedureDraftStands):
        ProcedureVersion.draft_from(published.procedure, by=paul)
    first, second = (ProcedureVersion.objects.get(pk=draft.pk) for _ in range(2))
    first.edit(by=paul, note="Un")
    with pytest.raises(ProcedureOvertaken):
        second.edit(by=paul, note="Deux")
    doubled = Content(steps=(Step("a", "Lire"), Step("a", "Lire")), rescues=(Rescue("x", "y"),))
    with pytest.raises(Unsound):
        first.edit(by=paul, content=doubled)
    with pytest.raises(Unsound):
        published.review(date(2020, 1, 1), by=paul)
    first.withdraw("Inutile", by=paul)
    assert ProcedureVersion.draft_from(published.procedure, by=paul).number == 3

"""What was, through the API: who changed what, what differs; one service, one procedure."""

from __future__ import annotations

import json

import pytest

from relais.engine.procedure import Content, Rescue, Step
from relais.offer.models import (
    AgreementVersion,
    Practice,
    PreferenceSheet,
    Procedure,
    ProcedureVersion,
    ServiceVariant,
)

TEXT = Content(
    trigger_fr="Une facture arrive",
    acceptance_fr="Payée",
    steps=(Step("a", "Vérifier la commande", control_fr="Quoi ?", mandatory=True),),
    rescues=(Rescue("Commande absente", "Appeler l’acheteur"),),
)


@pytest.fixture
def call(world, client_of):
    def call(who, path, method="get", **sent):
        browser = client_of(getattr(world.people, who))
        if method == "get":
            answer = browser.get(f"/api/{path}", sent)
        else:
            answer = browser.post(f"/api/{path}", json.dumps(sent), "application/json")
        return answer.status_code, json.loads(answer.content or b"null")

    return call


def refused(call, path, *who, **sent):
    method = "post" if sent else "get"
    assert [call(each, path, method, **sent)[0] for each in who] == [404] * len(who), path


def test_an_agreements_history_and_what_its_draft_changes(world, draft, sign, call):
    signed = sign(draft())
    fresh = AgreementVersion.draft_from(signed.agreement, by=world.people.paul)
    fresh.edit(by=world.people.paul, note="Plus vite", close_after_days=7)
    status, told = call("claire", f"agreements/{signed.agreement_id}/history")
    assert status == 200
    assert [one["kind"] for one in told[:2]] == ["edited", "drafted"]
    assert "Plus vite" in [each["after"] for each in told[0]["changes"]]
    refused(call, f"agreements/{signed.agreement_id}/history", "erwan", "chloe", "marc")
    status, told = call("paul", f"agreement_versions/{fresh.pk}/compare")
    assert (status, told["before"]["id"]) == (200, signed.pk)
    assert {"Plus vite", "7"} <= {each["after"] for each in told["changes"]}
    assert call("paul", f"agreement_versions/{signed.pk}/compare")[1]["before"] is None
    refused(call, f"agreement_versions/{fresh.pk}/compare", "erwan", "marc")
    status, told = call("paul", f"agreement_versions/{fresh.pk}/preview", page=3)
    assert (status, told["moved"], told["page"]) == (200, 0, 1)
    assert told["sentence"]
    refused(call, f"agreement_versions/{fresh.pk}/preview", "claire", "alice", "marc", "erwan")


def test_a_service_alone_its_history_and_the_end_of_a_variant(world, services, call):
    travel, paul = services["travel"], world.people.paul
    travel.edit(by=paul, standard_minutes=77)
    made = ServiceVariant.vary(
        travel, world.sites.aix, by=paul, differs={"deliverable_fr": "Un dossier relié"}, steps=[]
    )
    assert call("marc", "catalogue/travel")[1]["deliverable"] == "Un dossier relié"
    status, told = call("paul", "catalogue/travel")
    assert (status, told["view"], told["standard_minutes"]) == (200, "staff", 77)
    assert told["deliverable"] != "Un dossier relié"
    refused(call, "catalogue/nothing", "paul", "marc")
    status, told = call("paul", "catalogue/travel/history")
    assert (status, [one["kind"] for one in told[:2]]) == (200, ["varied", "edited"])
    assert [each["after"] for each in told[1]["changes"]] == ["77"]
    refused(call, "catalogue/travel/history", "alice", "marc", "claire")
    end = f"variants/{made.pk}/end"
    refused(call, end, "alice", "marc", "claire", x=1)
    status, told = call("paul", end, "post")
    assert (status, told["active"]) == (200, False)
    assert call("paul", end, "post")[0] == 404, "it is ended already"
    assert call("marc", "catalogue/travel")[1]["deliverable"] != "Un dossier relié"
    travel.edit(by=paul, active=False)
    refused(call, "catalogue/travel", "alice", "marc")
    assert call("paul", "catalogue/travel")[0] == 200


def test_a_procedure_with_its_versions_owner_and_drills(world, services, call):
    people = world.people
    paul = people.paul
    first = Procedure.open(code="pay", title_fr="Payer", owner=paul, by=paul)
    here = f"procedures/{first.procedure_id}"
    refused(call, here, "alice", "marc")
    first.edit(by=paul, content=TEXT)
    first.publish(by=paul)
    fresh = ProcedureVersion.draft_from(first.procedure, by=paul)
    fresh.edit(by=paul, content=Content.of(TEXT.facts() | {"trigger_fr": "Une relance arrive"}))
    assert [one["number"] for one in call("paul", here)[1]["versions"]] == [2, 1]
    assert [one["number"] for one in call("alice", here)[1]["versions"]] == [1]
    status, told = call("paul", f"procedure_versions/{fresh.pk}/compare")
    assert (status, told["before"]["id"]) == (200, first.pk)
    assert [(one["before"], one["after"]) for one in told["changes"]] == [
        ("Une facture arrive", "Une relance arrive")
    ]
    refused(call, f"procedure_versions/{fresh.pk}/compare", "alice", "marc")
    assert call("alice", f"procedure_versions/{first.pk}/compare")[1]["before"] is None
    status, told = call("paul", f"{here}/own", "post", owner=people.basile.pk)
    assert (status, told["owner"]) == (200, people.basile.name)
    assert call("paul", f"{here}/own", "post", owner=people.marc.pk)[0] == 404
    refused(call, f"{here}/own", "alice", "marc", owner=people.basile.pk)
    drill = f"procedure_versions/{first.pk}/drill"
    status, _told = call("paul", drill, "post", person=people.alice.pk, success=True, note="Vite")
    assert (status, Practice.objects.get().person) == (200, people.alice)
    refused(call, drill, "alice", "marc", person=people.alice.pk)
    path = f"procedure_versions/{fresh.pk}/drill"
    assert call("paul", path, "post", person=people.alice.pk)[0] in (409, 422), "a draft"
    status, told = call("paul", f"{here}/history")
    assert [one["kind"] for one in told[:2]] == ["practised", "owned"]
    refused(call, f"{here}/history", "alice", "marc")


def test_the_sheets_that_one_may_read_and_those_not_begun(world, call):
    people = world.people
    PreferenceSheet.write(people.marc, by=people.marc, content={}, authority={}, reserved=[])
    status, told = call("alice", "preference_sheets")
    lines = {one["executive"]["name"]: one["number"] for one in told}
    assert (status, lines[people.marc.name]) == (200, 1)
    assert None in lines.values()
    assert people.erwan.name not in lines
    refused(call, "preference_sheets", "marc")

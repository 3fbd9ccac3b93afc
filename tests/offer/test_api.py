"""Agreements by the API: each reads what is his, writes what he may, and is told the mend."""

import json

import pytest

from relais.offer.models import AgreementVersion

from .conftest import SIGNING


def post(client, path, **body):
    return client.post(f"/api{path}", json.dumps(body), content_type="application/json")


@pytest.fixture
def signed(draft, sign):
    return sign(draft())


@pytest.mark.parametrize(
    ("who", "standings", "money"),
    [
        ("paul", ["draft", "in_force"], True),
        ("claire", ["draft", "in_force"], True),
        ("sylvie", ["draft", "in_force"], True),
        ("marc", ["in_force"], False),
        ("alice", ["in_force"], False),
        ("bruno", ["in_force"], True),
        ("quentin", ["in_force"], False),
    ],
)
def test_each_reads_what_is_his(world, signed, client_of, who, standings, money):
    AgreementVersion.draft_from(signed.agreement, by=world.people.paul)
    client = client_of(getattr(world.people, who))
    (told,) = client.get("/api/agreements").json()
    assert [each["standing"] for each in told["versions"]] == standings
    version = client.get(f"/api/agreement_versions/{signed.pk}").json()
    assert version["targets"][0]["hours"] == "2.00"
    assert bool(version["credits"]) is money


@pytest.mark.parametrize("who", ["erwan", "fanny", "chloe"])
def test_who_has_no_part_in_it_does_not_know_it(world, signed, client_of, who):
    client = client_of(getattr(world.people, who))
    assert client.get("/api/agreements").json() == []
    assert client.get(f"/api/agreements/{signed.agreement_id}").status_code == 404
    assert client.get(f"/api/agreement_versions/{signed.pk}").status_code == 404
    assert post(client, f"/agreement_versions/{signed.pk}/edit", note="x").status_code == 404


def test_a_draft_unsigned_is_unknown_to_managers(world, draft, client_of):
    version = draft()
    client = client_of(world.people.marc)
    assert client.get("/api/agreements").json() == []
    assert client.get(f"/api/agreement_versions/{version.pk}").status_code == 404


def test_it_is_written_and_signed_by_the_api(world, services, client_of):
    paul, claire = client_of(world.people.paul), client_of(world.people.claire)
    made = post(paul, "/agreements", company=world.companies.calanques.pk, name="Cadre")
    assert made.status_code == 201
    path = f"/agreement_versions/{made.json()['id']}"
    body = {"effective_from": "2099-01-01", "targets": [{"kind": "delivery", "days": 2}]}
    assert post(paul, f"{path}/edit", revision=1, **body).status_code == 200
    assert post(paul, f"{path}/edit", revision=1, note="x").status_code == 409
    assert post(claire, f"{path}/edit", note="x").status_code == 403
    assert post(claire, f"{path}/sign", side="provider").status_code == 403
    assert post(claire, f"{path}/sign", side="client").json()["standing"] == "half_signed"
    assert post(paul, f"{path}/sign", side="provider").json()["standing"] == "to_come"
    assert post(paul, f"{path}/withdraw").status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"targets": [{"kind": "delivery"}]},
        {"targets": [{"kind": "delivery", "hours": 1, "expected": 10}]},
        {"targets": [{"kind": "nothing", "hours": 1}]},
        {"targets": [{"kind": "delivery", "hours": 1, "family": "nothing"}]},
        {"targets": [{"kind": "delivery", "hours": 1, "service": 999999}]},
        {"targets": [{"kind": "delivery", "hours": "NaN"}]},
        {"ends_on": "9999-12-31"},
        {"scopes": []},
        {"scopes": [{"site": 999999}]},
        {"credits": {"monthly_fee": -1}},
        {"exclusions": [""]},
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_mend(world, draft, client_of, wrong):
    version = draft()
    told = post(client_of(world.people.paul), f"/agreement_versions/{version.pk}/edit", **wrong)
    assert told.status_code == 422, told.content
    assert told.json()["detail"]


def test_a_version_that_starts_too_early_is_refused(world, signed, client_of):
    new = AgreementVersion.draft_from(signed.agreement, by=world.people.paul, at=SIGNING)
    new.edit(by=world.people.paul, effective_from=SIGNING.date())
    told = post(client_of(world.people.claire), f"/agreement_versions/{new.pk}/sign", side="client")
    assert told.status_code == 422

"""The register of tools and accesses: entered, tried, ended; by who runs the pool, recorded."""

import json

from relais.people.models import OrganisationChange, SystemAccess


def test_a_tool_and_an_access_on_the_pages(world, client_of):
    paul, site = client_of(world.people.paul), world.sites.aix
    tool = {"tool-company": site.company_id, "tool-code": "erp", "tool-name": "Progiciel"}
    assert paul.post("/dispatch/accesses/", tool | {"tool-code": "E R P"}).status_code == 422
    wrong = tool | {"tool-site": world.sites.brest.pk}
    assert paul.post("/dispatch/accesses/", wrong).status_code == 422
    assert paul.post("/dispatch/accesses/", tool).status_code == 302
    assert paul.post("/dispatch/accesses/", tool).status_code == 422
    system = world.companies.calanques.systems.get()
    given = {"system": system.pk, "person": world.people.alice.pk}
    assert paul.post("/dispatch/accesses/", given).status_code == 302
    assert paul.post("/dispatch/accesses/", given).status_code == 422
    access = SystemAccess.objects.get()
    assert access.tested_on is None
    for verb in ("tried", "tried", "end", "end"):
        assert paul.post(f"/dispatch/accesses/{access.pk}/{verb}/").status_code == 302
    access.refresh_from_db()
    assert access.tested_on and access.ended_at
    told = OrganisationChange.objects.filter(kind__startswith="access_").order_by("id")
    assert list(told.values_list("kind", flat=True)) == [
        "access_given", "access_tried", "access_ended",
    ]  # fmt: skip


def test_the_api_does_the_same_and_nobody_else_finds_it(world, client_of):
    paul = client_of(world.people.paul)

    def post(path, **body):
        answer = paul.post(f"/api/{path}", json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()

    company = world.companies.calanques.pk
    status, tool = post("tools", company=company, code="erp", name="Progiciel")
    assert status == 201
    assert post("tools", company=company, code="erp", name="Autre")[0] == 422
    assert post("tools", company=company, code="x", name="x", site=world.sites.brest.pk)[0] == 404
    status, access = post("tool_accesses", tool=tool["id"], person=world.people.alice.pk)
    assert (status, access["state"]) == (201, "untested")
    assert post(f"tool_accesses/{access['id']}/tried")[1]["state"] == "good"
    assert post(f"tool_accesses/{access['id']}/end")[1]["state"] == "ended"
    assert len(paul.get("/api/tools").json()) == len(paul.get("/api/tool_accesses").json()) == 1
    for who in ("alice", "claire", "quentin"):
        other = client_of(getattr(world.people, who))
        assert other.get("/api/tools").status_code == 404
        assert other.get("/dispatch/accesses/").status_code == 404
        assert other.post(f"/dispatch/accesses/{access['id']}/end/").status_code == 404

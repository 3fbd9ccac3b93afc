"""Importing through the API: what the pages do, in the same words."""

import json

from django.core.files.uploadedfile import SimpleUploadedFile

from relais.people.models import Site

from .test_import_pages import LIST


def test_a_list_comes_in_is_understood_and_applied(world, client_of):
    paul = client_of(world.people.paul)

    def post(path, **sent):
        return paul.post(f"/api/imports/{path}", json.dumps(sent), "application/json")

    answer = paul.post("/api/imports", {"file": SimpleUploadedFile("s.csv", LIST.encode("cp1252"))})
    made = answer.json()
    assert (answer.status_code, made["state"], made["counts"]["refused"]) == (201, "ready", 1)
    here = f"{made['id']}"
    lines = paul.get(f"/api/imports/{here}/lines?outcome=refused").json()["items"]
    page = paul.get(f"/imports/{here}/?outcome=refused").content.decode()
    assert len(lines) == 1 and "pas un mail" in lines[0]["told"] and "pas un mail" in page
    # The address is not taken in: then nothing is wrong with its row.
    mapping = {column: name for column, name in made["mapping"].items() if name != "email"}
    told = post(f"{here}/columns", mapping=mapping, role="requester").json()
    assert (told["counts"]["refused"], told["options"]["role"]) == (0, "requester")
    assert post(f"{here}/columns", mapping={"0": "company", "1": "company"}).status_code == 422
    beyond = post(f"{here}/columns", mapping=mapping | {"99": "city"})
    assert beyond.status_code == 422
    [fault] = beyond.json()["errors"]
    assert "colonne 99" in fault["message"]
    assert paul.get(f"/api/imports/{here}").json()["mapping"] == told["mapping"]
    assert not Site.objects.filter(name="Toulon").exists()
    assert post(f"{here}/apply").json()["state"] == "done"
    assert Site.objects.filter(name="Toulon").exists()
    for verb in ("apply", "drop", "columns"):
        assert post(f"{here}/{verb}").status_code == 409, verb
    assert [each["id"] for each in paul.get("/api/imports").json()["items"]] == [made["id"]]
    for path in ("imports", f"imports/{here}", f"imports/{here}/lines"):
        assert client_of(world.people.alice).get(f"/api/{path}").status_code == 404, path


def test_what_is_no_list_is_refused_as_on_the_page(world, client_of):
    paul = client_of(world.people.paul)

    def file():
        return {"file": SimpleUploadedFile("x.csv", b"\x00\x01\x02")}

    answer = paul.post("/api/imports", file())
    assert answer.status_code == 422
    page = paul.post("/imports/", file())
    assert answer.json()["detail"] in page.context["form"].errors["file"]

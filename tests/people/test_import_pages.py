"""Importing through the pages: preview, application, refusals; by whom, and by whom not."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from relais.lib.tenancy import tenant
from relais.people.models import Company, ImportBatch, ImportLine, OrganisationChange, Person, Site

LIST = """Parc des sites au 01-11-2026;;;;;;;
;;;;;;;
Société;Raison sociale;SIREN;Site;CP;Ville;Nom Prénom;E-mail
Calanques Services;Calanques SAS;552\u00a0100554;Toulon;83000;Toulon;MARTIN Jean;jean@a.example
Calanques Services;;;Saint-Denis;97400;Saint-Denis;"HOARAU Marie
PAYET Luc";
Calanques Services;;;Aix;13100;;;
Calanques Services;;;Lyon;;;X Y;pas un mail
"""


def upload(client, content, name="sites.csv"):
    if isinstance(content, str):
        content = content.encode("cp1252")
    return client.post("/imports/", {"file": SimpleUploadedFile(name, content)})


def uploaded(client, content=LIST, name="sites.csv"):
    answer = upload(client, content, name)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return int(re.search(r"/imports/(\d+)/", answer["Location"])[1])


@pytest.fixture
def paul(world, client_of):
    return client_of(world.people.paul)


def test_nothing_is_written_before_it_is_applied(world, paul):
    pk = uploaded(paul)
    assert not Site.objects.filter(name="Toulon").exists()
    batch = ImportBatch.objects.get(pk=pk)
    assert batch.counts == {"created": 2, "changed": 1, "unchanged": 0, "refused": 1}
    assert batch.header_row == 3
    page = paul.get(f"/imports/{pk}/").content.decode()
    assert "Toulon" in page and "pas un mail" in page and "Indian/Reunion" in page


def test_applying_does_what_was_shown(world, paul):
    pk = uploaded(paul)
    assert paul.post(f"/imports/{pk}/apply/").status_code == 302
    toulon = Site.objects.get(name="Toulon")
    assert toulon.entity.name == "Calanques SAS"
    assert Site.objects.get(name="Saint-Denis").time_zone == "Indian/Reunion"
    assert Site.objects.get(name="Aix").postcode == "13100"
    assert Person.objects.get(last_name="Martin").site == toulon
    assert Person.objects.filter(last_name__in=["Hoarau", "Payet"]).count() == 2
    assert not Person.objects.filter(last_name="Y").exists()
    batch = ImportBatch.objects.get(pk=pk)
    assert (batch.state, bytes(batch.content), batch.applied_by) == ("done", b"", world.people.paul)
    assert OrganisationChange.objects.filter(by=world.people.paul, kind="created").count() >= 5
    assert "Toulon" in paul.get(f"/imports/{pk}/").content.decode()


def test_the_same_file_again_changes_nothing(world, paul):
    paul.post(f"/imports/{uploaded(paul)}/apply/")
    before = list(Person.objects.order_by("pk").values()), list(Site.objects.values())
    pk = uploaded(paul)
    assert ImportBatch.objects.get(pk=pk).counts["created"] == 0
    assert ImportBatch.objects.get(pk=pk).counts["changed"] == 0
    paul.post(f"/imports/{pk}/apply/")
    assert ImportBatch.objects.get(pk=pk).state == "ready"
    assert (list(Person.objects.order_by("pk").values()), list(Site.objects.values())) == before


def test_a_second_click_applies_nothing_twice(world, paul):
    pk = uploaded(paul)
    for _click in range(2):
        assert paul.post(f"/imports/{pk}/apply/").status_code == 302
    assert Site.objects.filter(name="Toulon").count() == 1


def test_a_world_that_changed_meanwhile_is_shown_anew(world, paul):
    pk = uploaded(paul)
    Site.objects.create(
        provider=world.provider, company=world.companies.calanques, name="Toulon", city="Toulon"
    )
    paul.post(f"/imports/{pk}/apply/")
    batch = ImportBatch.objects.get(pk=pk)
    assert batch.state == "ready"
    assert not Person.objects.filter(last_name="Martin").exists()
    line = batch.lines.get(number=4)
    assert not any(e["kind"] == "site" and "facts" in e for e in line.effects)
    paul.post(f"/imports/{pk}/apply/")
    assert Person.objects.get(last_name="Martin").site.name == "Toulon"


def test_columns_may_be_said_otherwise(world, paul):
    pk = uploaded(paul, "Colonne un;Colonne deux\nNice;Calanques Services\n")
    page = paul.get(f"/imports/{pk}/").content.decode()
    assert "Colonne un" in page
    answer = paul.post(
        f"/imports/{pk}/columns/",
        {"header_row": "1", "column_0": "site", "column_1": "company", "role": ""},
    )
    assert answer.status_code == 302, answer.content.decode()
    assert ImportBatch.objects.get(pk=pk).counts["created"] == 1


def test_two_columns_for_one_thing_are_refused(world, paul):
    pk = uploaded(paul, "Site;Ville\nNice;Nice\n")
    data = {"header_row": "1", "column_0": "site", "column_1": "site", "role": ""}
    assert paul.post(f"/imports/{pk}/columns/", data).status_code == 422
    assert paul.post(f"/imports/{pk}/columns/", {"header_row": "x"}).status_code == 422
    assert paul.post(f"/imports/{pk}/columns/", {}).status_code == 422


def test_the_refused_rows_come_back_with_their_reasons(world, paul):
    pk = uploaded(paul)
    answer = paul.get(f"/imports/{pk}/refused.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "pas un mail" in text.splitlines()[1] and "7" in text
    assert paul.get(f"/imports/{pk}/refused.xlsx").status_code == 200


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_is_understood_whole(world, paul, kind):
    content = b"".join(paul.get(f"/imports/template.{kind}").streaming_content)
    from relais.lib import tables
    from relais.people.importing.columns import FIELDS, guess

    (row,) = tables.read(content).rows
    assert set(guess(row.cells).values()) == {f.name for f in FIELDS} - {"name"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\0",
        b"%PDF-1.4",
        b"PK\x03\x04garbage",
        b"\xff" * 3000,
        b"a;b\n" + b"x" * 10_000,
        bytes(range(256)) * 40,
    ],
)
def test_garbage_ends_in_a_message(world, paul, content):
    answer = upload(paul, content)
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.content.decode() or "error" in answer.content.decode()
    assert not ImportBatch.objects.exists()


def test_no_file_at_all_ends_in_a_message(world, paul):
    assert paul.post("/imports/").status_code == 422


def test_dropping_deletes_the_file_and_its_rows(world, paul):
    pk = uploaded(paul)
    paul.post(f"/imports/{pk}/drop/")
    batch = ImportBatch.objects.get(pk=pk)
    assert (batch.state, bytes(batch.content), batch.lines.count()) == ("dropped", b"", 0)
    paul.post(f"/imports/{pk}/apply/")
    assert not Site.objects.filter(name="Toulon").exists()


PATHS = ["", "template.csv", "{pk}/", "{pk}/progress/", "{pk}/refused.csv"]
POSTS = ["", "{pk}/apply/", "{pk}/columns/", "{pk}/drop/", "{pk}/again/"]


@pytest.mark.parametrize("name", ["alice", "claire", "fanny"])
def test_whoever_does_not_organise_finds_nothing(world, paul, client_of, name):
    pk = uploaded(paul)
    client = client_of(getattr(world.people, name))
    for path in PATHS:
        assert client.get("/imports/" + path.format(pk=pk)).status_code == 404, path
    for path in POSTS:
        assert client.post("/imports/" + path.format(pk=pk)).status_code == 404, path
    assert ImportBatch.objects.get(pk=pk).state == "ready"


def test_another_provider_finds_nothing(worlds, client_of):
    here, there = worlds
    with tenant(here.provider.pk):
        pk = uploaded(client_of(here.people.paul))
    client = client_of(there.people.zoe)
    for path in PATHS[2:]:
        assert client.get("/imports/" + path.format(pk=pk)).status_code == 404, path
    for path in POSTS[1:]:
        assert client.post("/imports/" + path.format(pk=pk)).status_code == 404, path
    with tenant(there.provider.pk):
        assert not ImportBatch.objects.exists()
        assert not ImportLine.objects.exists()


def test_a_known_siren_or_address_of_another_provider_matters_not(worlds, client_of):
    here, there = worlds
    client = client_of(there.people.zoe)
    with tenant(there.provider.pk):
        pk = uploaded(client)
        client.post(f"/imports/{pk}/apply/")
        assert ImportBatch.objects.get(pk=pk).state == "done"
        assert Company.objects.filter(name="Calanques Services").count() == 1
    with tenant(here.provider.pk):
        assert not Site.objects.filter(name="Toulon").exists()

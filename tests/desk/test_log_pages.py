"""A log through the pages: upload, columns, the worker, the result; by whom, and by whom not."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from relais.desk import log_upload
from relais.desk.models import LogImport, LogRefusal, Ticket

from .test_import_exports import EXPORTS
from .test_import_log import EVENTS, EVENTS_HEAD, HEAD, ROWS


def sent(*files):
    names = ("file", "events")
    return {
        name: SimpleUploadedFile(title, content)
        for name, (title, content) in zip(names, files, strict=False)
    }


@pytest.fixture
def paul(world, client_of):
    return client_of(world.people.paul)


def uploaded(client, *files):
    answer = client.post("/logs/", sent(*files))
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return int(re.search(r"/logs/(\d+)/", answer["Location"])[1])


def as_shown(client, pk):
    """Return what the form of the page would send."""
    form = client.get(f"/logs/{pk}/").context["form"]
    return {name: form[name].value() or "" for name in form.fields}


GLPI = ("glpi.csv", (EXPORTS / "glpi.csv").read_bytes())
BOTH = (
    ("r.csv", "\n".join([HEAD, *ROWS]).encode()),
    ("e.csv", "\n".join([EVENTS_HEAD, *EVENTS]).encode()),
)


def test_a_log_is_uploaded_checked_run_and_told(world, paul):
    pk = uploaded(paul, GLPI)
    page = paul.get(f"/logs/{pk}/").content.decode()
    assert "GLPI" in page and not Ticket.objects.exists()
    given = as_shown(paul, pk) | {"company_name": "Calanques d’avant", "default_site": "Ailleurs"}
    assert paul.post(f"/logs/{pk}/columns/", given | {"run": "1"}).status_code == 302
    assert LogImport.objects.get().state == "running"
    assert paul.get(f"/logs/{pk}/progress/").status_code == 200
    paul.post(f"/logs/{pk}/run/")  # a second click
    for _twice in range(2):
        log_upload.run(world.provider.pk, pk)
    made = LogImport.objects.get()
    assert (made.state, made.taken, bytes(made.content)) == ("done", 5, b"")
    assert Ticket.objects.filter(site__name="Ailleurs").count() == 1
    page = paul.get(f"/logs/{pk}/").content.decode()
    assert "Calanques" not in page or "Lyon" in page
    assert "HX-Redirect" in paul.get(f"/logs/{pk}/progress/").headers


def test_both_files_at_once_and_every_refused_row_is_sent(world, paul):
    pk = uploaded(paul, *BOTH)
    given = as_shown(paul, pk)
    paul.post(f"/logs/{pk}/columns/", given | {"run": "1"})
    log_upload.run(world.provider.pk, pk)
    made = LogImport.objects.get()
    assert (made.counts["read"], made.counts["events"], made.taken) == (9, 12, 4)
    assert LogRefusal.objects.count() == made.counts["refused"] == 7
    rows = b"".join(paul.get(f"/logs/{pk}/refused.csv").streaming_content).decode("utf-8-sig")
    assert len(rows.splitlines()) == 8 and "INC" not in rows
    assert paul.get(f"/logs/{pk}/").status_code == 200


def test_a_mapping_that_cannot_be_and_a_file_that_is_none_say_so(paul):
    pk = uploaded(paul, GLPI)
    given = as_shown(paul, pk) | {"column_ref": "", "run": "1"}
    answer = paul.post(f"/logs/{pk}/columns/", given)
    assert answer.status_code == 422 and "ref" in answer.content.decode()
    for name, content in (("x.csv", b""), ("x.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 9)):
        assert paul.post("/logs/", sent((name, content))).status_code == 422
    assert paul.post("/logs/", sent(GLPI, GLPI)).status_code == 422


@pytest.mark.parametrize("who", ["alice", "marc", "claire"])
def test_nobody_else_finds_it(world, paul, client_of, who):
    pk = uploaded(paul, GLPI)
    other = client_of(getattr(world.people, who))
    for path in ("", "progress/", "refused.csv"):
        assert other.get(f"/logs/{pk}/{path}").status_code == 404
    for path in ("columns/", "run/", "again/"):
        assert other.post(f"/logs/{pk}/{path}").status_code == 404

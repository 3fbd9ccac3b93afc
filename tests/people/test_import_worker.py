"""A large import: read and applied by the worker, in one transaction, telling how far it is."""

import pytest
from django.db import connection

from relais.lib.tenancy import all_tenants, tenant
from relais.people.importing import batches, command
from relais.people.models import ImportBatch, Person, Provider, Site

ROWS = 2_500


def large(rows=ROWS):
    lines = ["Société;Site;CP;Nom;Prénom;E-mail;N+1"]
    for n in range(rows):
        boss = f"p{n // 10}@c.example" if n else ""
        lines.append(f"Calanques;Site {n % 200};13100;Nom{n};Prénom;p{n}@c.example;{boss}")
    return "\n".join(lines).encode()


@pytest.fixture
def provider(committed):
    with all_tenants("a provider for the import"):
        return Provider.objects.create(name="Atout").pk


def opened(provider, content):
    with tenant(provider):
        batch = batches.open_batch(content, name="liste.csv", provider=provider, by=None)
        assert batches.is_large(batch)
        return batch.pk


def batch_of(provider, pk):
    with tenant(provider):
        return ImportBatch.objects.get(pk=pk)


def test_the_worker_reads_and_applies_and_a_second_run_does_nothing(provider, monkeypatch):
    pk = opened(provider, large())
    for _run in range(2):
        batches.preview_in_worker(provider, pk)
    assert batch_of(provider, pk).counts["created"] == ROWS
    with tenant(provider):
        batches.claim(batch_of(provider, pk))
        with pytest.raises(batches.NotReady):
            batches.claim(batch_of(provider, pk))
    seen = []
    tell = batches._Reporter.tell

    def watched(self, done, total):
        tell(self, done, total)
        own = connection.copy()
        with own.cursor() as cursor:
            cursor.execute("begin")
            cursor.execute("select set_config('relais.tenant', %s, true)", [str(provider)])
            cursor.execute("select steps_done, state from people_importbatch where id = %s", [pk])
            seen.append(cursor.fetchone())
            cursor.execute("rollback")
        own.close()

    monkeypatch.setattr(batches._Reporter, "tell", watched)
    for _run in range(2):
        batches.apply_in_worker(provider, pk, None)
    batch = batch_of(provider, pk)
    assert (batch.state, bytes(batch.content)) == ("done", b"")
    assert len({done for done, state in seen if state == "applying"}) > 3
    with tenant(provider):
        assert Person.objects.count() == ROWS
        assert Site.objects.count() == 200
        assert Person.objects.get(email="p25@c.example").reports_to.email == "p2@c.example"
    again = opened(provider, large())
    batches.preview_in_worker(provider, again)
    assert batch_of(provider, again).counts == {
        "created": 0,
        "changed": 0,
        "unchanged": ROWS,
        "refused": 0,
    }


def test_a_fault_in_the_middle_leaves_nothing_half_imported(provider, monkeypatch):
    pk = opened(provider, large())
    batches.preview_in_worker(provider, pk)
    with tenant(provider):
        batches.claim(batch_of(provider, pk))

    def breaks(*_args):
        raise RuntimeError("the machine is on fire")

    monkeypatch.setattr(batches.applying, "_give", breaks)
    with pytest.raises(RuntimeError):
        batches.apply_in_worker(provider, pk, None)
    batch = batch_of(provider, pk)
    assert batch.state == "ready" and batch.problem["message"] == batches.BROKE_OFF
    with tenant(provider):
        assert not Person.objects.exists() and not Site.objects.exists()
    monkeypatch.undo()
    with tenant(provider):
        batches.claim(batch)
    batches.apply_in_worker(provider, pk, None)
    assert batch_of(provider, pk).state == "done"


def test_the_command_shows_and_with_apply_writes(provider, tmp_path):
    file = tmp_path / "liste.csv"
    file.write_bytes("Société;Site;E-mail;Nom\nC;Aix;;\nC;Lyon;faux;X\n".encode())
    said = "\n".join(command.run_file(file))
    assert "faux" in said
    with tenant(provider):
        assert not Site.objects.exists()
    list(command.run_file(file, "Atout", apply=True))
    with tenant(provider):
        assert [site.name for site in Site.objects.all()] == ["Aix"]
    with pytest.raises(command.WhichProvider):
        list(command.run_file(file, "Personne"))

"""Rows written by a statement that is kept: as the ORM writes them, behind the same walls."""

import pytest
from django.db import Error, IntegrityError, transaction

from relais.lib.written import insert
from relais.people.models import Company


def test_rows_know_their_keys_and_what_the_database_made_of_them(world):
    rows = [Company(provider=world.provider, name=name) for name in ("Œillet", "Été")]
    insert(*rows)
    assert [row.name_key for row in rows] == ["oeillet", "ete"]
    for row in rows:
        assert not row._state.adding
        assert Company.objects.get(pk=row.pk).name == row.name
    rows[0].name = "Rose"
    rows[0].save()
    assert Company.objects.filter(name="Rose").count() == 1


def test_the_same_row_twice_is_refused_and_leaves_the_transaction_usable(world):
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(*(Company(provider=world.provider, name="Une fois") for _ in range(2)))
    assert not Company.objects.filter(name="Une fois").exists()


def test_nobody_writes_into_another_tenant(world):
    with pytest.raises(Error), transaction.atomic():
        insert(Company(provider_id=world.provider.pk + 1, name="Ailleurs"))

"""Rows written by a statement that is kept: as the ORM writes them, behind the same walls."""

import pytest
from django.db import Error, IntegrityError, transaction

from relais.lib.written import insert, insert_once
from relais.people.models import Company, Site


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


def test_a_row_and_what_hangs_on_it_know_their_keys(world):
    company = Company(provider=world.provider, name="Rose")
    sites = [Site(provider=world.provider, name=f"Site {n}") for n in range(3)]
    assert insert_once(company, "company", sites)
    assert [site.name for site in Site.objects.filter(company=company).order_by("pk")] == [
        "Site 0", "Site 1", "Site 2",
    ]  # fmt: skip
    for site in sites:
        assert Site.objects.get(pk=site.pk).name == site.name and site.company is company


def test_a_row_that_stands_already_is_left_alone_with_nothing_on_it(world):
    def twin():
        return Company(provider=world.provider, name="Une fois")

    assert insert_once(twin(), "company", [Site(provider=world.provider, name="Un")])
    assert not insert_once(twin(), "company", [Site(provider=world.provider, name="Deux")])
    assert Company.objects.filter(name="Une fois").count() == 1
    assert not Site.objects.filter(name="Deux").exists()


def test_what_is_too_long_is_refused_and_never_cut(world):
    long = Site(provider=world.provider, name="x" * 301)
    with pytest.raises(Error), transaction.atomic():
        insert_once(Company(provider=world.provider, name="Longue"), "company", [long])
    assert not Company.objects.filter(name="Longue").exists()


def test_what_hangs_on_it_stays_in_the_tenant(world):
    strange = Site(provider_id=world.provider.pk + 1, name="Ailleurs")
    with pytest.raises(Error), transaction.atomic():
        insert_once(Company(provider=world.provider, name="Ici"), "company", [strange])

"""Lists: search, filters, order, pages; and addresses that nobody wrote."""

from __future__ import annotations

from datetime import date

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from relais.lib import listing
from relais.lib.listing import Choice, Column, Linked, Listing, answer, is_part
from relais.people.models import Company, Site

SITES = Listing(
    name="sites",
    title="Sites",
    columns=(
        Column("name", "Name", lambda s: s.name, "name_key"),
        Column("company", "Company", lambda s: s.company.name, "company__name_key"),
        Column("secret", "Secret", lambda s: s.code),
    ),
    filters=(
        Choice(
            "city",
            "City",
            lambda: [("", "All"), ("Aix", "Aix"), ("Lyon", "Lyon")],
            lambda rows, value: rows.filter(city=value) if value else rows,
        ),
        Linked("company", "Company", lambda pk: Company.objects.filter(pk=pk).first(), "company"),
    ),
    prepare=lambda rows: rows.select_related("company"),
)


def read(query: str = ""):
    return SITES.read(Site.objects.all(), QueryDict(query), "/sites/")


def names(query: str = "") -> list[str]:
    return [site.name for site in read(query).rows]


@pytest.fixture
def many(world):
    Site.objects.bulk_create(
        Site(provider=world.provider, company=world.companies.froid, name=f"Écluse {n:03}")
        for n in range(120)
    )


def test_words_are_found_without_accents_or_case(world):
    Site.objects.filter(name="Aix").update(name="Élan Cœur")
    assert names("q=ELAN") == names("q=c%C5%93ur+elan") == names("q=coeur") == ["Élan Cœur"]


def test_every_word_must_be_found(world):
    assert names("q=aix+brest") == []


@pytest.mark.parametrize("mark", ["%25", "_", "%5C", "%27", "%22"])
def test_marks_of_patterns_are_plain_letters(world, mark: str):
    assert names(f"q={mark}") == []


def test_filters_narrow(world):
    assert names("city=Lyon") == ["Lyon"]
    assert names(f"company={world.companies.froid.pk}") == ["Brest"]
    chip, off = read(f"company={world.companies.froid.pk}&city=Lyon").chips[0]
    assert (chip.text, off) == ("Bretagne Froid", "/sites/?city=Lyon")


def test_order_turns(world):
    assert names() == ["Aix", "Brest", "Lyon"]
    assert names("sort=-name") == ["Lyon", "Brest", "Aix"]
    assert names("sort=company") == ["Brest", "Aix", "Lyon"]
    assert [head.direction for head in read("sort=-name").heads] == ["descending", "", ""]
    assert read("sort=name").heads[0].url == "/sites/?sort=-name"


def test_only_declared_columns_sort(world):
    assert read("sort=secret").sort == read("sort=provider__name").sort == "name"
    assert read().heads[2].url == ""


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=" + "x" * 5000,
        "page=-1",
        "page=99999999999999999999",
        "page=²",
        "page=x",
        "company=99999999999999999999999",
        "company=-1",
        "company=%00",
        "city=%00",
        "sort=--name",
        "export=exe",
        "sort=",
    ],
)
def test_a_spoilt_address_still_shows_a_list(world, query: str):
    assert read(query).rows is not None


def test_pages_hold_fifty_rows(many):
    assert len(names()) == 50
    last = read("page=3")
    assert (last.first_shown, last.last_shown, last.count) == (101, 123, 123)
    assert read("page=900").page == 3
    assert read("page=2").next_url == "/sites/?page=3"


def test_pages_neither_lose_nor_repeat_rows_that_sort_alike(many):
    Site.objects.update(city="Brest")
    by_company = [site.pk for page in (1, 2, 3) for site in read(f"sort=company&page={page}").rows]
    assert len(by_company) == len(set(by_company)) == 123


def test_counting_is_bounded(many, monkeypatch):
    monkeypatch.setattr(listing, "COUNT_LIMIT", 100)
    listed = read()
    assert (listed.count, listed.shown_count, listed.is_more_than_counted) == (101, 100, True)


def test_an_export_holds_every_filtered_row(many):
    rows = list(read("q=ecluse&page=2").exported())
    assert rows[0] == ["Name", "Company", "Secret"]
    assert len(rows) == 121


def test_an_export_too_big_is_refused_not_cut(many, monkeypatch):
    monkeypatch.setattr(listing, "EXPORT_LIMIT", 10)
    request = RequestFactory().get("/sites/", {"export": "csv"}, headers={"HX-Request": "true"})
    request.META["HTTP_HX_TARGET"] = "div#sites-rows"
    response = answer(request, SITES, Site.objects.all())
    assert "10" in response.content.decode()
    assert "alert" in response.content.decode()


def test_htmx_gets_the_rows_alone_and_a_short_address(world):
    headers = {"HX-Request": "true", "HX-Target": "div#sites-rows"}
    request = RequestFactory().get("/sites/", {"q": "", "city": "Lyon"}, headers=headers)
    response = answer(request, SITES, Site.objects.all())
    page = response.content.decode()
    assert "<html" not in page
    assert "Lyon" in page
    assert response["HX-Replace-Url"] == "/sites/?city=Lyon"
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HX-Request": "true", "HX-Target": "body"},
        {"HX-Request": "true", "HX-Target": "x#sites-rows", "HX-History-Restore-Request": "true"},
    ],
)
def test_others_get_the_page(headers: dict[str, str]):
    assert not is_part(RequestFactory().get("/", headers=headers), "sites-rows")


def test_values_may_be_lists_and_dates(world):
    column = Column("x", "X", lambda s: [1, date(2026, 1, 1)])
    assert listing.Cell(column, None).value == "1, 2026-01-01"


def test_values_are_drawn_as_text_never_as_html(world):
    evil = "<script>alert(1)</script>"
    for extra in (
        {},
        {"url": lambda _r: '/x"><script>'},
        {"tone": lambda _r: "warn"},
        {"note": lambda _r: evil},
    ):
        drawn = listing.Cell(Column("x", "X", lambda _r: evil, **extra), None, evil).drawn
        assert "<script" not in drawn
        assert "&lt;script&gt;" in drawn

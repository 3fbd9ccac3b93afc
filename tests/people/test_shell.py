"""The frame of every page: language, appearance, search, what a page may load."""

from __future__ import annotations

from relais.lib.tenancy import tenant
from relais.people.models import User

HTMX = {"HX-Request": "true"}


def test_the_search_finds_without_accents_case_or_ligature(world, client_of):
    page = client_of(world.people.paul).get("/search/", {"q": "BOEUF basile"})
    assert "Basile Bœuf" in page.content.decode()
    page = client_of(world.people.paul).get("/search/", {"q": "lefevre"})
    assert "Luc Lefèvre" in page.content.decode()


def test_the_search_never_finds_what_is_not_seen(world, client_of):
    erwan = client_of(world.people.erwan)
    assert "Morel" not in erwan.get("/search/", {"q": "morel"}).content.decode()
    assert "Brest" in erwan.get("/search/", {"q": "brest"}).content.decode()
    hits = client_of(world.people.marc).get("/search/", {"q": "brest"}, headers=HTMX)
    assert "Bretagne Froid" not in hits.content.decode()


def test_one_provider_never_finds_the_other_s_people(worlds, client_of):
    ours, theirs = worlds
    with tenant(ours.provider.pk):
        found = client_of(ours.people.paul)
    page = found.get("/search/", {"q": "zola"})
    assert "Zoé Zola" not in page.content.decode()
    assert theirs.people.zoe.pk


def test_the_search_takes_any_text(world, client_of):
    paul = client_of(world.people.paul)
    for question in ["", "   ", "%", "_", "\x00", "'; --", "é" * 5000, "a b c d e f g h i"]:
        assert paul.get("/search/", {"q": question}).status_code == 200


def test_a_percent_sign_is_a_letter_like_others(world, client_of):
    page = client_of(world.people.paul).get("/search/", {"q": "%"}, headers=HTMX)
    assert 'class="hit"' not in page.content.decode()


def test_the_search_costs_the_same_queries_whatever_it_finds(
    world, client_of, django_assert_num_queries
):
    paul = client_of(world.people.paul)
    paul.get("/search/", {"q": "a"})

    def count(question: str) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(
            connection,
        ) as queries:
            paul.get("/search/", {"q": question})
        return len(queries)

    assert count("a") == count("basile")


def test_the_language_is_kept_on_the_account(world, client_of):
    marc = client_of(world.people.marc)
    assert 'lang="fr"' in marc.get("/search/").content.decode()
    answer = marc.post("/preferences/", {"language": "en", "next": "/search/?q=x"})
    assert (answer.status_code, answer.url) == (302, "/search/?q=x")
    assert User.objects.get(pk=world.people.marc.user_id).language == "en"
    assert 'lang="en"' in marc.get("/search/").content.decode()


def test_preferences_refuse_what_they_do_not_know_and_never_lead_elsewhere(world, client_of):
    marc = client_of(world.people.marc)
    answer = marc.post(
        "/preferences/", {"language": "xx", "theme": "pink", "next": "https://evil.example/"}
    )
    assert answer.url == "/"
    assert not answer.cookies
    assert marc.get("/preferences/").status_code == 405


def test_the_theme_is_in_the_page_itself_so_that_nothing_flashes(world, client_of):
    marc = client_of(world.people.marc)
    assert "data-bs-theme=" not in marc.get("/search/").content.decode()
    marc.post("/preferences/", {"theme": "dark"})
    assert 'data-bs-theme="dark"' in marc.get("/search/").content.decode()
    marc.post("/preferences/", {"theme": "auto"})
    assert "data-bs-theme=" not in marc.get("/search/").content.decode()


def test_a_part_of_a_page_never_gets_the_sign_in_form(world, client):
    answer = client.get("/search/?q=a", headers=HTMX)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"].startswith("/accounts/login/")
    assert client.get("/search/?q=a").status_code == 302


def test_nothing_inline_may_run(world, client_of):
    page = client_of(world.people.marc).get("/search/")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    html = page.content.decode()
    assert "<script>" not in html
    assert ' style="' not in html
    assert " onclick" not in html


def test_a_missing_page_speaks_the_reader_s_language(world, client_of, client):
    page = client_of(world.people.marc).get("/no-such-page/")
    assert page.status_code == 404
    assert "Cette page n’existe pas" in page.content.decode()
    page = client.get("/no-such-page/", headers={"Accept-Language": "en"})
    assert "This page does not exist" in page.content.decode()


def test_each_person_lives_by_the_clocks_of_her_site(world, client_of, monkeypatch):
    from django.utils import timezone

    from relais.people.models import Site
    from relais.people.views import search as module

    Site.objects.filter(pk=world.sites.aix.pk).update(time_zone="Indian/Reunion")
    seen = []
    monkeypatch.setattr(
        module,
        "search_for",
        lambda *a, **k: seen.append(timezone.get_current_timezone_name()) or [],
    )
    client_of(world.people.marc).get("/search/")
    assert seen == ["Indian/Reunion"]


def test_a_field_s_errors_are_tied_to_it(world):
    from django import forms

    class Form(forms.Form):
        name = forms.CharField(label="Nom", help_text="Comme sur la carte")

    html = Form({}).as_div()
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert 'role="alert"' in html
    assert 'href="#id_name"' in html

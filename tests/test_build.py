"""The build refuses translations that would show a wrong or an untranslated text."""

import gettext
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
import hatch_build  # noqa: E402


@pytest.fixture
def locale(tmp_path, monkeypatch):
    """Return the folder of one language's fragments, in an otherwise empty project."""
    folder = tmp_path / "relais" / "locale" / "fr"
    folder.mkdir(parents=True)
    monkeypatch.setattr(hatch_build, "ROOT", tmp_path)
    monkeypatch.setattr(hatch_build, "LOCALE", folder.parent)
    return folder


def fragment(locale, name, msgid, msgstr, before=""):
    (locale / f"{name}.po").write_text(f'{before}msgid "{msgid}"\nmsgstr "{msgstr}"\n\n')


def merge(locale):
    hatch_build.build_language("fr", sorted(locale.glob("*.po")))
    with (locale / "LC_MESSAGES" / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def test_fragments_become_one_catalogue(locale):
    fragment(locale, "desk", "Request", "Demande")
    fragment(locale, "people", "Person", "Personne")
    merged = merge(locale)
    assert (merged.gettext("Request"), merged.gettext("Person")) == ("Demande", "Personne")


def test_plurals_follow_the_language(locale):
    (locale / "desk.po").write_text(
        'msgid "%(n)s day"\nmsgid_plural "%(n)s days"\n'
        'msgstr[0] "%(n)s jour"\nmsgstr[1] "%(n)s jours"\n'
    )
    merged = merge(locale)
    assert merged.ngettext("%(n)s day", "%(n)s days", 0) == "%(n)s jour"
    assert merged.ngettext("%(n)s day", "%(n)s days", 2) == "%(n)s jours"


def test_two_areas_may_say_the_same_but_not_differently(locale):
    fragment(locale, "desk", "Site", "Site")
    fragment(locale, "people", "Site", "Site")
    merge(locale)
    fragment(locale, "people", "Site", "Lieu")
    with pytest.raises(hatch_build.BuildFailed, match=r"people\.po.*otherwise in desk\.po"):
        merge(locale)


@pytest.mark.parametrize(
    ("msgid", "msgstr", "before", "fault"),
    [
        ("Late", "", "", "not translated"),
        ("Late", "En retard", "#, fuzzy\n", "fuzzy"),
        ("%(n)s late", "%(m)s en retard", "", "placeholders"),
        ("%(n)s late", "en retard", "", "placeholders"),
        ("{who} late", "{qui} en retard", "", "placeholders"),
    ],
)
def test_a_wrong_translation_is_named_with_its_place(locale, msgid, msgstr, before, fault):
    fragment(locale, "desk", msgid, msgstr, before)
    with pytest.raises(hatch_build.BuildFailed, match=rf"desk\.po:\d+: .*{fault}"):
        merge(locale)


def test_a_failed_build_leaves_the_last_good_catalogue(locale):
    fragment(locale, "desk", "Late", "En retard")
    merge(locale)
    fragment(locale, "desk", "Late", "")
    with pytest.raises(hatch_build.BuildFailed):
        merge(locale)
    with (locale / "LC_MESSAGES" / "django.mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Late") == "En retard"


def test_only_what_changed_is_built(locale, monkeypatch):
    monkeypatch.setattr(hatch_build, "_changed", hatch_build._changed)
    monkeypatch.setattr(hatch_build, "build_assets", lambda: None)
    monkeypatch.setattr(hatch_build, "VENDOR", locale)
    fragment(locale, "desk", "Late", "En retard")
    assert hatch_build.build() == ["assets", "fr"]
    assert hatch_build.build() == []
    fragment(locale, "desk", "Late", "Tardif")
    assert hatch_build.build() == ["fr"]


def test_the_projects_own_fragments_build(tmp_path, monkeypatch):
    for folder in hatch_build.LOCALE.glob("*/"):
        fragments = sorted(folder.glob("*.po"))
        monkeypatch.setattr(hatch_build, "LOCALE", tmp_path)
        hatch_build.build_language(folder.name, fragments)


def test_every_icon_that_a_template_names_is_in_the_sprite():
    known = set((ROOT / "frontend" / "icons.txt").read_text().split())
    used = {}
    for template in (ROOT / "relais").rglob("*.html"):
        for name in re.findall(r"{%\s*icon\s+['\"]([\w-]+)['\"]", template.read_text()):
            used.setdefault(name, template.name)
    assert used, "no template names an icon: is the tag still called icon?"
    assert {name: place for name, place in used.items() if name not in known} == {}

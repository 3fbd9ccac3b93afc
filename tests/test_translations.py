"""Nobody meets a word of the other language: every text of the sources has its French."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import django
import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file

import relais

ROOT = Path(relais.__file__).parent
KEYWORDS = DEFAULT_KEYWORDS | {
    "_t": None,  # gettext, beside a lazy one
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
    "pgettext_lazy": ((1, "c"), 2),
}


def known():
    """Return the French of ours, of Django and of what Django is extended by."""
    ours = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.mo"
    theirs = Path(django.__file__).parent.glob("**/locale/fr/LC_MESSAGES/django.mo")
    found = {}
    for file in [*theirs, ours]:
        with file.open("rb") as opened:
            found |= gettext.GNUTranslations(opened)._catalog
    return {key[0] if isinstance(key, tuple) else key for key, text in found.items() if text}


@pytest.mark.parametrize(("pattern", "method"), [("**/*.py", "python"), ("**/*.html", "django")])
def test_every_text_of_the_sources_has_its_french(pattern, method):
    french, missing, seen = known(), [], 0
    for file in sorted(ROOT.glob(pattern)):
        for line, message, _c, context in extract_from_file(method, file, keywords=KEYWORDS):
            text = message[0] if isinstance(message, tuple) else message
            seen += 1
            # In a template a percent sign is written twice for gettext alone.
            keys = [text, re.sub(r" %(?!\()", " %%", text)]
            if text and not french & {f"{context}\x04{key}" if context else key for key in keys}:
                missing.append(f"{file.relative_to(ROOT.parent)}:{line}: {text!r}")
    assert not missing, "no French for\n" + "\n".join(missing)
    assert seen > 500

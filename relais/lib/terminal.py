"""What a command says: in the reader's language, without waiting for Django to be loaded."""

from __future__ import annotations

import functools
import gettext
import os
import sys
import time
from pathlib import Path

from relais.lib.problem import Problem

LOCALE = Path(__file__).resolve().parents[1] / "locale"


def N_(text: str) -> str:  # noqa: N802  (gettext's own name)
    """Return the text as it is: marks it for translation where it is said later."""
    return text


def language() -> str:
    """Return "en" when the environment asks for English, else "fr"."""
    for name in ("RELAIS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "en" if value.lower().startswith("en") else "fr"
    return "fr"


@functools.cache
def _catalogue(language: str) -> gettext.NullTranslations:
    # English is the language of the msgids: it has no catalogue.
    return gettext.translation("django", LOCALE, [language], fallback=True)


def translate(text: object) -> str:
    """Return the text in the reader's language; a lazy one of Django's is turned into text."""
    return _catalogue(language()).gettext(str(text))


def fill(text: str, values: dict[str, object]) -> str:
    """Return the text in the reader's language, with its values."""
    return translate(text) % values if values else translate(text)


def say(text: str, **values: object) -> None:
    _print(fill(text, values))


def _print(line: str) -> None:
    try:
        print(line, flush=True)
    except BrokenPipeError:
        # The reader has gone (`| head`): what runs goes on, unheard.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(problem: Problem) -> None:
    """Say what is wrong, and the mend, where errors are read."""
    print("\n" + translate(problem.message) % problem.values, file=sys.stderr, flush=True)


class Steps:
    """A line for each step of something long, with the seconds since it began."""

    def __init__(self) -> None:
        # The shell script that called us began earlier, by the clock on the wall.
        begun = os.environ.get("RELAIS_STARTED", "")
        ago = time.time() - int(begun) if begun.isdigit() else 0
        self.begun = time.monotonic() - max(0.0, ago)

    def __call__(self, text: str, **values: object) -> None:
        seconds = time.monotonic() - self.begun
        _print(f"{seconds:4.0f} s  {fill(text, values)}")

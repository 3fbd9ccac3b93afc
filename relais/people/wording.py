"""How the organisation is put into words: skills, languages, absences."""

from __future__ import annotations

from babel import Locale
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy

from .models import Absence, SkillLevel

LEVELS = {
    1: gettext_lazy("with help"),
    2: gettext_lazy("alone"),
    3: gettext_lazy("trains others"),
}


def skill_text(level: SkillLevel) -> str:
    """Return a skill and how well it is mastered."""
    skill = level.skill
    name = skill.name_en if get_language() == "en" else skill.name_fr
    return f"{name} ({LEVELS[level.level]})"


def language_name(code: str) -> str:
    """Return a language as the reader calls it."""
    return str(Locale((get_language() or "fr")[:2]).languages.get(code, code))


def away_text(absence: Absence) -> str:
    """Return an absence as its class and days: never more."""
    first = timezone.localtime(absence.period.lower)
    last = timezone.localtime(absence.period.upper)
    return f"{absence.get_kind_display()}, {first:%d/%m/%Y %H:%M} – {last:%d/%m/%Y %H:%M}"

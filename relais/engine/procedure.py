"""What a procedure says, what is wrong with it, and how well it could be passed on to somebody.

The rules and the weights of the score are those of domain E.6. Texts come in two languages; a rule
reads the French one, else the English one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

MOST_STEPS = 25
PRACTICE_DAYS = 180
PICTURE_DAYS = 548  # eighteen months
WEIGHTS = {"sound": 30, "reviewed": 20, "practised": 25, "acknowledged": 15, "drilled": 10}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `key` stays the same from version to version; `control` asks for a word."""

    key: str
    action_fr: str
    action_en: str = ""
    tool: str = ""
    role: str = ""
    minutes: int = 0
    control_fr: str = ""
    control_en: str = ""
    mandatory: bool = False
    pictured_on: str = ""

    @property
    def action(self) -> str:
        """Return what is done, as the rules read it."""
        return self.action_fr or self.action_en


@dataclass(frozen=True, slots=True)
class Rescue:
    """What to do when it goes otherwise: the symptom, the action, whom to turn to."""

    symptom_fr: str
    action_fr: str
    escalation_fr: str = ""
    symptom_en: str = ""
    action_en: str = ""
    escalation_en: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the steps need, and how one gets into it."""

    name: str
    access: str = ""


TEXTS = ("trigger", "inputs", "outputs", "acceptance", "checks")


@dataclass(frozen=True, slots=True)
class Content:
    """All that a version of a procedure says."""

    trigger_fr: str = ""
    trigger_en: str = ""
    inputs_fr: str = ""
    inputs_en: str = ""
    outputs_fr: str = ""
    outputs_en: str = ""
    acceptance_fr: str = ""
    acceptance_en: str = ""
    checks_fr: str = ""
    checks_en: str = ""
    steps: tuple[Step, ...] = ()
    rescues: tuple[Rescue, ...] = ()
    tools: tuple[Tool, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return it as plain values."""
        told: dict[str, Any] = {
            f"{name}_{language}": getattr(self, f"{name}_{language}")
            for name in TEXTS
            for language in ("fr", "en")
        }
        for name in ("steps", "rescues", "tools"):
            told[name] = [_plain(each) for each in getattr(self, name)]
        return told

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Content:
        """Return what plain values say; unknown names are left aside."""
        known = {name: facts[name] for name in cls.__slots__ if name in facts}
        for name, kind in (("steps", Step), ("rescues", Rescue), ("tools", Tool)):
            if name in known:
                known[name] = tuple(_value(kind, each) for each in known[name])
        return cls(**known)


def _plain(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _value(kind: Any, facts: Any) -> Any:
    if isinstance(facts, kind):
        return facts
    return kind(**{name: facts[name] for name in kind.__slots__ if name in facts})


# Lint ---------------------------------------------------------------------------------------------


class Severity(StrEnum):
    """Whether a finding keeps a version from being published."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: its code, the step concerned (from 1; 0: the whole), and what was seen."""

    code: str
    severity: Severity
    step: int = 0
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Practised:
    """One time that somebody did it."""

    person: int
    on: date
    success: bool = True
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside the text. `names`: first and last names, written as they are.

    `asks_figures`: a service of this procedure asks for an amount or a date.
    """

    today: date
    owner: bool = False
    author: int | None = None
    review_by: date | None = None
    practised: tuple[Practised, ...] = ()
    acknowledged: Collection[int] = ()
    assigned: Collection[int] = ()
    names: Collection[str] = ()
    asks_figures: bool = False
    published: bool = True
    gone: tuple[str, ...] = field(default=())


def lint(content: Content, facts: Facts) -> list[Finding]:
    """Return what is wrong with a procedure, errors first, each where it stands."""
    error, warning = Severity.ERROR, Severity.WARNING
    found = [
        Finding(code, error)
        for code, wrong in (
            ("no_owner", not facts.owner),
            ("no_trigger", not (content.trigger_fr or content.trigger_en).strip()),
            ("no_acceptance", not (content.acceptance_fr or content.acceptance_en).strip()),
            ("no_exception", not content.rescues),
            ("no_step", not content.steps),
            ("review_overdue", is_overdue(facts)),
        )
        if wrong
    ]
    if len(content.steps) > MOST_STEPS:
        found.append(Finding("too_many_steps", error, 0, str(len(content.steps))))
    opened = {tool.name.casefold() for tool in content.tools if tool.access.strip()}
    for number, step in enumerate(content.steps, start=1):
        if step.tool.strip() and step.tool.strip().casefold() not in opened:
            found.append(Finding("tool_without_access", error, number, step.tool.strip()))
        if name := _named(step, facts.names):
            found.append(Finding("person_named", error, number, name))
        if not has_verb(step):
            found.append(Finding("no_verb", error, number, step.action))
    found += [Finding("step_gone", error, 0, key) for key in facts.gone]
    if facts.asks_figures and not any(s.control_fr or s.control_en for s in content.steps):
        found.append(Finding("no_control", warning))
    if facts.published and not practised_by_others(facts):
        found.append(Finding("not_practised", warning))
    limit = facts.today - timedelta(days=PICTURE_DAYS)
    for number, step in enumerate(content.steps, start=1):
        if (taken := _day(step.pictured_on)) and taken < limit:
            found.append(Finding("old_picture", warning, number, step.pictured_on))
    return found


def is_overdue(facts: Facts) -> bool:
    """Return whether the day of the next review is past."""
    return facts.review_by is not None and facts.review_by < facts.today


def practised_by_others(facts: Facts) -> int:
    """Return how many others than the author did it with success within half a year."""
    since = facts.today - timedelta(days=PRACTICE_DAYS)
    return len(
        {
            each.person
            for each in facts.practised
            if each.success and each.on >= since and each.person != facts.author
        }
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _named(step: Step, names: Collection[str]) -> str:
    """Return the name of a person in the step, or nothing.

    The first word of a sentence has its capital anyway: "Claire" may be anybody, "claire" nobody.
    """
    words = _words(step.role) + [
        word for line in step.action.split(". ") for word in _words(line)[1:]
    ]
    return next((word for word in words if word in names), "")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that end like a verb and are none.
_NOUNS = _set(
    "dossier dossiers courrier courriers calendrier papier premier dernier chantier fichier casier "
    "cahier atelier entier particulier panier clavier hôtelier mobilier hier tiers aller cher "
    "loisir avenir désir plaisir soir noir espoir pouvoir devoir chez assez nez rez "
    "titre lettre chiffre ordre nombre livre autre notre votre être maître mètre centre "
    "mandataire prestataire destinataire signataire secrétaire bancaire horaire annuaire sommaire "
    "formulaire inventaire salaire nécessaire contraire affaire honoraire"
)
_INFINITIVE = re.compile(r".{2,}(er|ir|re|oir|ez)")
_ARTICLES = _set("the a an of to in on at for with by from this that these those")
_NO_ENGLISH_VERB = re.compile(r".*(tion|ment|ness|ity|ing)")


def has_verb(step: Step) -> bool:
    """Return whether the step says what to do: an infinitive or an order among its first words."""
    if step.action_fr.strip():
        words = _words(step.action_fr.casefold())[:4]
        return any(_INFINITIVE.fullmatch(word) and word not in _NOUNS for word in words)
    words = _words(step.action_en.casefold())
    return bool(words) and words[0] not in _ARTICLES and not _NO_ENGLISH_VERB.fullmatch(words[0])


# Score --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the score: its code, weight, whether it holds, and what was counted of what."""

    code: str
    weight: int
    holds: bool
    count: int = 0
    of: int = 0

    @property
    def points(self) -> int:
        """Return what the term brings."""
        return self.weight if self.holds else 0


@dataclass(frozen=True, slots=True)
class Score:
    """How well a procedure could be passed on: the sum of its terms, 0 to 100."""

    terms: tuple[Term, ...]

    @property
    def points(self) -> int:
        """Return the sum of the terms."""
        return sum(term.points for term in self.terms)


def score(content: Content, facts: Facts) -> Score:
    """Return the transmissibility of a version (domain E.6), each term shown with its counts.

    Sound: the lint finds no error. Reviewed: its next review is set and not past. Practised: by
    somebody else than the author, with success, within 180 days. Acknowledged: by all whom the
    work may fall to. Drilled: done in a drill within a year.
    """
    errors = sum(finding.severity == Severity.ERROR for finding in lint(content, facts))
    others = practised_by_others(facts)
    assigned = set(facts.assigned)
    read = len(assigned & set(facts.acknowledged))
    year = facts.today - timedelta(days=365)
    drills = sum(each.drill and each.success and each.on >= year for each in facts.practised)
    reviewed = facts.review_by is not None and not is_overdue(facts)
    return Score(
        (
            Term("sound", WEIGHTS["sound"], not errors, errors),
            Term("reviewed", WEIGHTS["reviewed"], reviewed),
            Term("practised", WEIGHTS["practised"], others > 0, others),
            Term(
                "acknowledged",
                WEIGHTS["acknowledged"],
                bool(assigned) and read == len(assigned),
                read,
                len(assigned),
            ),
            Term("drilled", WEIGHTS["drilled"], drills > 0, drills),
        )
    )


# Running ------------------------------------------------------------------------------------------


def steps_left(steps: Iterable[Mapping[str, Any]], done: Collection[str]) -> list[str]:
    """Return the keys of the mandatory steps that are not done, in order."""
    return [step["key"] for step in steps if step.get("mandatory") and step["key"] not in done]

"""Procedures beside their text: what the lint and the score need to know, told in words."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from relais.engine import procedure as engine
from relais.engine.procedure import Content, Facts, Finding, Practised, Severity
from relais.people.models import Cover, Person, Role

from .models import Acknowledgement, Practice, Procedure, ProcedureVersion, Service, ServiceVariant

SHORTEST_NAME = 3


def a_year_after(day: date) -> date:
    """Return the same day of the next year."""
    last = calendar.monthrange(day.year + 1, day.month)[1]
    return date(day.year + 1, day.month, min(day.day, last))


@dataclass(frozen=True)
class Known:
    """What is known of some procedures, read in as many queries whatever their number."""

    assigned: frozenset[int]
    names: frozenset[str]
    services: dict[int, list[Service]]
    practised: dict[int, list[Practised]]
    acknowledged: dict[int, list[tuple[int, int]]]
    major: dict[int, list[int]]
    changed_steps: dict[int, list[str]]

    @classmethod
    def of(cls, procedures: Iterable[int]) -> Known:
        """Return it for these procedures, by key."""
        keys = list(procedures)
        known = cls(assigned(), names_of_people(), {}, {}, {}, {}, {})
        for service in Service.objects.filter(procedure__in=keys):
            known.services.setdefault(service.procedure_id, []).append(service)
        practices = Practice.objects.filter(version__procedure__in=keys).order_by()
        for key, person, at, success, drill in practices.values_list(
            "version__procedure", "person", "at", "success", "drill"
        ):
            line = Practised(person, at.date(), success, drill)
            known.practised.setdefault(key, []).append(line)
        read = Acknowledgement.objects.filter(version__procedure__in=keys).order_by()
        for key, number, person in read.values_list(
            "version__procedure", "version__number", "person"
        ):
            known.acknowledged.setdefault(key, []).append((number, person))
        major = ProcedureVersion.objects.filter(procedure__in=keys, major=True, state="published")
        for key, number in major.order_by("number").values_list("procedure", "number"):
            known.major.setdefault(key, []).append(number)
        variants = ServiceVariant.objects.filter(service__procedure__in=keys, active=True)
        for key, steps in variants.values_list("service__procedure", "steps"):
            found = [change["key"] for change in steps if change["key"]]
            known.changed_steps.setdefault(key, []).extend(found)
        return known


def facts_of(version: ProcedureVersion, today: date, known: Known | None = None) -> Facts:
    """Return what is known beside the text of a version."""
    key = version.procedure_id
    known = known or Known.of([key])
    since = _last_major(version, known.major.get(key, []))
    steps = {step.key for step in version.told.steps}
    return Facts(
        today=today,
        owner=version.procedure.owner_id is not None,
        author=version.author_id,
        review_by=version.review_by,
        practised=tuple(known.practised.get(key, ())),
        acknowledged=frozenset(
            person
            for number, person in known.acknowledged.get(key, ())
            if since <= number <= version.number
        ),
        assigned=known.assigned,
        names=known.names,
        asks_figures=any(
            question.get("kind") in ("amount", "date")
            for service in known.services.get(key, ())
            for question in service.questions
        ),
        published=version.state == ProcedureVersion.State.PUBLISHED,
        gone=tuple(name for name in known.changed_steps.get(key, ()) if name not in steps),
    )


def _last_major(version: ProcedureVersion, numbers: list[int]) -> int:
    """Return the number since which what was acknowledged still counts."""
    before = [number for number in numbers if number <= version.number]
    return version.number if version.major or not before else before[-1]


def assigned() -> frozenset[int]:
    """Return the assistants to whom the work may fall: those who cover a site."""
    assistants = Role.objects.in_force().filter(kind=Role.Kind.ASSISTANT).values("person")
    covers = Cover.objects.filter(person__in=assistants, person__archived_at=None)
    return frozenset(covers.values_list("person_id", flat=True))


def names_of_people() -> frozenset[str]:
    """Return the first and last names of everybody, as they are written."""
    found: set[str] = set()
    for first, last in Person.objects.values_list("first_name", "last_name"):
        found.update((first, last))
    return frozenset(name for name in found if len(name) >= SHORTEST_NAME)


def errors_of(version: ProcedureVersion, today: date) -> list[str]:
    """Return what keeps a version from being published, each with its mend."""
    found = engine.lint(version.told, facts_of(version, today))
    return [told(each) for each in found if each.severity == Severity.ERROR]


def told(finding: Finding) -> str:
    """Return a finding in words: what is wrong, and the mend."""
    text = MENDS()[finding.code] % {"seen": finding.seen}
    return _("Step %(n)d: %(text)s") % {"n": finding.step, "text": text} if finding.step else text


def MENDS() -> dict[str, str]:  # noqa: N802 (a table, made anew for each reader's language)
    """Return the words of each finding."""
    return {
        "no_owner": _("Nobody owns it: name an owner, who keeps it right."),
        "no_trigger": _("Nothing says when it begins: write the trigger."),
        "no_acceptance": _("Nothing says when it is well done: write the acceptance criteria."),
        "no_exception": _("No exception: write down at least one thing that goes otherwise."),
        "no_step": _("It has no step: write what is done, in order."),
        "review_overdue": _("Its review is overdue: read it again and set the next day."),
        "too_many_steps": _("%(seen)s steps are too many: split it, 25 at most."),
        "tool_without_access": _(
            "nothing says how one gets into “%(seen)s”: add the tool with its access."
        ),
        "person_named": _("“%(seen)s” names a person: name the role instead."),
        "no_verb": _("“%(seen)s” does not say what to do: begin with a verb."),
        "step_gone": _(
            "A site variant changes the step “%(seen)s”, which is no more: mend the variant first."
        ),
        "no_control": _(
            "An amount or a date is asked for and nothing checks it: add a control point."
        ),
        "not_practised": _(
            "Nobody but the author has done it within 180 days: have a colleague do it."
        ),
        "old_picture": _("its picture of %(seen)s is older than 18 months: take a new one."),
    }


@dataclass(frozen=True)
class Health:
    """What the lint found and the score, told in words."""

    errors: list[str]
    warnings: list[str]
    score: engine.Score
    terms: list[tuple[engine.Term, str]]


def health_of(versions: Iterable[ProcedureVersion], today: date) -> dict[int, Health]:
    """Return the health of several versions, by key."""
    versions = list(versions)
    known = Known.of({version.procedure_id for version in versions})
    return {version.pk: health(version, today, known) for version in versions}


def health(version: ProcedureVersion, today: date, known: Known | None = None) -> Health:
    """Return what is to be mended in a version, and its transmissibility, term by term."""
    content, facts = version.told, facts_of(version, today, known)
    found = engine.lint(content, facts)
    score = engine.score(content, facts)
    return Health(
        [told(each) for each in found if each.severity == Severity.ERROR],
        [told(each) for each in found if each.severity == Severity.WARNING],
        score,
        [(term, _term_text(term)) for term in score.terms],
    )


def _term_text(term: engine.Term) -> str:
    words = {
        "sound": _("Complete, without a fault"),
        "reviewed": _("Reviewed in time"),
        "practised": _("Done with success by somebody else than the author (180 days)"),
        "acknowledged": _("Read and understood by all whom it may fall to"),
        "drilled": _("Tried in a drill (one year)"),
    }[term.code]
    return f"{words} ({term.count}/{term.of})" if term.of else words


# Comparing ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One thing that two versions say differently; empty: not there."""

    what: str
    before: str
    after: str


def compare(before: Content, after: Content) -> list[Line]:
    """Return what changes from one text to the other, in the order of the page."""
    labels = labels_of_texts()
    old, new = before.facts(), after.facts()
    found = [
        Line(f"{labels[name]} ({language.upper()})", old[key], new[key])
        for name in engine.TEXTS
        for language in ("fr", "en")
        if old[key := f"{name}_{language}"] != new[key]
    ]
    found += _rows(_("Step"), _by_key(old["steps"]), _by_key(new["steps"]), _step_text)
    found += _rows(
        _("Exception"),
        {row["symptom_fr"]: row for row in old["rescues"]},
        {row["symptom_fr"]: row for row in new["rescues"]},
        lambda row: " → ".join(filter(None, (row["action_fr"], row["escalation_fr"]))),
    )
    return found + _rows(
        _("Tool"),
        {row["name"]: row for row in old["tools"]},
        {row["name"]: row for row in new["tools"]},
        lambda row: row["access"],
    )


def labels_of_texts() -> dict[str, str]:
    """Return what the texts of a procedure are called."""
    return {
        "trigger": _("When it begins"),
        "inputs": _("What is needed"),
        "outputs": _("What comes out"),
        "acceptance": _("Acceptance criteria"),
        "checks": _("Quality checks"),
    }


def _by_key(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in rows}


def _step_text(step: dict[str, Any]) -> str:
    parts = [step["action_fr"], step["action_en"], step["role"], step["tool"]]
    parts += [step["control_fr"] and _("control: %(text)s") % {"text": step["control_fr"]}]
    parts += [_("%(n)d min") % {"n": step["minutes"]} if step["minutes"] else ""]
    parts += [_("mandatory") if step["mandatory"] else ""]
    return " · ".join(part for part in parts if part)


def _rows(what: str, old: dict[str, Any], new: dict[str, Any], text: Any) -> list[Line]:
    names = [*new, *(name for name in old if name not in new)]
    found = []
    for name in names:
        was = text(old[name]) if name in old else ""
        now = text(new[name]) if name in new else ""
        if was != now:
            found.append(Line(f"{what} · {name}", was, now))
    return found


def seen_procedures(access: Any) -> Any:
    """Return the procedures that this person may read, with their services and versions."""
    return (
        access.see(Procedure)
        .select_related("owner")
        .prefetch_related("services", "versions__author", "versions__approver")
    )

"""The catalogue that every provider starts with: services by family, and how they are done.

Its text stands in `preloaded/`, one file a family, in the order in which the catalogue is read.
"""

from __future__ import annotations

import tomllib
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.utils import timezone

from relais.engine.procedure import Content, Rescue, Step, Tool
from relais.people.models import Confidentiality, Person, Provider, Skill

from . import procedures
from .models import Procedure, ProcedureVersion, Service, ServiceSkill

PRELOADED = Path(__file__).parent / "preloaded"
# Business hours to the first answer and to the delivery, by class of service.
HOURS = {"express": ("2", "8"), "standard": ("4", "16"), "extended": ("4", "32")}
# Promised before there were classes: what the first services said stays said.
HOURS_OF = {
    "contract": ("4", "24"),
    "coordination": ("4", "24"),
    "expenses": ("8", "24"),
    "other": ("4", "24"),
}
TEXTS = ("description", "deliverable", "acceptance", "unit")


@cache
def _entries() -> tuple[dict[str, Any], ...]:
    found = []
    for file in sorted(PRELOADED.glob("*.toml")):
        told = tomllib.loads(file.read_text(encoding="utf-8"))
        found += [{**entry, "family": told["family"]} for entry in told["service"]]
    return tuple(found)


@cache
def _known_procedures() -> tuple[dict[str, Any], ...]:
    files = (tomllib.loads(f.read_text(encoding="utf-8")) for f in sorted(PRELOADED.glob("*.toml")))
    return tuple(entry for told in files for entry in told.get("procedure", ()))


def preload(provider: Provider) -> list[Service]:
    """Return the services that were added; those that the provider has already stay as they are.

    A service asks for a skill only where the provider has one of that code. Call inside
    `tenant(provider.pk)`.
    """
    known = set(Service.objects.filter(provider=provider).values_list("code", flat=True))
    fresh = [entry for entry in _entries() if entry["code"] not in known]
    made = Service.objects.bulk_create(_service(provider, entry) for entry in fresh)
    skills = {skill.code: skill for skill in Skill.objects.filter(provider=provider)}
    ServiceSkill.objects.bulk_create(
        ServiceSkill(provider=provider, service=service, skill=skills[code])
        for service, entry in zip(made, fresh, strict=True)
        for code in entry.get("skills", ())
        if code in skills
    )
    return made


def _service(provider: Provider, entry: dict[str, Any]) -> Service:
    response, delivery = HOURS_OF.get(entry["code"], HOURS[entry["sla"]])
    texts = {
        f"{name}_{language}": entry.get(f"{name}_{language}", "").strip()
        for name in TEXTS
        for language in ("fr", "en")
    }
    above = entry.get("approval_above")
    return Service(
        provider=provider,
        code=entry["code"],
        family=entry["family"],
        name_fr=entry["fr"],
        name_en=entry["en"],
        words=entry["words"],
        questions=[_question(each) for each in entry.get("questions", ())],
        standard_minutes=entry["minutes"][0],
        p90_minutes=entry["minutes"][1],
        sla_class=entry["sla"],
        response_hours=Decimal(response),
        delivery_hours=Decimal(delivery),
        confidentiality=entry.get("confidentiality", Confidentiality.INTERNAL),
        priority=entry.get("priority", 3),
        readiness=entry.get("readiness", 0),
        automatable=entry.get("automatable", "human"),
        approval_by=entry.get("approval_by", "none"),
        approval_above=Decimal(above) if above else None,
        channels=entry.get("channels", list(Service.Channel.values)),
        **texts,
    )


def _question(entry: dict[str, Any]) -> dict[str, Any]:
    choices = [
        dict(zip(("value", "fr", "en"), (part.strip() for part in line.split("|")), strict=True))
        for line in entry.get("choices", ())
    ]
    return {
        "key": entry["key"],
        "kind": entry["kind"],
        "label_fr": entry["fr"],
        "label_en": entry["en"],
        "help_fr": entry.get("help_fr", ""),
        "help_en": entry.get("help_en", ""),
        "required": entry.get("required", False),
        "choices": choices,
    }


def preload_procedures(
    provider: Provider, owner: Person, at: datetime | None = None
) -> list[ProcedureVersion]:
    """Return the procedures that were published, owned and approved by `owner`.

    Those of a known code stay as they are; a service that has a procedure keeps it. Call inside
    `tenant(provider.pk)`.
    """
    at = at or timezone.now()
    known = set(Procedure.objects.filter(provider=provider).values_list("code", flat=True))
    today = timezone.localdate(at)
    found = []
    for entry in _known_procedures():
        if entry["code"] in known:
            continue
        version = Procedure.open(
            code=entry["code"],
            title_fr=entry["fr"],
            title_en=entry["en"],
            owner=owner,
            by=owner,
            at=at,
        )
        version.edit(
            by=owner, content=_content(entry), review_by=procedures.a_year_after(today), at=at
        )
        version.publish(by=owner, effective_from=today, at=at)
        codes = [each["code"] for each in _entries() if each.get("procedure") == entry["code"]]
        for service in Service.objects.filter(provider=provider, code__in=codes, procedure=None):
            service.edit(by=owner, at=at, procedure=version.procedure)
        found.append(version)
    return found


def _content(entry: dict[str, Any]) -> Content:
    texts = {name: value for name, value in entry.items() if name in Content.__slots__}
    for name in ("steps", "rescues", "tools"):
        texts.pop(name, None)
    return Content(
        **texts,
        steps=tuple(
            Step(
                key=step["key"],
                action_fr=step["fr"],
                action_en=step["en"],
                tool=step.get("tool", ""),
                role=step.get("role", ""),
                minutes=step.get("minutes", 0),
                control_fr=step.get("control_fr", ""),
                control_en=step.get("control_en", ""),
                mandatory=step.get("mandatory", False),
            )
            for step in entry["steps"]
        ),
        rescues=tuple(
            Rescue(
                symptom_fr=each["fr"],
                action_fr=each["do_fr"],
                escalation_fr=each["to_fr"],
                symptom_en=each["en"],
                action_en=each["do_en"],
                escalation_en=each["to_en"],
            )
            for each in entry["rescues"]
        ),
        tools=tuple(Tool(**each) for each in entry["tools"]),
    )

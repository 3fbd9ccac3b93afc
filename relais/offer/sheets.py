"""Preference sheets and limits of authority: who reads which field, and what holds today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.people.access import Access
from relais.people.models import AssistantProfile, Confidentiality, Person

from . import questions
from .models import PreferenceSheet, Service, SheetVersion
from .preferences import CLASSES, GROUPS, QUESTIONS

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

LEVELS = {
    "alone": _("May do it alone"),
    "informs": _("Does it, then informs"),
    "proposes": _("Proposes and waits for approval"),
    "never": _("Never does it"),
}
BY_KEY = {question.key: question for question in QUESTIONS}


# Who reads and writes -----------------------------------------------------------------------------


def listed(
    access: Access,
) -> tuple[list[tuple[PreferenceSheet, SheetVersion | None]], list[Person]]:
    """Return the sheets that this person may read, with the last version; whose is not begun."""
    seen = access.see(PreferenceSheet).select_related("person__site", "company")
    latest = {
        one.sheet_id: one
        for one in access.see(SheetVersion).filter(sheet__in=seen).order_by("number")
    }
    rows = sorted(
        ((sheet, latest.get(sheet.pk)) for sheet in seen), key=lambda row: row[0].person.name
    )
    asking = access.see(Person).filter(
        archived_at=None, roles__kind__in=("requester", "site_lead", "client_lead", "sponsor")
    )
    asking = asking.exclude(pk__in=[sheet.person_id for sheet in seen])
    asking = asking.select_related("site", "company").distinct()
    without = [one for one in asking[:200] if not access.is_client and may_write(access, one)]
    return rows, without


def may_write(access: Access, executive: Person) -> bool:
    """Return whether this person may write the sheet: she herself, or staff who serves her."""
    if executive.company_id is None:
        return False
    if access.person.pk == executive.pk:
        return True
    if access.is_client or access.person.provider_id != executive.provider_id:
        return False
    return (
        executive.company_id in access.led_company_ids
        or executive.site_id in access.covered_site_ids
    )


def readable(access: Access, sheet: PreferenceSheet, reserved: Iterable[str]) -> set[str]:
    """Return the fields that this reader of the sheet may read.

    C3 and what is reserved: the executive and the persons cleared for the company by name. C2: the
    two leads and cleared assistants besides.
    """
    if access.person.pk == sheet.person_id:
        return set(CLASSES)
    level = _level(access, sheet)
    kept = set(reserved)
    return {
        key
        for key, of in CLASSES.items()
        if (Confidentiality.EXECUTIVE if key in kept else of) <= level
    }


def _level(access: Access, sheet: PreferenceSheet) -> int:
    if sheet.company_id in access.cleared_company_ids:
        return Confidentiality.EXECUTIVE
    if sheet.company_id in access.led_company_ids:
        return Confidentiality.CONFIDENTIAL
    profile = AssistantProfile.objects.filter(person=access.person).first()
    cleared = profile is not None and profile.clearance >= Confidentiality.CONFIDENTIAL
    return Confidentiality.CONFIDENTIAL if cleared else Confidentiality.INTERNAL


# What holds ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limit:
    """What an assistant may do of a family of work for one executive."""

    family: str
    level: str = "proposes"
    ceiling: Decimal | None = None
    expires_on: date | None = None
    # Whether the sheet says anything of the family; else nobody has bounded it.
    stated: bool = False

    @property
    def asks_first(self) -> bool:
        """Return whether the executive has said that her word is needed each time."""
        return self.stated and self.level not in ("alone", "informs")

    @property
    def free_up_to(self) -> Decimal | None:
        """Return the amount up to which an assistant may go without asking; None: none is set."""
        return None if self.asks_first else self.ceiling

    def allows(self, amount: Decimal | None) -> bool:
        """Return whether it may be done without asking first, for an amount if there is one."""
        if self.level not in ("alone", "informs"):
            return False
        return amount is None or self.ceiling is None or amount <= self.ceiling

    @property
    def label(self) -> StrPromise:
        """Return the level in words."""
        return LEVELS[self.level]

    @property
    def family_label(self) -> str:
        """Return the family in words."""
        return str(Service.Family(self.family).label)


def limits_of(version: SheetVersion | None, on: date) -> list[Limit]:
    """Return the limits that a version gives on a day, family by family; expired ones propose."""
    lines = version.authority if version else {}
    return [_limit(family, lines.get(family), on) for family in Service.Family.values]


def _limit(family: str, line: dict[str, Any] | None, on: date) -> Limit:
    if line is None:
        return Limit(family)
    until = date.fromisoformat(line["expires_on"]) if line.get("expires_on") else None
    if until is not None and until < on:
        return Limit(family, expires_on=until, stated=True)
    ceiling = Decimal(line["ceiling"]) if line.get("ceiling") else None
    return Limit(family, line["level"], ceiling, until, stated=True)


def limit_for(executive: Person, family: str, on: date | None = None) -> Limit | None:
    """Return what may be done alone for an executive, as she confirmed it; None without a sheet.

    What the provider wrote counts once the executive has confirmed it, not before.
    """
    version = (
        SheetVersion.objects.filter(sheet__person=executive, confirmed_by_exec_at__isnull=False)
        .order_by("-number")
        .first()
    )
    if version is None:
        return None
    return _limit(family, version.authority.get(family), on or timezone.localdate())


# Reading ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A version of a sheet for one reader: nothing she may not read, not even that it is there."""

    sheet: PreferenceSheet
    version: SheetVersion
    groups: list[tuple[StrPromise, list[questions.Answer]]]
    limits: list[Limit]
    confirmed: SheetVersion | None
    limit: Limit | None = None
    reserved: set[str] = field(default_factory=set)


def shown(
    access: Access, sheet: PreferenceSheet, version: SheetVersion | None = None, family: str = ""
) -> Shown | None:
    """Return a version (default: the last one) as this person may read it; None without any."""
    versions = list(access.see(SheetVersion).filter(sheet=sheet).order_by("-number"))
    version = version or (versions[0] if versions else None)
    if version is None:
        return None
    open_to_me = readable(access, sheet, version.reserved)
    groups = []
    for group in GROUPS:
        answers = [
            questions.Answer(
                question.key,
                question.kind,
                question.label,
                questions.text_of(question.kind, value, _words(question, value)),
            )
            for question, _level in group.fields
            if question.key in open_to_me
            and (value := version.content.get(question.key)) is not None
        ]
        if answers:
            groups.append((group.title, answers))
    confirmed = next((one for one in versions if one.confirmed_by_exec_at), None)
    limits = limits_of(confirmed, timezone.localdate())
    limit = next((one for one in limits if one.family == family), None)
    return Shown(
        sheet, version, groups, limits, confirmed, limit, set(version.reserved) & open_to_me
    )


def _words(question: questions.Question, value: Any) -> dict[str, str] | None:
    chosen = next((one for one in question.choices if one.value == value), None)
    return {"value_fr": chosen.fr, "value_en": chosen.en} if chosen else None


def beside(access: Access, executive: Person, family: str) -> Shown | None:
    """Return the sheet of whoever asks, for the page of a request; None where there is none."""
    if access.is_client:
        return None
    sheet = access.see(PreferenceSheet).filter(person=executive).first()
    return shown(access, sheet, family=family) if sheet else None

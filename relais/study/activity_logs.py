"""Activity logs put together: told by role and site, of three persons at least: work observed."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from relais.people import organisation

from .models import ActivityCategory, ActivityEntry, ActivityLog, InventoryLine, Participant, Study
from .models.activity import FEWEST_DAYS
from .workshop_errors import NothingObserved

if TYPE_CHECKING:
    from relais.people.models import Person

# From so many persons on, a group is told of; smaller ones are put together.
FEWEST_PERSONS = 3
DAYS_A_WEEK = 5
Value = InventoryLine.Value
# The categories to begin with (French, English, value, family): the pilot makes them her own.
PREPARED: tuple[tuple[str, str, str, str], ...] = (
    ("Agenda et réunions", "Diary and meetings", "VA", "agenda"),
    ("Courrier et messages", "Mail and messages", "VA", "front_desk"),
    ("Téléphone et accueil", "Telephone and reception", "VA", "front_desk"),
    ("Déplacements", "Travel", "VA", "travel"),
    ("Comptes rendus et documents", "Minutes and documents", "VA", "documents"),
    ("Tableaux de bord", "Reports", "VA", "reporting"),
    ("Factures et commandes", "Invoices and orders", "VA", "invoicing"),
    ("Contrats", "Contracts", "VA", "contracts"),
    ("Personnel", "Staff administration", "VA", "hr"),
    ("Fournisseurs et locaux", "Suppliers and premises", "VA", "facilities"),
    ("Coordination, relances", "Coordination, reminders", "ENVA", "coordination"),
    ("Classement, archivage", "Filing", "ENVA", "documents"),
    ("Attente, recherche d’information", "Waiting, looking for information", "NVA", "other"),
    ("Ressaisie, correction", "Typing again, correcting", "NVA", "other"),
    ("Autre", "Other", "ENVA", "other"),
)


@dataclass(frozen=True)
class Logged:
    """One person's log as it is put together: where, what she is, and what a day of hers held."""

    role: str
    site: int
    days: int
    minutes: dict[int, int]
    times: dict[int, int]
    unplanned: int

    @property
    def whole(self) -> int:
        """Return the minutes of all categories."""
        return sum(self.minutes.values())


@dataclass
class Group:
    """Three persons or more, told of together. Minutes are those of a person's usual day."""

    roles: list[str]
    sites: list[int]
    persons: int
    pooled: bool
    by_category: dict[int, float]
    unplanned: float
    members: list[Logged] = field(repr=False, default_factory=list)

    @property
    def whole(self) -> float:
        """Return the minutes of a person's usual day."""
        return sum(self.by_category.values())


def prepare(study: Study, *, by: Person) -> int:
    """Give a study without categories those to begin with; return how many are new."""
    study.check_changeable(by)
    if study.categories.exists():
        return 0
    rows = [
        ActivityCategory(
            provider_id=study.provider_id, study=study, name_fr=french, name_en=english,
            value=value, family=family, position=place,
        )
        for place, (french, english, value, family) in enumerate(PREPARED, 1)
    ]  # fmt: skip
    ActivityCategory.objects.bulk_create(rows, ignore_conflicts=True)
    organisation.record(study, "categories_prepared", by)
    return len(rows)


def log_of(participant: Participant) -> ActivityLog:
    """Return the one log of a participant, made now if there was none."""
    made, _new = ActivityLog.objects.get_or_create(
        study_id=participant.study_id, participant=participant,
        defaults={"provider_id": participant.provider_id},
    )  # fmt: skip
    return made


def groups(study: Study) -> list[Group]:
    """Return the logs of five days and more by role and site, of a study that the reader leads.

    It reads every log: what it returns is of three persons at least, or is not there.
    """
    return grouped(_logged(study))


def _logged(study: Study) -> list[Logged]:
    facts: dict[int, list[ActivityEntry]] = defaultdict(list)
    for entry in ActivityEntry.objects.filter(log__study=study):
        facts[entry.log_id].append(entry)
    logs = ActivityLog.objects.filter(study=study, participant__site__isnull=False)
    found = []
    for log in logs.select_related("participant"):
        entries = facts[log.pk]
        days = len({entry.day for entry in entries})
        if days < FEWEST_DAYS:
            continue
        minutes: dict[int, int] = defaultdict(int)
        times: dict[int, int] = defaultdict(int)
        for entry in entries:
            minutes[entry.category_id] += entry.minutes
            times[entry.category_id] += 1
        unplanned = sum(entry.minutes for entry in entries if entry.unplanned)
        who = log.participant
        found.append(
            Logged(who.role.strip(), who.site_id, days, dict(minutes), dict(times), unplanned)
        )
    return found


def grouped(logs: Sequence[Logged]) -> list[Group]:
    """Return the groups by role and site; those of fewer than three persons are put together.

    What is left over would be told by subtraction if it were of fewer than three: the smallest
    group that is told of joins it.
    """
    by_place: dict[tuple[str, int], list[Logged]] = defaultdict(list)
    for log in logs:
        by_place[log.role, log.site].append(log)
    order = sorted(by_place.items(), key=lambda one: (-len(one[1]), one[0]))
    told = [members for _key, members in order if len(members) >= FEWEST_PERSONS]
    rest = [log for _key, members in order if len(members) < FEWEST_PERSONS for log in members]
    while rest and len(rest) < FEWEST_PERSONS and told:
        rest += told.pop()
    found = [_group(members, False) for members in told]
    if len(rest) >= FEWEST_PERSONS:
        found.append(_group(rest, True))
    return found


def _group(members: list[Logged], pooled: bool) -> Group:
    days = sum(log.days for log in members)
    minutes: dict[int, float] = defaultdict(float)
    for log in members:
        for category, spent in log.minutes.items():
            minutes[category] += spent / days
    whole = sum(log.whole for log in members) or 1
    return Group(
        sorted({log.role for log in members}), sorted({log.site for log in members}),
        len(members), pooled, dict(minutes), sum(log.unplanned for log in members) / whole,
        members,
    )  # fmt: skip


def by_value(group: Group, categories: dict[int, ActivityCategory]) -> dict[str, float]:
    """Return the share of the time by its value (VA, ENVA, NVA), from 0 to 1."""
    whole = group.whole or 1
    found = dict.fromkeys(Value.values, 0.0)
    for key, minutes in group.by_category.items():
        found[categories[key].value] += minutes / whole
    return found


def observe(study: Study, *, by: Person) -> tuple[int, int]:
    """Write the groups into the inventory as lines observed; return how many are new, and changed.

    A line is a category at a site: each person there is taken to have the usual day of her group,
    so that no line tells of one person. Done again, the lines follow the logs; a line that was
    validated stays. Raises `NothingObserved`.
    """
    study.check_changeable(by)
    found = groups(study)
    if not found:
        raise NothingObserved(fewest=FEWEST_PERSONS)
    categories = {row.pk: row for row in study.categories.all()}
    known = {
        row.source_key: row
        for row in InventoryLine.objects.filter(study=study, source=InventoryLine.Source.ACTIVITY)
    }
    new = changed = 0
    with transaction.atomic():
        for fields in _lines(found, categories):
            line = known.pop(fields["source_key"], None)
            if line is None:
                InventoryLine.objects.create(
                    provider_id=study.provider_id, study=study, typed_by=by,
                    evidence=InventoryLine.Evidence.OBSERVED,
                    source=InventoryLine.Source.ACTIVITY, **fields,
                )  # fmt: skip
                new += 1
            elif line.validated_at is None:
                fields["version"] = line.version + 1
                mine = InventoryLine.objects.filter(pk=line.pk, version=line.version)
                changed += mine.update(**fields)
        # What the logs tell no more would count twice.
        gone = [row.pk for row in known.values() if row.validated_at is None]
        InventoryLine.objects.filter(pk__in=gone).delete()
        organisation.record(study, "logs_observed", by, new=new, changed=changed)
    return new, changed


def _lines(found: list[Group], categories: dict[int, ActivityCategory]) -> list[dict[str, object]]:
    rows: dict[str, dict[str, object]] = {}
    for group in found:
        at_site: dict[int, int] = defaultdict(int)
        for log in group.members:
            at_site[log.site] += 1
        days = sum(log.days for log in group.members)
        role = ", ".join(group.roles)[:100]
        for key in group.by_category:
            category = categories[key]
            times = sum(log.times.get(key, 0) for log in group.members)
            minutes = sum(log.minutes.get(key, 0) for log in group.members) / times
            spread = _spread(group.members, key, minutes)
            for site, persons in at_site.items():
                mark = f"{role[:80]}|{site}|{category.pk}"
                rows[mark] = {
                    "source_key": mark,
                    "site_id": site,
                    "family": category.family,
                    "task": category.name_fr,
                    "doer_role": role,
                    "count": round(times / days * DAYS_A_WEEK * persons, 2),
                    "period": InventoryLine.Period.WEEK,
                    # As far below as above: the expected time stays what was observed.
                    "minutes_low": round(minutes - spread, 1),
                    "minutes_usual": round(minutes, 1),
                    "minutes_high": round(minutes + spread, 1),
                    "value": category.value,
                    "confidence": 2 if group.pooled else 3,
                }
    return list(rows.values())


def _spread(members: list[Logged], key: int, mean: float) -> float:
    each = [log.minutes[key] / log.times[key] for log in members if log.times.get(key)]
    return min(statistics.pstdev(each) * 2, mean) if len(each) > 1 else 0.0


def place_text(group: Group, sites: dict[int, str]) -> str:
    """Return what a group is called: role and site, or what was put together."""
    roles, names = ", ".join(group.roles), ", ".join(sites.get(key, "—") for key in group.sites)
    if not group.pooled:
        return f"{roles} · {names}"
    return _("Put together, fewer than three each: %(roles)s (%(sites)s)") % {
        "roles": roles,
        "sites": names,
    }


def counts(study: Study) -> dict[str, int]:
    """Return how many keep a log, and how many logs hold five days or more."""
    logs = ActivityLog.objects.filter(study=study)
    return {"asked": logs.count(), "enough": len(_logged(study))}


def add_category(study: Study, fields: dict[str, Any], *, by: Person) -> ActivityCategory | None:
    """Return the category added at the end; None when its name is taken."""
    study.check_changeable(by)
    if study.categories.filter(name_fr=fields["name_fr"]).exists():
        return None
    made = ActivityCategory.objects.create(
        provider_id=study.provider_id, study=study, position=study.categories.count() + 1, **fields
    )
    organisation.record(made, "category_added", by, name=made.name_fr)
    return made


def edit_category(row: ActivityCategory, fields: dict[str, Any], *, by: Person) -> bool:
    """Change a category for all; return whether its name was free."""
    row.study.check_changeable(by)
    same = row.study.categories.filter(name_fr=fields["name_fr"]).exclude(pk=row.pk)
    if same.exists():
        return False
    ActivityCategory.objects.filter(pk=row.pk).update(**fields)
    organisation.record(row, "category_edited", by, name=fields["name_fr"])
    return True

"""A plan → the tables, in the order in which rows lean on one another. Call in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.utils import timezone

from relais.people.models import OrganisationChange, Person, Role
from relais.people.organisation import changes_hours, deadlines_follow

from .drafts import Draft
from .labels import MODELS
from .planning import Plan

_CHUNK = 500
Progress = Callable[[int, int], None]


def write(plan: Plan, provider: int, by: Person | None, progress: Progress) -> None:
    """Write a plan; `progress` hears (steps done, steps in all).

    Raises IntegrityError when somebody wrote the same thing meanwhile.
    """
    fresh = [draft for draft in plan.drafts if draft.pk is None]
    changed = [draft for draft in plan.drafts if draft.pk is not None and draft.changed]
    changes = {draft: draft.changed for draft in changed}
    total = len(fresh) + len(changed) + len(plan.roles)
    done = 0
    for kind in ("company", "entity", "site", "establishment", "person"):
        for chunk in _chunks([draft for draft in fresh if draft.kind == kind]):
            _create(kind, chunk, provider)
            done += len(chunk)
            progress(done, total)
    _report(fresh, "person")
    for draft in changed:
        done += 1
        fields = {_column(name): _plain(draft.values[name]) for name in changes[draft]}
        MODELS[draft.kind]._base_manager.filter(pk=draft.pk).update(**fields)
        if done % _CHUNK == 0:
            progress(done, total)
    for chunk in _chunks(plan.roles):
        _give(chunk, provider)
        done += len(chunk)
        progress(done, total)
    _write_down(fresh, changes, provider, by)


def _chunks(items: list[Any]) -> Iterable[list[Any]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))


def _column(name: str) -> str:
    return f"{name}_id" if name in ("company", "entity", "site", "reports_to") else name


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, Draft) else value


def _create(kind: str, drafts: list[Draft], provider: int) -> None:
    rows = []
    for draft in drafts:
        # Executives may be as new as those who report to them: they are tied in afterwards.
        values = {n: v for n, v in draft.values.items() if n != "reports_to"}
        fields = {_column(name): _plain(value) for name, value in values.items()}
        rows.append(MODELS[kind](provider_id=provider, **fields))
    for draft, row in zip(drafts, MODELS[kind]._base_manager.bulk_create(rows), strict=True):
        draft.pk = row.pk


def _report(fresh: list[Draft], kind: str) -> None:
    reporting = [d for d in fresh if d.kind == kind and d.values.get("reports_to") is not None]
    for chunk in _chunks(reporting):
        rows = [Person(pk=d.pk, reports_to_id=d.values["reports_to"].pk) for d in chunk]
        Person.objects.bulk_update(rows, ["reports_to"])


def _give(roles: list[tuple[Any, ...]], provider: int) -> None:
    Role.objects.bulk_create(
        Role(
            provider_id=provider,
            person_id=person.pk,
            kind=kind,
            company_id=company.pk,
            entity_id=_plain(entity),
            site_id=_plain(site),
            starts_on=starts_on,
        )
        for person, kind, company, entity, site, starts_on in roles
    )


def _write_down(
    fresh: list[Draft], changes: dict[Draft, list[str]], provider: int, by: Person | None
) -> None:
    now = timezone.now()

    def entry(draft: Draft, kind: str, facts: dict[str, Any]) -> OrganisationChange:
        return OrganisationChange(
            provider_id=provider,
            at=now,
            by=by,
            subject=MODELS[draft.kind]._meta.label,
            subject_id=draft.pk,
            kind=kind,
            facts=facts,
        )

    def old_and_new(draft: Draft, name: str) -> list[str]:
        pair = (draft.before.get(name), draft.values[name])
        return ["" if value is None else str(value) for value in pair]

    entries = [entry(draft, "created", {"by_import": True}) for draft in fresh]
    for draft, names in changes.items():
        told = {name: old_and_new(draft, name) for name in names}
        entries.append(entry(draft, "changed", {"by_import": True, "changes": told}))
    for made in OrganisationChange.objects.bulk_create(entries, batch_size=_CHUNK):
        if changes_hours(made.subject, made.facts.get("changes", {})):
            deadlines_follow(made)

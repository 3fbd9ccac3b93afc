"""The change plan of a study: what is to be done, by whom and when, and how much of it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from relais.people import organisation

from .models import ChangeAction, Irritant, Study

if TYPE_CHECKING:
    from relais.people.access import Access
    from relais.people.models import Person


def plan(
    study: Study, fields: dict[str, Any], *, by: Person, irritant: Irritant | None = None
) -> ChangeAction:
    """Return the action planned. Raises `NotPiloting`."""
    study.check_lead(by)
    if irritant is not None:
        fields = {"site": irritant.site, **{k: v for k, v in fields.items() if v is not None}}
    made = ChangeAction.objects.create(
        provider_id=study.provider_id, study=study, irritant=irritant, made_by=by, **fields
    )
    organisation.record(made, "action_planned", by, what=made.what)
    return made


def actions(access: Access, study: Study) -> QuerySet[ChangeAction]:
    """Return the actions that this person sees: to be done first, by their day."""
    rows = access.see(ChangeAction).filter(study=study)
    return rows.select_related("site", "owner", "irritant", "study").order_by(
        "done_on", "due_on", "id"
    )


def tally(access: Access, study: Study) -> dict[str, int]:
    """Return how many are to be done, late and done."""
    rows = list(actions(access, study))
    return {
        "open": sum(row.state == ChangeAction.State.OPEN for row in rows),
        "late": sum(row.is_late for row in rows),
        "done": sum(row.state == ChangeAction.State.DONE for row in rows),
    }

"""Deleting a calendar that nothing goes by: a slip is mended, and no deadline loses its reason."""

from __future__ import annotations

from django.apps import apps
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from relais.lib.problem import Problem

from .calendar_changes import ChangedMeanwhile, told_whole
from .models import AssistantProfile, Calendar, Company, LegalEntity, Person, Site
from .organisation import record

# What the desk, a floor above, counts by a calendar.
COUNTED = (("desk", "Clock"), ("desk", "Silence"), ("desk", "Recalculation"))


class CalendarInUse(Problem):
    """Something goes by the calendar, or went by it: what, and the mend."""

    message = gettext_noop("%(name)s cannot be deleted: %(things)s.")


def uses(calendar: Calendar) -> list[str]:
    """Return in words what goes by a calendar, each with its mend; nothing when it may go."""
    places = sum(
        model._base_manager.filter(calendar=calendar).count()
        for model in (Company, LegalEntity, Site)
    )
    found = []
    if places:
        text = ngettext(
            "%(n)s place follows it (give it another calendar first)",
            "%(n)s places follow it (give them another calendar first)",
            places,
        )
        found.append(text % {"n": places})
    if working := AssistantProfile._base_manager.filter(calendar=calendar).count():
        text = ngettext(
            "%(n)s assistant works by it (give her another calendar first)",
            "%(n)s assistants work by it (give them another calendar first)",
            working,
        )
        found.append(text % {"n": working})
    if any(_tables(calendar)):
        found.append(_("deadlines were counted by it (it stays, as their reason)"))
    return found


def _tables(calendar: Calendar) -> list[bool]:
    return [
        apps.get_model(app, name)._base_manager.filter(calendar=calendar).exists()
        for app, name in COUNTED
        if apps.is_installed(f"relais.{app}")
    ]


def delete(calendar: Calendar, *, by: Person, seen: int) -> None:
    """Delete a calendar with its days and feeds.

    Raises `CalendarInUse` naming what goes by it, `ChangedMeanwhile` when somebody was first.
    """
    # Whoever is about to follow it holds its key: this waits for him, and sees him.
    held = Calendar.objects.select_for_update(of=("self",)).filter(pk=calendar.pk, version=seen)
    try:
        with transaction.atomic():
            if not held.exists():
                raise ChangedMeanwhile(calendar)
            if things := uses(calendar):
                raise CalendarInUse(name=calendar.name, things=", ".join(things))
            # Its own history falls with it: what it was, and who made it so, stands here.
            record(calendar, "deleted", by, name=calendar.name, **told_whole(calendar))
            calendar.delete()
    except models.ProtectedError:
        things = _("deadlines were counted by it (it stays, as their reason)")
        raise CalendarInUse(name=calendar.name, things=things) from None

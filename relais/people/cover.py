"""Who serves which site: the cover, what it lacks, who answers now, and when somebody is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from relais.lib.later import later

from .models import Absence, Cover, Engagement, Person, Site
from .organisation import record

if TYPE_CHECKING:
    from collections.abc import Iterable

Position = Cover.Position
# Done by the desk, a floor above.
REPLAN = "relais.desk.tasks.replan_person"
ORDER = {Position.LEAD: 0, Position.BACKUP: 1, Position.FLOAT: 2}


@dataclass(frozen=True)
class Gap:
    """Something that a site or an engagement lacks, and what to do about it."""

    text: Any
    mend: Any
    at: str  # "cover" or "engagement": where it is mended


NO_LEAD = Gap(_("No lead assistant"), _("Choose one in the cover."), "cover")
NO_BACKUP = Gap(_("No backup"), _("Name somebody who takes over when the lead is away."), "cover")
NO_ENGAGEMENT = Gap(
    _("No engagement in force"),
    _("Start one: it names the two leads and what the client may do."),
    "engagement",
)
NO_CLIENT_DEPUTY = Gap(
    _("The client lead has no deputy"),
    _("Agree with the client on a deputy and name that person."),
    "engagement",
)
NO_PROVIDER_DEPUTY = Gap(
    _("The provider lead has no deputy"), _("Name a second person of the staff."), "engagement"
)


def gaps(covers: Iterable[Cover], engagement: Engagement | None) -> list[Gap]:
    """Return what a site lacks to be served without depending on one person."""
    held = {cover.position for cover in covers}
    found = [] if Position.LEAD in held else [NO_LEAD]
    if Position.BACKUP not in held:
        found.append(NO_BACKUP)
    return found + steering_gaps(engagement)


def steering_gaps(engagement: Engagement | None) -> list[Gap]:
    """Return what an engagement lacks: two leads, and a deputy of each."""
    if engagement is None:
        return [NO_ENGAGEMENT]
    found = [] if engagement.client_deputy_id else [NO_CLIENT_DEPUTY]
    return found if engagement.provider_deputy_id else [*found, NO_PROVIDER_DEPUTY]


@dataclass(frozen=True)
class Service:
    """What a client may know of the cover of a site: is it served, and who answers."""

    answering: Person | None
    has_backup: bool

    @property
    def is_assured(self) -> bool:
        """Return whether somebody answers."""
        return self.answering is not None


def service_at(site: Site, at: datetime) -> Service:
    """Return who answers for a site now: the first of lead, backup and float who is not away.

    Made for clients too: it tells neither why somebody else does not answer, nor for how long.
    """
    covers = list(
        Cover.objects.filter(site=site, person__archived_at=None).select_related("person")
    )
    away = set(
        Absence.objects.filter(
            person__in=[cover.person_id for cover in covers], period__contains=at
        ).values_list("person_id", flat=True)
    )
    covers.sort(key=lambda cover: (ORDER[Position(cover.position)], cover.pk))
    there = [cover.person for cover in covers if cover.person_id not in away]
    return Service(there[0] if there else None, any(c.position == Position.BACKUP for c in covers))


def set_cover(site: Site, person: Person, position: str, *, by: Person) -> Person | None:
    """Give `person` a position at `site`; an empty one takes the person off.

    A site has one lead assistant: the former one becomes a backup, and is returned.
    """
    # Two at once: the second one waits here, and sees what the first one did.
    Site.objects.select_for_update(of=("self",)).get(pk=site.pk)
    held = {cover.person_id: cover for cover in Cover.objects.filter(site=site)}
    mine = held.get(person.pk)
    before = mine.position if mine else ""
    if before == position:
        return None
    former = None
    if position == Position.LEAD:
        leading = next((c for c in held.values() if c.position == Position.LEAD), None)
        if leading is not None:
            Cover.objects.filter(pk=leading.pk).update(position=Position.BACKUP)
            former = leading.person
    if not position:
        Cover.objects.filter(site=site, person=person).delete()
    else:
        Cover.objects.update_or_create(
            site=site,
            person=person,
            defaults={"position": position},
            create_defaults={"position": position, "provider_id": site.provider_id},
        )
    facts: dict[str, Any] = {"person": person.name, "position": [before, position]}
    if former is not None:
        facts["former_lead"] = former.name
    record(site, "cover_changed", by, **facts)
    return former


def took_absence(absence: Absence, *, by: Person) -> None:
    """Write down that somebody will be away; the class of the absence is not repeated here."""
    # Who gives her work holds her row in common: the one waits for the other (desk/claims).
    rows = Person.objects.select_for_update(of=("self",), no_key=True)
    rows.get(pk=absence.person_id)
    record(absence.person, "absence_added", by, **_days(absence))
    _replan(absence)


def take_back_absence(absence: Absence, *, by: Person) -> None:
    """Remove an absence that will not be, or was not."""
    record(absence.person, "absence_removed", by, **_days(absence))
    _replan(absence)
    absence.delete()


def _replan(absence: Absence) -> None:
    """Have what she holds weighed anew, in this transaction: it is done once it is true."""
    lock = f"replan:{absence.provider_id}"
    later(REPLAN, lock=lock, provider_id=absence.provider_id, person_id=absence.person_id)


def _days(absence: Absence) -> dict[str, str]:
    return {
        "from": absence.period.lower.isoformat(),
        "until": absence.period.upper.isoformat() if absence.period.upper else "",
    }

"""Who is at the desk for a site now. Names come out; hours, leave and reasons stay inside."""

from __future__ import annotations

from datetime import datetime

from relais.people import calendars
from relais.people.models import AssistantProfile, Cover, Person, Site


def answering(site: Site, now: datetime) -> list[Person]:
    """Return who answers the site's requests now: names only, never hours nor why not."""
    covers = Cover.objects.filter(site=site, person__archived_at=None).select_related("person")
    profiles = {
        profile.person_id: profile
        for profile in AssistantProfile.objects.filter(
            person__in=[cover.person_id for cover in covers]
        ).select_related("calendar")
    }
    away = set(
        Person.objects.filter(pk__in=profiles, absences__period__contains=now).values_list(
            "pk", flat=True
        )
    )
    order = ["lead", "backup", "float"]
    found = []
    for cover in sorted(covers, key=lambda one: (order.index(one.position), one.pk)):
        profile = profiles.get(cover.person_id)
        if cover.person_id in away or profile is None or profile.calendar is None:
            continue
        if calendars.timetable(profile.calendar).is_open(now):
            found.append(cover.person)
    return found

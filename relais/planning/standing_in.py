"""Who could stand in for somebody at each of her sites, by what is on record of everybody."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from relais.desk.models import Ticket
from relais.engine import worktime
from relais.engine.candidates import Span, without
from relais.engine.continuity import READY
from relais.engine.standing_in import StandIn, chosen, in_order
from relais.engine.stretches import minutes
from relais.people import calendars, working
from relais.people.access import Access
from relais.people.models import AssistantProfile, Clearance, Cover, Person, Role, Site

from . import items

# A long leave is looked at this far: hours beyond say no more of who can stand in.
LOOKED_AT = timedelta(days=28)


@dataclass(frozen=True)
class Candidate(StandIn):
    """Somebody who could stand in. `cleared`: for the company's matters for named persons."""

    person: Person
    cleared: bool

    def told(self) -> dict[str, Any]:
        """Return the facts as they are kept."""
        return {
            "position": self.position, "presence": str(self.presence), "ready": self.ready,
            "works": self.works, "held": self.held, "cleared": self.cleared,
        }  # fmt: skip


@dataclass
class SiteLine:
    """A site of hers, her position there, and who could stand in: the first that is able does."""

    site: Site
    position: str
    candidates: list[Candidate] = field(default_factory=list)

    @property
    def chosen(self) -> Candidate | None:
        """Return who is proposed, or nobody."""
        return chosen(self.candidates)

    def of(self, key: int) -> Candidate | None:
        """Return one of the candidates."""
        return next((one for one in self.candidates if one.person.pk == key), None)


def propose(person: Person, start: datetime, end: datetime, at: datetime) -> list[SiteLine]:
    """Return each site that she serves with who could stand in, by name: ten queries in all."""
    mine = Cover.objects.filter(person=person, site__archived_at=None)
    lines = {one.site_id: SiteLine(one.site, one.position) for one in mine.select_related("site")}
    roles = Role.objects.in_force().filter(kind=Role.Kind.ASSISTANT)
    others = list(
        Cover.objects.filter(
            site__in=lines, person__archived_at=None, person__in=roles.values("person")
        )
        .exclude(person=person)
        .select_related("person")
    )
    keys = {one.person_id for one in others}
    hours = hours_of(keys, start, min(end, start + LOOKED_AT))
    works = items.read(lines, at)
    ready = items.ready(works, at)
    by_site: dict[int, list[items.Work]] = defaultdict(list)
    for work in works:
        by_site[work.site].append(work)
    held = Counter(
        Ticket.objects.filter(holder__in=keys, state__in=Ticket.HELD)
        .order_by()
        .values_list("holder", flat=True)
    )
    cleared = set(
        Clearance.objects.filter(person__in=keys, starts_on__lte=start.date())
        .exclude(ends_on__lt=start.date())
        .values_list("person", "company")
    )
    for cover in others:
        line, key = lines[cover.site_id], cover.person_id
        asked = by_site[cover.site_id]
        hers = ready.get(key, {})
        able = sum(work.pair in hers and hers[work.pair].level >= READY for work in asked)
        there, usual = hours.get(key, (0.0, 0.0))
        line.candidates.append(
            Candidate(
                key, cover.position, there, usual, able, len(asked), held[key], cover.person,
                (key, line.site.company_id) in cleared,
            )
        )  # fmt: skip
    for line in lines.values():
        line.candidates = in_order(line.candidates)
    return sorted(lines.values(), key=lambda one: (one.site.name, one.site.pk))


def colleague(access: Access, key: str | int) -> Person | None:
    """Return an assistant of today by her key, as far as this person sees her."""
    if not str(key).isdecimal() or len(str(key)) > 18:
        return None
    roles = Role.objects.in_force().filter(kind=Role.Kind.ASSISTANT)
    rows = access.see(Person).filter(company=None, archived_at=None, pk=int(key))
    return rows.filter(pk__in=roles.values("person")).first()


def hours_of(
    people: Iterable[int], start: datetime, end: datetime
) -> dict[int, tuple[float, float]]:
    """Return the hours that each works in a period without her absences, and those she usually has.

    Whom no calendar is known of is left out.
    """
    keys = list(people)
    profiles = AssistantProfile.objects.filter(person__in=keys, calendar__isnull=False)
    written = working.read(start, end, keys)
    usual: dict[int, tuple[Span, ...]] = {}
    found = {}
    for row in profiles.select_related("calendar"):
        if row.calendar is None:
            continue
        if row.calendar.pk not in usual:
            stretches = calendars.timetable(row.calendar).segments(start, end)
            usual[row.calendar.pk] = tuple(
                (s.start, s.end) for s in stretches if s.kind == worktime.Kind.OPEN
            )
        zone = working.zone_of(row.calendar)
        spans = written.hours(row.person_id, usual[row.calendar.pk], zone)
        left = without(spans, written.absences.get(row.person_id, ()))
        found[row.person_id] = (minutes(left) / 60, minutes(spans) / 60)
    return found


def sentences(facts: dict[str, Any]) -> list[str]:
    """Return the facts of a candidate in the reader's language."""
    found = [
        {
            "lead": _("lead assistant of the site"),
            "backup": _("backup of the site"),
            "float": _("float of the site"),
        }.get(facts.get("position", ""), ""),
        {
            "there": _("there all the time"),
            "partly": _("there part of the time"),
            "away": _("away herself"),
            "unknown": _("no working hours given"),
        }.get(facts.get("presence", ""), ""),
    ]
    if facts.get("works"):
        text = _("ready by proof for %(ready)s of %(works)s kinds of work")
        found.append(text % {"ready": facts.get("ready", 0), "works": facts["works"]})
    held = facts.get("held", 0)
    text = ngettext("%(n)s request in hand", "%(n)s requests in hand", held)
    found.append(text % {"n": held})
    if facts.get("cleared"):
        found.append(_("cleared for confidential matters"))
    return [text for text in found if text]

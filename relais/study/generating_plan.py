"""What a study would become: services, procedures, an agreement, posts, waves, communication.

Read before anything is made, and again before it is made twice: what is there already is left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.utils.text import slugify
from django.utils.translation import gettext as _

from relais.engine import duplicates, inventory, standard_times
from relais.lib.text import french_key
from relais.offer.catalogue import HOURS
from relais.offer.models import Agreement, Procedure, Service
from relais.offer.terms import Scope, TargetTerms
from relais.people import calendars
from relais.people.models import Cover, Person, Role, Site

from . import choosing, irritants
from .choosing_rules import CLIMATE
from .models import Generated, Generation, InventoryLine, Study

Kind = Generated.Kind
# A wave has six weeks to run steadily and two to learn from (domain B.7).
WAVE_WEEKS, MOST_SITES_A_WAVE = 8, 3
ANNOUNCED_BEFORE, TALKED_BEFORE, ASKED_AFTER = 21, 14, 28  # days
# The lead does most of a site's work; the backup does enough of it to stay ready.
LEAD_SHARE, LEAD_READY, BACKUP_READY = 0.75, 4, 3
KNOWN_SITE = 4  # of five: such work asks for somebody who has practised it
PRACTISED = 3

STANDARD = (
    TargetTerms("first_response", hours=Decimal(4), weight=Decimal("0.2")),
    TargetTerms("first_response", priority=1, hours=Decimal("0.5")),
    TargetTerms("first_response", priority=2, hours=Decimal(2)),
    TargetTerms("next_reply", hours=Decimal(4)),
    TargetTerms("delivery", hours=Decimal(16), weight=Decimal("0.4")),
    TargetTerms("acceptance", days=5),
)


@dataclass
class Item:
    """One thing that would be made, or is there."""

    kind: str
    key: str
    title: str
    detail: str = ""
    lines: tuple[int, ...] = ()
    there: Any = None  # the row that is matched or was made before
    made: bool = False  # by this generation already
    order: int = 0
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """Return whether it is made already, found in the catalogue, or new."""
        return "there" if self.made else "matched" if self.there is not None else "new"


@dataclass
class Plan:
    """All of it, in the order in which it is made."""

    study: Study
    starts_on: date
    items: list[Item]
    warnings: list[str]

    def of(self, kind: str) -> list[Item]:
        """Return the things of one kind."""
        return [one for one in self.items if one.kind == kind]

    @property
    def fresh(self) -> list[Item]:
        """Return what making it would add."""
        return [one for one in self.items if not one.made]


@dataclass
class Work:
    """Lines that become one service."""

    key: str
    lines: list[InventoryLine]
    counted: list[inventory.Counted]
    service: Service | None = None

    @property
    def first(self) -> InventoryLine:
        """Return the line by which it is named: the one that takes most."""
        longest = max(self.counted, key=lambda row: (row.minutes, row.line.key))
        return next(line for line in self.lines if str(line.pk) == longest.line.key)

    @property
    def hours(self) -> float:
        """Return its hours a year, each counted once."""
        return sum(row.once for row in self.counted) / 60

    @property
    def keys(self) -> tuple[int, ...]:
        """Return its lines."""
        return tuple(line.pk for line in self.lines)


def plan(study: Study, starts_on: date, by: Person) -> Plan:
    """Return what the study would become, and what of it is there already."""
    found = Plan(study, starts_on, [], [])
    works = works_of(study)
    if not works:
        return found
    # Of what was taken back, the rows stand yet: they are taken up again.
    past = rows_of(Generated.objects.filter(generation__study=study).order_by("generation", "id"))
    standing = Generation.objects.filter(study=study, undone_at=None).first()
    mine = {each.key for each in standing.things.all()} if standing else set()
    pain = irritants.pain(study)
    works.sort(key=lambda one: (-sum(inventory.worth(row, pain) for row in one.counted), one.key))
    sites = sorted({line.site for work in works for line in work.lines}, key=lambda s: s.name)
    _services(found, works, past)
    _procedures(found, works, by, past)
    _agreement(found, works, sites)
    _posts(found, works, sites)
    _waves(found, works, sites)
    _actions(found)
    for item in found.items:
        item.made = item.key in mine
        if item.made:
            item.there = past.get(item.key)
    return found


def rows_of(things: Iterable[Generated]) -> dict[str, Any]:
    """Return the rows of generated things by their key, in one question a table."""
    things = list(things)
    keys: dict[str, set[int]] = defaultdict(set)
    for one in things:
        keys[one.thing].add(one.thing_id)
    known = {
        label: apps.get_model(label)._default_manager.in_bulk(found)
        for label, found in keys.items()
    }
    return {one.key: known[one.thing].get(one.thing_id) for one in things}


# Services -----------------------------------------------------------------------------------------


def works_of(study: Study) -> list[Work]:
    """Return the lines put together as services: matched by a person, by meaning, or their own."""
    rows = [
        line
        for line in InventoryLine.objects.filter(study=study).select_related(
            "site__entity", "site__company", "service"
        )
        if line.is_complete and line.target not in ("local", "drop")
    ]
    counted = inventory.counted([line.as_counted() for line in rows])
    alike = _alike([line for line in rows if line.service is None])
    # What this study made bears the name that it was made by, or it would be found as matched.
    own = {
        row: key.removeprefix("service:")
        for row, key in Generated.objects.filter(
            generation__study=study, kind=Kind.SERVICE, made=True
        ).values_list("thing_id", "key")
    }
    groups: dict[str, Work] = {}
    for line, row in zip(rows, counted, strict=True):
        service = line.service or alike.get(line.pk)
        if service is not None and service.pk in own:
            key, service = own[service.pk], None
        elif service is not None:
            key = f"service:{service.code}"
        elif line.same_as:
            key = f"same:{line.same_as}"
        else:
            key = f"task:{line.family}:{slugify(french_key(line.task))[:60]}"
        work = groups.setdefault(key, Work(key, [], [], service))
        work.lines.append(line)
        work.counted.append(row)
    return list(groups.values())


def _alike(lines: Sequence[InventoryLine]) -> dict[int, Service]:
    """Return the services of the catalogue that lines surely mean, by line."""
    if not lines:
        return {}
    services = {f"s{one.pk}": one for one in Service.objects.filter(active=True)}
    tasks = [duplicates.Task(f"l{one.pk}", "line", one.task, one.family) for one in lines]
    tasks += [
        duplicates.Task(key, "catalogue", f"{one.name_fr}", one.family)
        for key, one in services.items()
    ]
    found: dict[int, Service] = {}
    # Several lines may be the work of one service.
    for pair in duplicates.alike(tasks, most=len(tasks) * len(services), nearest=False):
        line, service = sorted((pair.first, pair.second))
        if pair.sure and pair.same_family and int(line[1:]) not in found:
            found[int(line[1:])] = services[service]
    return found


def _services(found: Plan, works: list[Work], past: dict[str, Any]) -> None:
    taken = set(Service.objects.values_list("code", flat=True))
    models = _models(found.study)
    for place, work in enumerate(works, start=1):
        key = f"service:{work.key}"[:120]
        there = work.service or past.get(key)
        item = Item(
            Kind.SERVICE, key, there.name if there else work.first.task,
            lines=work.keys, there=there, order=place,
        )  # fmt: skip
        half, ninth = standard_times.standard(
            [(inventory.a_year(row.line), row.line.minutes) for row in work.counted]
        )
        item.fields = _fields(work, half, ninth, models)
        if there is None:
            item.fields["code"] = _code(work.first.task, taken)
            taken.add(item.fields["code"])
            item.detail = _("%(half)d min for one in two, %(ninth)d for nine in ten") % {
                "half": half, "ninth": ninth,
            }  # fmt: skip
        elif (there.standard_minutes, there.p90_minutes) != (half, ninth):
            item.detail = _(
                "the catalogue says %(a)d and %(b)d min, the study %(half)d and %(ninth)d"
            ) % {"a": there.standard_minutes, "b": there.p90_minutes, "half": half, "ninth": ninth}
        item.fields["hours"] = work.hours
        found.items.append(item)


def _models(study: Study) -> dict[choosing.Place, str]:
    """Return the model chosen by site and family, empty before the choice."""
    trace = choosing.last(study)
    return {
        (one.site, one.family): str(one.chosen.offer.model)
        for one in (choosing.judged(trace) if trace else [])
        if one.chosen is not None
    }


def _fields(work: Work, half: int, ninth: int, models: dict[choosing.Place, str]) -> dict[str, Any]:
    first, lines = work.first, work.lines
    automated = any(line.target == "automate" for line in lines) or all(
        models.get((line.site_id, line.family)) == "platform" for line in lines
    )
    sla = "express" if any(line.deadline == "same_day" for line in lines) else "standard"
    response, delivery = HOURS[sla]
    return {
        "family": first.family,
        "name_fr": first.task[:120],
        "name_en": first.task[:120],
        "deliverable_fr": first.output,
        "confidentiality": max(line.secrecy for line in lines),
        "standard_minutes": half,
        "p90_minutes": ninth,
        "readiness": PRACTISED if max(line.knowledge for line in lines) >= KNOWN_SITE else 0,
        "sla_class": sla,
        "response_hours": Decimal(response),
        "delivery_hours": Decimal(delivery),
        "automatable": "assisted" if automated else "human",
        "active": False,
    }


def _code(task: str, taken: set[str]) -> str:
    stem = slugify(french_key(task))[:50].strip("-") or "service"
    code, number = stem, 1
    while code in taken:
        number += 1
        code = f"{stem}-{number}"
    return code


# Procedures ---------------------------------------------------------------------------------------


def _procedures(found: Plan, works: list[Work], by: Person, past: dict[str, Any]) -> None:
    leads = {
        cover.site_id: cover.person
        for cover in Cover.objects.filter(position="lead").select_related("person")
    }
    known = {each.code: each for each in Procedure.objects.all()}
    place = 0
    for work, service in zip(works, found.of(Kind.SERVICE), strict=True):
        key = f"procedure:{work.key}"[:120]
        if work.service is not None and work.service.procedure_id and key not in past:
            continue
        place += 1
        code = (service.there.code if service.there else service.fields["code"])[:60]
        busiest = max(
            {line.site_id for line in work.lines},
            key=lambda site: sum(row.once for row in work.counted if row.line.site == str(site)),
        )
        owner = leads.get(busiest, by)
        item = Item(Kind.PROCEDURE, key, service.title, lines=work.keys, order=place)
        item.there = known.get(code)
        item.detail = _("to write as number %(place)d: %(hours)d h a year, by %(owner)s") % {
            "place": place, "hours": round(work.hours), "owner": owner.name,
        }  # fmt: skip
        item.fields = {"code": code, "owner": owner, "service": service.key, "work": work}
        found.items.append(item)


# The agreement ------------------------------------------------------------------------------------


def _agreement(found: Plan, works: list[Work], sites: list[Site]) -> None:
    company = found.study.company
    agreement = Agreement.objects.filter(company=company).order_by("id").first()
    in_force = agreement.in_force() if agreement else None
    targets = in_force.terms().targets if in_force else STANDARD
    targets = (*targets, *_by_family(targets, found.of(Kind.SERVICE)))
    name = agreement.name if agreement else _("Service agreement")
    item = Item(
        Kind.AGREEMENT, "agreement", name, lines=tuple(k for work in works for k in work.keys)
    )
    item.fields = {
        "agreement": agreement,
        "name": name,
        "terms": {
            "effective_from": found.starts_on,
            "note": _("From the study “%(study)s”.") % {"study": found.study.name},
            "scopes": tuple(Scope(site=site.pk) for site in sites),
            "targets": targets,
        },
    }
    hours = []
    for site in sites:
        try:
            hours.append(f"{site.name} ({calendars.of_site(site).calendar.name})")
        except calendars.NoCalendar:
            found.warnings.append(
                _("%(site)s follows no calendar: give it one, or no deadline can be dated.")
                % {"site": site.name}
            )
    item.detail = _("levels of the group’s standard; hours of %(sites)s") % {
        "sites": ", ".join(hours) or "—"
    }
    if agreement is not None and agreement.draft is not None:
        item.fields["stands"] = True
        mine = Generated.objects.filter(
            generation__study=found.study, generation__undone_at=None, kind=Kind.AGREEMENT
        )
        if not mine.exists():
            found.warnings.append(
                _("“%(name)s” has a draft already: it is left as it is; withdraw it first to have "
                  "one drafted from the study.") % {"name": name}
            )  # fmt: skip
            return
    found.items.append(item)


def _by_family(targets: Iterable[TargetTerms], services: list[Item]) -> list[TargetTerms]:
    """Return a promise of delivery for each family that promises otherwise than all."""
    said = {one.family for one in targets if one.kind == "delivery" and one.family}
    everything = [one for one in targets if one.place == ("delivery", None, "", None)]
    whole = everything[0].hours if everything else None
    longest: dict[str, Decimal] = {}
    for item in services:
        family = item.there.family if item.there else item.fields["family"]
        hours = item.there.delivery_hours if item.there else item.fields["delivery_hours"]
        longest[family] = max(hours, longest.get(family, Decimal(0)))
    return [
        TargetTerms("delivery", family=family, hours=hours)
        for family, hours in sorted(longest.items())
        if family not in said and hours != whole
    ]


# Staffing -----------------------------------------------------------------------------------------


def _posts(found: Plan, works: list[Work], sites: list[Site]) -> None:
    held = {
        (cover.site_id, cover.position): cover.person
        for cover in Cover.objects.filter(site__in=sites).select_related("person")
    }
    load = {
        week.site: week.mean
        for week in inventory.weeks([row for work in works for row in work.counted])
    }
    free = _free(sites)
    for site in sites:
        lines = [line for work in works for line in work.lines if line.site_id == site.pk]
        families = sorted({line.family for line in lines})
        chosen: list[Person] = []
        for position, share, level in (
            ("lead", LEAD_SHARE, LEAD_READY), ("backup", 1 - LEAD_SHARE, BACKUP_READY),
        ):  # fmt: skip
            person = held.get((site.pk, position))
            others = [
                one
                for one in free
                if one not in chosen
                and (site.pk, one.pk)
                not in {(where, each.pk) for (where, _p), each in held.items()}
            ]
            proposed = None if person else next(iter(others), None)
            if one := person or proposed:
                chosen.append(one)
            if proposed:  # the next site looks at the next one first
                free = [each for each in free if each != proposed] + [proposed]
            hours = round(load.get(str(site.pk), 0.0) * share, 1)
            label = str(Cover.Position(position).label)
            item = Item(
                Kind.POST, f"post:{site.pk}:{position}", f"{site.name} · {label}",
                lines=tuple(line.pk for line in lines),
            )  # fmt: skip
            item.detail = _post_text(person, proposed, hours, level)
            item.fields = {
                "site": site, "position": position, "person": person, "proposed": proposed,
                "hours_a_week": hours, "families": families, "readiness": level,
            }  # fmt: skip
            found.items.append(item)


def _post_text(person: Person | None, proposed: Person | None, hours: float, level: int) -> str:
    facts: dict[str, Any] = {"hours": hours, "level": level}
    if person:
        facts["name"] = person.name
        return _("%(name)s, %(hours)s h a week, to be ready at level %(level)d") % facts
    if proposed:
        facts["name"] = proposed.name
        return _("%(name)s proposed, %(hours)s h a week, to be ready at level %(level)d") % facts
    return _("nobody in the pool yet, %(hours)s h a week, to be ready at level %(level)d") % facts


def _free(sites: list[Site]) -> list[Person]:
    """Return the assistants of the pool, those who cover fewest sites first."""
    assistants = Role.objects.in_force().filter(kind=Role.Kind.ASSISTANT).values("person")
    rows = Person.objects.filter(pk__in=assistants, company=None, archived_at=None)
    covered: dict[int, int] = defaultdict(int)
    for person in Cover.objects.values_list("person_id", flat=True):
        covered[person] += 1
    return sorted(rows, key=lambda one: (covered[one.pk], one.last_name, one.pk))


# Waves and what is said ---------------------------------------------------------------------------


def _waves(found: Plan, works: list[Work], sites: list[Site]) -> None:
    tense = {
        cell.site.pk: float(cell.figures[CLIMATE].value or 1)
        for cell in choosing.cells(found.study)
    }
    hours = {
        site.pk: sum(
            row.once for work in works for row in work.counted if row.line.site == str(site.pk)
        )
        for site in sites
    }
    # The calmest and smallest place first: one learns there for the others.
    order = sorted(sites, key=lambda one: (tense.get(one.pk, 1.0), hours[one.pk], one.name))
    groups = [order[:1]] + [
        order[at : at + MOST_SITES_A_WAVE] for at in range(1, len(order), MOST_SITES_A_WAVE)
    ]
    conditions = [
        _("Nine accesses in ten are confirmed and tried."),
        _("The procedures of what makes 80 % of the volume are written."),
        _("Each backup has done two procedures for the site."),
        _("Four managers in five have been met; the staff representatives informed if they must."),
        _("The way back is written and has an owner."),
    ]
    for number, group in enumerate(groups, start=1):
        day = found.starts_on + timedelta(weeks=WAVE_WEEKS * (number - 1))
        names = ", ".join(site.name for site in group)
        name = (
            _("Pilot: %(sites)s") if number == 1 and len(groups) > 1
            else _("Wave %(number)d: %(sites)s")
        ) % {"number": number, "sites": names}  # fmt: skip
        asked = list(conditions)
        if number > 1:
            asked.insert(0, _("The wave before has run three weeks at the level expected."))
        keys = {site.pk for site in group}
        item = Item(
            Kind.WAVE, f"wave:{number}", name[:120], order=number,
            lines=tuple(x.pk for w in works for x in w.lines if x.site_id in keys),
        )  # fmt: skip
        item.fields = {
            "number": number, "name": name[:120], "starts_on": day, "sites": group,
            "conditions": "\n".join(asked),
        }  # fmt: skip
        found.items.append(item)


def _actions(found: Plan) -> None:
    for wave in found.of(Kind.WAVE):
        day, number = wave.fields["starts_on"], wave.fields["number"]
        for step, days, text in (
            ("announce", -ANNOUNCED_BEFORE, _("Announce to all what begins and what it brings: "
             "room for peaks, known procedures, nobody alone.")),
            ("talk", -TALKED_BEFORE, _("Meet each manager who loses a usual assistant: what is "
             "kept, who answers, how it begins.")),
            ("begin", 0, _("Say who answers from today, how to ask, and where to complain.")),
            ("ask", ASKED_AFTER, _("Ask every manager how the first month went, and say what "
             "changes.")),
        ):  # fmt: skip
            item = Item(
                Kind.ACTION, f"action:{number}:{step}", text[:300], lines=wave.lines, order=number
            )
            sites = wave.fields["sites"]
            item.fields = {
                "due_on": day + timedelta(days=days),
                "site": sites[0] if len(sites) == 1 else None,
            }
            found.items.append(item)

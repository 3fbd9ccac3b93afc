"""From study to service: all is made in one go, linked to its lines, taken back in one go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.desk.errors import BadValue
from relais.desk.models import Ticket
from relais.engine import inventory
from relais.engine.procedure import Content
from relais.offer import keeping
from relais.offer.models import Agreement, AgreementVersion, Procedure, ProcedureVersion, Service
from relais.people import organisation
from relais.people.models import Confidentiality, Person, Site
from relais.planning import profiles

from . import change_plan, generating_plan
from .choosing_errors import AlreadyUndone, NothingToGenerate, Touched
from .generating_plan import Item, Kind, Plan
from .models import Generated, Generation, InventoryLine, Origin, Post, Study, Wave, WaveSite


def standing(study: Study) -> Generation | None:
    """Return the generation that stands, or None."""
    return Generation.objects.filter(study=study, undone_at=None).select_related("by").first()


def preview(study: Study, starts_on: date, *, by: Person) -> Plan:
    """Return what would be made. Raises `NotPiloting`, `BadValue`."""
    study.check_lead(by)
    if not 2000 <= starts_on.year <= 2100:
        raise BadValue(field=_("first day"), mend=_("give a year between 2000 and 2100"))
    return generating_plan.plan(study, starts_on, by)


@transaction.atomic
def generate(study: Study, starts_on: date, *, by: Person) -> Generation:
    """Return the generation that stands, with all that the plan says; done twice, nothing twice.

    Raises `NotPiloting`, `MayNotKeep`, `NothingToGenerate`.
    """
    study.check_lead(by)
    keeping.check_keeps(by, study)
    held = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    found = preview(held, starts_on, by=by)
    if not found.items:
        raise NothingToGenerate(mend=_("type the inventory first, with times and counts."))
    generation = standing(held)
    if generation is None:
        generation = Generation.objects.create(
            provider_id=study.provider_id, study=held, by=by, at=timezone.now(),
            starts_on=starts_on,
        )  # fmt: skip
    fresh = found.fresh
    rows: dict[str, Any] = {item.key: item.there for item in found.items if item.made}
    for item in fresh:
        row, made, mark = MAKERS[item.kind](held, item, rows, by)
        rows[item.key] = row
        _keep(generation, item, row, made, mark)
    _hand_down(held)
    if fresh:
        facts = {"study": held.name, "things": len(fresh)}
        organisation.record(held, "service_generated", by, **facts)
    return generation


def _hand_down(study: Study) -> None:
    """Let the planning foresee by the inventory until requests tell: volumes and their months."""
    told = []
    for work in generating_plan.works_of(study):
        for line, row in zip(work.lines, work.counted, strict=True):
            if line.secrecy >= Confidentiality.EXECUTIVE:
                continue  # its figures are for named persons only
            told.append(
                profiles.Told(
                    line.site_id, line.family, inventory.a_year(row.line),
                    inventory.mean_minutes(row.line.minutes), row.line.months,
                )
            )  # fmt: skip
    profiles.give(told, source=_source(study), provider_id=study.provider_id)


def _source(study: Study) -> str:
    return f"study:{study.pk}"


def _keep(generation: Generation, item: Item, row: Any, made: bool, mark: int) -> None:
    """Write down what was made or matched, and the lines it came from."""
    kept = Generated.objects.create(
        provider_id=generation.provider_id, generation=generation, kind=item.kind, key=item.key,
        thing=row._meta.label, thing_id=row.pk, title=item.title[:300], order=item.order,
        made=made, mark=mark,
    )  # fmt: skip
    Origin.objects.bulk_create(
        Origin(provider_id=generation.provider_id, generated=kept, line_id=line)
        for line in dict.fromkeys(item.lines)
    )


# Making: each returns the row, whether it is new, and the version it then has ---------------------


def _service(study: Study, item: Item, rows: dict[str, Any], by: Person) -> tuple[Any, bool, int]:
    if item.there is not None:
        return item.there, False, item.there.version
    fields = {name: value for name, value in item.fields.items() if name != "hours"}
    made = Service.open(by=by, skills=_skills(fields["family"]), **fields)
    line = InventoryLine.objects.filter(pk__in=item.lines, service=None)
    line.update(service=made)
    return made, True, made.version


def _skills(family: str) -> list[Any]:
    """Return the skills that every known service of the family asks for."""
    rows = Service.objects.filter(family=family, active=True).prefetch_related("skills")
    known = [set(row.skills.all()) for row in rows]
    return sorted(set.intersection(*known), key=lambda skill: str(skill.code)) if known else []


def _procedure(study: Study, item: Item, rows: dict[str, Any], by: Person) -> tuple[Any, bool, int]:
    told, work = item.fields, item.fields["work"]
    if item.there is None:
        draft = Procedure.open(
            code=told["code"], title_fr=item.title[:200], owner=told["owner"], by=by
        )
    else:
        standing_draft = item.there.draft
        if standing_draft is not None or item.there.in_force() is not None:
            return item.there, False, 0
        draft = ProcedureVersion.draft_from(item.there, by=by)
    draft.edit(by=by, content=_shell(work), note=item.detail)
    service = rows[told["service"]]
    if service.procedure_id is None:
        service.edit(by=by, procedure=draft.procedure)
        Generated.objects.filter(
            generation__study=study, generation__undone_at=None, key=told["service"], made=True
        ).update(mark=service.version)
    return draft.procedure, True, draft.revision


def _shell(work: generating_plan.Work) -> Content:
    """Return what the inventory says already of how the work is done."""
    first = work.first

    def said(field: str) -> str:
        texts = [getattr(first, field), *(getattr(line, field) for line in work.lines)]
        return next((text for text in texts if text), "")

    return Content(
        trigger_fr=said("trigger"), inputs_fr=said("input_source"), outputs_fr=said("output")
    )


def _agreement(study: Study, item: Item, rows: dict[str, Any], by: Person) -> tuple[Any, bool, int]:
    agreement = item.fields["agreement"]
    if agreement is None:
        draft = Agreement.open(study.company, item.fields["name"], by=by)
    else:
        draft = AgreementVersion.draft_from(agreement, by=by)
    draft.edit(by=by, **item.fields["terms"])
    return draft, True, draft.revision


def _post(study: Study, item: Item, rows: dict[str, Any], by: Person) -> tuple[Any, bool, int]:
    made = Post.objects.create(provider_id=study.provider_id, study=study, **item.fields)
    return made, True, made.version


def _wave(study: Study, item: Item, rows: dict[str, Any], by: Person) -> tuple[Any, bool, int]:
    fields = dict(item.fields)
    sites: list[Site] = fields.pop("sites")
    made = Wave.objects.create(provider_id=study.provider_id, study=study, **fields)
    WaveSite.objects.bulk_create(
        WaveSite(provider_id=study.provider_id, wave=made, site=site) for site in sites
    )
    return made, True, made.version


def _action(study: Study, item: Item, rows: dict[str, Any], by: Person) -> tuple[Any, bool, int]:
    fields = {"what": item.title, "owner": study.pilot, **item.fields}
    made = change_plan.plan(study, fields, by=by)
    return made, True, made.version


Maker = Callable[[Study, Item, dict[str, Any], Person], tuple[Any, bool, int]]
MAKERS: dict[str, Maker] = {
    Kind.SERVICE: _service,
    Kind.PROCEDURE: _procedure,
    Kind.AGREEMENT: _agreement,
    Kind.POST: _post,
    Kind.WAVE: _wave,
    Kind.ACTION: _action,
}


# Taking back --------------------------------------------------------------------------------------


@transaction.atomic
def undo(study: Study, *, by: Person) -> None:
    """Take everything back while nobody has worked on it: drafts are withdrawn, the rest dropped.

    Catalogue items stay, unoffered, with their history: made again, they are taken up again.
    Raises `NotPiloting`, `MayNotKeep`, `AlreadyUndone`, `Touched`.
    """
    study.check_lead(by)
    keeping.check_keeps(by, study)
    Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    generation = standing(study)
    if generation is None:
        raise AlreadyUndone()
    things = [(one, one.row) for one in generation.things.filter(made=True)]
    if touched := [one.title for one, row in things if _is_touched(one, row)]:
        raise Touched(things=", ".join(touched[:5]))
    why = _("Study “%(study)s” taken back") % {"study": study.name}
    for one, row in things:
        if one.kind == Kind.PROCEDURE and row is not None and row.draft is not None:
            row.draft.withdraw(why, by=by)
        elif one.kind == Kind.AGREEMENT:
            row.withdraw(why, by=by)
        elif one.kind in (Kind.POST, Kind.WAVE):
            row.drop(by=by)
        elif one.kind == Kind.ACTION:
            row.drop(why, by=by)
    profiles.take_back(_source(study))
    Generation.objects.filter(pk=generation.pk).update(undone_at=timezone.now(), undone_by=by)
    organisation.record(study, "service_undone", by, study=study.name)


def _is_touched(one: Generated, row: Any) -> bool:
    """Return whether somebody has worked on it since it was made."""
    if row is None:
        return True
    if one.kind == Kind.SERVICE:
        return row.version != one.mark or row.active or Ticket.objects.filter(service=row).exists()
    if one.kind == Kind.PROCEDURE:
        draft = row.draft
        return draft is None or draft.revision != one.mark
    if one.kind == Kind.AGREEMENT:
        signed = row.client_signed_at or row.provider_signed_at
        return bool(row.state != "draft" or row.revision != one.mark or signed)
    return bool(row.version != one.mark)


# Beginning ----------------------------------------------------------------------------------------


@transaction.atomic
def start_wave(wave: Wave, *, by: Person, on: date | None = None) -> list[Service]:
    """Return the services that are offered from now on: those of the wave's sites.

    Raises what `Wave.start` raises, and `MayNotKeep`.
    """
    keeping.check_keeps(by, wave.study)
    wave.start(by=by, on=on)
    sites = wave.sites.values("site")
    keys = Generated.objects.filter(
        generation__study=wave.study, generation__undone_at=None, kind=Kind.SERVICE,
        origins__line__site__in=sites,
    ).values("thing_id")  # fmt: skip
    opened = list(Service.objects.filter(pk__in=keys, active=False))
    for service in opened:
        service.edit(by=by, active=True)
    return opened

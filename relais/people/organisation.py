"""How the organisation changes: kept, archived, restored, roles given and ended; all recorded."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from relais.lib.kept_form import KeptForm, add_refusal
from relais.lib.later import later
from relais.lib.problem import Problem
from relais.lib.text import french_key

from .models import (
    Clearance,
    Company,
    Cover,
    Engagement,
    Establishment,
    LanguageLevel,
    LegalEntity,
    OrganisationChange,
    Person,
    Role,
    Site,
    Skill,
    SkillLevel,
)

if TYPE_CHECKING:
    from .access import Access

RECALCULATE = "relais.desk.tasks.recalculate_place"
# What says by whose hours a place goes.
HOURS_FIELDS = ("calendar", "entity")
PLACES = ("people.Site", "people.LegalEntity", "people.Company")
LONGEST_CHAIN = 50  # of executives above one another; a longer one is a circle


class StillOpenError(Problem):
    """Something that is to be archived still has open things hanging on it."""

    message = gettext_noop("%(name)s cannot be archived yet: %(things)s.")


class LastManagerError(Problem):
    """The provider would be left without anybody who may manage it."""

    message = gettext_noop(
        "This is the last person who manages the provider: give that role to somebody else first."
    )


def record(subject: models.Model, kind: str, by: Person | None, **facts: Any) -> OrganisationChange:
    """Write down one change of `subject`; return what was written."""
    return OrganisationChange.objects.create(
        provider_id=subject.provider_id,
        at=timezone.now(),
        by=by,
        subject=subject._meta.label,
        subject_id=subject.pk,
        kind=kind,
        facts=facts,
    )


def history(access: Access, subject: models.Model, at_most: int = 10) -> list[OrganisationChange]:
    """Return the newest changes of `subject` that this person may see."""
    if not access.may_see_internals():
        return []
    rows = access.see(OrganisationChange).select_related("by")
    return list(rows.filter(subject=subject._meta.label, subject_id=subject.pk)[:at_most])


def keep(form: KeptForm, *, by: Person) -> Any:
    """Return the row that a valid form saved, or None: then the form says what to mend."""
    is_new = form.instance.pk is None
    if is_new:
        form.instance.provider_id = by.provider_id
    row = form.keep()
    if row is None:
        form.instance.pk = None if is_new else form.instance.pk
        return None
    if is_new:
        record(row, "created", by)
    elif changes := form.changes:
        change = record(row, "changed", by, changes=changes)
        if changes_hours(row._meta.label, changes):
            deadlines_follow(change)
    return row


def kept(form: KeptForm, *, by: Person, after: Callable[[Any], None] | None = None) -> Any:
    """Return the row of a valid form, or None: the form then says why.

    `after` is done with the row, or the row is not kept either.
    """
    try:
        with transaction.atomic():
            row = keep(form, by=by)
            if row is not None and after is not None:
                after(row)
            return row
    except Problem as problem:
        form.add_error(None, said(problem))
    except IntegrityError as error:
        add_refusal(form, form._meta.model, error)
    return None


def changes_hours(subject: str, changes: Container[str]) -> bool:
    """Return whether a place (of the table `subject`) may go by another calendar from now on."""
    return subject in PLACES and any(name in changes for name in HOURS_FIELDS)


def deadlines_follow(change: OrganisationChange) -> None:
    """Have the deadlines of a place dated anew: it follows another calendar."""
    # The desk stands a floor above, so its job is called by name; in this transaction.
    later(
        RECALCULATE,
        lock=f"recalculate:{change.provider_id}",
        provider_id=change.provider_id,
        change_id=change.pk,
    )


# Archiving ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hindrance:
    """Open things that keep something from being archived: how to find and how to say them."""

    count: Callable[[Any], int]
    say: Callable[[int], str]


def _open_tickets(field: str) -> Callable[[Any], int]:
    """Return a count of the live tickets of something, should the desk (an app above) be there."""

    def count(thing: Any) -> int:
        if not apps.is_installed("relais.desk"):
            return 0
        tickets = apps.get_model("desk", "Ticket")
        return tickets._base_manager.filter(**{field: thing}, state__in=tickets.LIVE).count()

    return count


def _say_tickets(n: int) -> str:
    return ngettext("%(n)s request is open", "%(n)s requests are open", n) % {"n": n}


def _say_sites(n: int) -> str:
    return ngettext("%(n)s site is in use", "%(n)s sites are in use", n) % {"n": n}


def _say_persons(n: int) -> str:
    text = ngettext("%(n)s person is not archived", "%(n)s persons are not archived", n)
    return text % {"n": n}


def _say_engagements(n: int) -> str:
    text = ngettext("%(n)s engagement is in force", "%(n)s engagements are in force", n)
    return text % {"n": n}


def _say_leads(n: int) -> str:
    text = ngettext(
        "this person leads, or stands in for a lead of, %(n)s engagement",
        "this person leads, or stands in for a lead of, %(n)s engagements",
        n,
    )
    return text % {"n": n}


def _say_covers(n: int) -> str:
    text = ngettext("this person covers %(n)s site", "this person covers %(n)s sites", n)
    return text % {"n": n}


def _say_establishments(n: int) -> str:
    text = ngettext("%(n)s establishment is in use", "%(n)s establishments are in use", n)
    return text % {"n": n}


def _leads(person: Person) -> int:
    led = models.Q()
    for part in ("client_lead", "client_deputy", "provider_lead", "provider_deputy"):
        led |= models.Q(**{part: person})
    return Engagement.objects.filter(led, ended_on=None).count()


HINDRANCES: dict[type[models.Model], list[Hindrance]] = {
    Company: [
        Hindrance(lambda c: c.engagements.filter(ended_on=None).count(), _say_engagements),
        Hindrance(lambda c: c.sites.filter(archived_at=None).count(), _say_sites),
        Hindrance(lambda c: c.persons.filter(archived_at=None).count(), _say_persons),
        Hindrance(_open_tickets("company"), _say_tickets),
    ],
    LegalEntity: [
        Hindrance(lambda e: e.sites.filter(archived_at=None).count(), _say_sites),
        Hindrance(lambda e: e.establishments.filter(archived_at=None).count(), _say_establishments),
    ],
    Establishment: [],
    Site: [
        Hindrance(lambda s: s.persons.filter(archived_at=None).count(), _say_persons),
        Hindrance(lambda s: s.establishments.filter(archived_at=None).count(), _say_establishments),
        Hindrance(_open_tickets("site"), _say_tickets),
    ],
    Person: [
        Hindrance(_leads, _say_leads),
        Hindrance(
            lambda p: Cover.objects.filter(person=p, site__archived_at=None).count(), _say_covers
        ),
        Hindrance(_open_tickets("holder"), _say_tickets),
        Hindrance(_open_tickets("requester"), _say_tickets),
    ],
}


def hindrances(thing: models.Model) -> list[str]:
    """Return in words what keeps `thing` from being archived; nothing when it may be."""
    found = []
    for one in HINDRANCES[type(thing)]:
        if number := one.count(thing):
            found.append(one.say(number))
    return found


def archive(thing: Any, *, by: Person, at: datetime) -> None:
    """Take `thing` out of use. It keeps its past, and may come back.

    Raises `StillOpenError` naming what hangs on it. Done already is done.
    """
    if open_things := hindrances(thing):
        raise StillOpenError(name=str(thing), things=", ".join(open_things))
    if isinstance(thing, Person):
        _keep_a_manager(thing, by)
    rows = type(thing)._base_manager.filter(pk=thing.pk, archived_at=None)
    if rows.update(archived_at=at):
        record(thing, "archived", by)


def restore(thing: Any, *, by: Person) -> None:
    """Take `thing` into use again: the undoing of `archive`."""
    rows = type(thing)._base_manager.filter(pk=thing.pk).exclude(archived_at=None)
    if rows.update(archived_at=None):
        record(thing, "restored", by)


# Roles --------------------------------------------------------------------------------------------


def end_role(role: Role, *, by: Person, on: date) -> None:
    """End a role after the day `on`; one that had not begun by then is taken away.

    Raises `LastManagerError` when nobody else would manage the provider.
    """
    if role.kind == Role.Kind.MANAGEMENT:
        _keep_a_manager(role.person, by)
    facts = {"role": role.kind, "scope": scope_of(role), "on": on.isoformat()}
    if role.starts_on is not None and role.starts_on > on:
        role.delete()
    else:
        Role.objects.filter(pk=role.pk).update(ends_on=on)
    record(role.person, "role_ended", by, **facts)


def role_given(role: Role, *, by: Person) -> None:
    """Write down that a person was given a role."""
    record(role.person, "role_given", by, role=role.kind, scope=scope_of(role))


def scope_of(role: Role) -> str:
    """Return where a role is held, in words: the narrowest place that it names."""
    return str(role.site or role.entity or role.company or "")


def _keep_a_manager(person: Person, by: Person) -> None:
    managers = Role.objects.in_force().filter(
        kind=Role.Kind.MANAGEMENT, provider_id=person.provider_id, person__archived_at=None
    )
    if managers.filter(person=person).exists() and not managers.exclude(person=person).exists():
        raise LastManagerError


# Engagements --------------------------------------------------------------------------------------


def enable_leads(engagement: Engagement, *, by: Person) -> None:
    """Give the client's lead and deputy the role by which they see and steer, if they lack it."""
    for person in (engagement.client_lead, engagement.client_deputy):
        if person is None:
            continue
        steers = person.roles.in_force().filter(
            kind__in=[Role.Kind.CLIENT_LEAD, Role.Kind.SPONSOR],
            company_id=engagement.company_id,
            site=None,
            entity=None,
        )
        if not steers.exists():
            role = Role.objects.create(
                provider_id=engagement.provider_id,
                person=person,
                kind=Role.Kind.CLIENT_LEAD,
                company_id=engagement.company_id,
                starts_on=timezone.localdate(),
            )
            role_given(role, by=by)


def end_engagement(engagement: Engagement, *, by: Person, on: date) -> None:
    """End the engagement on a day; the company stays, without anybody who steers."""
    Engagement.objects.filter(pk=engagement.pk).update(ended_on=on)
    record(engagement.company, "engagement_ended", by, on=on.isoformat())


def end_clearance(clearance: Clearance, *, by: Person, on: date) -> None:
    """End the named right to a company's C3 matters after a day."""
    clearance.ends_on = on
    clearance.save(update_fields=["ends_on"])
    record(clearance.person, "clearance_ended", by, company=str(clearance.company))


def take_off(level: SkillLevel | LanguageLevel, *, by: Person) -> None:
    """Take a skill or a language off an assistant."""
    if isinstance(level, SkillLevel):
        kind, what = "skill_removed", level.skill.code
    else:
        kind, what = "language_removed", level.language
    record(level.profile.person, kind, by, what=what)
    level.delete()


def skill_named(name: str, provider_id: int) -> Skill:
    """Return the skill of this name, made when nobody has it yet."""
    code = slugify(french_key(name))[:40] or "skill"
    skill, _is_new = Skill.objects.get_or_create(
        provider_id=provider_id, code=code, defaults={"name_fr": name, "name_en": name}
    )
    return skill


def is_own_superior(person: Person, executive: Person) -> bool:
    """Return whether `person` would stand above herself if she reported to `executive`."""
    above: Person | None = executive
    for _step in range(LONGEST_CHAIN):
        if above is None:
            return False
        if above.pk == person.pk:
            return True
        above = above.reports_to
    return True


def said(problem: Problem) -> str:
    """Return a problem in the reader's language."""
    return _(problem.message) % problem.values

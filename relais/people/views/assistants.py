"""The pool: its assistants, what they can do, and when they are away. Internal to the provider."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from relais.lib.kept_form import KeptForm
from relais.lib.listing import Choice, Column, Empty, Listing, answer
from relais.people import cover, organisation
from relais.people.access import Access
from relais.people.models import (
    Absence,
    AssistantProfile,
    Clearance,
    Cover,
    LanguageLevel,
    Person,
    Role,
    Skill,
    SkillLevel,
)
from relais.people.person_forms import EndForm
from relais.people.pool_forms import (
    AbsenceForm,
    ClearanceForm,
    LanguageForm,
    ProfileForm,
    SkillForm,
    zone_of,
)
from relais.people.wording import away_text, language_name, skill_text

from .doors import organiser, seen
from .form_page import draw, form_page
from .persons import crumbs

SITES_NAMED = 6  # in the list of the pool; the person's page has them all


def with_skills(access: Access, rows: QuerySet[AssistantProfile]) -> QuerySet[AssistantProfile]:
    """Return the profiles with skills, languages, clearances, covers and what is ahead of leave."""
    ahead = access.see(Absence).filter(period__endswith__gt=timezone.now()).order_by("period")
    today = timezone.localdate()
    clearances = access.see(Clearance).filter(starts_on__lte=today).exclude(ends_on__lt=today)
    return rows.select_related("person", "calendar").prefetch_related(
        Prefetch("skills", access.see(SkillLevel).select_related("skill"), to_attr="seen_skills"),
        Prefetch("languages", access.see(LanguageLevel), to_attr="seen_languages"),
        Prefetch("person__absences", ahead, to_attr="seen_absences"),
        Prefetch(
            "person__clearances", clearances.select_related("company"), to_attr="seen_clearances"
        ),
    )


def assistants_listing(access: Access) -> Listing:
    """Return the list of the pool's assistants."""

    covers = access.see(Cover).filter(site__archived_at=None, person=OuterRef("person"))

    def served(position: str) -> ArraySubquery:
        names = covers.filter(position=position).order_by("site__name_key", "id")
        return ArraySubquery(names.values("site__name")[: SITES_NAMED + 1])

    def some(names: list[str]) -> list[str]:
        return names if len(names) <= SITES_NAMED else [*names[:SITES_NAMED], "…"]

    columns = (
        Column(
            "name",
            gettext_lazy("Assistant"),
            lambda p: p.person.name,
            "person__name_key",
            url=lambda p: reverse("person", args=[p.person_id]),
        ),
        Column("skills", gettext_lazy("Skills"), lambda p: [skill_text(s) for s in p.seen_skills]),
        Column(
            "languages",
            gettext_lazy("Languages"),
            lambda p: [f"{language_name(x.language)} {x.level}" for x in p.seen_languages],
        ),
        Column("lead", gettext_lazy("Leads"), lambda p: some(p.led_sites)),
        Column("backup", gettext_lazy("Backs up"), lambda p: some(p.backed_sites)),
        Column(
            "hours",
            gettext_lazy("Hours a week"),
            lambda p: p.contract_hours.normalize(),
            "contract_hours",
            number=True,
        ),
        Column(
            "away",
            gettext_lazy("Away"),
            lambda p: away_text(p.person.seen_absences[0]) if p.person.seen_absences else "",
        ),
    )
    return Listing(
        name="assistants",
        title=gettext_lazy("The pool"),
        columns=columns,
        search=("person__name_key",),
        filters=(_skill_filter(access),),
        prepare=lambda rows: with_skills(access, rows).annotate(
            led_sites=served(Cover.Position.LEAD), backed_sites=served(Cover.Position.BACKUP)
        ),
        empty=Empty(
            _("No assistant yet."),
            _("Enter a person of the staff, give the role “Assistant”, then say what she can do."),
            reverse("person_new") + "?company=",
            _("New person"),
        ),
    )


def _skill_filter(access: Access) -> Choice:
    def choices() -> list[tuple[Any, Any]]:
        english = get_language() == "en"
        skills = access.see(Skill)
        return [("", _("All")), *((s.pk, s.name_en if english else s.name_fr) for s in skills)]

    def apply(rows: QuerySet[AssistantProfile], value: str) -> QuerySet[AssistantProfile]:
        return rows.filter(skills__skill=int(value)) if value else rows

    return Choice("skill", gettext_lazy("Skill"), choices, apply)


@organiser
def assistants(request: HttpRequest) -> HttpResponse:
    """Show the pool."""
    access = request.access
    rows = access.see(AssistantProfile).filter(person__archived_at=None)
    without = (
        access.see(Person)
        .filter(
            archived_at=None,
            assistant=None,
            roles__in=access.see(Role).in_force().filter(kind=Role.Kind.ASSISTANT),
        )
        .distinct()[:20]
    )
    context = {"without_profile": list(without)}
    return answer(request, assistants_listing(access), rows, "people/assistants/list.html", context)


def _staff(request: HttpRequest, pk: int) -> Person:
    person = seen(request, Person, pk)
    if person.company_id is not None:
        raise Http404
    return person


@organiser
def profile(request: HttpRequest, person_pk: int) -> HttpResponse:
    """Enter or change an assistant's profile."""
    person = _staff(request, person_pk)
    found = request.access.see(AssistantProfile).filter(person=person).first()
    form = ProfileForm(
        request.POST or None,
        instance=found or AssistantProfile(person=person),
        access=request.access,
    )
    return form_page(
        request,
        form,
        title=_("Work of %(name)s as an assistant") % {"name": person},
        back=reverse("person", args=[person_pk]),
        crumbs=crumbs(person),
    )


def _profile_of(request: HttpRequest, person: Person) -> AssistantProfile:
    found = request.access.see(AssistantProfile).filter(person=person).first()
    if found is None:
        raise Http404
    return found


@organiser
def skill_add(request: HttpRequest, person_pk: int) -> HttpResponse:
    """Note a skill of an assistant."""
    person = _staff(request, person_pk)
    fresh = SkillLevel(profile=_profile_of(request, person), provider_id=person.provider_id)
    form = SkillForm(request.POST or None, instance=fresh, access=request.access)
    return _addition(request, form, person, _("New skill of %(name)s"))


@organiser
def language_add(request: HttpRequest, person_pk: int) -> HttpResponse:
    """Note a language of an assistant."""
    person = _staff(request, person_pk)
    fresh = LanguageLevel(profile=_profile_of(request, person))
    form = LanguageForm(request.POST or None, instance=fresh, access=request.access)
    return _addition(request, form, person, _("New language of %(name)s"))


@organiser
def clearance_add(request: HttpRequest, person_pk: int) -> HttpResponse:
    """Give a person of the staff the named right to a company's C3 matters."""
    person = _staff(request, person_pk)
    fresh = Clearance(person=person, granted_by=request.person, starts_on=timezone.localdate())
    form = ClearanceForm(request.POST or None, instance=fresh, access=request.access)
    lead = _("Class C3 is for named persons only: say why this one must see it.")
    return _addition(request, form, person, _("New clearance of %(name)s"), lead)


def _addition(
    request: HttpRequest, form: KeptForm, person: Person, title: str, lead: str = ""
) -> HttpResponse:
    return form_page(
        request,
        form,
        title=title % {"name": person},
        back=reverse("person", args=[person.pk]),
        crumbs=crumbs(person),
        lead=lead,
    )


@require_POST
@organiser
def skill_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a skill off an assistant."""
    return _removed(request, seen(request, SkillLevel, pk))


@require_POST
@organiser
def language_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a language off an assistant."""
    return _removed(request, seen(request, LanguageLevel, pk))


def _removed(request: HttpRequest, level: SkillLevel | LanguageLevel) -> HttpResponse:
    organisation.take_off(level, by=request.person)
    messages.success(request, _("Removed."))
    return redirect("person", level.profile.person_id)


@organiser
def clearance_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a clearance after a day."""
    found = seen(request, Clearance, pk)
    back = reverse("person", args=[found.person_id])
    form = EndForm(request.POST or None, start=found.starts_on)
    if request.method == "POST" and form.is_valid():
        organisation.end_clearance(found, by=request.person, on=form.cleaned_data["on"])
        messages.success(request, _("The clearance is ended."))
        return redirect(back)
    return draw(
        request,
        form,
        title=_("End the clearance of %(name)s for %(company)s")
        % {"name": found.person, "company": found.company},
        back=back,
        crumbs=crumbs(found.person),
        button=_("End the clearance"),
    )


@organiser
def absence_add(request: HttpRequest, person_pk: int) -> HttpResponse:
    """Note that somebody will be away: the class, never a reason."""
    person = _staff(request, person_pk)
    zone = zone_of(request.access, person)
    # "now": from the control tower, on hearing that somebody is not there.
    wall = timezone.localtime(timezone=ZoneInfo(zone)).replace(tzinfo=None, second=0)
    initial = {"starts": wall} if "now" in request.GET else None
    absence = Absence(person=person)
    return form_page(
        request,
        AbsenceForm(request.POST or None, instance=absence, zone=zone, initial=initial),
        title=_("New absence of %(name)s") % {"name": person},
        back=reverse("person", args=[person_pk]),
        crumbs=crumbs(person),
        after=lambda absence: cover.took_absence(absence, by=request.person),
        lead=_("The class only, never a medical reason. No client sees absences."),
    )


@require_POST
@organiser
def absence_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an absence back."""
    found = seen(request, Absence, pk)
    cover.take_back_absence(found, by=request.person)
    messages.success(request, _("The absence is removed."))
    return redirect("person", found.person_id)

"""The pool: its assistants, what they can do, and when they are away. Internal to the provider."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from django import forms
from django.contrib import messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from relais.lib.kept_form import KeptForm, QuickSelect
from relais.lib.listing import Choice, Column, Empty, Listing, answer
from relais.lib.text import french_key
from relais.people import cover, organisation
from relais.people.access import Access
from relais.people.models import (
    Absence,
    AssistantProfile,
    Calendar,
    Clearance,
    Company,
    Cover,
    LanguageLevel,
    Person,
    Role,
    Skill,
    SkillLevel,
)
from relais.people.wording import LEVELS, away_text, language_name, skill_text

from .doors import organiser, seen
from .engagements import EndForm
from .form_page import draw, form_page
from .persons import crumbs

COMMON_LANGUAGES = ("fr", "en", "de", "es", "it", "nl", "pt")
SITES_NAMED = 6  # in the list of the pool; the person's page has them all
CLOCK = "%Y-%m-%dT%H:%M"


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


class ProfileForm(KeptForm):
    """Contract and clearance of an assistant."""

    class Meta:
        model = AssistantProfile
        fields = ["contract_hours", "calendar", "clearance"]

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["calendar"].queryset = access.see(Calendar).filter(company=None)
        self.fields["calendar"].help_text = _("A calendar of the provider's own.")
        self.fields["clearance"].help_text = _("The highest class of data this person may handle.")


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


class SkillForm(KeptForm):
    """A skill of the list, or a new one by its name, and how well it is mastered."""

    skill = forms.ModelChoiceField(
        label=gettext_lazy("Skill"), queryset=None, required=False, widget=QuickSelect
    )
    new_name = forms.CharField(label=gettext_lazy("Or a new skill"), max_length=100, required=False)
    level = forms.TypedChoiceField(label=gettext_lazy("Level"), coerce=int, initial=2)

    class Meta:
        model = SkillLevel
        fields = ["skill", "level"]

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["skill"].queryset = self.known = access.see(Skill)
        self.fields["level"].choices = [(n, f"{n} – {text}") for n, text in LEVELS.items()]
        self.order_fields(["seen", "skill", "new_name", "level"])

    def clean(self) -> dict[str, Any] | None:
        """Take the skill chosen, or the one of the new name, made if nobody has it yet."""
        cleaned = super().clean()
        name = self.cleaned_data.get("new_name", "")
        if name:
            self.cleaned_data["skill"] = organisation.skill_named(name, self.instance.provider_id)
        elif not self.cleaned_data.get("skill"):
            self.add_error("skill", _("Choose a skill, or name a new one."))
        return cleaned


class LanguageForm(KeptForm):
    """A language and how well it is spoken."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), widget=QuickSelect)

    class Meta:
        model = LanguageLevel
        fields = ["language", "level"]

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = Locale((get_language() or "fr")[:2]).languages
        rest = sorted(
            (code for code in names if len(code) == 2 and code not in COMMON_LANGUAGES),
            key=lambda code: french_key(names[code]),
        )
        self.fields["language"].choices = [(c, names[c]) for c in (*COMMON_LANGUAGES, *rest)]


class ClearanceForm(KeptForm):
    """The named right to a company's C3 matters."""

    class Meta:
        model = Clearance
        fields = ["company", "reason", "starts_on", "ends_on"]
        widgets = {
            "company": QuickSelect,
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["company"].queryset = access.see(Company).filter(archived_at=None)

    def clean(self) -> dict[str, Any] | None:
        """Refuse a last day before the first."""
        cleaned = super().clean()
        first, last = self.cleaned_data.get("starts_on"), self.cleaned_data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The last day comes before the first."))
        return cleaned


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
    found = seen(request, SkillLevel._default_manager.select_related("profile__person"), pk)
    return _removed(request, found, found.profile.person, "skill_removed", found.skill.code)


@require_POST
@organiser
def language_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a language off an assistant."""
    found = seen(request, LanguageLevel._default_manager.select_related("profile__person"), pk)
    return _removed(request, found, found.profile.person, "language_removed", found.language)


def _removed(request: HttpRequest, row: Any, person: Person, kind: str, what: str) -> HttpResponse:
    organisation.record(person, kind, request.person, what=what)
    row.delete()
    messages.success(request, _("Removed."))
    return redirect("person", person.pk)


@organiser
def clearance_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a clearance after a day."""
    found = seen(request, Clearance, pk)
    back = reverse("person", args=[found.person_id])
    form = EndForm(request.POST or None, start=found.starts_on)
    if request.method == "POST" and form.is_valid():
        found.ends_on = form.cleaned_data["on"]
        found.save(update_fields=["ends_on"])
        organisation.record(
            found.person, "clearance_ended", request.person, company=str(found.company)
        )
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


class AbsenceForm(KeptForm):
    """When somebody is away, by class only."""

    starts = forms.DateTimeField(
        label=gettext_lazy("From"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=CLOCK),
        input_formats=[CLOCK, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    ends = forms.DateTimeField(
        label=gettext_lazy("Until"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=CLOCK),
        input_formats=[CLOCK, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )

    class Meta:
        model = Absence
        fields = ["kind"]

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)
        self.fields["ends"].help_text = _("Times of %(zone)s.") % {"zone": zone}
        self.order_fields(["seen", "starts", "ends", "kind"])

    def _in_zone(self, name: str) -> datetime | None:
        """Return what was typed as a clock on the person's wall, not on the server's."""
        value: datetime | None = self.cleaned_data.get(name)
        return value.replace(tzinfo=self.zone) if value else None

    def clean(self) -> dict[str, Any] | None:
        """Refuse an absence that ends before it starts, or that overlaps another one."""
        cleaned = super().clean()
        first, last = self._in_zone("starts"), self._in_zone("ends")
        if first is None or last is None:
            return cleaned
        if last <= first:
            self.add_error("ends", _("The absence ends before it starts."))
            return cleaned
        if (last - first).days > 400:
            self.add_error("ends", _("This is longer than a year: check the year."))
            return cleaned
        self.instance.period = DateTimeTZRange(first, last)
        return cleaned


@organiser
def absence_add(request: HttpRequest, person_pk: int) -> HttpResponse:
    """Note that somebody will be away: the class, never a reason."""
    person = _staff(request, person_pk)
    found = request.access.see(AssistantProfile).filter(person=person).first()
    calendar = found.calendar if found else None
    zone = calendar.time_zone if calendar else request.person.provider.time_zone
    return form_page(
        request,
        AbsenceForm(request.POST or None, instance=Absence(person=person), zone=zone),
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

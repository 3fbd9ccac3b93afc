"""Persons: list, page, typing, archive."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from relais.lib.listing import Choice, Column, Empty, Linked, Listing, answer
from relais.people import organisation
from relais.people.access import Access
from relais.people.models import (
    AssistantProfile,
    Company,
    Cover,
    Invitation,
    Person,
    Role,
    Site,
)
from relais.people.person_forms import CompanyChoice, PersonForm

from . import companies
from .companies import archived_note, in_use
from .doors import organiser, seen, signed_in
from .form_page import archive_page, form_page, restored


def with_roles(access: Access, rows: QuerySet[Person]) -> QuerySet[Person]:
    """Return the persons with what a row shows: place, and the roles in force that are seen."""
    roles = access.see(Role).in_force().only("person_id", "kind").order_by("id")
    shown = ["first_name", "last_name", "email", "phone", "job", "archived_at"]
    return (
        rows.select_related("company", "site", "user")
        .only(*shown, "company__name", "site__name", "user__is_active")
        .prefetch_related(Prefetch("roles", roles, to_attr="seen_roles"))
    )


def persons_listing(access: Access) -> Listing:
    """Return the list of persons as this person reads it."""
    columns = [
        Column(
            "name",
            gettext_lazy("Name"),
            lambda p: p.name,
            "name_key",
            url=lambda p: reverse("person", args=[p.pk]),
            note=lambda p: archived_note(p) or p.job,
        ),
        Column("job", gettext_lazy("Job"), lambda p: p.job, "job", export_only=True),
    ]
    if not access.is_client:
        columns.append(
            Column(
                "company",
                gettext_lazy("Company"),
                lambda p: p.company.name if p.company else _("Our staff"),
                "company__name_key",
            )
        )
    columns += [
        Column("site", gettext_lazy("Site"), lambda p: p.site.name if p.site else "", "site__name"),
        Column(
            "roles",
            gettext_lazy("Roles"),
            lambda p: list(dict.fromkeys(r.get_kind_display() for r in p.seen_roles)),
        ),
        Column("email", gettext_lazy("E-mail"), lambda p: p.email, "email", note=lambda p: p.phone),
        Column("phone", gettext_lazy("Telephone"), lambda p: p.phone, export_only=True),
    ]
    if access.may_invite():
        columns.append(
            Column(
                "account",
                gettext_lazy("Account"),
                lambda p: account_state(p)[0],
                tone=lambda p: account_state(p)[1],
            )
        )
    filters: list[Any] = [in_use()]
    if not access.is_client:
        filters.append(_side_filter())
        filters.append(
            Linked(
                "company",
                gettext_lazy("Company"),
                lambda pk: access.see(Company).filter(pk=pk).first(),
                "company",
            )
        )
    if access.sees_whole_pool:
        filters.append(_role_filter(access))
    filters.append(
        Linked(
            "site",
            gettext_lazy("Site"),
            lambda pk: access.see(Site).filter(pk=pk).first(),
            "site",
        )
    )
    return Listing(
        name="persons",
        title=gettext_lazy("Persons"),
        columns=tuple(columns),
        filters=tuple(filters),
        prepare=lambda rows: with_roles(access, rows),
        empty=_empty(access),
    )


def account_state(person: Person) -> tuple[str, str]:
    """Return whether a person can sign in, in a word, and its tone."""
    if person.user_id is None:
        return _("None"), "neutral"
    return (_("Active"), "good") if person.user.is_active else (_("Suspended"), "warn")


def _side_filter() -> Choice:
    def apply(rows: QuerySet[Person], value: str) -> QuerySet[Person]:
        return rows.filter(company__isnull=value == "staff") if value else rows

    return Choice(
        "side",
        gettext_lazy("Side"),
        lambda: [
            ("", gettext_lazy("All")),
            ("staff", gettext_lazy("Our staff")),
            ("clients", gettext_lazy("Clients")),
        ],
        apply,
    )


def _role_filter(access: Access) -> Choice:
    def apply(rows: QuerySet[Person], value: str) -> QuerySet[Person]:
        if not value:
            return rows
        return rows.filter(pk__in=access.see(Role).in_force().filter(kind=value).values("person"))

    return Choice(
        "role", gettext_lazy("Role"), lambda: [("", gettext_lazy("All")), *Role.Kind.choices], apply
    )


def _empty(access: Access) -> Empty:
    if not access.may_organise():
        return Empty(_("Nobody here yet."))
    return Empty(
        _("Nobody here yet."),
        _("Enter somebody, or import the persons of a company from a table."),
        reverse("person_new"),
        _("New person"),
    )


@signed_in
def persons(request: HttpRequest) -> HttpResponse:
    """Show the persons."""
    access = request.access
    return answer(request, persons_listing(access), access.see(Person), "people/persons/list.html")


@signed_in
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a person: place, roles, executives; of an assistant what the provider may know."""
    access = request.access
    rows = Person._default_manager.select_related("company", "site", "user", "reports_to")
    found = seen(request, rows, pk)
    today = timezone.localdate()
    roles = list(
        access.see(Role)
        .filter(person=found)
        .select_related("company", "entity", "site")
        .order_by("-starts_on", "-id")[:100]
    )
    for role in roles:
        role.ended = role.ends_on is not None and role.ends_on < today
        role.may_end = not role.ended and access.may_grant(role.kind)
        role.scope = organisation.scope_of(role)
    seen_people = access.see(Person).filter(archived_at=None)
    context = {
        "someone": found,
        "roles": roles,
        "executive": seen_people.filter(pk=found.reports_to_id).first(),
        "reports": list(seen_people.filter(reports_to=found)[:51]),
        "history": organisation.history(access, found),
        "invitation": _open_invitation(access, found),
        "account": account_state(found),
        **_as_assistant(access, found),
    }
    return render(request, "people/persons/page.html", context)


def _open_invitation(access: Access, person: Person) -> Invitation | None:
    if not access.may_invite():
        return None
    letters = access.see(Invitation).filter(person=person, accepted_at=None, revoked_at=None)
    return letters.filter(expires_at__gt=timezone.now()).first()


def _as_assistant(access: Access, person: Person) -> dict[str, Any]:
    """Return what an assistant's page shows of her work: to those who lead the pool, and to her."""
    from .assistants import with_skills

    if person.company_id is not None:
        return {}
    profile = with_skills(access, access.see(AssistantProfile)).filter(person=person).first()
    if profile is None:
        return {"covers": []}
    covers = access.see(Cover).filter(person=person, site__archived_at=None)
    return {
        "profile": profile,
        "covers": list(covers.select_related("site__company").order_by("position", "id")[:101]),
    }


@organiser
def new(request: HttpRequest) -> HttpResponse:
    """Enter a person: of the company in the address, of the staff when it is empty."""
    access = request.access
    if "company" not in request.GET:
        context = {"form": CompanyChoice(access=access), "back": reverse("persons")}
        return render(request, "people/persons/choose_company.html", context)
    choice = CompanyChoice(request.GET, access=access)
    if not choice.is_valid():
        context = {"form": choice, "back": reverse("persons")}
        return render(request, "people/persons/choose_company.html", context, status=422)
    company = choice.cleaned_data["company"]
    fresh = Person(company=company)
    site = request.GET.get("site", "")
    if company is not None and site.isdecimal() and len(site) < 18:
        fresh.site = access.see(Site).filter(company=company, pk=int(site)).first()
    form = PersonForm(request.POST or None, instance=fresh, access=access)
    return form_page(
        request,
        form,
        title=_("New person of %(name)s") % {"name": company or request.person.provider},
        back=companies.crumb(company)[0] if company else reverse("persons"),
        crumbs=[(reverse("persons"), _("Persons"))],
        done=lambda row: reverse("person", args=[row.pk]),
    )


def crumbs(person: Person) -> list[tuple[str, Any]]:
    """Return the way back to a person."""
    return [(reverse("persons"), _("Persons")), (reverse("person", args=[person.pk]), person.name)]


@organiser
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a person."""
    found = seen(request, Person, pk)
    return form_page(
        request,
        PersonForm(request.POST or None, instance=found, access=request.access),
        title=_("Edit %(name)s") % {"name": found},
        back=reverse("person", args=[pk]),
        crumbs=crumbs(found),
    )


@organiser
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a person out of use: no sign-in, no choice in any list."""
    found = seen(request, Person, pk)
    return archive_page(request, found, back=reverse("person", args=[pk]), crumbs=crumbs(found))


@require_POST
@organiser
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a person into use again."""
    return restored(request, seen(request, Person, pk), back=reverse("person", args=[pk]))

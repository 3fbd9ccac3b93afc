"""Client companies: list, page, typing, archive."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from relais.lib.listing import Choice, Column, Empty, Listing, answer
from relais.people import organisation
from relais.people.access import Access
from relais.people.cover import steering_gaps
from relais.people.models import Company, Engagement, LegalEntity, Person, Site
from relais.people.person_forms import meaning
from relais.people.place_forms import CompanyForm

from .doors import organiser, seen, signed_in
from .form_page import archive_page, form_page, restored


def in_use() -> Choice:
    """Return the filter between what is in use and what is archived."""
    return Choice(
        "state",
        gettext_lazy("State"),
        lambda: [
            ("", gettext_lazy("In use")),
            ("archived", gettext_lazy("Archived")),
            ("all", gettext_lazy("All")),
        ],
        _by_state,
    )


def _by_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "all":
        return rows
    return rows.exclude(archived_at=None) if value else rows.filter(archived_at=None)


def archived_note(row: Any) -> Any:
    """Return the second line of an archived thing."""
    return _("Archived") if row.archived_at else ""


def number_of(rows: QuerySet[Any], field: str = "company") -> Coalesce:
    """Return how many of `rows` hang on each row of the outer query."""
    counted = rows.filter(**{field: OuterRef("pk")}).order_by().values(field)
    number = Subquery(counted.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return Coalesce(number, 0)


def in_force(access: Access) -> QuerySet[Engagement]:
    """Return the engagements in force, with their four persons."""
    return (
        access.see(Engagement)
        .filter(ended_on=None)
        .select_related("client_lead", "client_deputy", "provider_lead", "provider_deputy")
    )


def engagement_of(company: Company) -> Engagement | None:
    """Return the engagement that `in_force` prefetched."""
    return company.open_engagements[0] if company.open_engagements else None


def companies_listing(access: Access) -> Listing:
    """Return the list of companies as this person reads it."""

    open_with_leads = (
        access.see(Engagement).filter(ended_on=None).select_related("client_lead", "provider_lead")
    )

    def prepare(rows: QuerySet[Company]) -> QuerySet[Company]:
        return rows.prefetch_related(
            Prefetch("engagements", open_with_leads, to_attr="open_engagements")
        ).annotate(
            site_count=number_of(access.see(Site).filter(archived_at=None)),
            person_count=number_of(access.see(Person).filter(archived_at=None)),
        )

    def mode(company: Company) -> str:
        found = engagement_of(company)
        return found.get_mode_display() if found else ""

    def lead(company: Company, side: str) -> str:
        found = engagement_of(company)
        return getattr(found, f"{side}_lead").name if found else ""

    def lacks(company: Company) -> str:
        return steering_gaps(engagement_of(company))[0].text

    columns = [
        Column(
            "name",
            gettext_lazy("Company"),
            lambda c: c.name,
            "name_key",
            url=lambda c: reverse("company", args=[c.pk]),
            note=archived_note,
        ),
        Column("sites", gettext_lazy("Sites"), lambda c: c.site_count, number=True),
        Column("persons", gettext_lazy("Persons"), lambda c: c.person_count, number=True),
        Column("mode", gettext_lazy("Engagement mode"), mode),
        Column("client_lead", gettext_lazy("Client lead"), lambda c: lead(c, "client")),
        Column("provider_lead", gettext_lazy("Provider lead"), lambda c: lead(c, "provider")),
    ]
    if access.may_organise():
        columns.append(
            Column(
                "missing",
                gettext_lazy("To be mended"),
                lambda c: lacks(c) if steering_gaps(engagement_of(c)) else "",
                tone=lambda c: "warn",
            )
        )
    return Listing(
        name="companies",
        title=gettext_lazy("Client companies"),
        columns=tuple(columns),
        filters=(in_use(),),
        prepare=prepare,
        empty=_empty(access),
    )


def _empty(access: Access) -> Empty:
    if not access.may_organise():
        return Empty(_("No company yet."))
    return Empty(
        _("No company yet."),
        _("Enter the first client company; its sites, persons and engagement follow."),
        reverse("company_new"),
        _("New company"),
    )


@signed_in
def companies(request: HttpRequest) -> HttpResponse:
    """Show the companies."""
    listing = companies_listing(request.access)
    rows = request.access.see(Company)
    return answer(request, listing, rows, "people/companies/list.html")


@signed_in
def company(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a company: who steers, its entities, its sites."""
    from .sites import sites_listing

    access = request.access
    found = seen(request, Company, pk)
    engagement = in_force(access).filter(company=found).first()
    entities = list(
        access.see(LegalEntity)
        .filter(company=found, archived_at=None)
        .select_related("calendar")
        .annotate(site_count=number_of(access.see(Site).filter(archived_at=None), "entity"))[:200]
    )
    context = {
        "company": found,
        "engagement": engagement,
        "meaning": meaning(engagement) if engagement else None,
        "gaps": steering_gaps(engagement) if access.may_organise() else [],
        "entities": entities,
        "person_count": access.see(Person).filter(company=found, archived_at=None).count(),
        "past": access.see(Engagement).filter(company=found).exclude(ended_on=None)[:10],
        "history": organisation.history(access, found),
    }
    return answer(
        request,
        sites_listing(access, company=found),
        access.see(Site).filter(company=found),
        "people/companies/page.html",
        context,
    )


def crumbs(*more: tuple[str, Any]) -> list[tuple[str, Any]]:
    """Return the way back to the companies, and on."""
    return [(reverse("companies"), _("Client companies")), *more]


def crumb(company: Company) -> tuple[str, Any]:
    """Return a company as a step of the way back."""
    return reverse("company", args=[company.pk]), company.name


@organiser
def new(request: HttpRequest) -> HttpResponse:
    """Enter a company."""
    form = CompanyForm(request.POST or None, access=request.access)
    return form_page(
        request,
        form,
        title=_("New company"),
        back=reverse("companies"),
        crumbs=crumbs(),
        done=lambda row: reverse("company", args=[row.pk]),
    )


@organiser
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a company."""
    found = seen(request, Company, pk)
    form = CompanyForm(request.POST or None, instance=found, access=request.access)
    return form_page(
        request,
        form,
        title=_("Edit %(name)s") % {"name": found},
        back=reverse("company", args=[pk]),
        crumbs=crumbs(crumb(found)),
    )


@organiser
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a company out of use."""
    found = seen(request, Company, pk)
    return archive_page(
        request, found, back=reverse("company", args=[pk]), crumbs=crumbs(crumb(found))
    )


@require_POST
@organiser
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a company into use again."""
    return restored(request, seen(request, Company, pk), back=reverse("company", args=[pk]))

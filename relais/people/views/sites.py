"""Sites: list, page (the provider's and the client's differ), typing, archive."""

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
from relais.people import calendars, holidays, organisation
from relais.people.access import Access
from relais.people.cover import Gap, gaps, service_at
from relais.people.models import (
    Calendar,
    Company,
    Cover,
    Engagement,
    Establishment,
    Person,
    Role,
    Site,
)
from relais.people.place_forms import SiteForm, country_names

from . import companies
from .companies import archived_note, in_force, in_use
from .doors import organiser, seen, signed_in
from .form_page import archive_page, form_page, restored

FOLLOWS = ("calendar", "entity__calendar", "company__calendar")


def with_cover(access: Access, rows: QuerySet[Site]) -> QuerySet[Site]:
    """Return the sites with the covers and the engagement that this person may see."""
    covers = access.see(Cover).select_related("person").order_by("id")
    return rows.select_related("company", "entity", *FOLLOWS).prefetch_related(
        Prefetch("covers", covers, to_attr="seen_covers"),
        Prefetch("company__engagements", in_force(access), to_attr="open_engagements"),
    )


def for_rows(access: Access, rows: QuerySet[Site]) -> QuerySet[Site]:
    """Return the sites as `with_cover` does, with nothing but what a row of a list shows."""
    covers = access.see(Cover).select_related("person").order_by("id")
    covers = covers.only("site_id", "position", "person__first_name", "person__last_name")
    engagements = access.see(Engagement).filter(ended_on=None)
    calendars_of = [f"{path}__name" for path in FOLLOWS]
    shown = ["name", "city", "code", "archived_at", "company__name", "entity__name"]
    return (
        rows.select_related("company", "entity", *FOLLOWS)
        .only(*shown, *calendars_of)
        .prefetch_related(
            Prefetch("covers", covers, to_attr="seen_covers"),
            Prefetch("company__engagements", engagements, to_attr="open_engagements"),
        )
    )


def gaps_of(site: Site) -> list[Gap]:
    """Return what a site fetched `with_cover` lacks."""
    engagements: list[Engagement] = site.company.open_engagements
    return gaps(site.seen_covers, engagements[0] if engagements else None)


def holding(site: Site, position: str) -> list[str]:
    """Return the names of those who hold a position at a site fetched `with_cover`."""
    return [cover.person.name for cover in site.seen_covers if cover.position == position]


def hours_of(site: Site) -> tuple[Calendar | None, str]:
    """Return the calendar that a site follows and where it comes from; None when it has none."""
    try:
        resolved = calendars.of_site(site)
    except calendars.NoCalendar:
        return None, ""
    return resolved.calendar, resolved.source


def sites_listing(access: Access, company: Company | None = None) -> Listing:
    """Return the list of sites as this person reads it: clients see no cover."""
    columns = [
        Column(
            "name",
            gettext_lazy("Site"),
            lambda s: s.name,
            "name_key",
            url=lambda s: reverse("site", args=[s.pk]),
            note=lambda s: archived_note(s) or (s.city if s.city != s.name else ""),
        ),
    ]
    if company is None and not access.is_client:
        columns.append(
            Column(
                "company", gettext_lazy("Company"), lambda s: s.company.name, "company__name_key"
            )
        )
    columns += [
        Column("code", gettext_lazy("Code"), lambda s: s.code, export_only=True),
        Column("city", gettext_lazy("Town"), lambda s: s.city, "city", export_only=True),
        Column(
            "entity",
            gettext_lazy("Legal entity"),
            lambda s: s.entity.name if s.entity else "",
            "entity__name_key",
        ),
        Column(
            "calendar",
            gettext_lazy("Calendar"),
            lambda s: str(hours_of(s)[0] or ""),
            note=lambda s: hours_of(s)[1],
        ),
    ]
    if not access.is_client:
        for position in Cover.Position:
            columns.append(
                Column(position.value, position.label, lambda s, p=position.value: holding(s, p))
            )
    if access.may_organise():
        columns.append(
            Column(
                "missing",
                gettext_lazy("To be mended"),
                lambda s: "" if s.archived_at else next((str(gap.text) for gap in gaps_of(s)), ""),
                tone=lambda s: "warn",
            )
        )
    filters: list[Any] = [in_use()]
    if company is None and not access.is_client:
        filters.append(
            Linked(
                "company",
                gettext_lazy("Company"),
                lambda pk: access.see(Company).filter(pk=pk).first(),
                "company",
            )
        )
    if access.may_organise():
        filters.append(cover_filter(access))
    return Listing(
        name="sites",
        title=gettext_lazy("Sites"),
        columns=tuple(columns),
        search=("name_key",) if company or access.is_client else ("name_key", "company__name_key"),
        filters=tuple(filters),
        prepare=lambda rows: for_rows(access, rows),
        empty=_empty(access, company),
    )


def cover_filter(access: Access) -> Choice:
    def apply(rows: QuerySet[Site], value: str) -> QuerySet[Site]:
        if not value:
            return rows
        return rows.exclude(pk__in=access.see(Cover).filter(position=value).values("site"))

    return Choice(
        "without",
        gettext_lazy("Cover"),
        lambda: [
            ("", gettext_lazy("Any")),
            ("lead", gettext_lazy("Without a lead assistant")),
            ("backup", gettext_lazy("Without a backup")),
        ],
        apply,
    )


def _empty(access: Access, company: Company | None) -> Empty:
    if not access.may_organise():
        return Empty(_("No site yet."))
    if company is None:
        return Empty(
            _("No site yet."),
            _("Sites belong to a company: open one and add its sites there."),
            reverse("companies"),
            _("Client companies"),
        )
    return Empty(
        _("No site yet."),
        _("Add the places where this company's people work."),
        reverse("site_new", args=[company.pk]),
        _("New site"),
    )


@signed_in
def sites(request: HttpRequest) -> HttpResponse:
    """Show the sites."""
    access = request.access
    return answer(request, sites_listing(access), access.see(Site), "people/sites/list.html")


@signed_in
def site(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a site: to the staff its cover and what it lacks, to a client who answers."""
    access = request.access
    found = seen(request, with_cover(access, Site._default_manager.all()), pk)
    calendar, source = hours_of(found)
    context = {
        "site": found,
        "calendar": calendar if calendar and _is_seen(access, calendar) else None,
        "calendar_name": str(calendar or ""),
        "calendar_source": source,
        "holiday_zone": holidays.name_of(found.holiday_zone),
        "country": country_names().get(found.country, found.country),
        "establishments": access.see(Establishment)
        .filter(site=found, archived_at=None)
        .select_related("entity"),
        "person_count": access.see(Person).filter(site=found, archived_at=None).count(),
        "site_leads": access.see(Role)
        .in_force()
        .filter(site=found, kind=Role.Kind.SITE_LEAD, person__archived_at=None)
        .select_related("person"),
        "service": service_at(found, timezone.now()),
        "history": organisation.history(access, found),
    }
    if access.is_client:
        return render(request, "people/sites/client_page.html", context)
    context["covers"] = sorted(
        found.seen_covers, key=lambda c: list(Cover.Position).index(c.position)
    )
    context["gaps"] = gaps_of(found) if access.may_organise() and not found.archived_at else []
    context["engagement"] = next(iter(found.company.open_engagements), None)
    return render(request, "people/sites/page.html", context)


def _is_seen(access: Access, calendar: Calendar) -> bool:
    return access.see(Calendar).filter(pk=calendar.pk).exists()


@organiser
def new(request: HttpRequest, company_pk: int) -> HttpResponse:
    """Enter a site of a company."""
    company = seen(request, Company, company_pk)
    form = SiteForm(request.POST or None, instance=Site(company=company), access=request.access)
    return form_page(
        request,
        form,
        title=_("New site of %(name)s") % {"name": company},
        back=reverse("company", args=[company_pk]),
        crumbs=companies.crumbs(companies.crumb(company)),
        done=lambda row: reverse("site", args=[row.pk]),
    )


def crumbs(site: Site) -> list[tuple[str, Any]]:
    """Return the way back to a site."""
    return companies.crumbs(
        companies.crumb(site.company), (reverse("site", args=[site.pk]), site.name)
    )


@organiser
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a site."""
    found = seen(request, Site, pk)
    form = SiteForm(request.POST or None, instance=found, access=request.access)
    return form_page(
        request,
        form,
        title=_("Edit %(name)s") % {"name": found},
        back=reverse("site", args=[pk]),
        crumbs=crumbs(found),
    )


@organiser
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a site out of use."""
    found = seen(request, Site, pk)
    return archive_page(request, found, back=reverse("site", args=[pk]), crumbs=crumbs(found))


@require_POST
@organiser
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a site into use again."""
    return restored(request, seen(request, Site, pk), back=reverse("site", args=[pk]))

"""The cover: which assistant serves which site, and as what. Internal to the provider."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from relais.lib.listing import Column, Empty, Listing, answer
from relais.people.access import Access
from relais.people.cover import set_cover
from relais.people.models import Cover, Person, Site
from relais.people.pool_forms import CoverForm, team

from . import sites
from .companies import in_use
from .doors import organiser, seen

SHORT = {
    Cover.Position.LEAD: pgettext_lazy("cover", "Lead"),
    Cover.Position.BACKUP: pgettext_lazy("cover", "Backup"),
    Cover.Position.FLOAT: pgettext_lazy("cover", "Float"),
}
TEAM_AT_ONCE = 12  # columns of the matrix; a larger pool is leafed through


def matrix_listing(access: Access, people: list[Person], here: str) -> Listing:
    """Return the list of sites with a column for each of `people`; `here` takes the choices."""
    options = {held: _options(held) for held in ("", *Cover.Position.values)}
    columns = [
        Column(
            "name",
            gettext_lazy("Site"),
            lambda s: s.name,
            "name_key",
            url=lambda s: reverse("site", args=[s.pk]),
            note=lambda s: s.company.name,
        )
    ]
    for person in people:
        columns.append(
            Column(
                f"person-{person.pk}",
                person.name,
                lambda s, p=person: _held(s, p).label if _held(s, p) else "",
                draw=lambda s, p=person: _choice(s, p, here, options),
            )
        )
    columns.append(
        Column(
            "missing",
            gettext_lazy("To be mended"),
            lambda s: ", ".join(str(g.text) for g in sites.gaps_of(s) if g.at == "cover"),
            tone=lambda s: "warn",
        )
    )
    return Listing(
        name="cover",
        title=gettext_lazy("Cover of the sites"),
        columns=tuple(columns),
        search=("name_key", "company__name_key"),
        filters=(in_use(), sites.cover_filter(access)),
        prepare=lambda rows: sites.for_rows(access, rows),
        empty=Empty(
            _("No site yet."),
            _("Sites belong to a company: open one and add its sites there."),
            reverse("companies"),
            _("Client companies"),
        ),
    )


def _held(site: Site, person: Person) -> Cover.Position | None:
    for one in site.seen_covers:
        if one.person_id == person.pk:
            return Cover.Position(one.position)
    return None


def _options(held: str) -> SafeString:
    """Return the options of a cell; six hundred cells share these few."""
    known = [("", "–"), *((position.value, SHORT[position]) for position in Cover.Position)]
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, mark_safe(" selected") if value == held else "", text) for value, text in known),
    )


def _choice(site: Site, person: Person, here: str, options: dict[str, SafeString]) -> SafeString:
    """Return the field of one cell: the position of a person at a site."""
    held = _held(site, person)
    if site.archived_at is not None:
        return conditional_escape(held.label if held else "")
    return format_html(
        '<select class="form-select form-select-sm cover-cell cover-{}" name="position" id="{}"'
        ' aria-label="{}" autocomplete="off" hx-post="{}" hx-trigger="change"'
        ' hx-target="#cover-rows" hx-include="#cover-token" hx-vals="{}">{}</select>',
        held or "none",
        f"cover-{site.pk}-{person.pk}",
        f"{person.name}, {site.name}",
        here,
        json.dumps({"site": site.pk, "person": person.pk}),
        options[held or ""],
    )


@organiser
def matrix(request: HttpRequest) -> HttpResponse:
    """Show sites against assistants; a choice in a cell is kept at once."""
    access = request.access
    if request.method == "POST":
        return _set_cell(request)
    people = team(access)
    asked = request.GET.get("team", "")
    start = (int(asked) - 1) * TEAM_AT_ONCE if asked.isdecimal() and 0 < len(asked) < 5 else 0
    start = start if 0 <= start < len(people) else 0
    shown = people[start : start + TEAM_AT_ONCE]
    context = {
        "team_size": len(people),
        "first": start + 1,
        "last": start + len(shown),
        "parts": range(1, -(-len(people) // TEAM_AT_ONCE) + 1),
        "part": start // TEAM_AT_ONCE + 1,
    }
    rows = access.see(Site)
    listing = matrix_listing(access, shown, request.get_full_path())
    return answer(request, listing, rows, "people/assistants/matrix.html", context)


def _set_cell(request: HttpRequest) -> HttpResponse:
    """Keep one cell and answer the row's new cells: a lead who gives way becomes a backup."""
    number = request.POST.get("site", "")
    if not number.isdecimal() or len(number) > 18:
        raise Http404
    site = _site(request, int(number))
    form = CoverForm(request.POST, access=request.access)
    if not form.is_valid():
        raise Http404
    set_cover(site, form.cleaned_data["person"], form.cleaned_data["position"], by=request.person)
    # The address of the page decides what is shown again; only the method was another.
    request.method = "GET"
    return matrix(request)


def _site(request: HttpRequest, pk: int) -> Site:
    site = seen(request, Site, pk)
    if site.archived_at is not None:
        raise Http404
    return site


@organiser
def of_site(request: HttpRequest, site_pk: int) -> HttpResponse:
    """Show and change who serves one site."""
    access = request.access
    site = _site(request, site_pk)
    form = CoverForm(request.POST or None, access=access)
    if request.method == "POST" and form.is_valid():
        person, position = form.cleaned_data["person"], form.cleaned_data["position"]
        former = set_cover(site, person, position, by=request.person)
        if former is not None:
            messages.success(
                request,
                _("%(name)s leads this site now; %(former)s is a backup.")
                % {"name": person, "former": former},
            )
        else:
            messages.success(request, _("Saved."))
        return redirect("site_cover", site_pk)
    covers = access.see(Cover).filter(site=site).select_related("person")
    context = {
        "site": site,
        "form": form,
        "covers": sorted(covers, key=lambda c: list(Cover.Position).index(c.position)),
        "crumbs": sites.crumbs(site),
        "has_team": bool(form.fields["person"].queryset),
    }
    status = 422 if form.errors else 200
    return render(request, "people/sites/cover.html", context, status=status)

"""The list of requests: views that are kept, one thing done to several, keys of the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from relais.desk import bulk, queue
from relais.desk.models import SavedView, Ticket
from relais.lib.listing import answer, is_part
from relais.lib.problem import Problem
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.models import Person

from .files import in_words
from .tickets import version_of

# What the last action came to, shown once after it.
OUTCOME = "bulk_outcome"


@login_required
@require_safe
def tickets(request: HttpRequest) -> HttpResponse:
    """List every request that this person may see; the bare address opens her own first view."""
    access = request.access
    if not request.GET and not is_part(request, "tickets-rows"):
        first = access.see(SavedView).filter(person=access.person, is_default=True, dropped_at=None)
        if (view := first.first()) is not None:
            return HttpResponseRedirect(address_of(view))
    pick = access.runs_pool and not request.GET.get("export")
    listing = queue.tickets(access, pick=pick)
    whole = not is_part(request, "tickets-rows") and not request.GET.get("export")
    context = surroundings(request) if whole else {}
    return answer(request, listing, access.see(Ticket), "desk/tickets.html", context)


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """Return what stands around the list: views, actions, what the last action came to."""
    access = request.access
    shown = queue.tickets(access).read(access.see(Ticket), request.GET, queue.PATH).parameters
    views = [(view, address_of(view), view.query == shown) for view in queue.views(access)]
    dropped = request.GET.get("dropped", "")
    return {
        "views": views,
        "my_views": [view for view, _url, _here in views if view.person_id == access.person.pk],
        "is_whole": not shown,
        "may_share": queue.may_share(access),
        "dropped": _mine(request, int(dropped)) if _is_key(dropped) else None,
        "here": request.GET.urlencode(),
        "whole_url": f"{queue.PATH}?{queue.WHOLE}",
        "shortcuts": shortcuts(access),
        **(actions(request) if access.runs_pool else {}),
    }


def address_of(view: SavedView) -> str:
    """Return the address that shows a view."""
    return f"{queue.PATH}?{urlencode(sorted(view.query.items())) or queue.WHOLE}"


def shortcuts(access: Access) -> list[tuple[str, str]]:
    """Return the keys of this page with what they do, for the help."""
    keys = [("j", _("Next request")), ("k", _("Previous request")), ("↵", _("Open the request"))]
    if access.runs_pool:
        keys += [
            ("x", _("Select the request, or no more")),
            ("a", _("Give the selected requests to somebody")),
        ]
    return keys


def _is_key(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


def _mine(request: HttpRequest, pk: int) -> SavedView | None:
    """Return a view of this person's own, dropped or not."""
    return request.access.see(SavedView).filter(pk=pk, person=request.person).first()


# Several at once ---------------------------------------------------------------------------------


def actions(request: HttpRequest) -> dict[str, Any]:
    """Return what may be done to several, and what the last time came to."""
    access = request.access
    return {
        "actions": [(verb, bulk.ACTIONS[verb].label) for verb in bulk.CHOSEN],
        "assistants": access.see(Person)
        .filter(assistant__isnull=False, company=None, archived_at=None)
        .only("first_name", "last_name"),
        "services": access.see(Service).filter(active=True).only("name_fr", "name_en"),
        "priorities": Ticket.Priority.choices,
        "outcome": _shown_outcome(request),
    }


@login_required
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Do one thing to the requests selected, and say what became of each."""
    if not request.access.runs_pool:
        raise Http404
    form, back = request.POST, _back(request)
    try:
        outcome = bulk.do(_wish(request), _chosen(form), request.access)
    except Problem as refusal:
        messages.error(request, in_words(refusal))
        return back
    request.session[OUTCOME] = {
        "verb": outcome.verb,
        "done": [[ticket.pk, ticket.version] for ticket in outcome.done],
        "refused": [[refusal.ticket.pk, refusal.why] for refusal in outcome.refused],
        "unseen": outcome.unseen,
    }
    return back


def _wish(request: HttpRequest) -> bulk.Wish:
    """Return what is wanted, looked up through what this person may see."""
    form, access = request.POST, request.access
    person, service = form.get("person", ""), form.get("service", "")
    priority = form.get("priority", "")
    pool = access.see(Person).filter(assistant__isnull=False, company=None, archived_at=None)
    services = access.see(Service).filter(active=True)
    return bulk.Wish(
        verb=form.get("verb", ""),
        person=get_object_or_404(pool, pk=person) if _is_key(person) else None,
        service=get_object_or_404(services, pk=service) if _is_key(service) else None,
        priority=int(priority) if priority in map(str, Ticket.Priority.values) else None,
        text=form.get("text", "").replace("\x00", "")[:2000],
    )


def _chosen(form: QueryDict) -> list[tuple[int, int | None]]:
    """Return the keys and versions of the boxes that were ticked."""
    found = []
    for value in form.getlist("ticket"):
        key, _colon, version = value.partition(":")
        if _is_key(key):
            found.append((int(key), int(version) if _is_key(version) else None))
    return found


def _back(request: HttpRequest, **more: Any) -> HttpResponse:
    """Return the way back to the list as it was shown."""
    here = QueryDict(request.POST.get("here", "")[:4000].replace("\x00", "").lstrip("?"))
    asked = {name: value for name, value in here.items() if name not in ("dropped", "export")}
    query = urlencode({**asked, **more}) or queue.WHOLE
    return redirect(f"{queue.PATH}?{query}")


def _shown_outcome(request: HttpRequest) -> dict[str, Any] | None:
    """Return the outcome of the last action as the page tells it, once."""
    kept = request.session.pop(OUTCOME, None)
    if kept is None:
        return None
    versions, whys = dict(kept["done"]), dict(kept["refused"])
    seen = request.access.see(Ticket).filter(pk__in=[*versions, *whys])
    tickets = {ticket.pk: ticket for ticket in seen}
    outcome = bulk.Outcome(kept["verb"], unseen=kept["unseen"])
    done = len(versions)
    text = ngettext("%(n)d request done", "%(n)d requests done", done) % {"n": done}
    return {
        "title": bulk.ACTIONS[outcome.verb].label,
        "text": text,
        "done": [(tickets[pk], version) for pk, version in versions.items() if pk in tickets],
        "refused": [(tickets[pk], why) for pk, why in whys.items() if pk in tickets],
        "unseen": outcome.unseen,
        "undoable": outcome.undoable and done,
    }


# Views that are kept -----------------------------------------------------------------------------


@login_required
@require_POST
def keep_view(request: HttpRequest) -> HttpResponse:
    """Keep the list as it is shown, under a name."""
    form, access = request.POST, request.access
    try:
        view = SavedView.keep(
            person=access.person,
            name=form.get("name", ""),
            query=_query(request),
            shared="shared" in form and queue.may_share(access),
        )
        if "first" in form and not view.is_default:
            view.open_first(by=access.person)
    except Problem as refusal:
        messages.error(request, in_words(refusal))
        return _back(request)
    messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
    return redirect(address_of(view))


def _query(request: HttpRequest) -> dict[str, str]:
    """Return the filters of the list that is shown; what the list does not know is left aside."""
    here = QueryDict(request.POST.get("here", "")[:4000].replace("\x00", "").lstrip("?"))
    access = request.access
    return queue.tickets(access).read(access.see(Ticket), here, queue.PATH).parameters


def _of_view(
    act: Callable[[HttpRequest, SavedView], str], name: str
) -> Callable[..., HttpResponse]:
    """Return the view of a verb on a kept view: find, do it, say so, back to the list."""

    @login_required
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        found = get_object_or_404(request.access.see(SavedView), pk=pk)
        try:
            found.expect(version_of(request.POST))
            told = act(request, found)
        except Problem as refusal:
            messages.error(request, in_words(refusal))
            return _back(request)
        if told:
            messages.success(request, told)
        return _back(request, **({"dropped": found.pk} if found.dropped_at else {}))

    view.__name__ = name
    view.__doc__ = f"Do `{name}` to a kept view."
    return view


def _change(request: HttpRequest, view: SavedView) -> str:
    form = request.POST
    shared = "shared" in form and queue.may_share(request.access)
    view.change(by=request.person, name=form.get("name", ""), shared=shared)
    if ("first" in form) != view.is_default:
        view.open_first(by=request.person, first="first" in form)
    return _("The view “%(name)s” is kept.") % {"name": view.name}


def _refilter(request: HttpRequest, view: SavedView) -> str:
    view.change(by=request.person, query=_query(request))
    return _("“%(name)s” now shows what you see here.") % {"name": view.name}


def _drop(request: HttpRequest, view: SavedView) -> str:
    view.drop(by=request.person)
    return ""


def _restore(request: HttpRequest, view: SavedView) -> str:
    view.restore(by=request.person)
    return _("The view “%(name)s” is back.") % {"name": view.name}


change_view = _of_view(_change, "change")
refilter_view = _of_view(_refilter, "refilter")
drop_view = _of_view(_drop, "drop")
restore_view = _of_view(_restore, "restore")

"""One ticket: its page for whoever may see it, and a view for each verb."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from relais.desk import because, board, buttons, checklists, rules, surroundings, telling
from relais.desk.beside import of as beside_of
from relais.desk.errors import Overtaken
from relais.desk.models import Attachment, Clock, Event, Message, Silence, Ticket
from relais.desk.models.approval import hindrance
from relais.desk.verb_forms import VerbForm
from relais.lib.listing import is_part
from relais.lib.problem import Problem
from relais.offer import questions, sheets
from relais.people.models import Cover, Person

from . import files
from .files import in_words

LONGEST_TEXT = 50_000
NOBODY = Event.Kind.UNASSIGNED


@login_required
@require_safe
def ticket(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a ticket; to htmx, what lives in it."""
    found = find(request, pk)
    part = is_part(request, "ticket-live")
    answer = render(
        request, "desk/_ticket_live.html" if part else "desk/ticket.html", shown(request, found)
    )
    answer.headers["Vary"] = "HX-Request, HX-Target, Cookie"
    return answer


def find(request: HttpRequest, pk: int) -> Ticket:
    """Return a ticket that this person may see; anything else does not exist."""
    seen = board.with_expected(request.access.see(Ticket))
    # PostgreSQL plans six tables in 1 ms and twelve in 15: the rest is asked for where it is used.
    related = seen.select_related("site__calendar", "requester", "holder", "service")
    return get_object_or_404(related.prefetch_related("company"), pk=pk)


def shown(
    request: HttpRequest, ticket: Ticket, typed: dict[str, VerbForm] | None = None
) -> dict[str, Any]:
    """Return what the page of a ticket shows to this person; `typed` are forms refused."""
    access, now = request.access, timezone.now()
    events = access.see(Event).filter(ticket=ticket).select_related("by")
    clocks = access.see(Clock).filter(ticket=ticket).select_related("calendar")
    offered = buttons.offered(ticket, request.person)
    told = telling.history(events)
    beside = surroundings.around(access, ticket)
    moved = because.moves_of(access, clocks)
    return {
        "ticket": ticket,
        "zone": ticket.site.time_zone,
        "tone": board.TONES[ticket.state],
        **beside,
        "thread": surroundings.thread(access, ticket, beside["merged"]),
        "history": told,
        "dispatches": dispatches(told) if access.may_see_internals() else [],
        "elsewhere": elsewhere(told) if access.runs_pool else [],
        "clocks": [(one, telling.explained(one, now), moved.get(one.pk, [])) for one in clocks],
        "silence": access.see(Silence).filter(ticket=ticket, ended_at=None).first(),
        "now": now,
        "learns_holder": rules.learns_holder(access),
        "offered": offered,
        "in_the_box": [offered[verb] for verb in buttons.IN_THE_BOX if verb in offered],
        "colleagues": colleagues(request, ticket, offered),
        "checklist": checklists.of(access, ticket),
        "awaits": hindrance(ticket) if "deliver" in offered else "",
        "answers": questions.shown(ticket.answers),
        "sheet": sheets.beside(access, ticket.requester, ticket.service.family),
        "beside": beside_of(ticket, access, typed),
    }


def dispatches(told: list[telling.Told]) -> list[tuple[telling.Told, list[telling.Considered]]]:
    """Return the decisions of dispatch with everybody considered."""
    kinds = (Event.Kind.ASSIGNED, Event.Kind.UNASSIGNED)
    found = [(one, telling.considered(one.event)) for one in told if one.event.kind in kinds]
    return [(one, everybody) for one, everybody in found if everybody]


def elsewhere(told: list[telling.Told]) -> list[dict[str, Any]]:
    """Return who of other sites could have it, if that was the last word of dispatch."""
    said = [one.event for one in told if one.event.kind in (Event.Kind.ASSIGNED, NOBODY)]
    if not said or said[-1].kind != NOBODY:
        return []
    found = said[-1].facts.get("elsewhere") or []
    return [
        one | {"at": datetime.fromisoformat(one["until"]) if one["until"] else None}
        for one in found
    ]


def colleagues(request: HttpRequest, ticket: Ticket, offered: dict[str, Any]) -> list[Person]:
    """Return to whom the ticket may be given: first those who cover its site."""
    if request.access.is_client or not {"hand_over", "assign"} & offered.keys():
        return []
    covers = request.access.see(Cover).filter(site=ticket.site_id)
    covering = set(covers.values_list("person_id", flat=True))
    pool = request.access.see(Person).filter(assistant__isnull=False, archived_at=None)
    people = [person for person in pool if person.pk != ticket.holder_id]
    return sorted(people, key=lambda person: person.pk not in covering)


# Verbs -------------------------------------------------------------------------------------------

Act = Callable[[Ticket, Person, QueryDict], None]


def _verb(name: str, act: Act, done: Callable[[Ticket], str]) -> Callable[..., HttpResponse]:
    """Return the view of a verb: find through the rights, do it, say so, back to the ticket."""

    @login_required
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        found = find(request, pk)
        try:
            form = request.POST
            # Gathered first: a refusal shows the files again.
            if name in buttons.IN_THE_BOX and (carried := files.gathered(request)):
                found.carry(carried)
                form = named(form, carried)
            if name in rules.NAMING:  # before anybody is looked up: an attempt is kept
                rules.check(name, found, request.person)
            if name != "note":  # a note crosses nobody
                found.expect(version_of(form))
            act(found, request.person, form)
        except Problem as refusal:
            if isinstance(refusal, Overtaken) and said_already(request, found, name):
                return redirect("ticket", pk)
            return lost(request, pk, name, refusal)
        messages.success(request, done(found))
        if request.POST.get("back") == "tower" and request.access.runs_pool:
            return redirect("tower")
        return redirect("ticket", pk)

    view.__name__ = name
    view.__doc__ = f"Do `{name}` to a ticket."
    return view


def version_of(form: QueryDict) -> int | None:
    """Return the version that the person was shown, if the form carries one."""
    version = form.get("version", "")
    return int(version) if version.isdecimal() and len(version) < 10 else None


def named(form: QueryDict, carried: list[Attachment]) -> QueryDict:
    """Return the form; files without a word are sent with their names as one."""
    if not text_of(form).strip():
        form = form.copy()
        form["text"] = ", ".join(file.name for file in carried)
    return form


def text_of(form: QueryDict, name: str = "text") -> str:
    """Return the text typed; longer than any letter is cut with a word about it."""
    text = form.get(name, "").replace("\x00", "")
    if len(text) > LONGEST_TEXT:
        return text[:LONGEST_TEXT] + "\n[…]"
    return text


SAME = {
    "take": "taken",
    "reply": "replied",
    "ask": "asked",
    "resume": "resumed",
    "wait_third": "waited_third",
    "deliver": "delivered",
    "accept": "accepted",
    "reopen": "reopened",
    "hand_over": "handed_over",
    "cancel": "cancelled",
    "refuse": "refused",
    "assign": "assigned",
}


def said_already(request: HttpRequest, ticket: Ticket, verb: str) -> bool:
    """Return whether the last event is this very form, sent twice by a double click."""
    last = request.access.see(Event).filter(ticket=ticket).order_by("-id").first()
    if last is None or last.kind != SAME.get(verb) or last.by_id != request.person.pk:
        return False
    if last.facts.get("version") != (version_of(request.POST) or 0) + 1:
        return False
    written = request.access.see(Message).filter(pk=last.facts.get("message", 0)).first()
    typed = text_of(request.POST).strip()
    return written.body == typed if written else not typed or verb == "wait_third"


def lost(request: HttpRequest, pk: int, verb: str, refusal: Problem) -> HttpResponse:
    """Show the ticket as it is now, what stopped the verb, and the text typed, still there."""
    messages.error(request, in_words(refusal))
    context = shown(request, find(request, pk))
    context |= {"typed": text_of(request.POST), "typed_verb": verb, "conflict": True}
    context["kept_files"] = files.still_there(request)
    context["meanwhile"] = surroundings.meanwhile(context["history"], version_of(request.POST))
    context["typed_despite"] = request.POST.get("despite", "")
    return render(request, "desk/ticket.html", context, status=409)


def _colleague(ticket: Ticket, by: Person, form: QueryDict) -> Person:
    """Return the person chosen: somebody of the pool."""
    asked = form.get("to", "")
    seen = rules.access_of(by).see(Person)
    pool = seen.filter(assistant__isnull=False, archived_at=None, company=None)
    found = pool.filter(pk=asked).first() if asked.isdecimal() and len(asked) < 19 else None
    if found is None:
        raise Http404
    return found


take = _verb(
    "take",
    lambda ticket, by, form: ticket.take(by=by),
    lambda ticket: _("You have taken %(reference)s.") % {"reference": ticket.reference},
)
reply = _verb(
    "reply",
    lambda ticket, by, form: ticket.reply(text_of(form), by=by),
    lambda ticket: _("Your message was sent."),
)
ask = _verb(
    "ask",
    lambda ticket, by, form: ticket.ask(text_of(form), by=by),
    lambda ticket: _("Your question was sent; the deadline stands still until the answer."),
)
resume = _verb(
    "resume",
    lambda ticket, by, form: ticket.resume(by=by),
    lambda ticket: _("The deadline runs again."),
)
wait_third = _verb(
    "wait_third",
    lambda ticket, by, form: ticket.wait_third(text_of(form), by=by),
    lambda ticket: _("Noted: it waits for a third party. The deadline runs on."),
)
deliver = _verb(
    "deliver",
    lambda ticket, by, form: ticket.deliver(
        text_of(form), by=by, despite=form.get("despite", "").replace("\x00", "")[:500]
    ),
    lambda ticket: _("Delivered. The requester accepts it or asks for a correction."),
)
accept = _verb(
    "accept",
    lambda ticket, by, form: ticket.accept(by=by),
    lambda ticket: _("Accepted, thank you. If that was a slip, ask for a correction below."),
)
reopen = _verb(
    "reopen",
    lambda ticket, by, form: ticket.reopen(text_of(form), by=by),
    lambda ticket: _("Sent back for a correction, with a deadline of its own."),
)
hand_over = _verb(
    "hand_over",
    lambda ticket, by, form: ticket.hand_over(_colleague(ticket, by, form), text_of(form), by=by),
    lambda ticket: _("Handed over to %(name)s.") % {"name": ticket.holder},
)
assign = _verb(
    "assign",
    lambda ticket, by, form: ticket.assign(_colleague(ticket, by, form), by=by, why=text_of(form)),
    lambda ticket: _("Given to %(name)s.") % {"name": ticket.holder},
)
cancel = _verb(
    "cancel",
    lambda ticket, by, form: ticket.cancel(text_of(form), by=by),
    lambda ticket: _("Cancelled."),
)
refuse = _verb(
    "refuse",
    lambda ticket, by, form: ticket.refuse(text_of(form), by=by),
    lambda ticket: _("Declined; the requester is told why."),
)
note = _verb(
    "note",
    lambda ticket, by, form: ticket.note(text_of(form), by=by),
    lambda ticket: _("Noted for colleagues."),
)
VERBS = {
    view.__name__: view
    for view in (
        take,
        reply,
        ask,
        resume,
        wait_third,
        deliver,
        accept,
        reopen,
        hand_over,
        assign,
        cancel,
        refuse,
        note,
    )
}


@login_required
@require_POST
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """Do the verb that the box under the thread was switched to."""
    verb = request.POST.get("verb", "")
    if verb not in buttons.IN_THE_BOX:
        raise Http404
    return VERBS[verb](request, pk)

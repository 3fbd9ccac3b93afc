"""The API of the list of requests: views that are kept, one thing done to several."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PathKey, Said
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.api import NamedOut, access_of
from relais.people.models import Person

from . import bulk, queue
from .models import SavedView
from .models.saved_view import LONGEST_NAME

router = Router(tags=["requests"])
REFUSALS = {404: Fault, 403: Fault, 409: Fault, 422: FieldFaults}
Name = Annotated[Said, Field(max_length=LONGEST_NAME)]
Query = Annotated[dict[Line, Line], Field(max_length=20)]


class Seen(Schema):
    """`version`: as it was read; if it changed since, the verb is refused (409)."""

    version: Key | None = None


class ViewIn(Schema):
    """`query`: parameters of the address of the list of requests, such as `{"state": "late"}`."""

    name: Name
    query: Query = {}
    shared: bool = False
    opens_first: bool = False


class ViewChangeIn(Seen):
    name: Name | None = None
    query: Query | None = None
    shared: bool | None = None
    opens_first: bool | None = None


class ViewOut(Schema):
    id: int
    version: int
    name: str
    query: dict[str, str]
    person: NamedOut
    shared: bool
    opens_first: bool
    dropped_at: Moment | None


@router.get("/saved_views", response=list[ViewOut])
def saved_views(request: HttpRequest) -> list[ViewOut]:
    return [_view(one) for one in queue.views(access_of(request))]


@router.post("/saved_views", response={201: ViewOut, **REFUSALS})
def keep_view(request: HttpRequest, sent: ViewIn) -> Status:
    access = access_of(request)
    made = SavedView.keep(
        person=access.person,
        name=sent.name,
        query=queue.kept_query(access, sent.query),
        shared=sent.shared and queue.may_share(access),
    )
    if sent.opens_first and not made.is_default:
        made.open_first(by=access.person)
    return Status(201, _view(made))


@router.post("/saved_views/{key}/change", response={200: ViewOut, **REFUSALS})
def change_view(request: HttpRequest, key: PathKey, sent: ViewChangeIn) -> ViewOut:
    access, found = _found(request, key, sent)
    query = None if sent.query is None else queue.kept_query(access, sent.query)
    shared = None if sent.shared is None else sent.shared and queue.may_share(access)
    found.change(by=access.person, name=sent.name, query=query, shared=shared)
    if sent.opens_first is not None and sent.opens_first != found.is_default:
        found.open_first(by=access.person, first=sent.opens_first)
    return _view(found)


@router.post("/saved_views/{key}/drop", response={200: ViewOut, **REFUSALS})
def drop_view(request: HttpRequest, key: PathKey, sent: Seen) -> ViewOut:
    access, found = _found(request, key, sent)
    found.drop(by=access.person)
    return _view(found)


@router.post("/saved_views/{key}/restore", response={200: ViewOut, **REFUSALS})
def restore_view(request: HttpRequest, key: PathKey, sent: Seen) -> ViewOut:
    access, found = _found(request, key, sent)
    found.restore(by=access.person)
    return _view(found)


class ChosenIn(Schema):
    """`version`: as it was read; if it changed since, this one stays as it is."""

    id: Key
    version: Key | None = None


class BulkIn(Schema):
    """One verb for several requests, and what it is done with."""

    verb: Literal[
        "assign", "wait_third", "hold", "unhold", "resume", "reprioritise", "rescope", "undo"
    ]  # fmt: skip
    tickets: Annotated[list[ChosenIn], Field(min_length=1, max_length=bulk.MOST)]
    person: Key | None = None
    priority: Literal[1, 2, 3, 4] | None = None
    service: Key | None = None
    text: Annotated[Line, Field(max_length=2000)] = ""


class RefusedOut(Schema):
    id: int
    reference: str
    why: str


class ChangedOut(Schema):
    id: int
    version: int


class BulkOut(Schema):
    """What became of each. `unseen`: how many were not found."""

    done: list[ChangedOut]
    refused: list[RefusedOut]
    unseen: int


@router.post("/bulk", response={200: BulkOut, **REFUSALS})
def act(request: HttpRequest, sent: BulkIn) -> BulkOut:
    access = access_of(request)
    if not access.runs_pool:
        raise Http404
    wish = bulk.Wish(
        verb=sent.verb,
        person=_one(access.see(Person), sent.person),
        service=_one(access.see(Service).filter(active=True), sent.service),
        priority=sent.priority,
        text=sent.text,
    )
    outcome = bulk.do(wish, [(one.id, one.version) for one in sent.tickets], access)
    return BulkOut(
        done=[ChangedOut(id=ticket.pk, version=ticket.version) for ticket in outcome.done],
        refused=[
            RefusedOut(id=one.ticket.pk, reference=one.ticket.reference, why=one.why)
            for one in outcome.refused
        ],
        unseen=outcome.unseen,
    )


def _one(rows: Any, key: int | None) -> Any:
    """Return the row of a key, None without one; what is not seen does not exist."""
    if key is None:
        return None
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _found(request: HttpRequest, key: int, sent: Seen) -> tuple[Access, SavedView]:
    access = access_of(request)
    found: SavedView = _one(access.see(SavedView).select_related("person"), key)
    found.expect(sent.version)
    return access, found


def _view(one: SavedView) -> ViewOut:
    return ViewOut(
        id=one.pk, version=one.version, name=one.name, query=one.query, shared=one.shared,
        person=NamedOut(id=one.person_id, name=one.person.name), opens_first=one.is_default,
        dropped_at=one.dropped_at,
    )  # fmt: skip

"""The API of the register of the clients' tools and of who may get into them. Internal."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from relais.lib.api_types import Fault, FieldFaults, Key, PathKey, Said
from relais.people import accesses as register
from relais.people.access import Access
from relais.people.api import NamedOut
from relais.people.models import Company, Person, Site, System, SystemAccess

from .dispatch_api import leading

router = Router(tags=["dispatch"])
REFUSALS = {404: Fault, 403: Fault, 409: Fault, 422: FieldFaults}
MOST = 500
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class ClientToolIn(Schema):
    """Empty `site`: the same for all sites of the company. `code` is what services ask for."""

    company: Key
    site: Key | None = None
    code: Code
    name: Annotated[Said, Field(max_length=120)]


class ClientToolOut(Schema):
    id: int
    company: NamedOut
    site: NamedOut | None
    code: str
    name: str


class ToolAccessIn(Schema):
    tool: Key
    person: Key
    tested_on: Day | None = None
    ends_on: Day | None = None


class TriedIn(Schema):
    """Empty: today."""

    on: Day | None = None


class ToolAccessOut(Schema):
    """`state`: "good", or why it does not count: "untested", "stale", "ended"."""

    id: int
    tool: NamedOut
    person: NamedOut
    tested_on: date | None
    ends_on: date | None
    state: str


@router.get("/tools", response={200: list[ClientToolOut], 404: Fault})
def tools(request: HttpRequest) -> list[ClientToolOut]:
    rows = leading(request).see(System).select_related("company", "site")[:MOST]
    return [_tool(each) for each in rows]


@router.post("/tools", response={201: ClientToolOut, **REFUSALS})
def enter_tool(request: HttpRequest, sent: ClientToolIn) -> Status:
    access = leading(request)
    company = _one(access, Company, sent.company)
    site = _one(access, Site, sent.site)
    if site is not None and site.company_id != company.pk:
        raise Http404
    made = register.enter(company, sent.code, sent.name, by=access.person, site=site)
    return Status(201, _tool(made))


@router.get("/tool_accesses", response={200: list[ToolAccessOut], 404: Fault})
def tool_accesses(request: HttpRequest) -> list[ToolAccessOut]:
    rows = leading(request).see(SystemAccess).select_related("system", "person")[:MOST]
    return [_access(each) for each in rows]


@router.post("/tool_accesses", response={201: ToolAccessOut, **REFUSALS})
def give_tool_access(request: HttpRequest, sent: ToolAccessIn) -> Status:
    access = leading(request)
    made = register.give(
        _one(access, System, sent.tool), _one(access, Person, sent.person), by=access.person,
        tested_on=sent.tested_on, ends_on=sent.ends_on,
    )  # fmt: skip
    return Status(201, _access(made))


@router.post("/tool_accesses/{key}/tried", response={200: ToolAccessOut, **REFUSALS})
def try_tool_access(request: HttpRequest, key: PathKey, sent: TriedIn) -> ToolAccessOut:
    access = leading(request)
    found = _one(access, SystemAccess, key)
    register.tried(found, by=access.person, on=sent.on)
    return _access(found)


@router.post("/tool_accesses/{key}/end", response={200: ToolAccessOut, **REFUSALS})
def end_tool_access(request: HttpRequest, key: PathKey) -> ToolAccessOut:
    access = leading(request)
    found = _one(access, SystemAccess, key)
    register.end(found, by=access.person)
    return _access(found)


def _one(access: Access, model: Any, key: int | None) -> Any:
    if key is None:
        return None
    found = access.see(model).filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _tool(one: System) -> ClientToolOut:
    site = one.site
    return ClientToolOut(
        id=one.pk, company=NamedOut(id=one.company_id, name=one.company.name), code=one.code,
        site=NamedOut(id=site.pk, name=site.name) if site else None, name=one.name,
    )  # fmt: skip


def _access(one: SystemAccess) -> ToolAccessOut:
    return ToolAccessOut(
        id=one.pk, tool=NamedOut(id=one.system_id, name=one.system.name),
        person=NamedOut(id=one.person_id, name=one.person.name), tested_on=one.tested_on,
        ends_on=one.ends_on, state=one.state_on(timezone.localdate()),
    )  # fmt: skip

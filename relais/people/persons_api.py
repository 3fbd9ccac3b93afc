"""The API of persons: typed, archived, invited; the roles they hold."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop
from ninja import Query, Schema, Status

from relais.lib.api_types import Fault, Key, Line, Moment, PartOf, PathKey
from relais.lib.problem import Problem

from . import invitations as letters
from . import organisation
from .access import Access
from .api import NamedOut, PersonOut, access_of, router
from .kept_api import REFUSALS, MarkIn, Names, checked, held, kept, named, one, organising
from .models import Company, Invitation, Person, Role
from .models.invitation import InvitationSpentError
from .person_forms import EndForm, PersonForm, RoleForm


class NoLongerOpen(Problem):
    """The invitation was accepted, or revoked before."""

    message = gettext_noop("This invitation is no longer open.")


class PersonDetail(PersonOut):
    """A person. `seen`: what to send with a change; empty for whoever changes nothing here."""

    first_name: str
    last_name: str
    language: str
    reports_to: NamedOut | None
    archived_at: Moment | None
    seen: str


class PersonEdit(MarkIn):
    """A person; `reports_to` is the executive above, of the same company."""

    first_name: Line | None = None
    last_name: Line | None = None
    email: Line | None = None
    phone: Line | None = None
    job: Line | None = None
    site: Key | None = None
    reports_to: Key | None = None
    language: Line | None = None


class NewPersonIn(PersonEdit):
    """A new person: of a company, or of the provider's own staff where none is named."""

    company: Key | None = None


class RoleIn(MarkIn):
    """A role on a scope: an entity, a site, or neither for the whole company."""

    kind: Line | None = None
    entity: Key | None = None
    site: Key | None = None
    starts_on: date | None = None
    ends_on: date | None = None


class RoleOut(Schema):
    id: int
    kind: str
    company: NamedOut | None
    entity: NamedOut | None
    site: NamedOut | None
    starts_on: date | None
    ends_on: date | None


class EndIn(Schema):
    """`on`: the last day, included."""

    on: date


class InvitationOut(Schema):
    id: int
    person: NamedOut | None
    email: str
    state: str
    sent_by: NamedOut | None
    sent_at: Moment
    expires_at: Moment


class InvitationPage(Schema):
    items: list[InvitationOut]
    next: str | None


# Persons ------------------------------------------------------------------------------------------


@router.get("/persons/{key}", response={200: PersonDetail, 404: Fault})
def person(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = access_of(request)
    return _person(access, one(access, Person, key))


@router.post("/persons", response={201: PersonDetail, **REFUSALS})
def new_person(request: HttpRequest, sent: NewPersonIn) -> Status:
    access = organising(request)
    in_use = access.see(Company).filter(archived_at=None)
    company = one(access, in_use, sent.company) if sent.company else None
    typed = PersonEdit(**sent.model_dump(exclude={"company"}, exclude_unset=True))

    def form(data: Any) -> PersonForm:
        return PersonForm(data, instance=Person(company=company), access=access)

    return Status(201, _person(access, kept(checked(form, typed), by=access.person)))


@router.post("/persons/{key}/edit", response={200: PersonDetail, **REFUSALS})
def edit_person(request: HttpRequest, key: PathKey, sent: PersonEdit) -> dict[str, Any]:
    access = organising(request)
    found = held(access, Person, key)
    form = checked(lambda data: PersonForm(data, instance=found, access=access), sent)
    return _person(access, kept(form, by=access.person))


@router.post("/persons/{key}/archive", response={200: PersonDetail, **REFUSALS})
def archive_person(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = organising(request)
    organisation.archive(held(access, Person, key), by=access.person, at=timezone.now())
    return _person(access, one(access, Person, key))


@router.post("/persons/{key}/restore", response={200: PersonDetail, **REFUSALS})
def restore_person(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = organising(request)
    organisation.restore(held(access, Person, key), by=access.person)
    return _person(access, one(access, Person, key))


def _person(access: Access, found: Person) -> dict[str, Any]:
    plain = ("name", "email", "phone", "job", "first_name", "last_name", "language", "archived_at")
    seen = ""
    if access.may_organise():
        seen = str(PersonForm(instance=found, access=access).initial["seen"])
    return (
        {"id": found.pk, "seen": seen}
        | {name: getattr(found, name) for name in plain}
        | Names(access, [found], "company", "site", "reports_to").of(found)
    )


# Roles --------------------------------------------------------------------------------------------


@router.get("/persons/{key}/roles", response={200: list[RoleOut], 404: Fault})
def roles(request: HttpRequest, key: PathKey) -> list[dict[str, Any]]:
    access = access_of(request)
    found = one(access, Person, key)
    rows = list(access.see(Role).filter(person=found).order_by("-starts_on", "-id")[:200])
    return _roles(access, rows)


@router.post("/persons/{key}/roles", response={201: RoleOut, **REFUSALS})
def add_role(request: HttpRequest, key: PathKey, sent: RoleIn) -> Status:
    access = organising(request)
    person = held(access, Person.objects.filter(archived_at=None), key)
    fresh = Role(person=person, company_id=person.company_id, starts_on=timezone.localdate())
    form = checked(lambda data: RoleForm(data, instance=fresh, access=access), sent)
    by = access.person
    made = kept(form, by=by, after=lambda role: organisation.role_given(role, by=by))
    return Status(201, _roles(access, [made])[0])


@router.post("/roles/{key}/end", response={200: list[RoleOut], **REFUSALS})
def end_role(request: HttpRequest, key: PathKey, sent: EndIn) -> list[dict[str, Any]]:
    access = organising(request)
    role = held(access, Role, key)
    if not access.may_grant(role.kind):
        raise Http404
    form = checked(EndForm, sent)
    organisation.end_role(role, by=access.person, on=form.cleaned_data["on"])
    # One that had not begun is taken away: then the answer is empty.
    return _roles(access, list(access.see(Role).filter(pk=key)))


def _roles(access: Access, rows: list[Role]) -> list[dict[str, Any]]:
    names = Names(access, rows, "company", "entity", "site")
    plain = ("kind", "starts_on", "ends_on")
    return [
        {"id": each.pk} | {name: getattr(each, name) for name in plain} | names.of(each)
        for each in rows
    ]


# Invitations --------------------------------------------------------------------------------------


@router.get("/invitations", response={200: InvitationPage, 404: Fault})
def invitations(request: HttpRequest, part: Query[PartOf]) -> dict[str, Any]:
    access = _inviting(request)
    cut = part.cut(access.see(Invitation).select_related("person", "sent_by").order_by("-id"))
    return cut | {"items": [_invitation(each) for each in cut["items"]]}


@router.post("/persons/{key}/invite", response={200: InvitationOut, **REFUSALS})
def invite(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = _inviting(request)
    return _invitation(letters.invite_once(one(access, Person, key), by=access.person))


@router.post("/invitations/{key}/send_again", response={200: InvitationOut, **REFUSALS})
def send_invitation_again(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = _inviting(request)
    former = one(access, Invitation, key)
    sent, _link = letters.invite(former.person, by=access.person)
    return _invitation(sent)


@router.post("/invitations/{key}/revoke", response={200: InvitationOut, **REFUSALS})
def revoke_invitation(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    access = _inviting(request)
    try:
        one(access, Invitation, key).revoke()
    except InvitationSpentError:
        raise NoLongerOpen from None
    return _invitation(one(access, Invitation, key))


def _inviting(request: HttpRequest) -> Access:
    access = access_of(request)
    if not access.may_invite():
        raise Http404
    return access


def _invitation(found: Invitation) -> dict[str, Any]:
    return {
        "id": found.pk,
        "person": named(found.person),
        "email": found.email,
        "state": found.state,
        "sent_by": named(found.sent_by),
        "sent_at": found.sent_at,
        "expires_at": found.expires_at,
    }

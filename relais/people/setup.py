"""A provider's first day: from an empty database to somebody who can sign in."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from relais.lib.problem import Problem
from relais.lib.tenancy import all_tenants, tenant
from relais.lib.terminal import N_

from .invitations import invite
from .models import Person, Provider, Role


class BadProvider(Problem):
    message = N_("%(field)s: %(detail)s")


@dataclass(frozen=True)
class NewProvider:
    """What `create_provider` made, or found; `link` is empty once the person has an account."""

    provider: Provider
    person: Person
    link: str
    created: bool


def create_provider(
    name: str, *, email: str, last_name: str = "", first_name: str = "", language: str = "fr"
) -> NewProvider:
    """Return the provider `name`, its first manager and the link that opens her account.

    Done twice, it finds what it made and sends a new link as long as there is no account. Raises
    `BadProvider` for a bad name or address.
    """
    name, email = " ".join(name.split()), email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as problem:
        raise BadProvider(field="email", detail=" ".join(problem.messages)) from problem
    if not name or len(name) > 200:
        raise BadProvider(field="name", detail="1…200")
    with all_tenants("a new provider belongs to nobody yet"):
        provider, created = Provider.objects.get_or_create(name=name)
    with tenant(provider.pk):
        person, _made = Person.objects.get_or_create(
            provider=provider,
            email=email,
            defaults={
                "last_name": last_name or email.partition("@")[0],
                "first_name": first_name,
                "language": language,
            },
        )
        Role.objects.get_or_create(provider=provider, person=person, kind=Role.Kind.MANAGEMENT)
        link = "" if person.user_id else invite(person, by=None)[1]
    return NewProvider(provider, person, link, created)

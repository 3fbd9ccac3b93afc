"""How a person comes to an account: invited, she sets a password or a passkey, and is in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from types import MappingProxyType

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from relais.lib.problem import Problem
from relais.lib.tenancy import all_tenants, tenant
from relais.lib.terminal import N_

from . import letters
from .models import Invitation, Person, User
from .models.invitation import LIFE, InvitationSpentError, digest_of

NOTHING: Mapping[str, str] = MappingProxyType({})


class InvitationRefused(Problem):
    """Why this person cannot be invited, or cannot accept."""


class NoAddress(InvitationRefused):
    message = N_("%(name)s has no e-mail address: enter one first.")


class Archived(InvitationRefused):
    message = N_("%(name)s is archived: restore this person first.")


class NoRole(InvitationRefused):
    message = N_("%(name)s has no role in force or to come: give one first.")


class HasAccount(InvitationRefused):
    message = N_("%(name)s has an account already.")


class AddressTaken(InvitationRefused):
    message = N_(
        "The address %(email)s already opens another account. Ask to be invited at another address."
    )


class NobodyFound(InvitationRefused):
    message = N_("No person has the address %(email)s. Create the person first, then invite.")


class SeveralFound(InvitationRefused):
    message = N_("Several providers know %(email)s (%(providers)s): say which one.")


def invite(
    person: Person, *, by: Person | None, to_sign: Mapping[str, str] = NOTHING
) -> tuple[Invitation, str]:
    """Return a new invitation and its link; its letter is on the way.

    `to_sign`: what waits for her signature, each name with the path of its page.
    An invitation that still waits is revoked: only the last letter opens. Raises
    `InvitationRefused`.
    """
    with transaction.atomic():
        # The lock makes two who press at once wait for each other.
        person = Person.objects.select_for_update(of=["self"]).get(pk=person.pk)
        _refuse_if_unfit(person)
        now = timezone.now()
        person.invitations.open().update(revoked_at=now)
        secret = secrets.token_urlsafe(32)
        invitation = Invitation.objects.create(
            provider_id=person.provider_id,
            person=person,
            email=person.email.lower(),
            digest=digest_of(secret),
            sent_at=now,
            sent_by=by,
            expires_at=now + LIFE,
        )
        link = settings.SITE_URL + reverse("invitation", args=[secret])
        letters.post(
            letters.write(
                "people/letters/invitation.txt",
                to=invitation.email,
                language=person.language,
                person=person,
                provider=person.provider,
                sender=by,
                link=link,
                expires_at=invitation.expires_at,
                to_sign={name: settings.SITE_URL + path for name, path in to_sign.items()},
            )
        )
    return invitation, link


def invite_once(
    person: Person, *, by: Person | None, to_sign: Mapping[str, str] = NOTHING
) -> Invitation:
    """Return the invitation that waits, or a new one: pressing twice sends one letter."""
    with transaction.atomic():
        Person.objects.select_for_update(of=["self"]).get(pk=person.pk)
        waiting = person.invitations.open().filter(expires_at__gt=timezone.now()).first()
        if waiting is not None and waiting.email == person.email.lower():
            return waiting
        return invite(person, by=by, to_sign=to_sign)[0]


def _refuse_if_unfit(person: Person) -> None:
    name = person.name
    if person.archived_at:
        raise Archived(name=name)
    if not person.email:
        raise NoAddress(name=name)
    if person.user_id:
        raise HasAccount(name=name)
    today = timezone.localdate()
    if not person.roles.filter(Q(ends_on=None) | Q(ends_on__gte=today)).exists():
        raise NoRole(name=name)


def find(secret: str) -> Invitation | None:
    """Return the invitation that a letter's link names, whoever's it is, or None."""
    with all_tenants("a letter's link does not say whose it is"):
        return (
            Invitation.objects.select_related("person", "provider")
            .filter(digest=digest_of(secret))
            .first()
        )


def accept(invitation: Invitation, *, password: str | None) -> User:
    """Return the account that the invitation opened; its address counts as confirmed.

    Without a password the account waits for a passkey. Raises `InvitationSpentError`, or
    `InvitationRefused` when the address is another account's.
    """
    with tenant(invitation.provider_id):
        person = Person.objects.select_for_update(of=["self"]).get(pk=invitation.person_id)
        if person.archived_at or person.user_id:
            raise InvitationSpentError
        invitation.accept()
        user = _account(person, invitation.email)
        if password or not user.has_usable_password():
            user.set_password(password)
        user.language = person.language
        user.is_active = True
        user.save(update_fields=["password", "language", "is_active"])
        EmailAddress.objects.update_or_create(
            user=user, email=invitation.email, defaults={"verified": True, "primary": True}
        )
        Person.objects.filter(pk=person.pk).update(user=user)
    return user


def _account(person: Person, email: str) -> User:
    """Return the person's account: a new one, or one that this provider's nobody uses."""
    known = User.objects.select_for_update().filter(email=email).first()
    if known is None:
        return User.objects.create_user(email, provider_id=person.provider_id)
    if known.provider_id != person.provider_id or Person.objects.filter(user=known).exists():
        raise AddressTaken(email=email)
    return known


def invite_by_email(email: str, *, provider: str = "") -> str:
    """Return the link of a new invitation for the person at `email`; the letter leaves too.

    For whoever runs the installation: `provider` (a name) is needed only where several
    providers know the address. Raises `InvitationRefused`.
    """
    with all_tenants("the operator names a person by e-mail"):
        persons = Person.objects.select_related("provider").filter(
            email__iexact=email.strip(), archived_at=None
        )
        if provider:
            persons = persons.filter(provider__name=provider)
        found = list(persons[:10])
    if not found:
        raise NobodyFound(email=email)
    if len(found) > 1:
        raise SeveralFound(email=email, providers=", ".join(p.provider.name for p in found))
    with tenant(found[0].provider_id):
        return invite(found[0], by=None)[1]

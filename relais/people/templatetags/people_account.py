"""What the account's part of a person's page asks for."""

from __future__ import annotations

from django import template

from relais.people.models import Invitation, Person

register = template.Library()


@register.simple_tag
def last_invitation(person: Person) -> Invitation | None:
    """Return the latest invitation of a person, or None."""
    return person.invitations.select_related("person").first()

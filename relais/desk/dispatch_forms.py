"""What the lead types about the dispatch of one request: hold, confirm, reserve."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from relais.people.models import Person
from relais.people.pool_forms import team

from .form_parts import Moments, SiteMoment, VerbForm, words_field


class Hold(Moments):
    """Why it is kept out of dispatch, and until when."""

    reason = words_field(_("Reason"), hint=_("The deadlines go on: holding stops no clock."))
    until = SiteMoment(
        label=_("Until"), required=False, help_text=_("Empty: until you release it.")
    )


class Plain(VerbForm):
    """Nothing to type."""


class Somebody(VerbForm):
    """An assistant of the pool."""

    to = forms.ModelChoiceField(None, label=_("Assistant"))

    def fill(self) -> None:
        """Offer the assistants of today."""
        keys = [person.pk for person in team(self.access)]
        self.fields["to"].queryset = self.access.see(Person).filter(pk__in=keys)


class Confirm(Somebody):
    """Whom dispatch proposed, or somebody else with the reason."""

    why = words_field(_("If somebody else: why"), required=False)

    def fill(self) -> None:
        """Propose whom dispatch proposes."""
        super().fill()
        self.initial["to"] = self.ticket.proposed_id


class Pin(Somebody):
    """For whom it is reserved, and why."""

    why = words_field(_("Reason"), hint=_("While she is absent nobody else gets it: you are told."))


class CallIn(Somebody):
    """Who covers the site from now on and gets it."""

"""What is typed to find a time; the same for the page and the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.desk.models import Ticket
from relais.lib.problem import Problem
from relais.people.access import Access
from relais.people.models import Person

from . import meetings
from .models import Meeting


class MeetingForm(forms.Form):
    """Who should meet, for how long, and in which days."""

    subject = forms.CharField(label=_("What is it about?"), max_length=200)
    guests = forms.ModelMultipleChoiceField(
        None, label=_("Who should be there?"), widget=forms.CheckboxSelectMultiple
    )
    minutes = forms.TypedChoiceField(
        label=_("How long?"), coerce=int, initial=30,
        choices=[(length, f"{length} min") for length in meetings.LENGTHS],
    )  # fmt: skip
    first = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    days = forms.IntegerField(
        label=_("Within so many days"), min_value=1, max_value=meetings.MOST_DAYS, initial=10
    )
    place = forms.CharField(label=_("Where?"), max_length=200, required=False)

    def __init__(self, access: Access, ticket: Ticket, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.ticket = ticket
        people = meetings.who_may_come(access, ticket)
        rows = Person.objects.filter(pk__in=[one.pk for one in people])
        self.fields["guests"].queryset = rows.select_related("provider", "site__company")
        self.initial.setdefault("subject", ticket.subject[:200])
        self.initial.setdefault("guests", [ticket.requester_id])
        self.initial.setdefault("first", timezone.localdate())

    def clean_guests(self) -> list[Person]:
        """Refuse a crowd."""
        guests = list(self.cleaned_data["guests"])
        if len(guests) > meetings.MOST_GUESTS:
            text = _("No more than %(most)s people.") % {"most": meetings.MOST_GUESTS}
            raise forms.ValidationError(text)
        return guests

    def clean_first(self) -> Any:
        """Refuse what lies too far away."""
        first, today = self.cleaned_data["first"], timezone.localdate()
        if not today <= first <= today + timedelta(days=366):
            raise forms.ValidationError(_("A day from today on, within a year."))
        return first

    def keep(self, by: Person) -> Meeting | None:
        """Return the meeting with its times held, or None: then the form says why."""
        clean = self.cleaned_data
        try:
            return meetings.arrange(
                self.ticket, clean["guests"], minutes=clean["minutes"], first=clean["first"],
                days=clean["days"], subject=clean["subject"], place=clean["place"], by=by,
            )  # fmt: skip
        except Problem as problem:
            self.add_error(None, str(problem))
            return None

"""What is typed to have a calendar read here; the same for the page and the API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.lib import ical
from relais.lib.problem import Problem
from relais.people.models import Person

from . import busy
from .models import BusySource

Kind = BusySource.Kind


class BusyForm(forms.Form):
    """A calendar of mine: a file, or an address."""

    name = forms.CharField(label=_("Name of the calendar"), max_length=80)
    kind = forms.ChoiceField(label=_("Where it comes from"), choices=Kind.choices)
    file = forms.FileField(
        label=_("File (.ics)"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"}),
    )
    address = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=2000,
        help_text=_("Your calendar program shows it as “secret address”, or its CalDAV address."),
    )
    user = forms.CharField(label=_("User (CalDAV)"), required=False, max_length=200)
    password = forms.CharField(
        label=_("Password (CalDAV)"),
        required=False,
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Better one made for this purpose (application password). It is kept sealed."),
    )
    titles = forms.BooleanField(
        label=_("Keep the titles of my events"),
        required=False,
        help_text=_("Otherwise only the times are kept. Nobody but you reads titles."),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for what the kind needs."""
        clean = super().clean() or {}
        if clean.get("kind") == Kind.FILE and not clean.get("file"):
            self.add_error("file", _t("Choose the file of the calendar."))
        if clean.get("kind") in (Kind.ADDRESS, Kind.CALDAV) and not clean.get("address"):
            self.add_error("address", _t("Give the address of the calendar."))
        for name in ("name", "address", "user", "password"):
            if "\x00" in str(clean.get(name, "")):
                self.add_error(name, _t("It holds a character that no text has."))
        return clean

    def keep(self, person: Person) -> BusySource | None:
        """Return the calendar, or None: then the form says what to mend."""
        clean = self.cleaned_data
        try:
            if clean["kind"] == Kind.FILE:
                file = clean["file"]
                data = file.read(ical.BIGGEST + 1)
                return busy.take(person, clean["name"], data, titles=clean["titles"])
            return busy.follow(
                person,
                clean["name"],
                clean["address"].strip(),
                kind=clean["kind"],
                user=clean["user"],
                password=clean["password"],
                titles=clean["titles"],
            )
        except busy.NameTaken as problem:
            self.add_error("name", str(problem))
        except Problem as problem:
            field = "file" if clean["kind"] == Kind.FILE else "address"
            self.add_error(field, str(problem))
        return None

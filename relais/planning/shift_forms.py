"""What is typed of shifts, on-site days and wishes."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.lib.kept_form import KeptForm, QuickSelect
from relais.people.access import Access
from relais.people.models import Person, Site, Wish
from relais.people.models.calendar import Weekday
from relais.people.pool_forms import team

from .shifts import LONGEST, Pattern
from .words import date_text


def reach() -> tuple[date, date]:
    """Return the first and the last day that planning speaks of."""
    today = timezone.localdate()
    return today - timedelta(days=2 * 365), today + timedelta(days=3 * 365)


def check_reach(day: date) -> None:
    """Raise `ValidationError` for a day that nobody plans: a slip of the year."""
    first, last = reach()
    if not first <= day <= last:
        told = {"first": date_text(first), "last": date_text(last)}
        raise forms.ValidationError(
            _t("Choose a day between %(first)s and %(last)s.") % told, code="reach"
        )


def day_field(label: Any, **more: Any) -> forms.DateField:
    """Return a field for a day within reach."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, validators=[check_reach], **more)


def hour_field(label: Any, **more: Any) -> forms.TimeField:
    """Return a field for a time of day."""
    return forms.TimeField(
        label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **more
    )


def check_hours(form: forms.BaseForm) -> None:
    """Put an error on `form` where its hours and break do not follow one another."""
    given = form.cleaned_data
    starts, ends = given.get("starts"), given.get("ends")
    first, last = given.get("pause_from"), given.get("pause_until")
    if starts and ends and ends <= starts:
        form.add_error("ends", _t("The shift ends before it starts."))
    elif bool(first) != bool(last):
        missing = "pause_until" if first else "pause_from"
        form.add_error(missing, _t("Give both ends of the break, or none."))
    elif starts and ends and first and last and not starts < first < last < ends:
        form.add_error("pause_from", _t("The break lies within the hours, from early to late."))


class HoursForm(forms.Form):
    """Hours of a day, with a break within them or without."""

    starts = hour_field(_("From"))
    ends = hour_field(_("Until"))
    pause_from = hour_field(_("Break from"), required=False)
    pause_until = hour_field(_("Break until"), required=False)

    def clean(self) -> dict[str, Any] | None:
        """Refuse hours that do not follow one another."""
        cleaned = super().clean()
        check_hours(self)
        return cleaned

    def hours(self) -> tuple[tuple[time, time], ...]:
        """Return the hours before and after the break."""
        given = self.cleaned_data
        if given.get("pause_from"):
            return (
                (given["starts"], given["pause_from"]),
                (given["pause_until"], given["ends"]),
            )
        return ((given["starts"], given["ends"]),)


class _OfPerson(forms.Form):
    """Somebody of the pool."""

    person = forms.ModelChoiceField(label=_("Assistant"), queryset=None, widget=QuickSelect)

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access = access
        keys = [person.pk for person in team(access)]
        self.fields["person"].queryset = access.see(Person).filter(pk__in=keys)


class ShiftForm(_OfPerson, HoursForm):
    """A shift of somebody on a day."""

    day = day_field(_("Day"))
    field_order = ["person", "day", "starts", "ends", "pause_from", "pause_until"]

    def pattern(self) -> Pattern:
        """Return it as the pattern of one day."""
        day = self.cleaned_data["day"]
        return Pattern(frozenset({day.isoweekday()}), self.hours(), day, day)


class MoveForm(forms.Form):
    """The new hours of a shift."""

    day = day_field(_("Day"))
    starts = hour_field(_("From"))
    ends = hour_field(_("Until"))

    def clean(self) -> dict[str, Any] | None:
        """Refuse a shift that ends before it starts."""
        cleaned = super().clean()
        starts, ends = self.cleaned_data.get("starts"), self.cleaned_data.get("ends")
        if starts and ends and ends <= starts:
            self.add_error("ends", _t("The shift ends before it starts."))
        return cleaned


def _checked_span(form: forms.Form, first: date | None, last: date | None, field: str) -> None:
    if first and last and last < first:
        form.add_error(field, _t("The last day comes before the first."))
    elif first and last and last - first > LONGEST:
        form.add_error(field, _t("This is longer than a year: check the year."))


class PatternForm(_OfPerson, HoursForm):
    """The same hours on some weekdays over some weeks."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Every"), choices=Weekday.choices, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    first = day_field(_("From the day"))
    last = day_field(_("Until the day"))
    field_order = [
        "person", "weekdays", "starts", "ends", "pause_from", "pause_until", "first", "last",
    ]  # fmt: skip

    def clean(self) -> dict[str, Any] | None:
        """Refuse a span that is none, or longer than a year."""
        cleaned = super().clean()
        given = self.cleaned_data
        _checked_span(self, given.get("first"), given.get("last"), "last")
        return cleaned

    def pattern(self) -> Pattern:
        """Return what was typed."""
        given = self.cleaned_data
        return Pattern(frozenset(given["weekdays"]), self.hours(), given["first"], given["last"])


class OnSiteForm(_OfPerson):
    """A day at a site, or every week until a day."""

    site = forms.ModelChoiceField(label=_("Site"), queryset=None, widget=QuickSelect)
    day = day_field(_("Day"))
    until = day_field(
        _("Every week until"), required=False, help_text=_("Empty: on that day alone.")
    )

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, access=access, **kwargs)
        self.fields["site"].queryset = access.see(Site).filter(archived_at=None)

    def clean(self) -> dict[str, Any] | None:
        """Refuse a span that is none, or longer than a year."""
        cleaned = super().clean()
        given = self.cleaned_data
        _checked_span(self, given.get("day"), given.get("until"), "until")
        return cleaned


class OnSiteMoveForm(forms.Form):
    """Another day at a site, or another site that day. `seen`: the day as it was read."""

    site = forms.ModelChoiceField(label=_("Site"), queryset=None, widget=QuickSelect)
    day = day_field(_("Day"))
    seen = forms.DateField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = access.see(Site).filter(archived_at=None)


class WishForm(KeptForm):
    """When an assistant would like to work, or rather not."""

    starts = hour_field(_("From"), required=False)
    ends = hour_field(_("Until"), required=False, help_text=_("Without hours: the whole day."))
    day = day_field(_("Or on one day"), required=False)

    class Meta:
        model = Wish
        fields = ["kind", "weekday", "day", "starts", "ends"]

    def clean(self) -> dict[str, Any] | None:
        """Refuse what speaks of no day or of two, and hours with one end."""
        cleaned = super().clean()
        given = self.cleaned_data
        if bool(given.get("weekday")) == bool(given.get("day")):
            self.add_error("weekday", _t("Choose a day of the week, or one day: not both."))
        starts, ends = given.get("starts"), given.get("ends")
        if bool(starts) != bool(ends) or (starts and ends and ends <= starts):
            self.add_error("ends", _t("Give both hours, the first before the second."))
        return cleaned


def next_monday(today: date) -> date:
    """Return the Monday after a day."""
    return today + timedelta(days=7 - today.weekday())

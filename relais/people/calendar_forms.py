"""What people type into a calendar: settings, weekly hours, exceptional days, a feed's file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from . import holidays, opening_hours
from .calendar_changes import SETTINGS
from .feeds import BIGGEST
from .identifiers import ZONE_TEXT
from .models import Calendar, CalendarDay, Company

# What is typed beyond is refused by name, not cut off: enough to see it.
MOST_ROWS = 4 * opening_hours.MOST
LONGEST = 20


class SettingsForm(forms.Form):
    """Name, zones and rules of a calendar; for a new one also whose it is."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    company = forms.ModelChoiceField(
        Company.objects.none(),
        label=gettext_lazy("Client company"),
        required=False,
        empty_label=gettext_lazy("The provider's own"),
        help_text=gettext_lazy(
            "A company's calendar serves its sites; the provider's own, its staff."
        ),
    )
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"))
    country = forms.ChoiceField(label=gettext_lazy("Public holidays of"), required=False)
    region = forms.ChoiceField(
        label=gettext_lazy("Region"),
        required=False,
        help_text=gettext_lazy("Some regions have holidays of their own."),
    )
    holiday_eve = forms.ChoiceField(
        label=gettext_lazy("Day before a public holiday"),
        choices=Calendar.HolidayEve.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "“Mornings only” keeps the openings that begin before 13:00 and ends them then."
        ),
    )
    whit_monday_worked = forms.BooleanField(
        label=gettext_lazy("Whit Monday is worked (solidarity day)"), required=False
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, calendar: Calendar | None, companies: Any, **kwargs: Any
    ) -> None:
        kwargs.setdefault("initial", _settings_initial(calendar))
        super().__init__(*args, **kwargs)
        if calendar is None:
            self.fields["company"].queryset = companies
            del self.fields["seen"]
        else:
            del self.fields["company"]
        zone = self["time_zone"].value()
        # One that was set otherwise, such as UTC, stands and may be kept.
        offered = {*time_zones(), *({str(zone)} & available_timezones())}
        self.fields["time_zone"].choices = [(each, each) for each in sorted(offered)]
        self.fields["time_zone"].error_messages["invalid_choice"] = ZONE_TEXT
        for name in ("country", "region"):
            self.fields[name].error_messages["invalid_choice"] = holidays.ZONE_TEXT
        self.fields["country"].choices = [
            ("", holidays.name_of("")),
            (_("France"), holidays.french_choices()),
            (_("Other countries"), holidays.country_choices()),
        ]
        country = self["country"].value() or ""
        self.fields["region"].choices = region_choices(country)

    def settings(self) -> dict[str, Any]:
        """Return the settings by the names that the calendar has for them."""
        data = dict(self.cleaned_data)
        data["holiday_zone"] = data.pop("region") or data.pop("country")
        return {name: data[name] for name in SETTINGS}


def region_choices(country: str) -> list[tuple[str, str]]:
    """Return the regions to choose from; the first is the country as a whole."""
    return [("", _("The whole country")), *holidays.region_choices(country)]


def time_zones() -> list[str]:
    """Return the zones of cities, Paris and overseas France among them, without old aliases."""
    return sorted(zone for zone in available_timezones() if "/" in zone and zone[:3] != "Etc")


def _settings_initial(calendar: Calendar | None) -> dict[str, Any]:
    if calendar is None:
        return {"time_zone": "Europe/Paris", "country": "FR", "holiday_eve": "normal"}
    zone = calendar.holiday_zone
    country = zone if zone in holidays.FRENCH_ZONES else zone.partition("-")[0]
    return {
        **{name: getattr(calendar, name) for name in SETTINGS},
        "country": country,
        "region": zone if zone != country else "",
        "seen": calendar.version,
    }


# Hours ------------------------------------------------------------------------------------------


@dataclass
class HourRows:
    """The openings of one day as typed: pairs of texts, and the name of their inputs."""

    name: str
    label: str
    pairs: list[list[str]]
    least: int = 1

    @property
    def rows(self) -> list[list[str]]:
        """Return the pairs with an empty one behind them at least, to type the next."""
        full = [pair for pair in self.pairs if any(pair)]
        empty = len(self.pairs) - len(full)
        return [*full, *[["", ""]] * max(1, empty, self.least - len(full))]

    @property
    def filled(self) -> list[list[str]]:
        """Return the pairs that are not empty."""
        return [pair for pair in self.pairs if any(pair)]


def typed_rows(data: QueryDict, name: str, label: str) -> HourRows:
    """Return the openings typed under a name."""
    starts, ends = data.getlist(f"{name}-opens"), data.getlist(f"{name}-closes")
    pairs = zip(starts[:MOST_ROWS], ends[:MOST_ROWS], strict=False)
    return HourRows(name, label, [[each.strip()[:LONGEST] for each in pair] for pair in pairs])


@dataclass
class WeekForm:
    """The weekly hours as typed, what is wrong with them, and the version that was seen."""

    days: list[HourRows]
    overnight: bool
    seen: int
    errors: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, week: opening_hours.Week, seen: int) -> WeekForm:
        """Return the form of hours as they stand."""
        night = any(end < start for pairs in week.values() for start, end in pairs)
        days = [
            HourRows(str(day), _weekday(day), [[s, "00:00" if e == "24:00" else e] for s, e in p])
            for day, p in sorted(week.items())
        ]
        return cls(days, night, seen)

    @classmethod
    def typed(cls, data: QueryDict) -> WeekForm:
        """Return the form as typed; its buttons add a row or copy Monday without saving."""
        days = [typed_rows(data, str(day), _weekday(day)) for day in range(1, 8)]
        form = cls(days, "overnight" in data, _number(data.get("seen")))
        if "copy" in data:
            monday = [pair for pair in days[0].pairs if any(pair)]
            for day in days[1:5]:
                day.pairs = [list(pair) for pair in monday]
        if (add := _number(data.get("add"))) and 1 <= add <= 7:
            day = days[add - 1]
            day.pairs = [*day.pairs, ["", ""]]
        return form

    def week(self) -> dict[int, list[list[str]]]:
        """Return the hours by weekday, as typed."""
        return {int(day.name): day.filled for day in self.days}


def _weekday(number: int) -> str:
    return capfirst(str(WEEKDAYS[number - 1]))


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


class DaysForm(forms.Form):
    """An exceptional day, or a range of them."""

    first_day = forms.DateField(
        label=pgettext_lazy("days", "From"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    last_day = forms.DateField(
        label=pgettext_lazy("days", "To"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Empty for a single day. A range may run over the year's end."),
    )
    yearly = forms.BooleanField(label=gettext_lazy("Every year, from this one on"), required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=CalendarDay.Kind.choices,
        widget=forms.RadioSelect,
        initial=CalendarDay.Kind.CLOSED,
    )
    label = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Shown beside the day: “Stocktaking”, “Annual closure” …"),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.hours = (
            typed_rows(data, "hours", _("Hours")) if data else HourRows("hours", _("Hours"), [])
        )
        self.hours.least = 3
        self.overnight = bool(data and "overnight" in data)

    def clean(self) -> dict[str, Any]:
        """Add the hours, where they are asked for; the change itself says what is wrong."""
        if self.cleaned_data.get("kind") == CalendarDay.Kind.HOURS:
            self.cleaned_data["hours"] = self.hours.filled
        return self.cleaned_data


class FeedForm(forms.Form):
    """A file of days off, and the name under which it comes again."""

    file = forms.FileField(
        label=gettext_lazy("iCalendar file (.ics)"),
        widget=forms.FileInput({"accept": ".ics,text/calendar"}),
        help_text=gettext_lazy(
            "For instance the official public holidays. Days that persons entered stay as they are."
        ),
    )
    name = forms.CharField(
        label=gettext_lazy("Name of the feed"),
        max_length=200,
        required=False,
        help_text=gettext_lazy(
            "A feed of the same name is replaced. Left empty, the name in the file is taken."
        ),
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > BIGGEST:
            raise ValidationError(
                _("The file is larger than %(most)s kB: choose the feed of fewer years.")
                % {"most": BIGGEST // 1024}
            )
        return file

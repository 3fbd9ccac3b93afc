"""What is typed of the pool: skills, clearances, absences, and who serves which site."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from django import forms
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from relais.lib.kept_form import KeptForm, QuickSelect
from relais.lib.text import french_key

from . import organisation
from .access import Access
from .models import (
    Absence,
    AssistantProfile,
    Calendar,
    Clearance,
    Company,
    Cover,
    LanguageLevel,
    Person,
    Role,
    Skill,
    SkillLevel,
)
from .wording import LEVELS


def team(access: Access) -> list[Person]:
    """Return the assistants of today, in the order of their names."""
    assistants = access.see(Role).in_force().filter(kind=Role.Kind.ASSISTANT)
    rows = access.see(Person).filter(archived_at=None, company=None, roles__in=assistants)
    return list(rows.distinct().order_by("name_key", "id"))


class CoverForm(forms.Form):
    """Who serves a site, and as what; an empty position takes the person off."""

    person = forms.ModelChoiceField(
        label=gettext_lazy("Assistant"), queryset=None, widget=QuickSelect
    )
    position = forms.ChoiceField(label=gettext_lazy("Position"), required=False)

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = [person.pk for person in team(access)]
        self.fields["person"].queryset = access.see(Person).filter(pk__in=keys)
        none = ("", _("Does not serve this site"))
        self.fields["position"].choices = [*Cover.Position.choices, none]


COMMON_LANGUAGES = ("fr", "en", "de", "es", "it", "nl", "pt")


CLOCK = "%Y-%m-%dT%H:%M"


class ProfileForm(KeptForm):
    """Contract and clearance of an assistant."""

    class Meta:
        model = AssistantProfile
        fields = ["contract_hours", "calendar", "clearance", "capacity"]

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["calendar"].queryset = access.see(Calendar).filter(company=None)
        self.fields["calendar"].help_text = _("A calendar of the provider's own.")
        self.fields["capacity"].help_text = _(
            "Given or begun. Empty: as the rules of dispatch say."
        )
        self.fields["clearance"].help_text = _("The highest class of data this person may handle.")


class SkillForm(KeptForm):
    """A skill of the list, or a new one by its name, and how well it is mastered."""

    skill = forms.ModelChoiceField(
        label=gettext_lazy("Skill"), queryset=None, required=False, widget=QuickSelect
    )
    new_name = forms.CharField(label=gettext_lazy("Or a new skill"), max_length=100, required=False)
    level = forms.TypedChoiceField(label=gettext_lazy("Level"), coerce=int, initial=2)

    class Meta:
        model = SkillLevel
        fields = ["skill", "level"]

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["skill"].queryset = self.known = access.see(Skill)
        self.fields["level"].choices = [(n, f"{n} – {text}") for n, text in LEVELS.items()]
        self.order_fields(["seen", "skill", "new_name", "level"])

    def clean(self) -> dict[str, Any] | None:
        """Take the skill chosen, or the one of the new name, made if nobody has it yet."""
        cleaned = super().clean()
        name = self.cleaned_data.get("new_name", "")
        if name:
            self.cleaned_data["skill"] = organisation.skill_named(name, self.instance.provider_id)
        elif not self.cleaned_data.get("skill"):
            self.add_error("skill", _("Choose a skill, or name a new one."))
        return cleaned


class LanguageForm(KeptForm):
    """A language and how well it is spoken."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), widget=QuickSelect)

    class Meta:
        model = LanguageLevel
        fields = ["language", "level"]

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = Locale((get_language() or "fr")[:2]).languages
        rest = sorted(
            (code for code in names if len(code) == 2 and code not in COMMON_LANGUAGES),
            key=lambda code: french_key(names[code]),
        )
        self.fields["language"].choices = [(c, names[c]) for c in (*COMMON_LANGUAGES, *rest)]


class ClearanceForm(KeptForm):
    """The named right to a company's C3 matters."""

    class Meta:
        model = Clearance
        fields = ["company", "reason", "starts_on", "ends_on"]
        widgets = {
            "company": QuickSelect,
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["company"].queryset = access.see(Company).filter(archived_at=None)

    def clean(self) -> dict[str, Any] | None:
        """Refuse a last day before the first."""
        cleaned = super().clean()
        first, last = self.cleaned_data.get("starts_on"), self.cleaned_data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The last day comes before the first."))
        return cleaned


def zone_of(access: Access, person: Person) -> str:
    """Return the time zone in which an assistant's absences are typed: of her own calendar."""
    found = access.see(AssistantProfile).filter(person=person).first()
    calendar = found.calendar if found else None
    return calendar.time_zone if calendar else person.provider.time_zone


class WallTime(forms.DateTimeField):
    """What a clock on the wall shows: of the hour that comes twice in autumn, `fold` tells which.

    The server's own zone has no say: an hour that its clocks skip or repeat is one like any other.
    """

    def to_python(self, value: Any) -> datetime | None:
        """Return the time without a zone. Raises ValidationError."""
        if isinstance(value, datetime):
            return value.replace(tzinfo=None)
        with timezone.override(UTC):
            found = super().to_python(value)
        return found.replace(tzinfo=None) if found else None


class OnTheWall(forms.BaseForm):
    """A form in which times are typed as the clock on somebody's wall shows them."""

    zone: ZoneInfo

    def _in_zone(self, name: str) -> datetime | None:
        """Return what was typed as a clock on the person's wall, not on the server's."""
        value: datetime | None = self.cleaned_data.get(name)
        if value is None:
            return None
        if not 1970 <= value.year <= 2200:
            self.add_error(name, _("Give a year between 1970 and 2200."))
            return None
        # Two times of one zone are compared as the wall shows them: in UTC, as they follow.
        at = value.replace(tzinfo=self.zone).astimezone(UTC)
        if at.astimezone(self.zone).replace(tzinfo=None) != value:
            text = _("There is no such time that day in %(zone)s: the clocks are put forward.")
            self.add_error(name, text % {"zone": self.zone.key})
            return None
        return at


class AbsenceForm(OnTheWall, KeptForm):
    """When somebody is away, by class only."""

    starts = WallTime(
        label=gettext_lazy("From"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=CLOCK),
        input_formats=[CLOCK, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    ends = WallTime(
        label=gettext_lazy("Until"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=CLOCK),
        input_formats=[CLOCK, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )

    class Meta:
        model = Absence
        fields = ["kind"]

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)
        self.fields["ends"].help_text = _("Times of %(zone)s.") % {"zone": zone}
        self.order_fields(["seen", "starts", "ends", "kind"])

    def clean(self) -> dict[str, Any] | None:
        """Refuse an absence that ends before it starts, or that overlaps another one."""
        cleaned = super().clean()
        first, last = self._in_zone("starts"), self._in_zone("ends")
        if first is None or last is None:
            return cleaned
        if last <= first:
            self.add_error("ends", _("The absence ends before it starts."))
            return cleaned
        if (last - first).days > 400:
            self.add_error("ends", _("This is longer than a year: check the year."))
            return cleaned
        self.instance.period = DateTimeTZRange(first, last)
        return cleaned

"""What is typed of an absence: the class, from when until when, in her own time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy

from relais.people.models import Absence
from relais.people.pool_forms import CLOCK, OnTheWall, WallTime

WALL = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=CLOCK)
FORMATS = [CLOCK, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


class PeriodForm(OnTheWall, forms.Form):
    """When somebody is away, by class only: never a reason."""

    starts = WallTime(label=gettext_lazy("From"), widget=WALL, input_formats=FORMATS)
    ends = WallTime(label=gettext_lazy("Until"), widget=WALL, input_formats=FORMATS)
    kind = forms.ChoiceField(label=gettext_lazy("class"), choices=Absence.Kind.choices)

    def __init__(self, data: Any, *, zone: str) -> None:
        super().__init__(data)
        self.zone = ZoneInfo(zone)
        self.starts_at: datetime | None = None
        self.ends_at: datetime | None = None
        first = datetime.combine(
            timezone.localtime(timezone=self.zone).date() + timedelta(days=1), time()
        )
        self.fields["starts"].initial = first
        self.fields["ends"].initial = first + timedelta(days=1)
        self.fields["kind"].initial = Absence.Kind.OTHER

    def clean(self) -> dict[str, Any] | None:
        """Take the two moments as her clock on the wall shows them."""
        cleaned = super().clean()
        self.starts_at, self.ends_at = self._in_zone("starts"), self._in_zone("ends")
        return cleaned

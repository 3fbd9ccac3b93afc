"""What the forms of verbs are made of: one ticket, one person, moments in the site's time."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from relais.people.access import Access

from .models import Ticket

LOCAL = "%Y-%m-%dT%H:%M"


class VerbForm(forms.Form):
    """A form about one ticket, for one person; moments are those of the ticket's site."""

    def __init__(self, *args: Any, ticket: Ticket, access: Access, **more: Any) -> None:
        self.ticket, self.access = ticket, access
        self.zone = ZoneInfo(ticket.site.time_zone)
        super().__init__(*args, auto_id=f"{type(self).__name__.lower()}-%s", **more)
        self.fill()

    def fill(self) -> None:
        """Set what depends on the ticket."""

    def clean(self) -> dict[str, Any]:
        """Return what was typed, without what a database cannot hold."""
        found = super().clean() or {}
        for name, value in found.items():
            if isinstance(value, str):
                found[name] = value.replace("\x00", "")
        return found


def words_field(label: Any, *, required: bool = True, hint: Any = "") -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(
        label=label, required=required, max_length=2000, widget=area, help_text=hint
    )


class SiteMoment(forms.DateTimeField):
    """A day and hour typed in the site's time."""

    def __init__(self, **more: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
        super().__init__(widget=widget, input_formats=[LOCAL], **more)

    zone: ZoneInfo | None = None

    def to_python(self, value: Any) -> Any:
        """Return the instant, read in the site's zone rather than the reader's."""
        if self.zone is None:
            return super().to_python(value)
        with timezone.override(self.zone):
            return super().to_python(value)


class Moments(VerbForm):
    """A verb form whose moments are typed in the site's time."""

    def fill(self) -> None:
        """Let moments be read in the site's zone."""
        for field in self.fields.values():
            if isinstance(field, SiteMoment):
                field.zone = self.zone

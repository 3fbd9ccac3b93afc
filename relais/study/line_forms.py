"""Everything that is typed of a line of the inventory (domain C.2)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.engine.inventory import months_of
from relais.lib.kept_form import KeptForm, QuickSelect
from relais.offer.models import Service
from relais.people.access import Access
from relais.people.models import Site

from .models import InventoryLine

FIELDS = [
    "site", "family", "service", "task", "owner_role", "doer_role", "trigger", "input_source",
    "output", "count", "period", "minutes_low", "minutes_usual", "minutes_high", "peak_days",
    "deadline", "late_means", "tools", "secrecy", "presence", "language", "knowledge", "relation",
    "standard", "automatable", "documented", "able", "errors", "rework", "waiting", "value",
    "local_reason", "target", "evidence", "confidence",
]  # fmt: skip


class LineForm(KeptForm):
    """A line: what is done, how often, how long, how that is known, where it should go."""

    class Meta:
        model = InventoryLine
        fields = FIELDS
        widgets = {"site": QuickSelect, "service": QuickSelect, "family": QuickSelect}
        help_texts = {
            "task": _("The kind of work, never the matter nor a name."),
            "doer_role": _("A role, not a name."),
        }

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        study = self.instance.study
        self.fields["site"].queryset = access.see(Site).filter(
            pk__in=study.scopes.order_by().values("site")
        )
        self.fields["site"].empty_label = None
        self.fields["service"].queryset = access.see(Service).filter(active=True)
        self.fields["service"].empty_label = _t("None yet")
        held = list(self.instance.months) or [1.0] * 12
        for number in range(1, 13):
            self.fields[f"month_{number}"] = forms.FloatField(
                label=str(MONTHS[number]).capitalize(), min_value=0, max_value=1000,
                required=False, initial=round(held[number - 1], 4),
            )  # fmt: skip

    def clean(self) -> dict[str, Any] | None:
        """Refuse minutes that do not follow one another, shares above the whole, an empty year."""
        cleaned = super().clean()
        given = self.cleaned_data
        points = [given.get(f"minutes_{name}") for name in ("low", "usual", "high")]
        if None not in points and not points[0] <= points[1] <= points[2]:
            self.add_error("minutes_usual", _t("Minutes: at least ≤ usually ≤ at most."))
        if (given.get("rework") or 0) + (given.get("waiting") or 0) > 100:
            self.add_error("rework", _t("Rework and waiting together take the whole time at most."))
        if not any(self._months()):
            self.add_error("month_1", _t("At least one month has work."))
        return cleaned

    def _months(self) -> list[float]:
        return [self.cleaned_data.get(f"month_{n}") or 0.0 for n in range(1, 13)]

    def wanted(self) -> dict[str, Any]:
        """Return the fields of the line; months as coefficients with a mean of 1."""
        fields = {
            InventoryLine._meta.get_field(name).attname: self.cleaned_data[name] for name in FIELDS
        }
        for name in ("site_id", "service_id"):
            row = fields[name]
            fields[name] = row.pk if row is not None else None
        months = self._months()
        same = len(set(months)) == 1
        return fields | {"months": [] if same else [round(m, 6) for m in months_of(months)]}

    @property
    def groups(self) -> list[tuple[Any, list[Any]]]:
        """Return the fields in the order in which one talks of them, under headings."""
        parts = [
            (_t("The work"), FIELDS[:9]),
            (_t("How often and how long"), [*FIELDS[9:15], "deadline", "late_means"]),
            (_t("How it is done"), FIELDS[17:27]),
            (_t("What goes wrong"), FIELDS[27:30]),
            (_t("Where it goes"), ["value", "target", "local_reason"]),
            (_t("How that is known"), ["evidence", "confidence"]),
            (_t("Months (1: as usual)"), [f"month_{n}" for n in range(1, 13)]),
        ]
        return [(label, [self[name] for name in names]) for label, names in parts]

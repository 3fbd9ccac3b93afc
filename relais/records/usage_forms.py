"""What is typed of a package: nothing typed is lost, an error names the field."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy

from relais.offer.models import Service
from relais.people.access import Access

from .models import UsagePlan
from .models.usage_plan import word_of

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
ALERTS = "50, 75, 90, 100"
MOST = 1_000_000
POINT = re.compile(r"^\s*(?P<code>[\w-]+)\s*[=:]\s*(?P<points>\d+(?:[.,]\d+)?)\s*$")


class PackageForm(forms.Form):
    """A version of a package, in the client's words; amounts in euros."""

    starts_on = forms.DateField(label=gettext_lazy("from"), widget=DAY)
    unit = forms.ChoiceField(label=gettext_lazy("counted in"), choices=UsagePlan.Unit.choices)
    included = forms.DecimalField(
        label=gettext_lazy("included a month"), min_value=0, max_value=MOST, decimal_places=2
    )
    price = forms.DecimalField(
        label=gettext_lazy("price of a month (€)"), min_value=0, max_value=MOST, decimal_places=2,
        initial=0,
    )  # fmt: skip
    rounding_minutes = forms.IntegerField(
        label=gettext_lazy("each request rounded up to (minutes)"), min_value=1, max_value=480,
        initial=1,
    )  # fmt: skip
    urgent_times = forms.DecimalField(
        label=gettext_lazy("a critical request counts (times)"), min_value=1, max_value=10,
        decimal_places=2, initial=1,
    )  # fmt: skip
    carried_months = forms.IntegerField(
        label=gettext_lazy("what is left may be used for (months)"), min_value=0, max_value=120,
        initial=0, required=False, help_text=gettext_lazy("0: not at all; empty: for ever"),
    )  # fmt: skip
    carried_percent = forms.DecimalField(
        label=gettext_lazy("carried over at most (% of the package)"), min_value=0, max_value=1000,
        decimal_places=2, required=False,
    )  # fmt: skip
    carried_units = forms.DecimalField(
        label=gettext_lazy("carried over at most (units)"), min_value=0, max_value=MOST,
        decimal_places=2, required=False,
    )  # fmt: skip
    overage = forms.ChoiceField(
        label=gettext_lazy("beyond the package"), choices=UsagePlan.Overage.choices
    )
    over_price = forms.DecimalField(
        label=gettext_lazy("price of a unit beyond (€)"), min_value=0, max_value=MOST,
        decimal_places=2, initial=0,
    )  # fmt: skip
    alerts = forms.CharField(
        label=gettext_lazy("both referents are told at (%)"), max_length=100, initial=ALERTS,
        required=False,
    )  # fmt: skip
    points = forms.CharField(
        label=gettext_lazy("points by service, one a line: code = points"), max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}), required=False,
    )  # fmt: skip
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    def __init__(self, data: Any, access: Access, held: UsagePlan | None, first: date) -> None:
        super().__init__(data, initial=_initial(held) | {"starts_on": first})
        self.access = access

    def clean_alerts(self) -> list[int]:
        """Return the percentages. An error names what is none."""
        found = []
        for word in re.split(r"[\s,;]+", self.cleaned_data["alerts"].strip()):
            if word and not (word.isdecimal() and len(word) < 5):
                raise forms.ValidationError(
                    _t("“%(word)s” is no percentage: give whole numbers."), params={"word": word}
                )
            found += [int(word)] if word else []
        return found

    def clean_points(self) -> dict[str, float]:
        """Return the points of each service. An error names the line."""
        lines = [line for line in self.cleaned_data["points"].splitlines() if line.strip()]
        codes = set(self.access.see(Service).values_list("code", flat=True)) if lines else set()
        found: dict[str, float] = {}
        for line in lines:
            read = POINT.match(line)
            if read is None or read["code"] not in codes:
                text = _t("“%(line)s”: write the code of a service, =, and its points.")
                raise forms.ValidationError(text, params={"line": line[:80]})
            found[read["code"]] = float(read["points"].replace(",", ".")[:12])
        return found

    @property
    def terms(self) -> dict[str, Any]:
        """Return what was typed, as a package takes it."""
        sent = dict(self.cleaned_data)
        sent.pop("seen"), sent.pop("starts_on")
        sent["price_cents"] = int(sent.pop("price") * 100)
        sent["over_cents"] = int(sent.pop("over_price") * 100)
        return sent


def _initial(held: UsagePlan | None) -> dict[str, Any]:
    if held is None:
        return {"seen": 0}
    told = {name: getattr(held, name) for name in UsagePlan.TERMS}
    return told | {
        "price": held.price_cents / 100,
        "over_price": held.over_cents / 100,
        "alerts": ", ".join(map(str, held.alerts)),
        "points": "\n".join(f"{code} = {points:g}" for code, points in held.points.items()),
        "seen": held.number,
    }


def terms_of(plan: UsagePlan) -> list[tuple[str, Any]]:
    """Return the rules of a package as they are read, one by one, with their words."""
    told: list[tuple[str, Any]] = [
        (word_of("unit"), plan.get_unit_display()),
        (word_of("included"), plan.included),
    ]
    if plan.unit == UsagePlan.Unit.HOURS:
        told.append((word_of("rounding_minutes"), plan.rounding_minutes))
    if plan.urgent_times != 1:
        told.append((word_of("urgent_times"), plan.urgent_times))
    months = plan.carried_months
    carried = _t("for ever") if months is None else _t("not at all") if months == 0 else months
    told.append((word_of("carried_months"), carried))
    told += [
        (word_of(name), getattr(plan, name))
        for name in ("carried_percent", "carried_units")
        if getattr(plan, name) is not None and months != 0
    ]
    told.append((word_of("overage"), plan.get_overage_display()))
    told.append((word_of("alerts"), ", ".join(f"{one} %" for one in plan.alerts) or "—"))
    if plan.points:
        points = ", ".join(f"{code} {points:g}" for code, points in plan.points.items())
        told.append((word_of("points"), points))
    if plan.held:
        told.append((word_of("held"), ", ".join(plan.held)))
    return told

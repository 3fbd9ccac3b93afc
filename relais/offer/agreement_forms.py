"""What people type into a draft: dates, places, targets line by line, clauses, credits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from relais.lib.kept_form import QuickSelect
from relais.people.access import Access
from relais.people.models import Company

from .models import AgreementCredit, AgreementTarget, AgreementVersion, Service
from .reading import PRIORITIES, Names
from .terms import (
    CLOSE_AFTER_DAYS,
    REMIND_AFTER_DAYS,
    SILENCE,
    CreditTerms,
    Scope,
    TargetTerms,
    Terms,
)

MOST_ROWS = 100
MOST_CLAUSES = 50
LONGEST_CLAUSE = 1000
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
CREDIT_FIELDS = (
    "monthly_fee",
    "pool_pct",
    "rule",
    "cap_pct",
    "repeat_from",
    "repeat_by",
    "earn_back_months",
)


class NewAgreementForm(forms.Form):
    """Whose agreement, and what it is called."""

    company = forms.ModelChoiceField(Company.objects.none(), label=gettext_lazy("Client company"))
    name = forms.CharField(label=gettext_lazy("Name of the agreement"), max_length=200)

    def __init__(self, *args: Any, companies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["company"].queryset = companies


class Later(forms.DateField):
    """A day that a draft may lack and a signature may not: not called optional."""

    needed_later = True


def _day(label: Any, help_text: Any = "", kind: type[forms.DateField] = Later) -> forms.DateField:
    return kind(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
    )


class FrameForm(forms.Form):
    """All of a draft that is not a list of lines."""

    effective_from = _day(gettext_lazy("In force from"), gettext_lazy("Needed before signing."))
    ends_on = _day(
        gettext_lazy("Last day"), gettext_lazy("Leave empty if it has no end."), forms.DateField
    )
    note = forms.CharField(
        label=gettext_lazy("What changes and why"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    remind_after_days = forms.IntegerField(
        label=gettext_lazy("Reminder after working days without an answer"),
        required=False,
        max_value=32767,
        initial=REMIND_AFTER_DAYS,
        help_text=gettext_lazy("Leave empty for none."),
    )
    close_after_days = forms.IntegerField(
        label=gettext_lazy("Held to be accepted after working days without an answer"),
        required=False,
        max_value=32767,
        initial=CLOSE_AFTER_DAYS,
        help_text=gettext_lazy("Leave empty for never."),
    )
    approval_pauses = forms.BooleanField(
        label=gettext_lazy("The promise stands still while the client has to approve an amount"),
        required=False,
        initial=True,
    )
    exclusions = forms.CharField(
        label=gettext_lazy("What does not count"),
        required=False,
        help_text=gettext_lazy("One case a line."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    obligations = forms.CharField(
        label=gettext_lazy("Duties of the client"),
        required=False,
        help_text=gettext_lazy("One duty a line."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    with_credits = forms.BooleanField(
        label=gettext_lazy("Credits are given when promises are missed"), required=False
    )
    monthly_fee = forms.DecimalField(
        label=gettext_lazy("Monthly fee before tax (€)"),
        required=False,
        max_digits=12,
        decimal_places=2,
    )
    pool_pct = forms.DecimalField(
        label=gettext_lazy("Share at risk (%)"),
        required=False,
        max_digits=5,
        decimal_places=2,
        initial=10,
    )
    rule = forms.ChoiceField(
        label=gettext_lazy("How much is credited"),
        required=False,
        choices=AgreementCredit.Rule.choices,
    )
    cap_pct = forms.DecimalField(
        label=gettext_lazy("At most (% of the share at risk)"),
        required=False,
        max_digits=5,
        decimal_places=2,
        initial=100,
    )
    repeat_from = forms.IntegerField(
        label=gettext_lazy("Repeated miss: from the month"),
        required=False,
        initial=3,
        max_value=120,
    )
    repeat_by = forms.DecimalField(
        label=gettext_lazy("Repeated miss: times"),
        required=False,
        max_digits=4,
        decimal_places=2,
        initial=Decimal("1.5"),
    )
    earn_back_months = forms.IntegerField(
        label=gettext_lazy("Earned back after months"), required=False, initial=3, max_value=120
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in CREDIT_FIELDS:  # asked for once credits are given
            self.fields[name].needed_later = True

    def clean_effective_from(self) -> date | None:
        """Refuse a day that no calendar reaches."""
        return _reachable(self.cleaned_data["effective_from"])

    def clean_ends_on(self) -> date | None:
        """Refuse a day that no calendar reaches."""
        return _reachable(self.cleaned_data["ends_on"])

    def clean_exclusions(self) -> tuple[str, ...]:
        """Return the lines."""
        return _lines(self.cleaned_data["exclusions"])

    def clean_obligations(self) -> tuple[str, ...]:
        """Return the lines."""
        return _lines(self.cleaned_data["obligations"])

    def clean(self) -> dict[str, Any] | None:
        """Ask for the numbers of the credits once they are wanted."""
        cleaned = super().clean() or {}
        if cleaned.get("with_credits"):
            for name in CREDIT_FIELDS:
                if name not in self.errors and cleaned.get(name) in (None, ""):
                    self.add_error(name, _("Credits need this: fill it in."))
        return cleaned

    def credits(self) -> CreditTerms | None:
        """Return the credits as typed."""
        data = self.cleaned_data
        if not data["with_credits"]:
            return None
        return CreditTerms(**{name: data[name] for name in CREDIT_FIELDS})


def _reachable(day: date | None) -> date | None:
    if day is not None and not FIRST_DAY <= day <= LAST_DAY:
        raise forms.ValidationError(_("Give a day between 2000 and 2100."))
    return day


def _lines(text: str) -> tuple[str, ...]:
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    if len(lines) > MOST_CLAUSES:
        raise forms.ValidationError(_("At most %(n)d lines.") % {"n": MOST_CLAUSES})
    for number, line in enumerate(lines, start=1):
        if len(line) > LONGEST_CLAUSE:
            text = _("Line %(line)d: at most %(n)d letters.")
            raise forms.ValidationError(text % {"line": number, "n": LONGEST_CLAUSE})
    return lines


class ScopeForm(forms.Form):
    """A place and a family."""

    place = forms.ChoiceField(label=gettext_lazy("Place"), widget=QuickSelect, initial="company")
    family = forms.ChoiceField(label=gettext_lazy("Family"), widget=QuickSelect, required=False)

    def __init__(self, *args: Any, names: Names, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = [
            ("company", _("The whole company")),
            (_("Legal entities"), [(f"entity:{pk}", n) for pk, n in names.entities.items()]),
            (_("Sites"), [(f"site:{pk}", name) for pk, name in names.sites.items()]),
        ]
        self.fields["family"].choices = [("", _("All families")), *Service.Family.choices]

    def value(self) -> Scope:
        """Return the line as a plain value."""
        kind, _colon, key = self.cleaned_data["place"].partition(":")
        return Scope(
            entity=int(key) if kind == "entity" else None,
            site=int(key) if kind == "site" else None,
            family=self.cleaned_data["family"],
        )


def _number(label: Any, digits: int, places: int, **more: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, max_digits=digits, decimal_places=places, **more)


class TargetForm(forms.Form):
    """One promise. Hours or working days: both fields stand side by side, one is filled."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Promise"),
        choices=AgreementTarget.Kind.choices,
        widget=QuickSelect,
        initial="first_response",
    )
    of = forms.ChoiceField(label=gettext_lazy("For"), widget=QuickSelect, required=False)
    priority = forms.TypedChoiceField(
        label=gettext_lazy("Priority"),
        coerce=int,
        empty_value=None,
        required=False,
        widget=QuickSelect,
    )
    hours = _number(gettext_lazy("Opening hours"), 6, 2, required=False)
    days = forms.IntegerField(label=gettext_lazy("Working days"), required=False, max_value=32767)
    statistic = forms.ChoiceField(
        label=gettext_lazy("Measured by"),
        choices=AgreementTarget.STATISTICS,
        widget=QuickSelect,
        initial=AgreementTarget.STATISTICS[0][0],
    )
    expected = _number(gettext_lazy("Expected level"), 7, 2, initial=92)
    target = _number(gettext_lazy("Target level"), 7, 2, initial=96)
    critical = _number(gettext_lazy("Critical level"), 7, 2, initial=85)
    window = forms.ChoiceField(
        label=gettext_lazy("Measured over"),
        choices=AgreementTarget.Window.choices,
        widget=QuickSelect,
        initial="month",
    )
    smallest_sample = forms.IntegerField(
        label=gettext_lazy("Smallest sample"), initial=20, min_value=1, max_value=1_000_000
    )
    weight = _number(gettext_lazy("Weight in credits"), 4, 3, initial=0)

    def __init__(self, *args: Any, names: Names, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        families = [(f"family:{code}", name) for code, name in Service.Family.choices]
        services = [(f"service:{pk}", name) for pk, name in names.services.items()]
        self.fields["of"].choices = [
            ("", _("Every request")),
            (_("Families"), families),
            (_("Services"), services),
        ]
        self.fields["priority"].choices = [
            ("", pgettext_lazy("priorities", "All")),
            *PRIORITIES.items(),
        ]

    def value(self) -> TargetTerms:
        """Return the line as a plain value."""
        data = dict(self.cleaned_data)
        kind, _colon, key = data.pop("of").partition(":")
        return TargetTerms(
            service=int(key) if kind == "service" else None,
            family=key if kind == "family" else "",
            **data,
        )


class _Rows(forms.BaseFormSet):
    """Lines that are typed; one that was added and left as it came is no line."""

    def __init__(self, *args: Any, names: Names, **kwargs: Any) -> None:
        super().__init__(*args, form_kwargs={"names": names}, **kwargs)

    @property
    def kept(self) -> list[Any]:
        """Return the lines that were filled in."""
        return [form for form in self.forms if form.has_changed()]


class ScopeRows(_Rows):
    """The places; here a line as it came is one: the whole company."""

    @property
    def kept(self) -> list[Any]:
        """Return all lines."""
        return list(self.forms)

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)
        form.empty_permitted = False
        return form


_MORE = {"extra": 0, "max_num": MOST_ROWS, "absolute_max": MOST_ROWS, "validate_max": True}
ScopeFormSet = forms.formset_factory(ScopeForm, formset=ScopeRows, **_MORE)
TargetFormSet = forms.formset_factory(TargetForm, formset=_Rows, **_MORE)


class DraftForm:
    """A whole draft as typed. `seen` is the revision that the person had before her eyes."""

    def __init__(
        self, access: Access, version: AgreementVersion, data: QueryDict | None = None
    ) -> None:
        names = Names.of(access, version.agreement)
        bound = data is not None
        self.version = version
        self.errors: list[str] = []
        # Where the keyboard goes on after a line was removed: the list, and the line (-1: none).
        self.focus, self.focus_at = "", -1
        self.seen = version.revision if data is None else _revision(data.get("seen", ""))
        told = version.terms()
        self.frame = FrameForm(data, initial=_frame(told))
        # Typed lines are compared with empty ones, never with those kept at the same place.
        scopes = None if bound else [_scope(each) for each in told.scopes]
        targets = None if bound else [_target(each) for each in told.targets]
        self.scopes = ScopeFormSet(data, prefix="scopes", names=names, initial=scopes)
        self.targets = TargetFormSet(data, prefix="targets", names=names, initial=targets)

    @property
    def is_refused(self) -> bool:
        """Return whether something is to be mended."""
        return bool(
            self.errors
            or self.frame.errors
            or any(self.scopes.errors)
            or any(self.targets.errors)
            or self.scopes.non_form_errors()
            or self.targets.non_form_errors()
        )

    def is_valid(self) -> bool:
        """Return whether each field holds what it may hold; the terms as a whole come later."""
        # Each is asked, so that all mends are shown at once.
        return all([self.frame.is_valid(), self.scopes.is_valid(), self.targets.is_valid()])

    def terms(self) -> Terms:
        """Return the terms as typed."""
        data = self.frame.cleaned_data
        return Terms(
            **{name: data[name] for name in ("effective_from", "ends_on", "note", *SILENCE)},
            approval_pauses=data["approval_pauses"],
            scopes=tuple(form.value() for form in self.scopes.kept),
            targets=tuple(form.value() for form in self.targets.kept),
            exclusions=data["exclusions"],
            obligations=data["obligations"],
            credits=self.frame.credits(),
        )

    def refuse(self, faults: list[tuple[str, str]]) -> None:
        """Put each fault where it is mended."""
        for field, mend in faults:
            parts = field.split(".")
            if parts[0] == "targets" and len(parts) > 1:
                form = self.targets.kept[int(parts[1])]
                name = parts[2] if len(parts) > 2 else None
                name = "of" if name in ("service", "family") else name
                form.add_error(name if name in form.fields else None, mend)
            elif parts[0] == "credits":
                self.frame.add_error(parts[1] if len(parts) > 1 else "with_credits", mend)
            elif field in self.frame.fields:
                self.frame.add_error(field, mend)
            else:
                self.errors.append(mend)

    def overtaken(self, text: str, now: AgreementVersion) -> None:
        """Say that somebody was first; who saves again does so knowingly."""
        self.errors.append(text)
        self.seen = now.revision


def _revision(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _frame(told: Terms) -> dict[str, Any]:
    found: dict[str, Any] = {
        "effective_from": told.effective_from,
        "ends_on": told.ends_on,
        "note": told.note,
        **{name: getattr(told, name) for name in (*SILENCE, "approval_pauses")},
        "exclusions": "\n".join(told.exclusions),
        "obligations": "\n".join(told.obligations),
        "with_credits": told.credits is not None,
    }
    if told.credits is not None:
        found |= {name: _short(getattr(told.credits, name)) for name in CREDIT_FIELDS}
    return found


def _scope(scope: Scope) -> dict[str, Any]:
    place = "company"
    if scope.site:
        place = f"site:{scope.site}"
    elif scope.entity:
        place = f"entity:{scope.entity}"
    return {"place": place, "family": scope.family}


def _target(target: TargetTerms) -> dict[str, Any]:
    of = f"family:{target.family}" if target.family else ""
    values = {name: _short(getattr(target, name)) for name in target.__slots__}
    return values | {"of": f"service:{target.service}" if target.service else of}


def _short(value: Any) -> Any:
    """Return a number without idle zeros: they make a row hard to read."""
    return Decimal(format(value.normalize(), "f")) if isinstance(value, Decimal) else value


def with_row_added(data: QueryDict, prefix: str) -> QueryDict:
    """Return what was typed with one more line, empty."""
    data, total = data.copy(), _total(data, prefix)
    if total < MOST_ROWS:
        fields = (TargetForm if prefix == "targets" else ScopeForm).base_fields
        for name, field in fields.items():
            data[f"{prefix}-{total}-{name}"] = "" if field.initial is None else str(field.initial)
        data[f"{prefix}-TOTAL_FORMS"] = str(total + 1)
    return data


def without_row(data: QueryDict, prefix: str, row: int) -> QueryDict:
    """Return what was typed without one line; those below move up."""
    data = data.copy()
    total = _total(data, prefix)
    if not 0 <= row < total:
        return data
    for number in range(row, total):
        mine, below = f"{prefix}-{number}-", f"{prefix}-{number + 1}-"
        for name in [key for key in data if key.startswith(mine)]:
            del data[name]
        for name in [key for key in data if key.startswith(below)]:
            data[mine + name.removeprefix(below)] = data[name]
    data[f"{prefix}-TOTAL_FORMS"] = str(total - 1)
    return data


def _total(data: QueryDict, prefix: str) -> int:
    return min(_revision(data.get(f"{prefix}-TOTAL_FORMS", "")), MOST_ROWS)

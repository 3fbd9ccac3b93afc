"""Forms on rows that others may hold too: nobody's change is lost, the database's word is heard."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.db import IntegrityError, models, transaction
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _


class KeptForm(forms.ModelForm):
    """A form that tells when the row was changed by somebody else while it was open.

    The view fetches the row anew (locked) for each POST. `keep` saves it, or leaves the refusal of
    the database as an error of the form.
    """

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = {name: self._of_row(name) for name in self._kept_fields}
        self.initial["seen"] = self.fields["seen"].initial = self._digest

    @property
    def _kept_fields(self) -> list[str]:
        known = {field.name for field in self._meta.model._meta.fields}
        return [name for name in self.fields if name in known]

    def _of_row(self, name: str) -> Any:
        return self._meta.model._meta.get_field(name).value_from_object(self.instance)

    @cached_property
    def _digest(self) -> str:
        """Return a mark of the row as it was fetched; empty for a new row."""
        if self.instance.pk is None:
            return ""
        text = repr(sorted((name, str(value)) for name, value in self.before.items()))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def clean(self) -> dict[str, Any] | None:
        """Refuse once when somebody else changed the row meanwhile; a second save goes through."""
        cleaned = super().clean()
        posted = self.data.get(self.add_prefix("seen"), "")
        if self._digest and posted != self._digest:
            self.data = self.data.copy()
            self.data[self.add_prefix("seen")] = self._digest
            raise forms.ValidationError(
                _(
                    "Somebody changed this while the form was open. Compare with what is kept "
                    "now, then save again if your version shall hold."
                ),
                code="changed",
            )
        return cleaned

    def keep(self) -> Any:
        """Return the saved row, or None after adding the database's refusal to the errors."""
        try:
            with transaction.atomic():
                return self.save()
        except IntegrityError as error:
            add_refusal(self, self._meta.model, error)
            return None

    @property
    def changes(self) -> dict[str, list[str]]:
        """Return what the form changed, old and new, by field."""
        changed = {}
        for name, old in self.before.items():
            new = self._of_row(name)
            if str(old) != str(new):
                changed[name] = [self._shown(name, old), self._shown(name, new)]
        return changed

    def _shown(self, name: str, value: Any) -> str:
        """Return a value as one reads it later: the name of what a key refers to."""
        field = self._meta.model._meta.get_field(name)
        if value is not None and field.is_relation:
            value = field.related_model._base_manager.filter(pk=value).first()
        return "" if value is None else str(value)


def add_refusal(form: forms.BaseForm, model: type[models.Model], error: IntegrityError) -> None:
    """Add a refusal of the database to the field that it concerns.

    Only its first line: the details may name a row of somebody else.
    """
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
    rule = next((one for one in model._meta.constraints if one.name == name), None)
    fields = [one.removesuffix("_key") for one in getattr(rule, "fields", ())]
    named = [one for one in fields if one in form.fields]
    field = named[-1] if named else None
    if rule is not None and rule.violation_error_message != rule.default_violation_error_message:
        form.add_error(field, rule.violation_error_message)
    elif isinstance(rule, models.UniqueConstraint):
        form.add_error(field, _("This exists already."))
    else:
        text = str(error).splitlines()[0]
        form.add_error(None, _("The database refuses this: %(detail)s") % {"detail": text})


class QuickSelect(forms.Select):
    """A choice drawn in one go: thousands of options cost thousands of templates otherwise."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the element with all its options."""
        built = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        css = " ".join(filter(None, ["form-select", str(built.pop("class", ""))]))
        chosen = {str(one) for one in self.format_value(value)}
        options = format_html_join("", "{}", ((_option(*one, chosen),) for one in self.choices))
        return format_html('<select class="{}"{}>{}</select>', css, _attributes(built), options)


def _option(value: Any, text: Any, chosen: set[str]) -> SafeString:
    if isinstance(text, list | tuple):
        inner = format_html_join("", "{}", ((_option(*one, chosen),) for one in text))
        return format_html('<optgroup label="{}">{}</optgroup>', value, inner)
    key = "" if value is None else str(value)
    mark = mark_safe(" selected") if key in chosen else ""
    return format_html('<option value="{}"{}>{}</option>', key, mark, text)


class SuggestInput(forms.TextInput):
    """A line with suggestions: fixed ones, or asked for from `url` while one types."""

    def __init__(self, options: Any = (), url: str = "", attrs: Any = None) -> None:
        super().__init__(attrs)
        self.options, self.url = options, url

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the line and its list of suggestions."""
        list_id = f"{(attrs or {}).get('id', name)}-list"
        more: dict[str, Any] = {"list": list_id, "autocomplete": "off"}
        if self.url:
            more |= {
                # The line is sent under its own name: the address says under which.
                "hx-get": f"{self.url}{'&' if '?' in self.url else '?'}field={name}",
                "hx-trigger": "input changed delay:200ms",
                "hx-target": f"#{list_id}",
                "hx-sync": "this:replace",
            }
        line = super().render(name, value, {**(attrs or {}), **more}, renderer)
        options = self.options() if callable(self.options) else self.options
        drawn = format_html_join("", '<option value="{}">', ((one,) for one in options))
        return format_html('{}<datalist id="{}">{}</datalist>', line, list_id, drawn)


def _attributes(attrs: dict[str, Any]) -> SafeString:
    return format_html_join(
        "",
        ' {}="{}"',
        (
            (key, "" if value is True else value)
            for key, value in attrs.items()
            if value is not False
        ),
    )

"""Fields of forms drawn in one go: a template for each widget, option and field takes ten times it.

What is not drawn here has its template as before (choices with boxes, files, whole forms).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.utils.html import conditional_escape as escape
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

INPUTS = (
    "text", "number", "email", "url", "search", "tel", "color", "password", "hidden", "date",
    "datetime", "time", "checkbox",
)  # fmt: skip


class Renderer(TemplatesSetting):
    """Draws by hand what every form is made of, and the rest by the project's templates."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """Return the HTML of a widget, a field, a list of errors or a form."""
        if (draw := DRAWN.get(template_name)) is not None:
            return draw(context)
        if template_name == ERRORS and not context["errors"]:
            return SafeString("")
        drawn: str = super().render(template_name, context, request)
        return drawn


def _attrs(widget: dict[str, Any]) -> str:
    parts = []
    for name, value in widget["attrs"].items():
        if name != "class" and value is not False:
            parts.append(f" {name}" if value is True else f' {name}="{escape(value)}"')
    return "".join(parts)


def _css(widget: dict[str, Any], base: str) -> str:
    more = widget["attrs"].get("class")
    return f' class="{base} {escape(more)}"' if more else f' class="{base}"'


def _input(context: dict[str, Any]) -> SafeString:
    widget = context["widget"]
    kind, value = widget["type"], widget["value"]
    given = "" if value is None else f' value="{escape(value)}"'
    box = kind in ("checkbox", "radio")
    css = "" if kind == "hidden" else _css(widget, "form-check-input" if box else "form-control")
    name = escape(widget["name"])
    return SafeString(f'<input type="{kind}" name="{name}"{given}{css}{_attrs(widget)}>')


def _textarea(context: dict[str, Any]) -> SafeString:
    widget = context["widget"]
    head = f'<textarea name="{escape(widget["name"])}"{_css(widget, "form-control")}'
    return SafeString(f"{head}{_attrs(widget)}>\n{escape(widget['value'] or '')}</textarea>")


def _select(context: dict[str, Any]) -> SafeString:
    widget = context["widget"]
    head = f'<select name="{escape(widget["name"])}"{_css(widget, "form-select")}{_attrs(widget)}>'
    parts = [head]
    for group, options, _index in widget["optgroups"]:
        if group:
            parts.append(f'<optgroup label="{escape(group)}">')
        for option in options:
            value, label = escape(option["value"]), escape(option["label"])
            parts.append(f'<option value="{value}"{_attrs(option)}>{label}</option>')
        if group:
            parts.append("</optgroup>")
    parts.append("</select>")
    return SafeString("".join(parts))


def _field(context: dict[str, Any]) -> SafeString:
    """Return a field with its label, its hint and what is wrong with it."""
    field = context["field"]
    label, css = escape(capfirst(field.label)), f"mb-3 {escape(field.css_classes())}"
    hint = ""
    if field.help_text:
        of = f' id="{field.auto_id}_helptext"' if field.auto_id else ""
        hint = f'<div class="form-hint"{of}>{field.help_text}</div>'
    if field.widget_type == "checkbox":
        box = f'<label class="form-check">{field}<span class="form-check-label">{label}</span>'
        return SafeString(f'<div class="{css}">{box}</label>{hint}{field.errors}</div>')
    tag, head, described = "div", "", ""
    if field.use_fieldset:
        tag = "fieldset"
        if field.aria_describedby:
            described = f' aria-describedby="{field.aria_describedby}"'
    if field.label:
        asked = field.field.required or getattr(field.field, "needed_later", False)
        text = (
            label if asked else f'{label} <span class="optional">{escape(_("(optional)"))}</span>'
        )
        if field.use_fieldset:
            head = f'<legend class="form-label">{text}</legend>'
        else:
            head = f'<label class="form-label" for="{field.id_for_label}">{text}</label>'
    inner = f"{head}{field}{hint}{field.errors}"
    return SafeString(f'<{tag}{described} class="{css}">{inner}</{tag}>')


ERRORS = "django/forms/errors/list/default.html"
WIDGETS = "django/forms/widgets"
DRAWN: dict[str, Callable[[dict[str, Any]], SafeString]] = {
    **{f"{WIDGETS}/{kind}.html": _input for kind in INPUTS},
    f"{WIDGETS}/textarea.html": _textarea,
    f"{WIDGETS}/select.html": _select,
    "django/forms/field.html": _field,
}

"""Fields drawn by hand are what Django's own templates say, with our classes."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.test.html import parse_html

from relais.lib.drawn_forms import Renderer

EVIL = "<b>\"'&"
FRUITS = [("", "—"), (1, EVIL), ("Autres", [("x", "X"), ("y", EVIL)])]
WIDGETS = [
    (forms.TextInput(attrs={"maxlength": 5, "required": True, "disabled": False}), EVIL),
    (forms.NumberInput(attrs={"data-x": EVIL}), 0),
    (forms.EmailInput(), None),
    (forms.PasswordInput(), "x"),
    (forms.HiddenInput(attrs={"class": "c"}), EVIL),
    (forms.DateTimeInput(attrs={"type": "datetime-local"}), "2026-11-23T10:00"),
    (forms.CheckboxInput(attrs={"class": "more"}), True),
    (forms.CheckboxInput(), False),
    (forms.Textarea(attrs={"rows": 3, "class": "more"}), EVIL),
    (forms.Textarea(), None),
    (forms.Select(choices=FRUITS), "y"),
    (forms.Select(attrs={"class": "more"}, choices=FRUITS), 1),
    (forms.SelectMultiple(choices=FRUITS), ["1", "x"]),
    (forms.NullBooleanSelect(), None),
]


@pytest.mark.parametrize(("widget", "value"), WIDGETS, ids=lambda one: type(one).__name__)
def test_a_widget_says_what_django_s_template_says(widget, value):
    ours = widget.render("a<name", value, {"id": "id_a"}, Renderer())
    theirs = widget.render("a<name", value, {"id": "id_a"}, DjangoTemplates())
    plain = [re.sub(r' class="[^"]*"', "", one) for one in (ours, theirs)]
    assert parse_html(plain[0]) == parse_html(plain[1])
    assert ("more" in ours) == ("more" in theirs)


class Asked(forms.Form):
    name = forms.CharField(label=EVIL, help_text="De <em>quoi</em>")
    note = forms.CharField(label="note", required=False)
    sure = forms.BooleanField(label="sûr", help_text="Ou non")
    kind = forms.ChoiceField(label="sorte", widget=forms.RadioSelect, choices=[("a", EVIL)])


def test_a_field_has_its_label_hint_and_errors():
    drawn = {one.name: one.as_field_group() for one in Asked({}, renderer=Renderer())}
    assert (
        '<label class="form-label" for="id_name">&lt;b&gt;&quot;&#x27;&amp;</label>'
        in drawn["name"]
    )
    assert '<div class="form-hint" id="id_name_helptext">De <em>quoi</em></div>' in drawn["name"]
    assert 'class="field-errors" id="id_name_error"' in drawn["name"]
    assert 'class="optional"' in drawn["note"]
    assert "field-errors" not in drawn["note"]
    assert drawn["note"].startswith('<div class="mb-3 ')
    assert '<span class="form-check-label">Sûr</span></label>' in drawn["sure"]
    assert 'id="id_sure_helptext"' in drawn["sure"]
    assert "field-errors" in drawn["sure"]
    assert drawn["kind"].startswith("<fieldset")
    assert '<legend class="form-label">Sorte</legend>' in drawn["kind"]
    assert "<b>" not in drawn["kind"]

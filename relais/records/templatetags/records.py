"""How service reviews are drawn."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_currency
from django import template

from relais.lib.formats import babel_locale

register = template.Library()


@register.filter
def cents(amount: int) -> str:
    """Return an amount in cents as it is read in euros: "1 234,50 €"."""
    return format_currency(Decimal(amount) / 100, "EUR", locale=babel_locale())

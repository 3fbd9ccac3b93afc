"""Identifiers that the outside world gives: SIREN, SIRET, time zones."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum.exceptions import ValidationError as InvalidNumber
from stdnum.fr import siren, siret


def clean_siren(text: str) -> str:
    """Return the nine digits of a SIREN typed with spaces or dots."""
    return siren.compact(text.replace("\u00a0", " ").replace("\u202f", " ")).strip()


def clean_siret(text: str) -> str:
    """Return the fourteen digits of a SIRET typed with spaces or dots."""
    return siret.compact(text.replace("\u00a0", " ").replace("\u202f", " ")).strip()


def shown_siren(number: str) -> str:
    """Return a SIREN in groups of three, kept together by no-break spaces."""
    return "\u00a0".join(number[at : at + 3] for at in range(0, len(number), 3))


def shown_siret(number: str) -> str:
    """Return a SIRET as one reads it: its SIREN, then five digits."""
    return f"{shown_siren(number[:9])}\u00a0{number[9:]}"


def validate_siren(value: str) -> None:
    """Raise ValidationError unless `value` is a SIREN with a right control digit."""
    try:
        siren.validate(value)
    except InvalidNumber as error:
        raise ValidationError(
            _("“%(value)s” is no SIREN: nine digits, the last one a control digit."),
            code="siren",
            params={"value": value},
        ) from error


def validate_siret(value: str) -> None:
    """Raise ValidationError unless `value` is a SIRET with a right control digit."""
    try:
        siret.validate(value)
    except InvalidNumber as error:
        raise ValidationError(
            _("“%(value)s” is no SIRET: a SIREN and five digits, the last one a control digit."),
            code="siret",
            params={"value": value},
        ) from error


ZONE_TEXT = _("“%(value)s” is no time zone: choose one such as Europe/Paris or Indian/Reunion.")


def validate_zone(value: str) -> None:
    """Raise ValidationError unless `value` names an IANA time zone."""
    if value not in available_timezones():
        raise ValidationError(
            ZONE_TEXT,
            code="zone",
            params={"value": value},
        )

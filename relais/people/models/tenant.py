"""The base of every row that belongs to one provider."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import models
from django.utils.encoding import force_str

from relais.lib.tenancy import TenantPolicy


@lru_cache(maxsize=1000)
def _labels(field: Any) -> dict[Any, Any]:
    return dict(field.flatchoices)


class TenantModel(models.Model):
    """A row of one provider: walled in PostgreSQL, referred to inside its provider only."""

    provider = models.ForeignKey(
        "people.Provider",
        models.CASCADE,
        related_name="+",
        editable=False,
        db_index=False,  # the unique constraint below serves
    )

    class Meta:
        abstract = True
        constraints = [
            TenantPolicy(name="%(app_label)s_%(class)s_wall"),
            models.UniqueConstraint(
                fields=["provider", "id"], name="%(app_label)s_%(class)s_in_provider"
            ),
        ]

    def _get_FIELD_display(self, field: Any) -> Any:  # noqa: N802 (Django's name)
        """Return the label of a choice. Django translates every label of the field to find one."""
        value = getattr(self, field.attname)
        return force_str(_labels(field).get(value, value), strings_only=True)

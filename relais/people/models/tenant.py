"""The base of every row that belongs to one provider."""

from __future__ import annotations

from django.db import models

from relais.lib.tenancy import TenantPolicy


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

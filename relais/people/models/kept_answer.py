"""What the API answered to a call that may come again: done once, answered each time."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant

from .person import Person
from .tenant import TenantModel


class KeptAnswer(TenantModel):
    """The answer to one `Idempotency-Key` of one person, kept for a day."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    # Of method, address and body: another call under the same key is a slip of the caller.
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, blank=True)
    body = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["person", "key"], name="people_keptanswer_once"),
            SameTenant(name="people_keptanswer_person_fk", field="person", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.key

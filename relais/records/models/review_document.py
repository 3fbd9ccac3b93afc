"""The documents of a closed month, made once for each state of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models.tenant import TenantModel

from .review import Review


class ReviewDocument(TenantModel):
    """A document as it was made, in one language: a PDF, or one of its drawings (SVG)."""

    class Kind(models.TextChoices):
        REVIEW = "review", _("Service review")
        EXECUTIVE = "executive", _("One page")
        TREND = "trend", _("Month by month")
        SITES = "sites", _("Sites")
        FAMILIES = "families", _("Families")

    review = models.ForeignKey(Review, models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    language = models.CharField(max_length=2)
    content = models.BinaryField()
    # Of what it was made from: a restatement or a word more makes it anew.
    mark = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("document of a review")
        verbose_name_plural = _("documents of reviews")
        ordering = ["kind", "language"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["review", "kind", "language"], name="records_reviewdocument_once"
            ),
            SameTenant(
                name="records_reviewdocument_review_fk", field="review", to="records_review"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review} · {self.kind} · {self.language}"

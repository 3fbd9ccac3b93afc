"""How tickets stand to each other: linked, merged, or told apart by somebody."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel


class Link(TenantModel):
    """One ticket has to do with another of the same company."""

    class Kind(models.TextChoices):
        RELATES = "relates", _("has to do with")
        BLOCKS = "blocks", _("blocks")
        DUPLICATES = "duplicates", _("is the same as")
        FOLLOWS = "follows", _("follows")

    ticket = models.ForeignKey("desk.Ticket", models.PROTECT, related_name="links")
    other = models.ForeignKey("desk.Ticket", models.PROTECT, related_name="links_here")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["ticket", "other", "kind"],
                condition=Q(ended_at=None),
                name="desk_link_once",
            ),
            models.CheckConstraint(condition=~Q(ticket=F("other")), name="desk_link_two"),
            SameTenant(name="desk_link_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_link_other_fk", field="other", to="desk_ticket"),
            SameTenant(name="desk_link_person_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind} {self.other_id}"


class Merge(TenantModel):
    """A ticket is handled within another one until it is parted again. Rows are never dropped."""

    ticket = models.ForeignKey("desk.Ticket", models.PROTECT, related_name="merges")
    into = models.ForeignKey("desk.Ticket", models.PROTECT, related_name="merged_here")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    parted_at = models.DateTimeField(null=True)
    parted_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    # What the ticket and its clocks were, to be given back.
    was = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(parted_at=None), name="desk_merge_once"
            ),
            models.CheckConstraint(condition=~Q(ticket=F("into")), name="desk_merge_two"),
            SameTenant(name="desk_merge_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_merge_into_fk", field="into", to="desk_ticket"),
            SameTenant(name="desk_merge_by_fk", field="by", to="people_person"),
            SameTenant(name="desk_merge_parted_fk", field="parted_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} → {self.into_id}"


class Dismissal(TenantModel):
    """Somebody said that two tickets are not the same; they are not proposed to be again."""

    # The smaller key first: a pair has one row.
    ticket = models.ForeignKey("desk.Ticket", models.PROTECT, related_name="+")
    other = models.ForeignKey("desk.Ticket", models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        verbose_name = _("dismissed duplicate")
        verbose_name_plural = _("dismissed duplicates")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["ticket", "other"], name="desk_dismissal_once"),
            models.CheckConstraint(condition=Q(ticket__lt=F("other")), name="desk_dismissal_order"),
            SameTenant(name="desk_dismissal_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="desk_dismissal_other_fk", field="other", to="desk_ticket"),
            SameTenant(name="desk_dismissal_person_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} ≠ {self.other_id}"

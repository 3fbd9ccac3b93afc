"""Somebody away: who stands in at each site, what moved to whom, and what came back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from relais.desk.models import Ticket
from relais.lib.tenancy import SameTenant
from relais.people.models import Absence, Person, Site
from relais.people.models.tenant import TenantModel
from relais.planning.continuity_errors import OverAlready


class Relief(TenantModel):
    """One absence as the service lives it. Its class stands on the absence, and nowhere else."""

    class State(models.TextChoices):
        DECLARED = "declared", _("Declared")
        UNDONE = "undone", _("Taken back")
        RETURNED = "returned", _("Returned")

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="reliefs", verbose_name=_("assistant")
    )
    absence = models.ForeignKey(Absence, models.SET_NULL, null=True, related_name="+")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.DECLARED
    )
    version = models.PositiveIntegerField(default=1)
    declared_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    declared_at = models.DateTimeField(_("declared"))
    # What she has not begun moves then: at once, or the day before a leave that is far ahead.
    moves_at = models.DateTimeField()
    moved_at = models.DateTimeField(null=True)
    # Which requesters the lead chose to tell, or not: whoever is not in it as the facts say.
    tell = models.JSONField(default=dict)
    ended_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("relief")
        verbose_name_plural = _("reliefs")
        ordering = ["-starts_at", "-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="planning_relief_ends_later"
            ),
            SameTenant(name="planning_relief_person_fk", field="person", to="people_person"),
            SameTenant(name="planning_relief_absence_fk", field="absence", to="people_absence"),
            SameTenant(name="planning_relief_by_fk", field="declared_by", to="people_person"),
            SameTenant(name="planning_relief_ender_fk", field="ended_by", to="people_person"),
        ]
        indexes = [
            # The job asks across providers: whose return or whose moves are due.
            models.Index(
                fields=["ends_at"], name="planning_relief_due", condition=Q(state="declared")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.starts_at:%Y-%m-%d}"

    @property
    def is_on(self) -> bool:
        """Return whether it is still to be lived or being lived."""
        return self.state == self.State.DECLARED

    def turn(self, state: str, **fields: Any) -> None:
        """Go on to `state` if nobody was faster. Raises `OverAlready`."""
        mine = Relief.objects.filter(pk=self.pk, version=self.version, state=self.State.DECLARED)
        if not mine.update(state=state, version=F("version") + 1, **fields):
            raise OverAlready()
        self.state, self.version = state, self.version + 1
        for name, value in fields.items():
            setattr(self, name, value)

    def claim_moves(self, at: datetime) -> bool:
        """Return whether the moves are this caller's to do: of two, one has them."""
        mine = Relief.objects.filter(pk=self.pk, state=self.State.DECLARED, moved_at=None)
        if not mine.update(moved_at=at, version=F("version") + 1):
            return False
        self.moved_at, self.version = at, self.version + 1
        return True


class ReliefSite(TenantModel):
    """Who stands in at a site while somebody is away; nobody is said, never left out."""

    relief = models.ForeignKey(Relief, models.CASCADE, related_name="sites")
    site = models.ForeignKey(Site, models.CASCADE, related_name="+", verbose_name=_("site"))
    backup = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", verbose_name=_("stands in")
    )
    # The facts that spoke for her, as codes and numbers: told in the reader's language.
    facts = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("site in relief")
        verbose_name_plural = _("sites in relief")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["relief", "site"], name="planning_reliefsite_once"),
            SameTenant(name="planning_reliefsite_relief_fk", field="relief", to="planning_relief"),
            SameTenant(name="planning_reliefsite_site_fk", field="site", to="people_site"),
            SameTenant(name="planning_reliefsite_person_fk", field="backup", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.site} · {self.backup or '—'}"


class ReliefMove(TenantModel):
    """A request that left somebody's hands for this absence, and what became of it."""

    class How(models.TextChoices):
        MOVED = "moved", _("Given on by the rules")
        HANDED = "handed", _("Handed over, begun")
        QUEUED = "queued", _("Back in the queue")

    class Outcome(models.TextChoices):
        AWAY = "", _("With whoever stands in")
        BACK = "back", _("Given back")
        STAYED = "stayed", _("Stayed")
        DONE = "done", _("Done meanwhile")

    relief = models.ForeignKey(Relief, models.CASCADE, related_name="moves")
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+")
    how = models.CharField(max_length=10, choices=How.choices)
    to = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("move")
        verbose_name_plural = _("moves")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["relief", "ticket"], name="planning_reliefmove_once"),
            SameTenant(name="planning_reliefmove_relief_fk", field="relief", to="planning_relief"),
            SameTenant(name="planning_reliefmove_ticket_fk", field="ticket", to="desk_ticket"),
            SameTenant(name="planning_reliefmove_to_fk", field="to", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket.reference} → {self.to or '—'}"

"""The clients' tools, and who may get into them: tried, and for how long. Never a password."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant

from .organisation import Company, Site
from .person import Person
from .tenant import TenantModel

# An access that was not tried for so long may have died unnoticed (domain E.4).
TESTED_FOR = timedelta(days=30)
code_of_a_tool = RegexValidator(
    r"^[a-z0-9][a-z0-9_-]{0,39}\Z",
    _("Use small letters, digits, hyphens: “invoicing”, “erp”."),
)


class System(TenantModel):
    """A tool of a client, of one site or of all (`site` empty); services ask for its `code`."""

    company = models.ForeignKey(
        Company, models.CASCADE, related_name="systems", verbose_name=_("company")
    )
    site = models.ForeignKey(
        Site,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="systems",
        verbose_name=_("site"),
        help_text=_("Empty: the same for all sites of the company."),
    )
    code = models.CharField(
        _("kind of tool"),
        max_length=40,
        validators=[code_of_a_tool],
        help_text=_("What services ask for: “invoicing”, “erp”, “travel”…"),
    )
    name = models.CharField(_("name"), max_length=120)

    class Meta(TenantModel.Meta):
        verbose_name = _("client’s tool")
        verbose_name_plural = _("clients’ tools")
        ordering = ["company", "code", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["company", "site", "code"],
                name="people_system_once",
                nulls_distinct=False,
                violation_error_message=_("This place has a tool of this kind already."),
            ),
            SameTenant(name="people_system_company_fk", field="company", to="people_company"),
            SameTenant(name="people_system_site_fk", field="site", to="people_site"),
        ]

    def __str__(self) -> str:
        return self.name


class SystemAccess(TenantModel):
    """Somebody of the staff may get into a tool; it counts while it was tried lately."""

    system = models.ForeignKey(
        System, models.CASCADE, related_name="accesses", verbose_name=_("tool")
    )
    person = models.ForeignKey(
        Person, models.CASCADE, related_name="system_accesses", verbose_name=_("assistant")
    )
    tested_on = models.DateField(_("last tried with success"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("access to a tool")
        verbose_name_plural = _("accesses to tools")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["system", "person"],
                condition=Q(ended_at=None),
                name="people_systemaccess_once",
                violation_error_message=_("This person has an access to this tool already."),
            ),
            SameTenant(name="people_systemaccess_system_fk", field="system", to="people_system"),
            SameTenant(name="people_systemaccess_person_fk", field="person", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.system}"

    def state_on(self, day: date) -> str:
        """Return "good", or why it does not count: "ended", "untested", "stale"."""
        if self.ended_at is not None or (self.ends_on is not None and self.ends_on < day):
            return "ended"
        if self.tested_on is None:
            return "untested"
        return "good" if self.tested_on >= day - TESTED_FOR else "stale"

    @classmethod
    def good_on(cls, day: date) -> Q:
        """Return the rule for accesses that count on a day: `state_on` is "good"."""
        return Q(ended_at=None, tested_on__gte=day - TESTED_FOR) & (
            Q(ends_on=None) | Q(ends_on__gte=day)
        )

    def tried(self, on: date | None = None) -> bool:
        """Note that it was tried with success; return whether that is news. It must stand still."""
        day = on or timezone.localdate()
        mine = SystemAccess.objects.filter(pk=self.pk, ended_at=None)
        if self.tested_on == day or not mine.update(tested_on=day):
            return False
        self.tested_on = day
        return True

    def end(self, at: datetime | None = None) -> bool:
        """End it; return whether it stood. An access that ended is given anew, never revived."""
        at = at or timezone.now()
        if not SystemAccess.objects.filter(pk=self.pk, ended_at=None).update(ended_at=at):
            return False
        self.ended_at = at
        return True

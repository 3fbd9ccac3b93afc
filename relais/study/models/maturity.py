"""How far the tools have come: ten items, of a site or of the whole company."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import BadValue
from relais.engine import inventory
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person, Site
from relais.people.models.tenant import TenantModel

from .study import Study

HIGH = 4


class Item(models.TextChoices):
    """What is looked at, as the engine names it."""

    CALENDARS = "calendars", _("Diaries are shared and kept up")
    SIGNATURE = "signature", _("Documents are signed electronically")
    DOCUMENTS = "documents", _("Documents lie in one shared place, with rights and versions")
    SIGN_ON = "sign_on", _("One sign-in opens the tools, with a second factor")
    TICKETS = "tickets", _("Requests are written down and followed in a tool")
    E_INVOICING = "e_invoicing", _("Invoices come and go electronically")
    DATA = "data", _("Reports are drawn from one reliable source")
    MEETINGS = "meetings", _("Meetings at a distance work for everybody")
    SUPPORT = "support", _("Somebody helps when a tool fails, within the day")
    SECURITY = "security", _("Devices, back-ups and departures are under control")


class MaturityAnswer(TenantModel):
    """Ten answers from 0 (not at all) to 4 (everywhere, every day); the last ones count."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="maturity_answers")
    # Empty: the whole company.
    site = models.ForeignKey(
        Site, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("site")
    )
    levels = models.JSONField(default=dict)
    note = models.CharField(_("note"), max_length=300, blank=True)
    answered_at = models.DateTimeField()
    typed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("digital maturity")
        verbose_name_plural = _("digital maturity")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["study", "site"], nulls_distinct=False, name="study_maturity_once"
            ),
            SameTenant(name="study_maturity_study_fk", field="study", to="study_study"),
            SameTenant(name="study_maturity_site_fk", field="site", to="people_site"),
            SameTenant(name="study_maturity_typist_fk", field="typed_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return str(self.site or self.study)

    @property
    def score(self) -> float:
        """Return the maturity from 1 to 5."""
        return inventory.maturity(self.levels)

    @classmethod
    def keep(
        cls, study: Study, site: Site | None, levels: dict[str, Any], *, note: str = "", by: Person
    ) -> MaturityAnswer:
        """Return the answers kept; given again, they take the place of the former ones."""
        study.check_changeable(by)
        for item in Item:
            level = levels.get(item.value)
            if not isinstance(level, int) or not 0 <= level <= HIGH:
                raise BadValue(field=str(item.label), mend=_t("answer from 0 to 4"))
        defaults = {
            "provider_id": study.provider_id,
            "levels": {item.value: levels[item.value] for item in Item},
            "note": note.strip()[:300],
            "answered_at": timezone.now(),
            "typed_by": by,
        }
        made, _new = cls.objects.update_or_create(study=study, site=site, defaults=defaults)
        organisation.record(made, "maturity_answered", by, score=made.score)
        return made

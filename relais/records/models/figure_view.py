"""A view of the figures that somebody keeps under a name: client, cut and figure, never the month.

Opened next month it shows next month.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import BadValue, Missing
from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel

LONGEST_NAME = 80
MOST = 30


class FigureView(TenantModel):
    """One person's view of the figures. Nobody else reads it."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="figure_views")
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    query = models.JSONField(default=dict)
    kept_at = models.DateTimeField(_("kept"))

    class Meta(TenantModel.Meta):
        verbose_name = _("saved view of figures")
        verbose_name_plural = _("saved views of figures")
        ordering = ["name", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["person", "name"], name="records_figureview_once"),
            SameTenant(name="records_view_person_fk", field="person", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def keep(
        cls, *, person: Person, name: str, query: dict[str, str], at: datetime | None = None
    ) -> FigureView:
        """Return the view of this name; kept again it shows what is shown now."""
        name = " ".join(name.replace("\x00", "").split())
        if not name:
            raise Missing(field=_t("Name"))
        if len(name) > LONGEST_NAME:
            mend = _t("at most %(count)d characters") % {"count": LONGEST_NAME}
            raise BadValue(field=_t("Name"), mend=mend)
        mine = cls.objects.filter(person=person)
        fields = {"query": query, "kept_at": at or timezone.now()}
        if not mine.filter(name=name).exists() and mine.count() >= MOST:
            mend = _t("you have %(count)d views already: delete one of them") % {"count": MOST}
            raise BadValue(field=_t("Name"), mend=mend)
        try:
            with transaction.atomic():
                found, _made = cls.objects.update_or_create(
                    person=person,
                    name=name,
                    defaults=fields,
                    create_defaults={**fields, "provider_id": person.provider_id},
                )
        except IntegrityError:  # the same name at the same moment
            found = mine.get(name=name)
        return found

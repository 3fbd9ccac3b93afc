"""What is to be done so that people come along: owner, day, done. Together: the change plan."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.desk.errors import Missing
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person, Site
from relais.people.models.tenant import TenantModel
from relais.study.errors import ChangedMeanwhile, NotPiloting

from .brake import Brake
from .irritant import Irritant
from .study import Study


class ChangeAction(TenantModel):
    """One action of the change plan; a strong brake and a pain point make one each."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("action", "To do")
        DONE = "done", pgettext_lazy("action", "Done")
        DROPPED = "dropped", pgettext_lazy("action", "Dropped")

    study = models.ForeignKey(Study, models.CASCADE, related_name="actions")
    site = models.ForeignKey(
        Site, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("site")
    )
    what = models.CharField(_("action"), max_length=300)
    brake = models.CharField(_("barrier"), max_length=20, choices=Brake.choices, blank=True)
    irritant = models.ForeignKey(
        Irritant, models.CASCADE, null=True, blank=True, related_name="actions",
        verbose_name=_("pain point"),
    )  # fmt: skip
    owner = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    due_on = models.DateField(_("by"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    state_why = models.CharField(max_length=300, blank=True)
    done_on = models.DateField(null=True)
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        verbose_name = _("action of the change plan")
        verbose_name_plural = _("actions of the change plan")
        ordering = ["due_on", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            # However often a strong brake is answered, it asks for one action.
            models.UniqueConstraint(
                fields=["study", "site", "brake"],
                condition=~Q(brake=""),
                nulls_distinct=False,
                name="study_action_once_a_brake",
                violation_error_message=_("This barrier has an action at this site already."),
            ),
            SameTenant(name="study_action_study_fk", field="study", to="study_study"),
            SameTenant(name="study_action_site_fk", field="site", to="people_site"),
            SameTenant(name="study_action_irritant_fk", field="irritant", to="study_irritant"),
            SameTenant(name="study_action_owner_fk", field="owner", to="people_person"),
            SameTenant(name="study_action_maker_fk", field="made_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def is_late(self) -> bool:
        """Return whether its day has passed and it is not done."""
        due = self.due_on
        return self.state == self.State.OPEN and due is not None and due < timezone.localdate()

    def edit(self, fields: dict[str, Any], *, by: Person) -> None:
        """Change what it is, whose and by when."""
        self.study.check_lead(by)
        changed = {name: value for name, value in fields.items() if getattr(self, name) != value}
        if changed:
            self._turn("edited", by, **changed)

    def done(self, *, by: Person, at: date | None = None) -> None:
        """Say that it is done: its owner may, and who leads the study."""
        self._check_hers(by)
        self._check_state(self.State.OPEN)
        self._turn("done", by, state=self.State.DONE, done_on=at or timezone.localdate())

    def drop(self, why: str, *, by: Person) -> None:
        """Let it go, with the reason. Raises `Missing`."""
        self.study.check_lead(by)
        if not why.strip():
            raise Missing(field=_t("reason"))
        self._check_state(self.State.OPEN)
        self._turn("dropped", by, state=self.State.DROPPED, state_why=why.strip()[:300])

    def reopen(self, *, by: Person) -> None:
        """Take it up again."""
        self.study.check_lead(by)
        self._check_state(self.State.DONE, self.State.DROPPED)
        self._turn("reopened", by, state=self.State.OPEN, done_on=None, state_why="")

    def _check_hers(self, by: Person) -> None:
        if by.pk != self.owner_id and not self.study.may_lead(by):
            raise NotPiloting(person=str(by), study=self.study.name)

    def _check_state(self, *when: str) -> None:
        if self.state not in when:
            raise ChangedMeanwhile()

    def _turn(self, kind: str, by: Person, **fields: Any) -> None:
        mine = ChangeAction.objects.filter(pk=self.pk, version=self.version)
        if not mine.update(**fields, version=self.version + 1):
            raise ChangedMeanwhile()
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1
        organisation.record(self, f"action_{kind}", by, what=self.what)

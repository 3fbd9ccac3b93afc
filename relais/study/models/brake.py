"""What may hold people back: one manager's eight answers. Nobody but she reads them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import BadValue
from relais.lib.tenancy import SameTenant
from relais.people import organisation
from relais.people.models import Person, Site
from relais.people.models.tenant import TenantModel

from .study import Participant, Study

LOW, HIGH = 1, 5


class Brake(models.TextChoices):
    """The eight brakes, as the heat map names them."""

    ATTACHMENT = "attachment", _("Attachment to the present assistant")
    DISTANCE = "distance", _("Doubt about remote work")
    TOOLS = "tools", _("Unease with tools")
    WRITING = "writing", _("Requests are not written")
    LOSS = "loss", _("Loss that is felt")
    CONFIDENTIALITY = "confidentiality", _("Worry for confidentiality")
    PAST = "past", _("Bad past of outsourcing")
    AUTONOMY = "autonomy", _("Pride and autonomy of the site")


# Said so that a high answer is a strong brake.
QUESTIONS: dict[str, Any] = {
    Brake.ATTACHMENT: _("I would find it hard to work with anybody but my present assistant."),
    Brake.DISTANCE: _("An assistant who is not on the spot cannot do this work well."),
    Brake.TOOLS: _("I am ill at ease with tools such as a shared diary or a request portal."),
    Brake.WRITING: _("I give my instructions by word of mouth and seldom write them."),
    Brake.LOSS: _("With this change I would lose something that matters to me."),
    Brake.CONFIDENTIALITY: _("I worry about what would become of confidential matters."),
    Brake.PAST: _("What I have lived through with outsourcing so far was bad."),
    Brake.AUTONOMY: _("Our site has its own ways and should keep them."),
}


class BrakeAnswer(TenantModel):
    """The answers of one manager, from 1 (not at all) to 5 (entirely); the last ones count."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="brake_answers")
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="brake_answers")
    site = models.ForeignKey(Site, models.CASCADE, related_name="+", verbose_name=_("site"))
    levels = models.JSONField(default=dict)
    answered_at = models.DateTimeField()
    # By phone somebody else writes what she says.
    typed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("answers on cultural barriers")
        verbose_name_plural = _("answers on cultural barriers")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["study", "participant"], name="study_brakeanswer_once"),
            SameTenant(name="study_brakeanswer_study_fk", field="study", to="study_study"),
            SameTenant(
                name="study_brakeanswer_person_fk", field="participant", to="study_participant"
            ),
            SameTenant(name="study_brakeanswer_site_fk", field="site", to="people_site"),
            SameTenant(name="study_brakeanswer_typist_fk", field="typed_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return str(self.study)

    @classmethod
    def keep(
        cls,
        participant: Participant,
        levels: dict[str, Any],
        *,
        site: Site,
        by: Person | None = None,
    ) -> BrakeAnswer:
        """Return the answers kept; given again, they take the place of the former ones."""
        for brake in Brake:
            level = levels.get(brake.value)
            if not isinstance(level, int) or not LOW <= level <= HIGH:
                raise BadValue(field=str(brake.label), mend=_t("answer from 1 to 5"))
        defaults = {
            "provider_id": participant.provider_id,
            "site": site,
            "levels": {brake.value: levels[brake.value] for brake in Brake},
            "answered_at": timezone.now(),
            "typed_by": by,
        }
        made, _new = cls.objects.update_or_create(
            study_id=participant.study_id, participant=participant, defaults=defaults
        )
        # What was answered is in no event: that she answered is.
        organisation.record(made, "brakes_answered", by)
        return made

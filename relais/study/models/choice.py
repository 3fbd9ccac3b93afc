"""What a choice of models is made from (offers, weights, corrections), and its trace."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import BadValue, Missing
from relais.engine import choice as engine
from relais.engine import choice_trace
from relais.lib.tenancy import SameTenant
from relais.offer.models import Service
from relais.people import organisation
from relais.people.models import Person, Site
from relais.people.models.tenant import TenantModel
from relais.study import choosing_rules as rules
from relais.study.choosing_errors import (
    CorrectionOvertaken,
    CostWeighsTooMuch,
    NameOnTable,
    OfferGone,
    OfferOvertaken,
    WeightsOvertaken,
)

LONGEST_NAME, LONGEST_WHY = 120, 300


class ModelOffer(TenantModel):
    """One way that is really on the table for this study. Its price is for the few who choose."""

    class Model(models.TextChoices):
        INTERNAL = "internal", _("Internal pool")
        PROVIDER = "provider", _("Provider")
        HYBRID = "hybrid", _("Hybrid")
        PLATFORM = "platform", _("Platform")

    study = models.ForeignKey("study.Study", models.CASCADE, related_name="offers")
    name = models.CharField(_("name of the offer"), max_length=LONGEST_NAME)
    model = models.CharField(_("model"), max_length=10, choices=Model.choices)
    price = models.DecimalField(
        _("price (euros a year)"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_("Empty: nobody gave one."),
    )
    quality = models.DecimalField(
        _("expected quality (1 to 5)"),
        max_digits=2,
        decimal_places=1,
        default=Decimal(3),
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    references = models.PositiveSmallIntegerField(
        _("references"), default=0, validators=[MaxValueValidator(1000)]
    )
    non_disclosure = models.BooleanField(_("non-disclosure agreement"), default=False)
    hosted_in_eu = models.BooleanField(_("hosted in the European Union"), default=False)
    access_register = models.BooleanField(_("register of accesses"), default=False)
    named_persons = models.BooleanField(_("named persons"), default=False)
    referent = models.BooleanField(_("named lead of the service"), default=False)
    trained_backup = models.BooleanField(_("trained backup"), default=False)
    low_price_explained = models.BooleanField(_("low price explained"), default=False)
    reversibility = models.BooleanField(_("plan of reversibility"), default=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("offer on the table")
        verbose_name_plural = _("offers on the table")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["study", "name"],
                condition=Q(withdrawn_at=None),
                name="study_modeloffer_once",
            ),
            models.CheckConstraint(
                condition=Q(price=None) | Q(price__gt=0), name="study_modeloffer_price"
            ),
            SameTenant(name="study_modeloffer_study_fk", field="study", to="study_study"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def value(self) -> engine.Offer:
        """Return it as the rules judge it."""
        promises = {name: getattr(self, name) for name in choice_trace.PROMISES}
        return engine.Offer(
            self.name,
            engine.Model(self.model),
            price=float(self.price) if self.price is not None else None,
            quality=float(self.quality),
            references=self.references,
            **promises,
        )

    @classmethod
    def put(cls, study: Any, *, by: Person, **fields: Any) -> ModelOffer:
        """Return an offer that was put on the table. Raises `NotPiloting`, `BadValue`."""
        study.check_changeable(by)
        made = cls(provider_id=study.provider_id, study=study, **fields)
        made._check()
        try:
            with transaction.atomic():
                made.save(force_insert=True)
                organisation.record(made, "offer_put", by, study=study.pk, name=made.name)
        except IntegrityError:
            raise NameOnTable(name=made.name) from None
        return made

    def edit(self, *, by: Person, seen: int | None = None, **fields: Any) -> None:
        """Change what is known of it. Raises `NotPiloting`, `BadValue`, `OfferOvertaken`."""
        changed = {name: value for name, value in fields.items() if getattr(self, name) != value}
        for name, value in changed.items():
            setattr(self, name, value)
        self.study.check_changeable(by)
        self._check()
        if not changed:
            return
        self._turn("offer_edited", by, seen, **changed)

    def withdraw(self, *, by: Person, at: datetime | None = None) -> None:
        """Take it off the table. Raises `NotPiloting`, `OfferGone`."""
        self.study.check_changeable(by)
        self._turn("offer_withdrawn", by, None, withdrawn_at=at or timezone.now())

    def _turn(self, kind: str, by: Person, seen: int | None, **changes: Any) -> None:
        if self.withdrawn_at and "withdrawn_at" not in changes:
            raise OfferGone(name=self.name)
        mine = ModelOffer.objects.filter(
            pk=self.pk, version=self.version if seen is None else seen, withdrawn_at=None
        )
        try:
            with transaction.atomic():
                if not mine.update(version=F("version") + 1, **changes):
                    raise OfferOvertaken(name=self.name)
                facts = {"study": self.study_id, "name": self.name, "fields": sorted(changes)}
                organisation.record(self, kind, by, **facts)
        except IntegrityError:
            raise NameOnTable(name=self.name) from None
        self.version += 1

    def _check(self) -> None:
        self.name = self.name.strip()
        try:
            self.clean_fields(exclude=["provider", "study", "withdrawn_at"])
        except ValidationError as wrong:
            field, texts = next(iter(wrong.message_dict.items()))
            label = str(getattr(ModelOffer._meta.get_field(field), "verbose_name", field))
            raise BadValue(field=label, mend=texts[0]) from None


class ChoiceWeights(TenantModel):
    """How much each criterion decides about, in versions: the highest number holds."""

    study = models.ForeignKey("study.Study", models.CASCADE, related_name="weights")
    number = models.PositiveIntegerField()
    values = models.JSONField()
    why = models.CharField(_("reason"), max_length=LONGEST_WHY)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("weights of a choice")
        verbose_name_plural = _("weights of choices")
        ordering = ["-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["study", "number"], name="study_choiceweights_once"),
            SameTenant(name="study_choiceweights_study_fk", field="study", to="study_study"),
            SameTenant(name="study_choiceweights_by_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.study} · {self.number}"

    @classmethod
    def set(
        cls, study: Any, values: dict[str, float], why: str, *, by: Person, seen: int | None = None
    ) -> ChoiceWeights:
        """Return the new version. `values`: points by criterion, all of them.

        Raises `NotPiloting`, `BadValue`, `Missing`, `CostWeighsTooMuch`, `WeightsOvertaken`.
        """
        study.check_changeable(by)
        if not why.strip():
            raise Missing(field=_t("Reason"))
        last = cls.objects.filter(study=study).first()
        number = last.number if last else 0
        if seen is not None and seen != number:
            raise WeightsOvertaken()
        told = _weights(values)
        if not _cost_keeps(told) and not study.derogations.filter(
            guardrail="G1", state="signed", site=None, family="", offer=None
        ):
            raise CostWeighsTooMuch(cap=round(100 * engine.COST_CAP))
        try:
            with transaction.atomic():
                made = cls.objects.create(
                    provider_id=study.provider_id, study=study, number=number + 1, values=told,
                    why=why.strip()[:LONGEST_WHY], by=by, at=timezone.now(),
                )  # fmt: skip
                organisation.record(made, "weights_set", by, study=study.pk, number=made.number)
        except IntegrityError:
            raise WeightsOvertaken() from None
        return made


def _weights(values: dict[str, float]) -> dict[str, float]:
    told = {}
    for each in engine.Criterion:
        value = float(values.get(each.value, -1))
        if not 0 <= value <= 100:
            raise BadValue(field=each.value, mend=_t("give points from 0 to 100"))
        told[each.value] = value
    if not sum(told.values()):
        raise BadValue(field=_t("weights"), mend=_t("give points to one criterion at least"))
    return told


def _cost_keeps(told: dict[str, float]) -> bool:
    return told["cost"] <= engine.COST_CAP * sum(told.values()) + 1e-9


class Correction(TenantModel):
    """A figure of one site and family that a person knows better, and why: the last one counts."""

    study = models.ForeignKey("study.Study", models.CASCADE, related_name="corrections")
    site = models.ForeignKey(Site, models.CASCADE, related_name="+", verbose_name=_("site"))
    family = models.CharField(_("family"), max_length=20, choices=Service.Family.choices)
    field = models.CharField(_("figure"), max_length=20)
    number = models.PositiveIntegerField()
    # Empty: back to what the lines say.
    value = models.FloatField(null=True)
    computed = models.FloatField(null=True)
    why = models.CharField(_("reason"), max_length=LONGEST_WHY)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["study", "site", "family", "field", "number"], name="study_correction_once"
            ),
            SameTenant(name="study_correction_study_fk", field="study", to="study_study"),
            SameTenant(name="study_correction_site_fk", field="site", to="people_site"),
            SameTenant(name="study_correction_by_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.site} · {self.family} · {self.field}"

    @classmethod
    def correct(
        cls, study: Any, site: Site, family: str, field: str, value: float | None, why: str,
        *, by: Person, computed: float | None = None, seen: int | None = None,
    ) -> Correction:  # fmt: skip
        """Return the correction written. `seen`: the number that was read (0: none yet).

        Raises `NotPiloting`, `BadValue`, `Missing`, `CorrectionOvertaken`.
        """
        study.check_changeable(by)
        if not why.strip():
            raise Missing(field=_t("Reason"))
        rules.check_figure(field, value)
        same = cls.objects.filter(study=study, site=site, family=family, field=field)
        number = same.count()
        if seen is not None and seen != number:
            raise CorrectionOvertaken()
        try:
            with transaction.atomic():
                made = cls.objects.create(
                    provider_id=study.provider_id, study=study, site=site, family=family,
                    field=field, number=number + 1, value=value, computed=computed,
                    why=why.strip()[:LONGEST_WHY], by=by, at=timezone.now(),
                )  # fmt: skip
                facts = {"study": study.pk, "site": site.name, "family": family}
                facts |= {"field": field, "value": [computed, value]}
                organisation.record(made, "corrected", by, **facts)
        except IntegrityError:
            raise CorrectionOvertaken() from None
        return made


class ModelChoice(TenantModel):
    """One computation of the choice, kept whole: what went in, by which weights, what came out.

    Append-only: it can be read years later, and computed again to the same result.
    """

    study = models.ForeignKey("study.Study", models.CASCADE, related_name="choices")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    weights = models.ForeignKey(ChoiceWeights, models.PROTECT, null=True, related_name="+")
    # `Case.facts()`, and the keys of its clusters: [[site, family], …] in the same order.
    inputs = models.JSONField()
    places = models.JSONField()
    inputs_digest = models.CharField(max_length=64)
    result = models.JSONField()
    result_digest = models.CharField(max_length=64)

    class Meta(TenantModel.Meta):
        verbose_name = _("choice of models")
        verbose_name_plural = _("choices of models")
        ordering = ["-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["study", "number"], name="study_modelchoice_once"),
            SameTenant(name="study_modelchoice_study_fk", field="study", to="study_study"),
            SameTenant(name="study_modelchoice_by_fk", field="by", to="people_person"),
            SameTenant(
                name="study_modelchoice_weights_fk", field="weights", to="study_choiceweights"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study} · {self.number}"

    def same_again(self) -> bool:
        """Return whether what went in, computed again now, comes to what was written down."""
        told = choice_trace.result(choice_trace.case(self.inputs).choices())
        return choice_trace.digest(told) == self.result_digest == choice_trace.digest(self.result)

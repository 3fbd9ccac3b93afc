"""The choice of a model per site and family: read from the inventory, computed, kept as a trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from relais.engine import choice as engine
from relais.engine import choice_levels, choice_mix, choice_trace, choice_words, inventory
from relais.offer.models import Service
from relais.people import organisation
from relais.people.models import Person, Site

from . import surveys
from .choosing_errors import ChosenMeanwhile, NothingToChoose
from .choosing_rules import CLIMATE, FIGURES, YES_NO
from .models import (
    ChangeAction,
    ChoiceWeights,
    Correction,
    Generated,
    InventoryLine,
    ModelChoice,
    Study,
)  # fmt: skip

PRESENT = {"remote": 0.0, "mixed": 0.5, "on_site": 1.0}
Place = tuple[int, str]


# Reading the inventory ----------------------------------------------------------------------------


@dataclass
class Figure:
    """One figure of a cell: what the lines say, and what a person corrected it to."""

    field: str
    computed: float | None
    correction: Correction | None = None
    number: int = 0

    @property
    def label(self) -> Any:
        """Return what it is called."""
        return FIGURES[self.field]

    @property
    def value(self) -> float | None:
        """Return what counts."""
        corrected = self.correction.value if self.correction else None
        return self.computed if corrected is None else corrected

    @property
    def is_corrected(self) -> bool:
        """Return whether a hand says otherwise than the lines."""
        return self.correction is not None and self.correction.value is not None

    @property
    def is_yes_no(self) -> bool:
        """Return whether it is a question of yes or no."""
        return self.field in YES_NO


@dataclass
class Cell:
    """One family at one site, with what it asks of a model."""

    site: Site
    family: str
    shape: inventory.Shape
    lines: int
    figures: dict[str, Figure] = field(default_factory=dict)

    @property
    def family_name(self) -> str:
        """Return the family in the reader's language."""
        return family_name(self.family)

    @property
    def cluster(self) -> engine.Cluster:
        """Return it as the rules judge it."""
        told = {name: one.value for name, one in self.figures.items()}
        levels = {each: float(told[each.value] or 0) for each in engine.LEVELS}
        return engine.Cluster(
            self.site.name,
            self.family,
            levels,
            hours=round(self.shape.hours, 2),
            standard_share=_share(self.shape.standard_share),
            relation_share=_share(self.shape.relation_share),
            secret_share=_share(self.shape.secret_share),
            climate_risk=float(told[CLIMATE] or 1),
            **{name: bool(told[name]) for name in YES_NO},
        )


def _share(value: float) -> float:
    return round(min(max(value, 0.0), 1.0), 4)


def family_name(code: str) -> str:
    """Return a family in the reader's language."""
    return str(dict(Service.Family.choices).get(code, code))


def cells(study: Study) -> list[Cell]:
    """Return what each family at each site asks, with the corrections, by site and family."""
    rows = [
        line
        for line in InventoryLine.objects.filter(study=study).select_related("site")
        if line.is_complete and line.target not in ("local", "drop")
    ]
    known = {str(line.pk): line for line in rows}
    groups: dict[Place, list[inventory.Counted]] = defaultdict(list)
    for one in inventory.counted([line.as_counted() for line in rows]):
        line = known[one.line.key]
        groups[line.site_id, line.family].append(one)
    corrected: dict[tuple[int, str, str], list[Correction]] = defaultdict(list)
    for row in Correction.objects.filter(study=study).select_related("by"):
        corrected[row.site_id, row.family, row.field].append(row)
    sites = {line.site_id: line.site for line in rows}
    matured, tense, planned = _maturity(study), _climate(study), _change_plans(study)
    found = []
    for (site, family), counted in groups.items():
        shape = inventory.shape(counted)
        asks = [_ask(known[one.line.key], one) for one in counted]
        computed: dict[str, float | None] = {
            key.value: level
            for key, level in choice_levels.levels(shape, asks, matured.get(site)).items()
        }
        computed[CLIMATE] = tense.get(site, 1.0)
        computed |= dict.fromkeys(YES_NO, 0.0) | {"change_plan": float(site in planned)}
        cell = Cell(sites[site], family, shape, len(counted))
        for name in FIGURES:
            history = corrected[site, family, name]
            last = history[-1] if history else None
            cell.figures[name] = Figure(name, computed[name], last, len(history))
        found.append(cell)
    order = {code: place for place, code in enumerate(Service.Family.values)}
    return sorted(found, key=lambda one: (one.site.name, order.get(one.family, 99)))


def _ask(line: InventoryLine, counted: inventory.Counted) -> choice_levels.Ask:
    foreign = line.language not in ("", "fr")
    return choice_levels.Ask(counted.once, PRESENT[line.presence], foreign, line.able)


def _maturity(study: Study) -> dict[int, float]:
    """Return the digital maturity of the sites: their own answer, else the company's."""
    scores = surveys.maturity_scores(study)
    of_all = scores.pop(None, None)
    sites = study.scopes.values_list("site", flat=True)
    found = {} if of_all is None else dict.fromkeys(sites, of_all)
    return found | {site: score for site, score in scores.items() if site is not None}


def _climate(study: Study) -> dict[int, float]:
    """Return the risk for the social climate of the sites: known by hand alone, until the pulse."""
    return {}


def _change_plans(study: Study) -> set[int]:
    """Return the sites for which actions accompany the change.

    Those that the draft offer brought follow from a choice: they are no ground of one until done.
    """
    planned = ChangeAction.objects.filter(study=study, site__isnull=False)
    brought = Generated.objects.filter(
        generation__study=study, kind=Generated.Kind.ACTION, made=True
    ).values("thing_id")
    counted = planned.exclude(state=ChangeAction.State.DROPPED).exclude(
        state=ChangeAction.State.OPEN, pk__in=brought
    )
    return set(counted.values_list("site", flat=True))


# Computing ----------------------------------------------------------------------------------------


def weights_of(study: Study) -> ChoiceWeights | None:
    """Return the weights that hold, None while nobody has set any."""
    return ChoiceWeights.objects.filter(study=study).first()


def values_of(weights: ChoiceWeights | None) -> dict[str, float]:
    """Return points by criterion: those set, else those that every study begins with."""
    told = {key.value: float(value) for key, value in engine.WEIGHTS.items()}
    return told | (weights.values if weights else {})


@dataclass
class Ground:
    """All that a choice is made from, and where each cluster lies."""

    case: choice_trace.Case
    places: list[list[Any]]
    cells: list[Cell]
    weights: ChoiceWeights | None

    @property
    def digest(self) -> str:
        """Return the digest of what goes in."""
        return choice_trace.digest([self.case.facts(), self.places])


def ground(study: Study) -> Ground:
    """Return what stands now: clusters, offers, weights, signed derogations."""
    found, weights = cells(study), weights_of(study)
    offers = study.offers.filter(withdrawn_at=None).order_by("id")
    signed = study.derogations.filter(state="signed").order_by("id")
    case = choice_trace.Case(
        tuple(one.cluster for one in found),
        tuple(one.value for one in offers),
        {engine.Criterion(key): value for key, value in values_of(weights).items()},
        tuple(one.value for one in signed.select_related("site", "offer", "answered_by")),
    )
    return Ground(case, [[one.site.pk, one.family] for one in found], found, weights)


def last(study: Study) -> ModelChoice | None:
    """Return the last computation, or None."""
    return ModelChoice.objects.filter(study=study).select_related("by", "weights").first()


def choose(study: Study, *, by: Person) -> ModelChoice:
    """Return the choice computed from what stands; of the same ground there is one trace.

    Raises `NotPiloting`, `NothingToChoose`, `ChosenMeanwhile`.
    """
    study.check_lead(by)
    found = ground(study)
    if not found.cells:
        raise NothingToChoose(mend=_("type the inventory first, with times and counts."))
    if not found.case.offers:
        raise NothingToChoose(mend=_("put at least one offer on the table."))
    before, mark = last(study), found.digest
    if before is not None and before.inputs_digest == mark:
        return before
    told = choice_trace.result(found.case.choices())
    try:
        with transaction.atomic():
            made = ModelChoice.objects.create(
                provider_id=study.provider_id, study=study,
                number=before.number + 1 if before else 1, at=timezone.now(), by=by,
                weights=found.weights, inputs=found.case.facts(), places=found.places,
                inputs_digest=mark, result=told, result_digest=choice_trace.digest(told),
            )  # fmt: skip
            organisation.record(study, "models_chosen", by, number=made.number, digest=mark)
    except IntegrityError:
        raise ChosenMeanwhile() from None
    return made


# Reading a trace ----------------------------------------------------------------------------------


def language() -> str:
    """Return the language in which the rules speak to the reader."""
    return "en" if (get_language() or "fr").startswith("en") else "fr"


@dataclass(frozen=True)
class Judged:
    """One cell of a trace, as it was judged then."""

    site: int
    family: str
    choice: engine.Choice

    @property
    def family_name(self) -> str:
        """Return the family in the reader's language."""
        return family_name(self.family)

    @property
    def chosen(self) -> engine.Line | None:
        """Return the offer chosen, None when every one is excluded."""
        return self.choice.chosen

    @property
    def model_name(self) -> str:
        """Return the model chosen in the reader's language, or an empty text."""
        return model_name(self.chosen.offer.model) if self.chosen else ""

    @property
    def blocking(self) -> list[tuple[str, engine.Breach]]:
        """Return what excludes whom: offer and breach."""
        return [
            (line.offer.name, breach)
            for line in self.choice.lines
            for breach in line.breaches
            if breach.derogation is None
        ]

    @property
    def spoken(self) -> engine.Choice:
        """Return the choice with the family's name as the reader calls it."""
        cluster = replace(self.choice.cluster, family=self.family_name)
        return replace(self.choice, cluster=cluster)

    @property
    def sentences(self) -> list[str]:
        """Return who, why, the next best, who is excluded, and whether it holds."""
        return choice_words.sentences(self.spoken, language())

    @property
    def holds(self) -> str:
        """Return whether it is robust or fragile, and which weight turns it."""
        return choice_words.holds(self.choice, language())


def judged(trace: ModelChoice) -> list[Judged]:
    """Return every cell of a trace, as it was written down."""
    return [
        Judged(site, family, choice_trace.choice(facts))
        for (site, family), facts in zip(trace.places, trace.result, strict=True)
    ]


def model_name(model: str) -> str:
    """Return a model in the reader's language."""
    return choice_words.phrase(f"model_{model}", language())


def mix_of(found: Iterable[Judged]) -> list[tuple[str, float, float]]:
    """Return model, hours and share of all hours, the most first."""
    mix = choice_mix.mix([one.choice for one in found])
    whole = sum(mix.hours.values()) or 1.0
    return [
        (model_name(model) if model else _("No offer passes"), hours, hours / whole)
        for model, hours in sorted(mix.hours.items(), key=lambda pair: -pair[1])
    ]


def losers(found: Iterable[Judged], model: engine.Model) -> list[str]:
    """Return who loses if one model served everything, each in a sentence."""
    told = choice_mix.forced([one.spoken for one in found], model)
    return [choice_words.loser(one, language()) for one in told]


def changes(before: ModelChoice | None, after: ModelChoice) -> list[str]:
    """Return what another computation moved, and by which criteria."""
    if before is None:
        return []
    old = {(one.site, one.family): one for one in judged(before)}
    said = []
    for one in judged(after):
        was = old.get((one.site, one.family))
        moved = choice_mix.moved(was.choice, one.choice) if was else None
        if moved is not None and moved.before != moved.after:
            place = f"{one.choice.cluster.site}, {one.family_name}"
            said.append(f"{place} — {choice_words.change(moved, language())}")
    return said

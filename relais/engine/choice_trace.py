"""A choice of models as plain values: written down, read again, computed again to the same result.

What went in and what came out are kept whole, each under its digest: a trace is no summary.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from relais.engine.choice import (
    LEVELS,
    Breach,
    Choice,
    Cluster,
    Criterion,
    Derogation,
    Line,
    Model,
    Offer,
    Term,
    Turn,
    choose,
)

SHARES = ("hours", "standard_share", "relation_share", "secret_share", "climate_risk")
YES_NO = ("reserved", "change_plan", "training_plan")
PROMISES = (
    "non_disclosure", "hosted_in_eu", "access_register", "named_persons", "referent",
    "trained_backup", "low_price_explained", "reversibility",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """All that a choice of models is made from."""

    clusters: tuple[Cluster, ...]
    offers: tuple[Offer, ...]
    weights: Mapping[Criterion, float]
    derogations: tuple[Derogation, ...] = ()

    def choices(self) -> list[Choice]:
        """Return what suits each site and family, in the order of the clusters."""
        return [choose(one, self.offers, self.weights, self.derogations) for one in self.clusters]

    def facts(self) -> dict[str, Any]:
        """Return it as JSON can hold it; `case` reads it back."""
        return {
            "clusters": [_cluster_facts(one) for one in self.clusters],
            "offers": [_offer_facts(one) for one in self.offers],
            "weights": {key.value: float(self.weights[key]) for key in Criterion},
            "derogations": [_derogation_facts(one) for one in self.derogations],
        }


def case(facts: Mapping[str, Any]) -> Case:
    """Return the case that `facts` wrote down. Raises `BadCase` for what cannot be judged."""
    return Case(
        tuple(_cluster(one) for one in facts["clusters"]),
        tuple(Offer(**one | {"model": Model(one["model"])}) for one in facts["offers"]),
        {Criterion(key): value for key, value in facts["weights"].items()},
        tuple(_derogation(one) for one in facts["derogations"]),
    )


def digest(facts: Any) -> str:
    """Return the SHA-256 of plain values, in hexadecimal: the order of keys changes nothing."""
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def result(choices: Sequence[Choice]) -> list[dict[str, Any]]:
    """Return choices as JSON can hold them, with every term; `choice` reads one back."""
    return [
        {
            "cluster": _cluster_facts(one.cluster),
            "lines": [_line_facts(line) for line in one.lines],
            "chosen": one.chosen.offer.name if one.chosen else None,
            "turns": [[turn.criterion.value, turn.by, turn.offer] for turn in one.turns],
            "actions": list(one.actions),
        }
        for one in choices
    ]


def choice(facts: Mapping[str, Any]) -> Choice:
    """Return the choice that `result` wrote down: as it was judged then, nothing judged anew."""
    lines = tuple(_line(one) for one in facts["lines"])
    chosen = next((line for line in lines if line.offer.name == facts["chosen"]), None)
    turns = tuple(Turn(Criterion(code), by, offer) for code, by, offer in facts["turns"])
    return Choice(_cluster(facts["cluster"]), lines, chosen, turns, tuple(facts["actions"]))


def _cluster_facts(one: Cluster) -> dict[str, Any]:
    told: dict[str, Any] = {"site": one.site, "family": one.family}
    told["levels"] = {key.value: float(one.levels[key]) for key in LEVELS}
    return told | {name: getattr(one, name) for name in (*SHARES, *YES_NO)}


def _cluster(facts: Mapping[str, Any]) -> Cluster:
    levels = {Criterion(key): value for key, value in facts["levels"].items()}
    return Cluster(**{**facts, "levels": levels})


def _offer_facts(one: Offer) -> dict[str, Any]:
    told: dict[str, Any] = {"name": one.name, "model": one.model.value, "price": one.price}
    told |= {"quality": one.quality, "references": one.references}
    return told | {name: getattr(one, name) for name in PROMISES}


def _derogation_facts(one: Derogation) -> dict[str, Any]:
    names = ("guardrail", "sponsor", "reason", "site", "family", "offer")
    return {name: getattr(one, name) for name in names} | {"signed_on": one.signed_on.isoformat()}


def _derogation(facts: Mapping[str, Any]) -> Derogation:
    return Derogation(**{**facts, "signed_on": date.fromisoformat(facts["signed_on"])})


def _line_facts(line: Line) -> dict[str, Any]:
    return {
        "offer": _offer_facts(line.offer),
        "score": line.score,
        "terms": [[t.code, t.level, t.fit, t.weight, t.points] for t in line.terms],
        "breaches": [
            {
                "code": breach.code,
                "missing": list(breach.missing),
                "derogation": _derogation_facts(breach.derogation) if breach.derogation else None,
            }
            for breach in line.breaches
        ],
    }


def _line(facts: Mapping[str, Any]) -> Line:
    offer = Offer(**{**facts["offer"], "model": Model(facts["offer"]["model"])})
    breaches = tuple(
        Breach(
            one["code"],
            tuple(one["missing"]),
            _derogation(one["derogation"]) if one["derogation"] else None,
        )
        for one in facts["breaches"]
    )
    return Line(offer, facts["score"], tuple(Term(*one) for one in facts["terms"]), breaches)

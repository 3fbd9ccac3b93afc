"""What was reached of each promise of a client's agreements in a month, as canonical bytes.

A request is judged by the agreement that its clocks are pinned to; the levels are those of the
version in force on the first day of the month, or of the first one that begins in it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from relais.desk.models import Clock
from relais.engine import credits
from relais.engine.credits import Level, Outcome, Verdict
from relais.engine.measures import Tally
from relais.engine.measures_facts import DELIVERY, Life
from relais.offer.models import AgreementVersion
from relais.offer.terms import TargetTerms, Terms
from relais.people.models import Company

Place = tuple[Any, ...]
MEASURED = ("first_response", "delivery")


@dataclass(frozen=True, slots=True)
class Judged:
    """One promise of an agreement in a month: its levels, and the verdict."""

    agreement: int
    version: int
    name: str
    target: TargetTerms
    verdict: Verdict

    @property
    def metric(self) -> str:
        """Return the promise as credits name it."""
        return metric_of(self.target.place)


def metric_of(place: Place) -> str:
    """Return a promise as `Terms.month` names it."""
    return " ".join(map(str, place))


def judge(company: Company, month: date, tally: Tally, as_of: datetime) -> bytes:
    """Return the verdicts of a month as canonical bytes, in the order of the agreements."""
    told = [_written(each) for each in _judged(company, month, tally, as_of)]
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def read(data: bytes) -> list[Judged]:
    """Return the verdicts that were written."""
    return [_read(each) for each in json.loads(data)] if data else []


def versions_of(company: Company, month: date) -> list[AgreementVersion]:
    """Return the version of each agreement by which a month is judged."""
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    signed = AgreementVersion.objects.filter(
        agreement__company=company, state=AgreementVersion.State.SIGNED,
        period__overlap=(month, after),
    )  # fmt: skip
    found: dict[int, AgreementVersion] = {}
    for version in signed.select_related("agreement").order_by("agreement_id", "effective_from"):
        found.setdefault(version.agreement_id, version)
    return list(found.values())


def _judged(company: Company, month: date, tally: Tally, as_of: datetime) -> Iterator[Judged]:
    versions = versions_of(company, month)
    if not versions:
        return
    of = _agreements(tally.lives)
    for version in versions:
        terms = version.terms()
        mine = [life for life in tally.lives if of.get(life.key) == version.agreement_id]
        outcomes = _outcomes(terms, mine, as_of)
        for target in terms.targets:
            if target.kind in MEASURED and _is_measured(target, month):
                verdict = _verdict(target, outcomes[target.place], tally)
                yield Judged(
                    version.agreement_id, version.pk, version.agreement.name, target, verdict
                )


def _agreements(lives: Sequence[Life]) -> dict[str, int]:
    """Return the agreement of each request, by its clocks."""
    clocks = Clock.objects.filter(
        ticket__in=[int(life.key) for life in lives], agreement_version__isnull=False
    )
    rows = clocks.order_by("-pk").values_list("ticket", "agreement_version__agreement")
    return {str(ticket): agreement for ticket, agreement in rows}


def _outcomes(terms: Terms, lives: Sequence[Life], as_of: datetime) -> dict[Place, list[Outcome]]:
    """Return how each promise ended, by the most specific promise of its kind."""
    found: dict[Place, list[Outcome]] = defaultdict(list)
    for life in lives:
        if life.void(as_of):
            continue
        for promise in life.promises:
            outcome = promise.outcome(as_of) if promise.kind in MEASURED else None
            if outcome is None:
                continue
            target = terms.target(
                promise.kind, service=int(life.service), family=life.family,
                priority=int(life.priority) if life.priority else None,
            )  # fmt: skip
            if target is not None:
                found[target.place].append(_timed(outcome, promise.kind, life))
    return found


def _timed(outcome: Outcome, kind: str, life: Life) -> Outcome:
    """Return the outcome with the open hours that it took, where a mean of hours was agreed on."""
    if kind == DELIVERY and life.worked is not None:
        return replace(outcome, hours=life.worked / 3600)
    return outcome


def _is_measured(target: TargetTerms, month: date) -> bool:
    """Return whether this month tells of it: of a quarter, its last month does."""
    return target.window == "month" or month.month % 3 == 0


def _verdict(target: TargetTerms, outcomes: list[Outcome], tally: Tally) -> Verdict:
    bounds = [(each.begin, each.end) for each in tally.periods[-3:]]
    if target.window == "quarter":
        return credits.verdict(outcomes, target.levels, bounds[0][0], bounds[-1][1])
    return credits.monthly(outcomes, target.levels, bounds)


def facts_of(each: Judged) -> dict[str, Any]:
    """Return a promise as JSON can hold it; `promised` reads it back."""
    facts: dict[str, Any] = Terms(targets=(each.target,)).facts()["targets"][0]
    return facts


def promised(facts: dict[str, Any]) -> TargetTerms:
    """Return the promise that `facts_of` wrote down."""
    return Terms.from_facts({"targets": [facts], "scopes": []}).targets[0]


def _written(each: Judged) -> dict[str, Any]:
    verdict = each.verdict
    return {
        "agreement": each.agreement, "version": each.version, "name": each.name,
        "target": facts_of(each), "level": str(verdict.level),
        "value": None if verdict.value is None else str(verdict.value),
        "counted": verdict.counted, "excluded": verdict.excluded,
    }  # fmt: skip


def _read(said: dict[str, Any]) -> Judged:
    target = promised(said["target"])
    value = None if said["value"] is None else Decimal(said["value"])
    verdict = Verdict(Level(said["level"]), value, said["counted"], said["excluded"])
    return Judged(said["agreement"], said["version"], said["name"], target, verdict)

"""The workshop on what hurts: collected, put together, ranked, and what the mending has brought."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relais.engine import inventory
from relais.lib import diagrams
from relais.people import organisation
from relais.people.models.api_key import digest_of

from .models import InventoryLine, Irritant, IrritantLine, IrritantMeasure, Participant, Study
from .models.irritant import BEFORE

if TYPE_CHECKING:
    from relais.people.access import Access
    from relais.people.models import Person

State = Irritant.State
MOST_ON_CHART = 12
DAY = 24 * 3600
# The signs that make people ask for a diagnostic: to be looked for in every study.
ALERTS = {
    "errors": (gettext_noop("Administrative errors that come back"), "error"),
    "opening": (gettext_noop("Ways of working hard to pass on when a site opens"), "lost"),
    "head_office": (gettext_noop("A head office that is overloaded"), "overload"),
}


@dataclass
class Row:
    """An irritant that speaks for itself, in its place, with those that it speaks for."""

    irritant: Irritant
    hours: float
    score: float
    reached: float
    treat: bool
    merged: list[Irritant] = field(default_factory=list)
    # What of the score is gone at 3 and at 6 months; None where nobody has measured.
    lifted: dict[int, float | None] = field(default_factory=dict)

    @property
    def voices(self) -> int:
        """Return how often it was said."""
        return 1 + len(self.merged)


@dataclass
class Board:
    """What hurts in a study, the worst first; hours are a month's."""

    rows: list[Row]
    hours: float
    treated: int
    lifted: int
    returned: float

    @property
    def scored(self) -> list[Row]:
        """Return those that cost something."""
        return [row for row in self.rows if row.score > 0]

    @property
    def sentence(self) -> str:
        """Return the ranking in a sentence, the chart's text."""
        worst = [row for row in self.rows if row.treat]
        if not worst:
            return _("Nothing is scored yet: say how often, how many persons, how many minutes.")
        return _(
            "%(count)s of %(all)s pain points make 80 %% of the score; the worst is “%(name)s” "
            "with %(hours)s h a month."
        ) % {
            "count": len(worst),
            "all": len(self.rows),
            "name": worst[0].irritant.process,
            "hours": number_format(worst[0].hours, 1),
        }


def collect(
    study: Study, fields: dict[str, Any], *, by: Person | None, source: str = "workshop",
    source_key: str = "",
) -> Irritant:  # fmt: skip
    """Return the irritant kept; what a source has told before is the same one."""
    if by is not None:
        study.check_changeable(by)
    if source_key:
        known = Irritant.objects.filter(study=study, source=source, source_key=source_key).first()
        if known is not None:
            return known
    made = Irritant.objects.create(
        provider_id=study.provider_id, study=study, typed_by=by, source=source,
        source_key=source_key, **fields,
    )  # fmt: skip
    organisation.record(made, "irritant_collected", by, process=made.process)
    return made


def take_alerts(study: Study, *, by: Person) -> int:
    """Write the alert signs into the study, in the reader's words; return how many are new."""
    study.check_changeable(by)
    known = set(missing_alerts(study))
    for key, (text, category) in ALERTS.items():
        fields = {"process": _(text), "category": category}
        collect(study, fields, by=by, source="alert", source_key=key)
    return len(known)


def missing_alerts(study: Study) -> list[str]:
    """Return the alert signs that the study has not taken up."""
    rows = Irritant.objects.filter(study=study, source="alert")
    known = set(rows.values_list("source_key", flat=True))
    return [key for key in ALERTS if key not in known]


def board(access: Access, study: Study) -> Board:
    """Return the irritants that this person sees, ranked; in four queries."""
    seen = access.see(Irritant).filter(study=study)
    found = list(seen.select_related("site", "owner", "said_by__person"))
    heads = {row.pk: row for row in found if row.into_id is None}
    merged: dict[int, list[Irritant]] = {}
    for row in found:
        if row.into_id in heads:
            merged.setdefault(row.into_id, []).append(row)
    measures = _measures(access.see(IrritantMeasure).filter(irritant__study=study))
    ranked = inventory.pareto([row.counted for row in heads.values()])
    rows = []
    for each in ranked:
        head = heads[int(each.irritant.key)]
        rows.append(
            Row(
                head, each.irritant.hours, each.score, each.reached, each.treat,
                merged.get(head.pk, []), lifted_of(measures.get(head.pk, {})),
            )
        )  # fmt: skip
    lifted = [row for row in rows if row.irritant.state == State.LIFTED]
    treated = sum(row.irritant.state in (State.MENDING, State.LIFTED) for row in rows)
    returned = sum(_returned(measures.get(row.irritant.pk, {})) for row in rows)
    return Board(rows, sum(row.hours for row in rows), treated, len(lifted), returned)


def lifted_of(measures: dict[int, IrritantMeasure]) -> dict[int, float | None]:
    """Return, of measures by month, the share of the score before that is gone."""
    before = measures.get(BEFORE)
    return {
        month: inventory.lifted(before.counted, measure.counted) if before else None
        for month, measure in sorted(measures.items())
        if month != BEFORE
    }


def _measures(rows: QuerySet[IrritantMeasure]) -> dict[int, dict[int, IrritantMeasure]]:
    found: dict[int, dict[int, IrritantMeasure]] = {}
    for row in rows:
        found.setdefault(row.irritant_id, {})[row.month] = row
    return found


def _returned(measures: dict[int, IrritantMeasure]) -> float:
    """Return the hours a month that the last measure says are lost no more."""
    after = [month for month in measures if month != BEFORE]
    if not after or BEFORE not in measures:
        return 0.0
    return measures[BEFORE].counted.hours - measures[max(after)].counted.hours


def weigh_on(irritant: Irritant, keys: list[int], *, by: Person, access: Access) -> None:
    """Say which lines of the inventory it weighs on: these, and no other."""
    irritant.study.check_lead(by)
    lines = access.see(InventoryLine).filter(study=irritant.study_id, pk__in=keys)
    wanted = set(lines.values_list("pk", flat=True))
    irritant.links.exclude(line__in=wanted).delete()
    IrritantLine.objects.bulk_create(
        [
            IrritantLine(provider_id=irritant.provider_id, irritant=irritant, line_id=pk)
            for pk in sorted(wanted)
        ],
        ignore_conflicts=True,
    )


def pain(study: Study) -> dict[str, float]:
    """Return the weighed hours a month lost on each line, by its key, for `engine.in_order`."""
    found: dict[str, float] = {}
    links = IrritantLine.objects.filter(irritant__study=study, irritant__into=None)
    gone = (State.LIFTED, State.LEFT)
    for link in links.exclude(irritant__state__in=gone).select_related("irritant"):
        key = str(link.line_id)
        found[key] = found.get(key, 0.0) + link.irritant.counted.score
    return found


def drawing(found: Board, language: str) -> str:
    """Return the Pareto as a drawing; empty when nothing is scored. Drawn once for its figures."""
    rows = [(row.irritant.process, row.score) for row in found.scored][:MOST_ON_CHART]
    if not rows:
        return ""
    key = f"pareto:{digest_of(repr((language, rows)))[:40]}"
    drawn: str | None = cache.get(key)
    if drawn is None:
        drawn = diagrams.pareto(
            rows, axis=_("Weighed hours a month"), reached=_("Reached together"),
            line=inventory.MOST_OF_IT, language=language,
        )  # fmt: skip
        cache.set(key, drawn, DAY)
    return drawn


def voices(study: Study) -> QuerySet[Participant]:
    """Return those who may have said it."""
    return study.participants.select_related("person", "site")

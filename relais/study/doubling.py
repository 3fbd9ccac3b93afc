"""The same work at several sites: proposed by what is meant, said by a person, counted once."""

from __future__ import annotations

from django.db import transaction

from relais.engine import duplicates
from relais.people import organisation
from relais.people.models import Person

from .models import Duplicate, InventoryLine, Study

VERBS = ("confirm", "refuse", "undo")


@transaction.atomic
def seek(study: Study, *, by: Person) -> int:
    """Look for lines of different sites that may be the same work; return how many pairs are new.

    What a person has said stands; what was proposed and is no longer alike goes. One event.
    Raises `NotPiloting`, `NotInThisPhase`.
    """
    study.check_changeable(by)
    Study.objects.select_for_update().get(pk=study.pk)
    lines = InventoryLine.objects.filter(study=study)
    tasks = [duplicates.Task(f"{line.pk:012}", str(line.site_id), line.task, line.family)
             for line in lines]  # fmt: skip
    found = {(int(pair.first), int(pair.second)): pair for pair in duplicates.alike(tasks)}
    known = {(row.first_id, row.second_id): row for row in study.duplicates.all()}
    gone = [row.pk for at, row in known.items() if at not in found and row.state == "proposed"]
    Duplicate.objects.filter(pk__in=gone, state="proposed").delete()
    fresh = [
        Duplicate(
            provider_id=study.provider_id, study=study, first_id=first, second_id=second,
            score=round(min(pair.score, 1.0), 4), sure=pair.sure, shared=list(pair.shared),
        )
        for (first, second), pair in found.items()
        if (first, second) not in known
    ]  # fmt: skip
    Duplicate.objects.bulk_create(fresh)
    organisation.record(study, "duplicates_sought", by, study=study.name, proposed=len(fresh))
    return len(fresh)


@transaction.atomic
def say(pair: Duplicate, verb: str, *, by: Person) -> None:
    """Confirm, refuse or undo a pair; the lines are grouped anew. Raises what the verb raises."""
    getattr(pair, verb)(by=by)
    regroup(pair.study)


def regroup(study: Study) -> None:
    """Give the lines of each work that is confirmed the same word, and take it from the others."""
    said = study.duplicates.filter(state=Duplicate.State.CONFIRMED)
    pairs = [duplicates.Pair(f"{row.first_id:012}", f"{row.second_id:012}", 1.0, True, (), False)
             for row in said]  # fmt: skip
    words = {int(key): f"d{int(group[0])}" for group in duplicates.groups(pairs) for key in group}
    changed = []
    for line in study.lines.only("id", "same_as"):
        word = words.get(line.pk, "")
        if line.same_as != word:
            line.same_as = word
            changed.append(line)
    InventoryLine.objects.bulk_update(changed, ["same_as"])

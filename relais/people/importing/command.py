"""`relais import-people`: the same import, from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from relais.lib import tables
from relais.lib.problem import Problem
from relais.lib.tenancy import all_tenants, tenant
from relais.lib.terminal import N_, fill
from relais.people.models import ImportBatch, Provider

from . import batches


class WhichProvider(Problem):
    message = N_("Say whose list it is: --provider with one of these names: %(names)s")


def run_file(path: Path, provider: str = "", apply: bool = False) -> Iterator[str]:
    """Yield what each refused or changing row does, then the counts; with `apply`, do it.

    Raises a `TableProblem` for a file that is no table, and `WhichProvider`.
    """
    with path.open("rb") as file:
        content = tables.load(file)
    with all_tenants("find the provider of an import by name"):
        names = dict(Provider.objects.order_by("name").values_list("name", "pk"))
    pk = next(iter(names.values())) if len(names) == 1 and not provider else names.get(provider)
    if pk is None:
        raise WhichProvider(names=", ".join(names))
    with tenant(pk):
        batch = batches.open_batch(content, name=path.name, provider=pk, by=None)
        batches.preview(batch)
        for line in batch.lines.filter(outcome=batches.ImportLine.Outcome.REFUSED):
            yield fill(
                N_("row %(row)s refused: %(reason)s"),
                {"row": line.number, "reason": fill(line.reason["message"], line.reason["values"])},
            )
        if apply and (batch.counts["created"] or batch.counts["changed"]):
            with transaction.atomic():
                batches.apply(batch, None)
        elif not apply:
            batches.drop(batch)
        yield fill(
            N_(
                "%(file)s: %(created)s rows create, %(changed)s change, %(unchanged)s bring "
                "nothing new, %(refused)s are refused."
            ),
            {"file": path.name, **batch.counts},
        )
        state = ImportBatch.objects.get(pk=batch.pk).state
        done = state == ImportBatch.State.DONE
        yield fill(N_("Applied.") if done else N_("Nothing was written."), {})

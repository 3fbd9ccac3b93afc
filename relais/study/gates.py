"""What each phase of a study asks for before it begins: each missing thing is a sentence.

A subject adds its own question to `GATES`, under the phase that it guards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from .models import Study

Gate = Callable[["Study"], Iterable[str]]


def missing(study: Study) -> list[str]:
    """Return what the next phase asks for and is not there, each in a sentence."""
    return [text for gate in GATES.get(study.next_phase or "", ()) for text in gate(study)]


def _announced(study: Study) -> Iterable[str]:
    if not study.scopes.exists():
        yield _("Choose the sites.")
    if study.sponsor_id is None:
        yield _("Name the sponsor at the client.")
    if not study.told.strip():
        yield _("Write who is told what.")
    if not study.promised:
        yield _("Promise that nobody is evaluated.")
    if not study.participants.exists():
        yield _("Name those who take part.")


def _inventoried(study: Study) -> Iterable[str]:
    held = set(study.lines.values_list("site", flat=True))
    empty = [scope.site.name for scope in study.scopes.select_related("site")
             if scope.site_id not in held]  # fmt: skip
    if empty:
        yield _("Nothing is inventoried yet for: %(sites)s.") % {"sites": ", ".join(empty)}


def _validated(study: Study) -> Iterable[str]:
    from .restitution import missing as not_validated

    return not_validated(study)


GATES: dict[str, list[Gate]] = {
    "collecting": [_announced],
    "restitution": [_inventoried],
    "decided": [_validated],
    "closed": [],
}

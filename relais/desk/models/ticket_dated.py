"""What time does to a ticket: a deadline that passes is stated, once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from .clock import Clock
from .event import Event

if TYPE_CHECKING:
    from relais.desk.batch import Batch


class Dated:
    """The verb that nobody does."""

    if TYPE_CHECKING:
        batch: Batch | None
        _together: Callable[[], AbstractContextManager[object]]
        _tell: Callable[..., Event]

    def breach(self, clock: Clock, *, at: datetime | None = None) -> None:
        """State that a deadline passed, once."""
        at = at or timezone.now()
        due = clock.due_at.isoformat() if clock.due_at else None
        facts: dict[str, Any] = {"clock": clock.kind, "due_at": due, "owed_by": clock.owed_by}
        with self._together():
            if self.batch is None:
                told = Clock.objects.filter(pk=clock.pk, breached_at=None, stopped_at=None)
                if not told.update(breached_at=at):
                    return
            clock.breached_at = at
            # What passes between hands is nobody's affair but the provider's.
            internal = clock.kind == Clock.Kind.HAND
            self._tell(Event.Kind.BREACHED, None, at, facts, internal=internal)

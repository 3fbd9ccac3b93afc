"""What leaves the hands of somebody who is away: back to the queue, with what is missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from .event import Event


class Replanned:
    """The verb by which a request leaves somebody when nobody else can have it."""

    if TYPE_CHECKING:
        State: ClassVar[Any]
        _change: Callable[..., None]

    def put_back(self, missing: dict[str, Any], *, at: datetime | None = None) -> None:
        """Put it back into the queue: not begun, its holder away. Raises `NotNow`, `Overtaken`.

        `missing` is what dispatch says: why nobody has it, and who lost it (`replanned`).
        """
        self._change(
            Event.Kind.UNASSIGNED,
            None,
            at,
            when=[self.State.ASSIGNED],
            facts=missing,
            state=self.State.OPEN,
            holder=None,
        )

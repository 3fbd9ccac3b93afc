"""What the diagnostic keeps to those it is meant for."""

from __future__ import annotations

from tests.world import World

from . import oracle_choosing

READERS: list[tuple[str, str, set[str]]] = [*oracle_choosing.READERS]


def add(world: World) -> None:
    """Make what is looked for."""
    oracle_choosing.add(world)

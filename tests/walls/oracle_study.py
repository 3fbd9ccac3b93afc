"""What the diagnostic keeps to those it is meant for."""

from __future__ import annotations

from tests.world import World

READERS: list[tuple[str, str, set[str]]] = []


def add(world: World) -> None:
    """Make what is looked for."""

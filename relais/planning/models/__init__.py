"""The tables of planning."""

from .relief import Relief, ReliefMove, ReliefSite

__all__ = ["Relief", "ReliefMove", "ReliefSite"]

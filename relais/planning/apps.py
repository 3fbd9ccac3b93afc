"""Before the day."""

from django.apps import AppConfig


class PlanningConfig(AppConfig):
    """Rosters, coverage and continuity."""

    name = "relais.planning"
    label = "planning"

"""The product as a whole: its settings are checked at every start."""

from django.apps import AppConfig


class RelaisConfig(AppConfig):
    """Registers the checks of the settings."""

    name = "relais"
    label = "relais"

    def ready(self) -> None:
        """Register the checks."""
        from . import checks  # noqa: F401

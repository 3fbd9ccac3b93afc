"""What outlives the people who made it."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """Service reviews, their figures, credits and documents."""

    name = "relais.records"
    label = "records"

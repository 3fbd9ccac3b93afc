"""The desk."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Tickets and their verbs."""

    name = "relais.desk"
    label = "desk"

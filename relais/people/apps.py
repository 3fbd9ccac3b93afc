"""People and places."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The lowest app: everything else stands on it."""

    name = "relais.people"
    label = "people"

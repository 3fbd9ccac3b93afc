"""Before the start."""

from django.apps import AppConfig


class StudyConfig(AppConfig):
    """The diagnostic: what work there is, how much, what hurts; it becomes the offer."""

    name = "relais.study"
    label = "study"

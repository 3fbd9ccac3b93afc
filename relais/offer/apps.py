"""The offer."""

from django.apps import AppConfig


class OfferConfig(AppConfig):
    """Services and agreements."""

    name = "relais.offer"
    label = "offer"

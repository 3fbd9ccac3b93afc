"""The addresses of the choice of models, of what a study generates, and of the quick start."""

from __future__ import annotations

from django.urls import path

from .views import choice

STUDY = "studies/<int:pk>/"

urlpatterns = [
    path(f"{STUDY}choice/", choice.models, name="choice"),
    path(f"{STUDY}choice/compute/", choice.compute, name="choice_compute"),
    path(f"{STUDY}choice/weights/", choice.weights, name="choice_weights"),
    path(f"{STUDY}choice/offers/new/", choice.offer_new, name="choice_offer_new"),
    path(f"{STUDY}choice/offers/<int:key>/", choice.offer_edit, name="choice_offer"),
    path(
        f"{STUDY}choice/offers/<int:key>/withdraw/", choice.offer_withdraw,
        name="choice_offer_withdraw",
    ),
    path(f"{STUDY}choice/cells/<int:site>/<slug:family>/", choice.cell, name="choice_cell"),
    path(f"{STUDY}choice/traces/", choice.traces, name="choice_traces"),
    path(f"{STUDY}choice/traces/<int:number>/", choice.trace, name="choice_trace"),
    path(f"{STUDY}derogations/", choice.derogations, name="derogations"),
    path(f"{STUDY}derogations/<int:key>/sign/", choice.derogation_sign, name="derogation_sign"),
    path(
        f"{STUDY}derogations/<int:key>/refuse/", choice.derogation_refuse,
        name="derogation_refuse",
    ),
    path(
        f"{STUDY}derogations/<int:key>/revoke/", choice.derogation_revoke,
        name="derogation_revoke",
    ),
]  # fmt: skip

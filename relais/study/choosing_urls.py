"""The addresses of the choice of models, of what a study generates, and of the quick start."""

from __future__ import annotations

from django.urls import path

from .views import choice, generating, quick

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
    path(f"{STUDY}service/", generating.service, name="study_service"),
    path(f"{STUDY}service/generate/", generating.generate, name="study_generate"),
    path(f"{STUDY}service/undo/", generating.undo, name="study_undo"),
    path(f"{STUDY}service/things/<int:key>/", generating.origins, name="study_origins"),
    path("studies/came-from/<slug:thing>/<int:key>/", generating.came_from, name="came_from"),
    path(f"{STUDY}waves/", generating.waves, name="waves"),
    path(f"{STUDY}waves/<int:key>/edit/", generating.wave_edit, name="wave_edit"),
    path(f"{STUDY}waves/<int:key>/start/", generating.wave_start, name="wave_start"),
    path(f"{STUDY}waves/<int:key>/steady/", generating.wave_steady, name="wave_steady"),
    path(f"{STUDY}posts/<int:key>/fill/", generating.post_fill, name="post_fill"),
    path(f"{STUDY}turned-out/", generating.as_it_turned_out, name="turned_out"),
    path("studies/quick/", quick.begin, name="quick_begin"),
    path(f"{STUDY}quick/work/", quick.work, name="quick_work"),
    path(f"{STUDY}quick/questions/", quick.questions, name="quick_questions"),
    path(f"{STUDY}quick/result/", quick.result, name="quick_result"),
    path(f"{STUDY}quick/start/", quick.start, name="quick_start"),
]  # fmt: skip

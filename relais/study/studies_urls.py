"""The addresses of studies: the list, the frame of one, its people and its phases."""

from django.urls import path

from .views import studies

urlpatterns = [
    path("studies/", studies.studies, name="studies"),
    path("studies/new/", studies.study_new, name="study_new"),
    path("studies/<int:pk>/", studies.study, name="study"),
    path("studies/<int:pk>/edit/", studies.study_edit, name="study_edit"),
    path("studies/<int:pk>/sites/", studies.study_sites, name="study_sites"),
    path("studies/<int:pk>/participants/new/", studies.participant_new, name="participant_new"),
    path("studies/<int:pk>/begin/", studies.study_verb, {"verb": "begin"}, name="study_begin"),
    path("studies/<int:pk>/tell/", studies.study_verb, {"verb": "tell"}, name="study_tell"),
    path("studies/<int:pk>/decide/", studies.study_verb, {"verb": "decide"}, name="study_decide"),
    path("studies/<int:pk>/close/", studies.study_verb, {"verb": "close"}, name="study_close"),
    path("studies/<int:pk>/go-back/", studies.study_go_back, name="study_go_back"),
    path(
        "study-participants/<int:pk>/remove/",
        studies.participant_remove,
        name="participant_remove",
    ),
]

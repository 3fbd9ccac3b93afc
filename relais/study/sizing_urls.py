"""The addresses of a study's sizings, costs and restitution."""

from __future__ import annotations

from django.urls import path

from .views import costs, restitution, sizing

STUDY = "studies/<int:pk>/"

urlpatterns = [
    path(f"{STUDY}sizing/", sizing.sizings, name="sizings"),
    path(f"{STUDY}sizing/new/", sizing.sizing_new, name="sizing_new"),
    path("sizings/<int:pk>/live/", sizing.live, name="sizing_live"),
    path("sizings/<int:pk>/stop/", sizing.stop, name="sizing_stop"),
    path("sizings/<int:pk>/progress/", sizing.progress, name="sizing_progress"),
    path("sizings/<int:pk>/charts/<slug:name>/", sizing.chart, name="sizing_chart"),
    path(f"{STUDY}costs/", costs.costs, name="costs"),
    path(f"{STUDY}costs/propose/", costs.propose, name="costs_propose"),
    path("cost-scenarios/<int:pk>/edit/", costs.scenario, name="cost_scenario"),
    path("cost-scenarios/<int:pk>/lines/new/", costs.line_new, name="cost_line_new"),
    path("cost-lines/<int:pk>/edit/", costs.line, name="cost_line"),
    path("cost-lines/<int:pk>/remove/", costs.line_remove, name="cost_line_remove"),
    path(f"{STUDY}restitution/", restitution.restitution, name="restitution"),
    path(f"{STUDY}restitution/make/", restitution.make, name="restitution_make"),
    path(
        "study-reports/<int:pk>/charts/<slug:name>/", restitution.chart, name="study_report_chart"
    ),
    path(
        "study-reports/<int:pk>/<slug:language>.pdf", restitution.document,
        name="study_report_document",
    ),
    path("study-reports/<int:pk>/validate/", restitution.validate, name="study_report_validate"),
    path("study-reports/<int:pk>/contest/", restitution.contest, name="study_report_contest"),
    path(
        "study-reports/<int:pk>/pass-over/", restitution.pass_over, name="study_report_pass_over"
    ),
]  # fmt: skip

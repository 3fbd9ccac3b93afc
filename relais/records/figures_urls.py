"""The addresses of figures."""

from __future__ import annotations

from django.urls import path

from .views import figures

urlpatterns = [
    path("figures/", figures.figures, name="figures"),
    path("figures/charts/<slug:name>/", figures.chart, name="figures_chart"),
    path("figures/views/keep/", figures.view_keep, name="figure_view_keep"),
    path("figures/views/<int:pk>/drop/", figures.view_drop, name="figure_view_drop"),
]

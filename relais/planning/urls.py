"""Every address of planning and continuity."""

from __future__ import annotations

from django.urls import path

from .views import coverage

urlpatterns = [
    path("planning/", coverage.planning, name="planning"),
]

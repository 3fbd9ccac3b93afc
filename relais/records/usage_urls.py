"""Addresses of what clients use of their packages."""

from __future__ import annotations

from django.urls import path

from .views import usage

urlpatterns = [
    path("usage/", usage.usages, name="usages"),
    path("usage/<int:pk>/", usage.usage_statement, name="usage_statement"),
    path("usage/<int:pk>/package/", usage.usage_package, name="usage_package"),
    path("usage/<int:pk>/dispute/", usage.usage_dispute, name="usage_dispute"),
    path("usage/packages/<int:pk>/end/", usage.usage_end, name="usage_end"),
    path("usage/packages/<int:pk>/hold/", usage.usage_hold, name="usage_hold"),
    path("usage/packages/<int:pk>/release/", usage.usage_release, name="usage_release"),
    path("usage/disputes/<int:pk>/answer/", usage.dispute_answer, name="dispute_answer"),
    path("usage/disputes/<int:pk>/settle/", usage.dispute_settle, name="dispute_settle"),
    path("usage/disputes/<int:pk>/withdraw/", usage.dispute_withdraw, name="dispute_withdraw"),
]

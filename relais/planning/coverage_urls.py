"""The addresses of the coverage and of calendars."""

from __future__ import annotations

from django.urls import path

from .views import coverage, subscriptions

urlpatterns = [
    path("planning/", coverage.planning, name="planning"),
    path("planning/calendars/", subscriptions.calendar_links, name="calendar_links"),
    path("planning/calendars/make/", subscriptions.calendar_link_make, name="calendar_link_make"),
    path(
        "planning/calendars/<int:pk>/revoke/",
        subscriptions.calendar_link_revoke,
        name="calendar_link_revoke",
    ),
    path("feeds/<str:secret>.ics", subscriptions.calendar_feed, name="calendar_feed"),
]

"""The addresses of the coverage and of calendars."""

from __future__ import annotations

from django.urls import path

from .views import busy, coverage, meetings, subscriptions

urlpatterns = [
    path("planning/", coverage.planning, name="planning"),
    path("planning/calendars/", subscriptions.calendar_links, name="calendar_links"),
    path("planning/calendars/make/", subscriptions.calendar_link_make, name="calendar_link_make"),
    path(
        "planning/calendars/<int:pk>/revoke/",
        subscriptions.calendar_link_revoke,
        name="calendar_link_revoke",
    ),
    path("planning/my-calendars/", busy.busy_sources, name="busy_sources"),
    path(
        "planning/my-calendars/<int:pk>/read-again/", busy.busy_read_again, name="busy_read_again"
    ),
    path("planning/my-calendars/<int:pk>/remove/", busy.busy_remove, name="busy_remove"),
    path("planning/meetings/", meetings.meetings, name="meetings"),
    path("planning/meetings/<int:pk>/", meetings.meeting, name="meeting"),
    path("planning/meetings/<int:pk>/book/", meetings.meeting_book, name="meeting_book"),
    path("planning/meetings/<int:pk>/give-up/", meetings.meeting_give_up, name="meeting_give_up"),
    path("tickets/<int:pk>/meeting/", meetings.meeting_new, name="meeting_new"),
    path("feeds/<str:secret>.ics", subscriptions.calendar_feed, name="calendar_feed"),
]

"""The addresses of calendars."""

from __future__ import annotations

from django.urls import path

from relais.people.views import calendar_feeds, calendars

urlpatterns = [
    path("calendars/", calendars.calendar_list, name="calendars"),
    path("calendars/new/", calendars.calendar_new, name="calendar_new"),
    path("calendars/regions/", calendars.holiday_regions, name="holiday_regions"),
    path("calendars/<int:pk>/", calendars.calendar, name="calendar"),
    path("calendars/<int:pk>/edit/", calendars.calendar_settings, name="calendar_settings"),
    path("calendars/<int:pk>/hours/", calendars.calendar_hours, name="calendar_hours"),
    path("calendars/<int:pk>/delete/", calendars.calendar_delete, name="calendar_delete"),
    path("calendars/<int:pk>/history/", calendars.calendar_history, name="calendar_history"),
    path("calendars/<int:pk>/days/add/", calendars.calendar_days_add, name="calendar_days_add"),
    path("calendars/<int:pk>/days/<str:day>/", calendars.calendar_day, name="calendar_day"),
    path(
        "calendars/<int:pk>/days/<str:day>/change/",
        calendars.calendar_day_change,
        name="calendar_day_change",
    ),
    path(
        "calendars/<int:pk>/entries/<int:entry>/remove/",
        calendars.calendar_days_remove,
        name="calendar_days_remove",
    ),
    path(
        "calendars/<int:pk>/changes/<int:change>/undo/",
        calendars.calendar_change_undo,
        name="calendar_change_undo",
    ),
    path(
        "calendars/<int:pk>/feeds/import/",
        calendar_feeds.calendar_feed_import,
        name="calendar_feed_import",
    ),
    path(
        "calendars/<int:pk>/feeds/<int:feed>/remove/",
        calendar_feeds.calendar_feed_remove,
        name="calendar_feed_remove",
    ),
]

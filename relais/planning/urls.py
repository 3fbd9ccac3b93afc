"""Every address of planning and continuity."""

from django.urls import path

from . import continuity_urls, coverage_urls
from .views import shifts, working_rules

urlpatterns = [
    *continuity_urls.urlpatterns,
    *coverage_urls.urlpatterns,
    path("planning/shifts/", shifts.shifts, name="shifts"),
    path("planning/shifts/new/", shifts.shift_new, name="shift_new"),
    path("planning/shifts/pattern/", shifts.shift_pattern, name="shift_pattern"),
    path("planning/shifts/<int:pk>/", shifts.shift_edit, name="shift_edit"),
    path("planning/shifts/<int:pk>/remove/", shifts.shift_remove, name="shift_remove"),
    path("planning/on-site/", shifts.on_site_days, name="on_site_days"),
    path("planning/on-site/<int:pk>/remove/", shifts.on_site_remove, name="on_site_remove"),
    path("planning/wishes/", shifts.wishes, name="my_wishes"),
    path("planning/wishes/<int:pk>/remove/", shifts.wish_remove, name="wish_remove"),
    path("planning/working-time/", working_rules.working_rules, name="working_rules"),
]

"""The addresses of shifts, rosters and peaks."""

from django.urls import path

from .views import levers, peaks, rosters, shifts, working_rules

urlpatterns = [
    path("planning/shifts/", shifts.shifts, name="shifts"),
    path("planning/shifts/new/", shifts.shift_new, name="shift_new"),
    path("planning/shifts/pattern/", shifts.shift_pattern, name="shift_pattern"),
    path("planning/shifts/<int:pk>/", shifts.shift_edit, name="shift_edit"),
    path("planning/shifts/<int:pk>/remove/", shifts.shift_remove, name="shift_remove"),
    path("planning/on-site/", shifts.on_site_days, name="on_site_days"),
    path("planning/on-site/<int:pk>/", shifts.on_site_edit, name="on_site_edit"),
    path("planning/on-site/<int:pk>/remove/", shifts.on_site_remove, name="on_site_remove"),
    path("planning/wishes/", shifts.wishes, name="my_wishes"),
    path("planning/wishes/<int:pk>/remove/", shifts.wish_remove, name="wish_remove"),
    path("planning/working-time/", working_rules.working_rules, name="working_rules"),
    path("planning/shift-kinds/", rosters.kinds, name="shift_kinds"),
    path("planning/shift-kinds/<int:pk>/", rosters.kinds, name="shift_kind"),
    path("planning/rosters/", rosters.rosters, name="rosters"),
    path("planning/rosters/<int:pk>/", rosters.roster, name="roster"),
    path("planning/rosters/<int:pk>/progress/", rosters.progress, name="roster_progress"),
    path("planning/rosters/<int:pk>/solve/", rosters.solve, name="roster_solve"),
    path("planning/rosters/<int:pk>/stop/", rosters.stop, name="roster_stop"),
    path("planning/rosters/<int:pk>/place/", rosters.place, name="roster_place"),
    path("planning/rosters/<int:pk>/publish/", rosters.publish, name="roster_publish"),
    path("planning/rosters/<int:pk>/withdraw/", rosters.withdraw, name="roster_withdraw"),
    path("planning/rosters/<int:pk>/mend/", rosters.mend, name="roster_mend"),
    path("planning/rosters/<int:pk>/discard/", rosters.discard, name="roster_discard"),
    path("planning/rosters/<int:pk>/beside/<int:other>/", rosters.compare, name="roster_compare"),
    path("planning/peaks/", peaks.peaks, name="peaks"),
    path("planning/peaks/compute/", peaks.compute, name="peaks_compute"),
    path("planning/peaks/levers/", levers.levers, name="levers"),
    path("planning/peaks/levers/choose/", levers.choose, name="lever_choose"),
    path("planning/peaks/levers/<int:pk>/undo/", levers.undo, name="lever_undo"),
    path("planning/peaks/charts/<slug:name>/", peaks.chart, name="peaks_chart"),
]

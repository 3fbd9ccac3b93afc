"""Addresses of quality: checks, corrective actions, the grid."""

from __future__ import annotations

from django.urls import path

from .views import quality

urlpatterns = [
    path("quality/", quality.quality, name="quality"),
    path("quality/done/", quality.quality_done, name="quality_done"),
    path("quality/mine/", quality.mine, name="quality_mine"),
    path("quality/grid/", quality.grid, name="quality_grid"),
    path("quality/checks/<int:pk>/", quality.check, name="quality_check"),
    path("quality/checks/<int:pk>/open/", quality.check_open, name="quality_check_open"),
    path("quality/checks/<int:pk>/answer/", quality.check_answer, name="quality_check_answer"),
    path("quality/checks/<int:pk>/reopen/", quality.check_reopen, name="quality_check_reopen"),
    path("quality/checks/<int:pk>/respond/", quality.check_respond, name="quality_check_respond"),
    path("quality/actions/", quality.quality_actions, name="quality_actions"),
    path("quality/actions/<int:pk>/", quality.action, name="quality_action"),
    path("quality/actions/<int:pk>/do/", quality.action_do, name="quality_action_do"),
    path("quality/actions/<int:pk>/verify/", quality.action_verify, name="quality_action_verify"),
    path("quality/actions/<int:pk>/reopen/", quality.action_reopen, name="quality_action_reopen"),
]

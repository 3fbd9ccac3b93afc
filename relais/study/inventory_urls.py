"""The addresses of the inventory: the grid, its lines, its duplicates."""

from django.urls import path

from .views import duplicates, inventory, sheets

urlpatterns = [
    path("studies/<int:pk>/inventory/", inventory.inventory, name="inventory"),
    path("studies/<int:pk>/inventory/cell/", inventory.inventory_cell, name="inventory_cell"),
    path("studies/<int:pk>/inventory/paste/", inventory.inventory_paste, name="inventory_paste"),
    path("studies/<int:pk>/inventory/undo/", inventory.inventory_undo, name="inventory_undo"),
    path("studies/<int:pk>/inventory/new/", inventory.inventory_new, name="inventory_new"),
    path("studies/<int:pk>/inventory/import/", sheets.inventory_import, name="inventory_import"),
    path("studies/<int:pk>/inventory/derive/", sheets.inventory_derive, name="inventory_derive"),
    path(
        "studies/<int:pk>/inventory/calendars/",
        sheets.inventory_calendars,
        name="inventory_calendars",
    ),
    path("study-sheets/<int:pk>/", sheets.study_sheet, name="study_sheet"),
    path("study-sheets/<int:pk>/take/", sheets.study_sheet_take, name="study_sheet_take"),
    path(
        "study-sheets/<int:pk>/progress/", sheets.study_sheet_progress, name="study_sheet_progress"
    ),
    path("study-sheets/<int:pk>/refused/", sheets.study_sheet_refused, name="study_sheet_refused"),
    path("study-lines/<int:pk>/", inventory.inventory_line, name="inventory_line"),
    path("study-lines/<int:pk>/remove/", inventory.inventory_remove, name="inventory_remove"),
    path("study-lines/<int:pk>/validate/", inventory.inventory_validate, name="inventory_validate"),
    path("studies/<int:pk>/duplicates/", duplicates.duplicates, name="duplicates"),
    path("studies/<int:pk>/duplicates/seek/", duplicates.duplicates_seek, name="duplicates_seek"),
    path(
        "study-duplicates/<int:pk>/confirm/",
        duplicates.duplicate_say,
        {"verb": "confirm"},
        name="duplicate_confirm",
    ),
    path(
        "study-duplicates/<int:pk>/refuse/",
        duplicates.duplicate_say,
        {"verb": "refuse"},
        name="duplicate_refuse",
    ),
    path(
        "study-duplicates/<int:pk>/undo/",
        duplicates.duplicate_say,
        {"verb": "undo"},
        name="duplicate_undo",
    ),
]

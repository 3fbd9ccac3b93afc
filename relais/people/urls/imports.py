"""The addresses of imports."""

from __future__ import annotations

from django.urls import path, re_path

from relais.people.views import imports

urlpatterns = [
    path("imports/", imports.imports, name="imports"),
    re_path(r"^imports/template\.(?P<kind>csv|xlsx)$", imports.template, name="import_template"),
    path("imports/<int:pk>/", imports.import_, name="import"),
    path("imports/<int:pk>/progress/", imports.progress, name="import_progress"),
    path("imports/<int:pk>/columns/", imports.columns, name="import_columns"),
    path("imports/<int:pk>/apply/", imports.apply, name="import_apply"),
    path("imports/<int:pk>/again/", imports.again, name="import_again"),
    path("imports/<int:pk>/drop/", imports.drop, name="import_drop"),
    re_path(
        r"^imports/(?P<pk>\d{1,18})/refused\.(?P<kind>csv|xlsx)$",
        imports.refused,
        name="import_refused",
    ),
]

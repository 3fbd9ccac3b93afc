"""Every address of people and places, one file an area; each names its own prefix."""

from django.urls import include, path

urlpatterns = [
    path("", include("relais.people.urls.calendars")),
    path("", include("relais.people.urls.imports")),
    path("", include("relais.people.urls.organisation")),
    path("", include("relais.people.urls.signin")),
    path("", include("relais.people.urls.shell")),
]

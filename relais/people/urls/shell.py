"""Addresses of the interface's frame: the search, and how one likes the pages."""

from django.urls import path

from relais.people.views import app, search, shell

urlpatterns = [
    path("app.webmanifest", app.manifest, name="manifest"),
    path("service-worker.js", app.service_worker, name="service_worker"),
    path("offline/", app.offline, name="offline"),
    path("search/", search.search, name="search"),
    path("preferences/", shell.preferences, name="preferences"),
]

"""Addresses of the interface's frame: the search, and how one likes the pages."""

from django.urls import path

from relais.people.views import search, shell

urlpatterns = [
    path("search/", search.search, name="search"),
    path("preferences/", shell.preferences, name="preferences"),
]

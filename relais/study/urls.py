"""Every address of the diagnostic."""

from __future__ import annotations

from django.urls import URLPattern

from . import choosing_urls

urlpatterns: list[URLPattern] = [
    *choosing_urls.urlpatterns,
]

"""The addresses of the organisation: companies, sites, persons, the pool."""

from __future__ import annotations

urlpatterns: list = []

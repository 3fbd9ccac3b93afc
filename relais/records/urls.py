"""Every address of reviews, their figures and documents."""

from __future__ import annotations

from . import figures_urls

urlpatterns = [*figures_urls.urlpatterns]

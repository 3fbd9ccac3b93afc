"""Every address of reviews, their figures and documents."""

from __future__ import annotations

from . import figures_urls, quality_urls, reviews_urls, usage_urls

urlpatterns = [
    *figures_urls.urlpatterns,
    *quality_urls.urlpatterns,
    *reviews_urls.urlpatterns,
    *usage_urls.urlpatterns,
]

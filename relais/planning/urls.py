"""Every address of planning and continuity."""

from . import continuity_urls, coverage_urls, roster_urls

urlpatterns = [
    *continuity_urls.urlpatterns,
    *coverage_urls.urlpatterns,
    *roster_urls.urlpatterns,
]

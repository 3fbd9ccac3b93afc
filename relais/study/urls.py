"""Every address of the diagnostic."""

from __future__ import annotations

from . import choosing_urls, inventory_urls, sizing_urls, studies_urls, workshop_urls

urlpatterns = [
    *studies_urls.urlpatterns,
    *inventory_urls.urlpatterns,
    *choosing_urls.urlpatterns,
    *sizing_urls.urlpatterns,
    *workshop_urls.urlpatterns,
]

"""Every address of the product."""

from django.urls import include, path

from relais.api import api
from relais.people.views.home import home

urlpatterns = [
    path("", home, name="home"),
    path("", include("relais.people.urls")),
    path("api/", api.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("relais.offer.urls")),
    path("", include("relais.desk.urls")),
    path("", include("relais.planning.urls")),
    path("", include("relais.study.urls")),
    path("", include("relais.records.urls")),
]

handler500 = "relais.lib.errors.server_error"

"""Every address of the product."""

from django.urls import include, path

from relais.people.views.home import home

urlpatterns = [
    path("", home, name="home"),
    path("accounts/", include("allauth.urls")),
    path("", include("relais.people.urls")),
]

handler500 = "relais.lib.errors.server_error"

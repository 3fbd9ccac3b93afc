"""Every address of the product."""

from django.urls import include, path

from relais.people import views as people

urlpatterns = [
    path("", people.home, name="home"),
    path("accounts/", include("allauth.urls")),
]

"""Every address of what is promised."""

from django.urls import path

from .views import agreements, versions

VERSION = "agreements/<int:pk>/versions/<int:number>/"

urlpatterns = [
    path("agreements/", agreements.agreements, name="agreements"),
    path("agreements/new/", agreements.agreement_new, name="agreement_new"),
    path("agreements/<int:pk>/", agreements.agreement, name="agreement"),
    path("agreements/<int:pk>/draft/", agreements.agreement_draft, name="agreement_draft"),
    path("agreements/<int:pk>/history/", agreements.agreement_history, name="agreement_history"),
    path(VERSION, agreements.agreement_version, name="agreement_version"),
    path(f"{VERSION}edit/", versions.edit, name="agreement_edit"),
    path(f"{VERSION}compare/", versions.compare_page, name="agreement_compare"),
    path(f"{VERSION}sign/", versions.sign, name="agreement_sign"),
    path(f"{VERSION}withdraw/", versions.withdraw, name="agreement_withdraw"),
]

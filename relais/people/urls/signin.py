"""The addresses of accounts and invitations; allauth's own lie under /accounts/."""

from __future__ import annotations

from django.urls import path

from relais.people.views import account, invitations

urlpatterns = [
    path("account/", account.account, name="account"),
    path("account/security/", account.security, name="security"),
    path("invitations/", invitations.invitations, name="invitations"),
    path("invitations/open/<str:secret>/", invitations.invitation, name="invitation"),
    path("invitations/<int:pk>/send-again/", invitations.send_again, name="invitation_send_again"),
    path("invitations/<int:pk>/revoke/", invitations.revoke, name="invitation_revoke"),
    path("persons/<int:pk>/invite/", invitations.invite, name="person_invite"),
]

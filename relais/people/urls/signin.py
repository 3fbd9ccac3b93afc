"""The addresses of accounts and invitations; allauth's own lie under /accounts/."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from relais.people.views import account, invitations, keys

urlpatterns = [
    path("account/", account.account, name="account"),
    path("account/security/", account.security, name="security"),
    path("account/sessions/end/", account.end_sessions, name="sessions_end"),
    path("account/sessions/<int:pk>/end/", account.end_session, name="session_end"),
    path("account/firm/<int:pk>/disconnect/", account.disconnect_firm, name="firm_disconnect"),
    path("account/keys/", keys.keys, name="keys"),
    path("account/keys/make/", keys.make, name="key_make"),
    path("account/keys/<int:pk>/revoke/", keys.revoke, name="key_revoke"),
    path("invitations/", invitations.invitations, name="invitations"),
    path("invitations/open/<str:secret>/", invitations.invitation, name="invitation"),
    path("invitations/<int:pk>/send-again/", invitations.send_again, name="invitation_send_again"),
    path("invitations/<int:pk>/revoke/", invitations.revoke, name="invitation_revoke"),
    path("persons/<int:pk>/invite/", invitations.invite, name="person_invite"),
    # allauth's own overviews: ours shows them all on one page.
    *[
        path(f"accounts/{page}/", RedirectView.as_view(pattern_name="security"))
        for page in ("2fa", "2fa/webauthn", "sessions", "3rdparty")
    ],
]

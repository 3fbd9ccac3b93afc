"""The firm's own sign-in: the whole code flow, against a provider on this machine."""

from __future__ import annotations

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp_auth
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from relais.people.models import User
from tests.world import PASSWORD

from . import identity_provider

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LOGIN = "/accounts/oidc/firm/login/"


@pytest.fixture
def firm(settings, worlds):
    """Return a running provider, configured as RELAIS_OIDC_… would."""
    cache.clear()
    with identity_provider.running() as provider:
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {
                "OAUTH_PKCE_ENABLED": True,
                "VERIFIED_EMAIL": False,
                "APPS": [
                    {
                        "provider_id": "firm",
                        "name": "Calanques ID",
                        "client_id": identity_provider.CLIENT,
                        "secret": identity_provider.SECRET,
                        "settings": {"server_url": provider.issuer},
                    }
                ],
            }
        }
        yield provider


def vouch(firm, email, *, verified=True, subject="123"):
    firm.claims = {"sub": subject, "email": email, "email_verified": verified, "name": "M"}


def sign_in(client, url=LOGIN):
    """Go the way of the browser: to the firm, and back with a code; return the last answer."""
    asked = client.post(url)
    assert asked.status_code == 302, asked.content.decode()[:300]
    back = requests.get(asked["Location"], allow_redirects=False, timeout=5).headers["Location"]
    return client.get(back.replace("http://testserver", ""))


def is_in(client):
    return client.get(reverse("account")).status_code == 200


def test_the_sign_in_page_offers_the_firm(firm, client):
    text = client.get(reverse("account_login")).content.decode()
    assert "Se connecter avec Calanques ID" in text
    assert f'action="{LOGIN}' in text


def test_without_configuration_the_page_offers_no_firm(worlds, client):
    assert "Calanques ID" not in client.get(reverse("account_login")).content.decode()
    assert client.post(LOGIN).status_code == 404


def test_a_confirmed_address_opens_the_account_that_has_it(firm, worlds, client):
    marc = worlds[0].people.marc
    vouch(firm, marc.email.upper())
    assert sign_in(client)["Location"] == "/"
    assert is_in(client)
    assert SocialAccount.objects.get(uid="123").user_id == marc.user.pk
    assert not firm.refusals
    # Known by its subject from now on, whatever address the firm gives.
    vouch(firm, "moved@calanques.example")
    again = Client()
    assert sign_in(again)["Location"] == "/"
    assert is_in(again)


@pytest.mark.parametrize(
    ("email", "verified"),
    [("nobody@calanques.example", True), ("marc@calanques.example", False), ("", True)],
)
def test_anybody_else_is_told_clearly_and_no_account_is_made(firm, client, email, verified):
    before = User.objects.count()
    vouch(firm, email, verified=verified)
    page = sign_in(client)
    assert page.status_code == 403
    assert "ne vous connaît pas à cette adresse" in page.content.decode()
    assert not is_in(client)
    assert User.objects.count() == before
    assert not SocialAccount.objects.exists()


def test_an_address_that_the_account_has_not_confirmed_keeps_the_password_out(firm, worlds, client):
    """Whoever set a password on an address not his own must not share the account."""
    marc = worlds[0].people.marc
    EmailAddress.objects.filter(user=marc.user).update(verified=False)
    vouch(firm, marc.email)
    sign_in(client)
    marc.user.refresh_from_db()
    assert not is_in(client) or not marc.user.has_usable_password()


def test_a_firm_that_says_nothing_of_confirmation_needs_to_be_trusted(firm, worlds, settings):
    marc = worlds[0].people.marc
    firm.claims = {"sub": "9", "email": marc.email}
    assert sign_in(Client()).status_code == 403
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["VERIFIED_EMAIL"] = True
    client = Client()
    sign_in(client)
    assert is_in(client)


def test_the_second_factor_is_still_asked_for(firm, worlds, client):
    marc = worlds[0].people.marc
    TOTP.activate(marc.user, totp_auth.generate_totp_secret())
    vouch(firm, marc.email)
    assert sign_in(client)["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)


def test_a_closed_account_stays_closed(firm, worlds, client):
    marc = worlds[0].people.marc
    User.objects.filter(pk=marc.user.pk).update(is_active=False)
    vouch(firm, marc.email)
    sign_in(client)
    assert not is_in(client)


def test_whoever_is_signed_in_connects_only_the_own_address(firm, worlds):
    people = worlds[0].people
    browser = Client()
    browser.post(reverse("account_login"), {"login": people.nadia.email, "password": PASSWORD})
    vouch(firm, people.marc.email)
    assert sign_in(browser, LOGIN + "?process=connect").status_code == 403
    assert not SocialAccount.objects.exists()
    vouch(firm, people.nadia.email)
    sign_in(browser, LOGIN + "?process=connect")
    assert SocialAccount.objects.get().user_id == people.nadia.user.pk


def test_a_connection_is_cut_unless_nothing_else_is_left(firm, worlds, client):
    marc = worlds[0].people.marc
    vouch(firm, marc.email)
    sign_in(client)
    connection = SocialAccount.objects.get()
    url = reverse("firm_disconnect", args=[connection.pk])
    marc.user.refresh_from_db()
    usable = marc.user.password
    User.objects.filter(pk=marc.user.pk).update(password="!none")
    client.force_login(User.objects.get(pk=marc.user.pk), BACKEND)
    client.post(url)
    assert SocialAccount.objects.exists()
    User.objects.filter(pk=marc.user.pk).update(password=usable)
    client.force_login(User.objects.get(pk=marc.user.pk), BACKEND)
    client.post(url)
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("spoil", ["state", "code", "audience", "away", "cancelled"])
def test_a_spoilt_answer_opens_nothing_and_is_no_fault_of_ours(firm, worlds, client, spoil):
    vouch(firm, worlds[0].people.marc.email)
    if spoil == "audience":
        firm.audience = "somebody else"
    asked = client.post(LOGIN)
    back = requests.get(asked["Location"], allow_redirects=False, timeout=5).headers["Location"]
    back = back.replace("http://testserver", "")
    if spoil == "state":
        back = back.replace("state=", "state=x")
    elif spoil == "code":
        back = back.replace("code=", "code=x")
    elif spoil == "cancelled":
        back = back.split("?")[0] + "?error=access_denied&" + back.split("&")[-1]
    elif spoil == "away":
        firm.server.shutdown()
        firm.server.server_close()
    page = client.get(back, follow=True)
    assert page.status_code < 500
    assert not is_in(client)


def test_a_firm_that_does_not_answer_is_said(firm, client):
    firm.server.shutdown()
    firm.server.server_close()
    page = client.post(LOGIN, follow=True)
    assert page.status_code < 500
    assert "n’a pas abouti" in page.content.decode()


def test_a_code_is_used_once(firm, worlds, client):
    vouch(firm, worlds[0].people.marc.email)
    asked = client.post(LOGIN)
    back = requests.get(asked["Location"], allow_redirects=False, timeout=5).headers["Location"]
    back = back.replace("http://testserver", "")
    client.get(back)
    assert is_in(client)
    other = Client()
    other.get(back)
    assert not is_in(other)

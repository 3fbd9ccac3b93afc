"""Signing in: by whom, how often one may try, and what guards the account."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp_auth
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from relais.lib.tenancy import tenant
from relais.people.models import Person, Role, User
from relais.people.passkeys import forget_second_factors
from relais.people.views.account import device_of
from tests.world import PASSWORD

from .letterbox import deliver, link_in

NEW = "une autre phrase bien longue"


@pytest.fixture
def marc(worlds):
    return worlds[0].people.marc


@pytest.fixture(autouse=True)
def _no_former_attempts(db):
    cache.clear()


def sign_in(client, email, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def is_in(client):
    return client.get(reverse("account")).status_code == 200


def code_for(secret, step=0):
    """Return the code that an app shows now, or `step` half-minutes later."""
    counter = int(time.time()) // 30 + step
    return totp_auth.format_hotp_value(totp_auth.hotp_value(secret, counter))


def with_totp(user):
    secret = totp_auth.generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


# --- password -------------------------------------------------------------------------------


def test_the_password_opens_the_account(marc, client):
    assert sign_in(client, marc.email)["Location"] == "/"
    assert is_in(client)


def test_address_and_capitals_do_not_matter_but_the_password_does(marc, client):
    assert sign_in(client, marc.email.upper()).status_code == 302
    assert sign_in(Client(), marc.email, PASSWORD.upper()).status_code == 200


def test_a_false_password_and_an_unknown_address_get_the_same_answer(marc):
    def text(page):
        page = re.sub(r'value="[^"]*"', "", page.content.decode())
        return re.sub(r'csrf[^>]*|id="id_login"[^>]*', "", page)

    known = sign_in(Client(), marc.email, "false")
    unknown = sign_in(Client(), "nobody@calanques.example", "false")
    assert known.status_code == unknown.status_code == 200
    assert text(known) == text(unknown)


def test_passwords_are_kept_by_argon2(settings, db):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    user = User.objects.create_user("a@b.example", PASSWORD)
    assert user.password.startswith("argon2$argon2id$")


def test_after_five_false_passwords_even_the_right_one_waits(marc):
    for _attempt in range(5):
        assert sign_in(Client(), marc.email, "false").status_code == 200
    page = sign_in(Client(), marc.email)
    assert page.status_code == 200
    assert "Trop de tentatives" in page.content.decode()


def test_one_address_locked_leaves_the_others_open(marc, worlds):
    for _attempt in range(6):
        sign_in(Client(), marc.email, "false")
    assert sign_in(Client(), worlds[0].people.nadia.email).status_code == 302


def test_from_one_place_only_so_many_sign_ins_a_minute(marc, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}
    answers = [sign_in(Client(), marc.email).status_code for _attempt in range(4)]
    assert answers == [302, 302, 302, 429]


def test_the_limits_are_kept_where_every_process_sees_them(marc, settings):
    """A cache of the process would let each worker be tried anew."""
    assert settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")
    sign_in(Client(), marc.email, "false")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select count(*) from relais_cache")
        assert cursor.fetchone()[0] > 0


def test_behind_a_proxy_the_limit_counts_the_visitor_not_the_proxy(marc, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def from_address(address):
        data = {"login": marc.email, "password": PASSWORD}
        url = reverse("account_login")
        return Client().post(url, data, headers={"x-forwarded-for": address}).status_code

    assert [from_address(a) for a in ("192.0.2.1", "192.0.2.2", "192.0.2.1")] == [302, 302, 429]


def test_nobody_signs_up_unasked(worlds, client):
    url = reverse("account_signup")
    assert "sur invitation" in client.get(url).content.decode()
    data = {"email": "new@calanques.example", "password1": NEW, "password2": NEW}
    client.post(url, data)
    assert not User.objects.filter(email="new@calanques.example").exists()
    assert not deliver()


# --- forgotten password, changed address ----------------------------------------------------


def test_a_forgotten_password_is_replaced_by_a_link_that_opens_once(marc, client):
    client.post(reverse("account_reset_password"), {"email": marc.email})
    (letter,) = deliver()
    assert letter.to == [marc.email]
    assert "nouveau mot de passe" in letter.body
    page = client.get(link_in(letter), follow=True)
    assert page.status_code == 200
    form = page.redirect_chain[-1][0]
    client.post(form, {"password1": NEW, "password2": NEW})
    assert sign_in(Client(), marc.email, NEW).status_code == 302
    again = Client().get(link_in(letter), follow=True)
    assert "n’ouvre plus rien" in again.content.decode()


def test_a_reset_does_not_tell_whether_the_address_has_an_account(marc):
    answers = []
    for email in (marc.email, "nobody@calanques.example"):
        page = Client().post(reverse("account_reset_password"), {"email": email}, follow=True)
        answers.append((page.redirect_chain, page.status_code))
    assert answers[0] == answers[1]
    assert [letter.to for letter in deliver()] == [[marc.email]]


def test_a_reset_does_not_pass_by_the_second_factor(marc, client):
    with_totp(marc.user)
    client.post(reverse("account_reset_password"), {"email": marc.email})
    page = client.get(link_in(deliver()[0]), follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    assert not is_in(client)
    assert sign_in(client, marc.email, NEW)["Location"] == reverse("mfa_authenticate")


def test_a_new_address_counts_once_it_is_confirmed_and_the_person_follows(marc, client):
    sign_in(client, marc.email)
    data = {"email": "marc.morel@calanques.example", "action_add": ""}
    client.post(reverse("account_email"), data)
    (letter,) = deliver()
    assert letter.to == ["marc.morel@calanques.example"]
    too_early = Client()
    sign_in(too_early, "marc.morel@calanques.example")
    assert not is_in(too_early)
    client.post(link_in(letter))
    assert sign_in(Client(), "marc.morel@calanques.example")["Location"] == "/"
    with tenant(marc.provider_id):
        assert Person.objects.get(pk=marc.pk).email == "marc.morel@calanques.example"


def test_nobody_takes_the_address_of_somebody_without_account(marc, client):
    with tenant(marc.provider_id):
        Person.objects.create(
            provider_id=marc.provider_id, last_name="Autre", email="autre@calanques.example"
        )
    sign_in(client, marc.email)
    data = {"email": "autre@calanques.example", "action_add": ""}
    client.post(reverse("account_email"), data)
    client.post(link_in(deliver()[0]))
    assert EmailAddress.objects.get(user=marc.user, primary=True).email == marc.email
    with tenant(marc.provider_id):
        assert Person.objects.get(pk=marc.pk).email == marc.email


def test_an_address_that_was_not_confirmed_does_not_sign_in(marc, client):
    EmailAddress.objects.filter(user=marc.user).update(verified=False)
    assert sign_in(client, marc.email)["Location"] == reverse("account_email_verification_sent")
    assert not is_in(client)


def test_changing_the_password_ends_the_other_sessions_and_tells_by_letter(marc, client):
    other = Client()
    for browser in (client, other):
        sign_in(browser, marc.email)
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    client.post(reverse("account_change_password"), data)
    assert is_in(client)
    assert not is_in(other)
    (letter,) = deliver()
    assert "Votre compte a été modifié" in letter.body


# --- second factor --------------------------------------------------------------------------


def test_with_an_authenticator_app_the_password_is_not_enough(marc, client):
    secret = with_totp(marc.user)
    assert sign_in(client, marc.email)["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)
    url = reverse("mfa_authenticate")
    assert client.post(url, {"code": "000000"}).status_code == 200
    assert not is_in(client)
    assert client.post(url, {"code": code_for(secret)}).status_code == 302
    assert is_in(client)


def test_a_code_that_was_used_opens_nothing_more(marc):
    secret = with_totp(marc.user)
    code = code_for(secret)
    answers = []
    for _browser in range(2):
        client = Client()
        sign_in(client, marc.email)
        answers.append(client.post(reverse("mfa_authenticate"), {"code": code}).status_code)
    assert answers == [302, 200]


def test_a_recovery_code_opens_once(marc):
    with_totp(marc.user)
    code = RecoveryCodes.activate(marc.user).get_unused_codes()[0]
    answers = []
    for _browser in range(2):
        client = Client()
        sign_in(client, marc.email)
        client.post(reverse("mfa_authenticate"), {"code": code})
        answers.append(is_in(client))
    assert answers == [True, False]


def test_the_second_factor_cannot_be_guessed(marc, client):
    with_totp(marc.user)
    sign_in(client, marc.email)
    for _attempt in range(6):
        page = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "Trop de tentatives" in page.content.decode() or page.status_code == 429


def test_second_factors_lie_sealed_in_the_database(marc):
    secret = with_totp(marc.user)
    codes = RecoveryCodes.activate(marc.user).get_unused_codes()
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert not [code for code in codes if code in kept]


def test_whoever_runs_the_installation_can_forget_the_second_factors(marc, worlds, client):
    with_totp(marc.user)
    RecoveryCodes.activate(marc.user)
    with_totp(worlds[0].people.nadia.user)
    assert forget_second_factors(marc.email.upper()) == 2
    assert sign_in(client, marc.email)["Location"] == "/"
    assert Authenticator.objects.count() == 1
    assert forget_second_factors("nobody@calanques.example") == 0


def test_a_new_passkey_opens_the_account_by_itself_unless_one_unticks_that(marc, client):
    sign_in(client, marc.email)
    form = client.get(reverse("mfa_add_webauthn")).context["form"]
    assert form["passwordless"].initial is True


def test_turning_the_app_on_asks_for_a_code_and_leads_to_recovery_codes(marc, client):
    sign_in(client, marc.email)
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert not Authenticator.objects.exists()
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)}, follow=True)
    assert "Codes de récupération" in answer.content.decode()
    assert Authenticator.objects.filter(type="totp").exists()


def test_after_a_while_a_fresh_proof_is_asked_for_before_the_guards_are_changed(marc, client):
    sign_in(client, marc.email)
    session = client.session
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [r | {"at": r["at"] - 3600} for r in records]
    session.save()
    for name in ("mfa_add_webauthn", "mfa_activate_totp"):
        answer = client.get(reverse(name))
        assert answer.status_code == 302, name
        assert "reauthenticate" in answer["Location"], name
    assert client.get(answer["Location"]).status_code == 200
    client.post(answer["Location"], {"password": PASSWORD})
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


# --- sessions -------------------------------------------------------------------------------


def test_a_revoked_session_is_out_at_once(marc, client):
    phone = Client(headers={"user-agent": "Mozilla/5.0 (iPhone) Version/17 Safari/604.1"})
    for browser in (client, phone):
        sign_in(browser, marc.email)
    page = client.get(reverse("security"))
    assert "Safari, iOS" in page.content.decode()
    phones = [s for s in page.context["sessions"] if "iPhone" in s.user_agent]
    client.post(reverse("session_end", args=[phones[0].pk]))
    assert is_in(client)
    assert not is_in(phone)


def test_signing_out_everywhere_else(marc, client):
    others = [Client(), Client()]
    for browser in (client, *others):
        sign_in(browser, marc.email)
    client.post(reverse("sessions_end"))
    assert is_in(client)
    assert not any(is_in(browser) for browser in others)


def test_the_sessions_of_others_are_neither_shown_nor_ended(marc, worlds, client):
    paul, zoe = Client(), Client()
    sign_in(paul, worlds[0].people.paul.email)
    sign_in(zoe, worlds[1].people.zoe.email)
    sign_in(client, marc.email)
    shown = client.get(reverse("security")).context["sessions"]
    assert {session.user_id for session in shown} == {marc.user.pk}
    from allauth.usersessions.models import UserSession

    for session in UserSession.objects.exclude(user=marc.user):
        assert client.post(reverse("session_end", args=[session.pk])).status_code == 404
    assert is_in(paul)
    assert is_in(zoe)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 Safari/537.36 Edg/131.0", "Edge, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Firefox/132.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/131.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8", "Appareil inconnu"),
    ],
)
def test_a_session_is_named_as_people_name_their_devices(agent, device):
    assert device_of(agent) == device


# --- who is let in --------------------------------------------------------------------------


PAGES = ["/", "/account/", "/account/security/", "/invitations/", "/accounts/email/", "/search/"]


def no_page_but_one(client):
    for page in PAGES:
        answer = client.get(page)
        assert answer.status_code == 403, page
        text = answer.content.decode()
        assert "aucun rôle" in text, page
        assert "Calanques" not in text, page
    assert client.post(reverse("account_logout")).status_code == 302


def test_an_archived_person_sees_one_page_and_no_data(marc, client):
    sign_in(client, marc.email)
    assert is_in(client)
    with tenant(marc.provider_id):
        Person.objects.filter(pk=marc.pk).update(archived_at=timezone.now())
    no_page_but_one(client)


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_role_that_has_ended_or_not_begun_opens_nothing(marc, client, shift):
    sign_in(client, marc.email)
    day = timezone.localdate() + timedelta(days=shift)
    with tenant(marc.provider_id):
        roles = Role.objects.filter(person=marc)
        roles.update(**({"ends_on": day} if shift < 0 else {"starts_on": day}))
    no_page_but_one(client)


def test_an_account_of_nobody_sees_one_page(worlds, client):
    user = User.objects.create_user("nobody@atout.example", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    sign_in(client, user.email)
    no_page_but_one(client)


def test_a_closed_account_does_not_sign_in(marc, client):
    User.objects.filter(pk=marc.user.pk).update(is_active=False)
    sign_in(client, marc.email)
    assert not is_in(client)


# --- every page is ours ---------------------------------------------------------------------

OUTSIDE = ["account_login", "account_reset_password", "account_reset_password_done"]
OUTSIDE += ["account_signup", "account_inactive", "account_email_verification_sent"]
OUTSIDE += ["socialaccount_login_error", "socialaccount_login_cancelled"]
INSIDE = ["account", "security", "account_email", "account_change_password", "account_logout"]
INSIDE += ["mfa_activate_totp", "mfa_add_webauthn", "account_reauthenticate"]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", OUTSIDE)
def test_every_page_before_sign_in_is_ours(db, client, name, language):
    page = client.get(reverse(name), headers={"accept-language": language})
    check_page(page, language)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", INSIDE)
def test_every_page_of_the_account_is_ours(marc, client, name, language):
    User.objects.filter(pk=marc.user.pk).update(language=language)
    sign_in(client, marc.email)
    check_page(client.get(reverse(name)), language)


def check_page(page, language):
    text = page.content.decode()
    assert page.status_code in (200, 401)
    assert f'<html lang="{language}"' in text
    assert "relais.css" in text
    assert len(re.findall(r"<h1[^>]*>\s*\S", text)) == 1
    assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))", text), "inline script"
    assert " style=" not in text
    assert not re.search(r"\son[a-z]+=", text)


@pytest.mark.parametrize("page", ["2fa", "2fa/webauthn", "sessions", "3rdparty"])
def test_the_overviews_of_the_library_lead_to_ours(marc, client, page):
    sign_in(client, marc.email)
    assert client.get(f"/accounts/{page}/")["Location"] == reverse("security")


def test_cookies_and_headers_guard_the_page(marc, client):
    page = sign_in(client, marc.email)
    session = client.cookies["relais_session"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    policy = page["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == "same-origin"

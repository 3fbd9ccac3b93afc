"""Signing in as a person does it, in a browser: with a password, a passkey, by keyboard."""

from __future__ import annotations

import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections

from relais.lib.tenancy import tenant
from relais.people import invitations
from relais.people.models import Person, Role
from tests.world import PASSWORD, build_world

PAGES = ["/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"]
INSIDE = ["/account/", "/account/security/", "/accounts/email/", "/accounts/2fa/totp/activate/"]
INSIDE += ["/accounts/2fa/webauthn/add/", "/accounts/password/change/", "/invitations/"]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def process_request_thread(self, request, client_address):
        super().process_request_thread(request, client_address)
        # Here, and not when the answer is collected: that may happen in another one's thread, in
        # the middle of a request of its own.
        connections.close_all()


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def site(committed):
    """Return the address of the product, served on this machine with the small world."""
    world = build_world()
    server = make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield world, f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(chromium):
    """Return a page of headless Chromium, in French."""
    page = chromium.new_page(locale="fr-FR")
    yield page
    page.close()


def sign_in(page, site, email):
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("Courriel").fill(email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)


def sign_out(page, site):
    page.goto(f"{site}/accounts/logout/")
    page.locator("main").get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url(lambda url: "logout" not in url)


def with_authenticator(page, *, verified=True):
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    options |= {"hasUserVerification": True, "isUserVerified": verified}
    options |= {"automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_and_opens_the_account_by_itself(site, page):
    world, address = site
    with_authenticator(page)
    sign_in(page, address, world.people.paul.email)
    page.goto(f"{address}/accounts/2fa/webauthn/add/")
    page.locator("#id_name").fill("Téléphone")
    page.get_by_role("button", name="Ajouter une clé d’accès").click()
    page.get_by_role("heading", name="Codes de récupération").wait_for()
    sign_out(page, address)
    page.goto(f"{address}/accounts/login/")
    page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    page.wait_for_url(lambda url: "login" not in url)
    page.goto(f"{address}/account/security/")
    assert page.get_by_text("Téléphone", exact=True).is_visible()
    # The password alone no longer does.
    sign_out(page, address)
    page.goto(f"{address}/accounts/login/")
    page.get_by_label("Courriel").fill(world.people.paul.email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Deuxième étape").wait_for()
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    page.wait_for_url(lambda url: "accounts" not in url)


@pytest.fixture
def invited(site):
    """Return the address of the site and the link of a new assistant's letter."""
    world, address = site
    with tenant(world.provider.pk):
        person = Person.objects.create(
            provider=world.provider, first_name="Nora", last_name="Neuf", email="nora@atout.example"
        )
        Role.objects.create(provider=world.provider, person=person, kind=Role.Kind.ASSISTANT)
        _invitation, link = invitations.invite(person, by=world.people.paul)
    return address, address + "/invitations/" + link.split("/invitations/")[1]


def test_an_invited_person_comes_in_with_a_passkey_alone(invited, page):
    address, link = invited
    with_authenticator(page)
    page.goto(link)
    page.get_by_role("button", name="Utiliser plutôt une clé d’accès").click()
    page.get_by_role("button", name="Ajouter une clé d’accès").click()
    page.get_by_role("heading", name="Codes de récupération").wait_for()
    sign_out(page, address)
    page.goto(f"{address}/accounts/login/")
    page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    page.wait_for_url(lambda url: "login" not in url)
    page.goto(f"{address}/account/")
    assert page.get_by_text("Nora Neuf").first.is_visible()


def test_a_passkey_that_fails_is_said_on_the_page(site, page):
    _world, address = site
    with_authenticator(page, verified=False)
    page.goto(f"{address}/accounts/login/")
    notice = page.locator("#passkey-error")
    assert not notice.is_visible()
    page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    notice.wait_for(state="visible", timeout=90_000)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_of_signing_in_can_be_used_by_everyone(site, page, width):
    from axe_playwright_python.sync_playwright import Axe

    world, address = site
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.set_viewport_size({"width": width, "height": 850})
    found = {}

    def look(path):
        page.goto(address + path)
        wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        faults = [v["id"] for v in Axe().run(page).response["violations"]]
        if wide or faults:
            found[path] = ["wider than the screen"] * wide + faults

    for path in PAGES:
        look(path)
    sign_in(page, address, world.people.paul.email)
    for path in INSIDE:
        look(path)
    assert not found
    assert not complaints

"""The manager's portal on a bad connection: nothing typed is lost, nothing is sent twice."""

from __future__ import annotations

from playwright.sync_api import expect

from relais.desk.models import Ticket
from relais.lib.tenancy import tenant


def subjects(live):
    with tenant(live.world.provider.pk):
        return sorted(Ticket.objects.values_list("subject", flat=True))


# A page that is just opened may be on line for a moment: nothing is sent from there either.
TUNNEL = """
const send = window.fetch;
window.fetch = (url, more = {}) => localStorage.tunnel && more.method === "POST"
  ? Promise.reject(new TypeError("in the tunnel")) : send(url, more);
"""


def test_nothing_typed_is_lost_and_nothing_is_sent_twice(live, page_as, accessible):
    page = page_as(live.world.people.marc, phone=True)
    page.context.add_init_script(TUNNEL)
    page.goto("/requests/new/appointment/")
    page.evaluate("navigator.serviceWorker.ready")
    page.get_by_label("Que vous faut-il").fill("Déjeuner avec la banque")
    page.get_by_label("Précisions").fill("Jeudi si possible")

    # The page is closed, the telephone rings: the text is there again.
    page.goto("/requests/")
    page.goto("/requests/new/appointment/")
    expect(page.get_by_text("Voici ce que vous étiez en train d’écrire")).to_be_visible()
    expect(page.get_by_label("Précisions")).to_have_value("Jeudi si possible")

    # In the tunnel: sent, it waits on the phone; the form opens all the same.
    page.context.set_offline(True)
    page.evaluate("localStorage.tunnel = 1")
    page.get_by_role("button", name="Envoyer").click()
    page.wait_for_url("**/requests/new/")
    page.goto("/requests/new/appointment/")
    expect(page.get_by_text("Pas encore envoyé")).to_be_visible()
    expect(page.locator("#outbox").get_by_text("Déjeuner avec la banque")).to_be_visible()
    expect(page.get_by_label("Précisions")).to_have_value("")
    page.goto("/requests/")
    expect(page.get_by_role("heading", name="Pas de connexion")).to_be_visible()
    assert subjects(live) == []

    # Out of it: sent by itself, once, although two pages try.
    other = page.context.new_page()
    page.evaluate("localStorage.removeItem('tunnel')")
    page.context.set_offline(False)
    other.goto("/my-service/")
    page.goto("/my-service/")
    expect(other.locator("#outbox")).to_be_hidden()
    expect(page.locator("#outbox")).to_be_hidden(timeout=35_000)
    page.goto("/requests/")
    expect(page.get_by_text("Déjeuner avec la banque")).to_be_visible()
    expect(page.locator("#outbox")).to_be_hidden()
    assert subjects(live) == ["Déjeuner avec la banque"]
    assert accessible(page) == []


def test_signing_out_leaves_nothing_on_the_device(live, page_as):
    page = page_as(live.world.people.marc)
    page.goto("/requests/new/appointment/")
    page.get_by_label("Que vous faut-il").fill("À moi seul")
    assert page.evaluate("Object.keys(localStorage).length") >= 1
    page.locator(".user-button").click()
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url("**/accounts/**")
    assert page.evaluate("JSON.stringify(localStorage)").find("À moi seul") == -1


def test_what_cannot_be_is_said_by_the_form(live, page_as):
    page = page_as(live.world.people.marc)
    page.goto("/requests/new/appointment/")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator(".form-summary")).to_be_visible()
    page.get_by_label("Que vous faut-il").fill("Corrigé")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_text("Corrigé")).to_be_visible()
    assert subjects(live) == ["Corrigé"]

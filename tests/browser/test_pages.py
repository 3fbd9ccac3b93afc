"""Every page by every kind of person, by day and night, on desk and phone: axe finds nothing."""

from __future__ import annotations

import pytest
from django.urls import NoReverseMatch, get_resolver, reverse

from relais.desk.models import Message
from relais.lib.tenancy import tenant

from .test_main_job import _taken, always_open

NOT_PAGES = {"live", "account_logout"}
FRAME = (".sidebar", ".topbar", ".bottombar", "#more", "#keyboard-help")


def named_pages():
    """Return the addresses that need no argument and are pages: every name of the URL table."""
    pages = []
    for name in sorted(k for k in get_resolver().reverse_dict if isinstance(k, str)):
        if name in NOT_PAGES:
            continue
        try:
            pages.append(reverse(name))
        except NoReverseMatch:
            continue
    return sorted(set(pages))


def filled(live):
    """Put a little of everything into the world; return a ticket."""
    with tenant(live.world.provider.pk):
        always_open(live.world)
        ticket = _taken(live.world)
        ticket.note("Elle préfère le matin.", by=live.world.people.alice)
        _taken(live.world).deliver("Voici.", by=live.world.people.alice)
        Message.objects.create(
            provider=live.world.provider,
            direction="in",
            at=ticket.received_at,
            sender_address="marc@ailleurs.example",
            subject="Bonjour",
            body="Un rendez-vous ?",
            quarantine="unknown_sender",
        )
    return ticket


@pytest.mark.parametrize(
    ("who", "phone", "dark"),
    [
        ("paul", False, False),
        ("paul", True, True),
        ("alice", False, True),
        ("marc", True, False),
        ("claire", False, False),
    ],
)
def test_axe_finds_nothing_serious(live, page_as, accessible, who, phone, dark):
    ticket = filled(live)
    page = page_as(getattr(live.world.people, who), phone=phone, dark=dark)
    seen, faults = 0, []
    for path in [*named_pages(), f"/tickets/{ticket.pk}/", "/requests/new/appointment/"]:
        if path.startswith("/accounts/") and who != "paul":
            continue  # the same for everybody
        asked = page.request.get(path, max_redirects=0)
        if asked.status != 200 or "<html" not in asked.text():
            continue  # not hers, a fragment, or no page at all
        page.goto(path)
        faults += accessible(page, but=FRAME if seen else ())
        seen += 1
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            faults.append(f"{path} is {wide} px too wide")
    assert not faults, "\n".join(faults)
    assert seen >= 8


def test_axe_finds_nothing_serious_before_sign_in(page_as, accessible):
    page = page_as()
    for path in ["/accounts/login/", "/accounts/password/reset/", "/no-such-page/"]:
        page.goto(path)
        assert not accessible(page)


def test_everything_by_keyboard(live, page_as):
    """Skip link, search by "/", arrows among the hits, help by "?", and out again by Escape."""
    page = page_as(live.world.people.paul)
    page.goto("/sites/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.locator("body").press("/")
    page.keyboard.type("LEFEVRE")
    page.locator("a.hit").first.wait_for()
    page.keyboard.press("ArrowDown")
    assert "Luc Lefèvre" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "search-box"
    page.keyboard.press("Escape")
    page.locator("body").press("?")
    assert page.locator("#keyboard-help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keyboard-help").is_visible()


def test_the_theme_and_the_language_are_one_touch_each(live, page_as):
    page = page_as(live.world.people.marc)
    page.goto("/requests/")
    page.get_by_role("button", name="Compte de").click()
    page.get_by_role("button", name="Sombre").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.get_by_role("button", name="Compte de").click()
    page.get_by_role("button", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("heading", name="My requests").is_visible()

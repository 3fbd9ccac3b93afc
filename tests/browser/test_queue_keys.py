"""The lead’s list from the keyboard: move, pick, give; typing is left alone; ticks stay."""

from playwright.sync_api import expect

from relais.desk.models import Ticket
from relais.lib.tenancy import tenant
from relais.offer.models import Service


def receive(live, subject):
    with tenant(live.world.provider.pk):
        return Ticket.receive(
            site=live.world.sites.aix,
            requester=live.world.people.marc,
            service=Service.objects.get(code="appointment"),
            subject=subject,
            channel="form",
        )


def test_the_list_is_worked_from_the_keyboard(live, page_as):
    first, second = receive(live, "La première"), receive(live, "La seconde")
    page = page_as(live.world.people.paul)
    page.goto("/tickets/?state=live")
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.locator(".bulk-count")).to_have_text("2 sélectionnées")
    page.keyboard.press("/")
    page.keyboard.type("xj")
    expect(page.locator("#tickets-q")).to_have_value("xj")
    page.locator("#tickets-q").fill("")
    expect(page.locator(".pick")).to_have_count(2)

    page.locator("[data-pick-all]").click()
    with tenant(live.world.provider.pk):
        second.assign(live.world.people.alice)
    receive(live, "Arrivée entre-temps")
    expect(page.get_by_text("Arrivée entre-temps")).to_be_visible(timeout=20_000)
    expect(page.locator(".pick:checked")).to_have_count(2)
    page.locator("h1").click()
    page.keyboard.press("a")
    page.keyboard.type("Basile")
    page.get_by_role("button", name="Appliquer").click()
    expect(page.get_by_text("1 demande traitée")).to_be_visible()
    # It was picked as it stood before Alice had it.
    expect(page.get_by_text(f"{second.reference} a été modifiée entre-temps")).to_be_visible()
    with tenant(live.world.provider.pk):
        held = Ticket.objects.filter(holder=live.world.people.basile)
        assert [ticket.pk for ticket in held] == [first.pk]

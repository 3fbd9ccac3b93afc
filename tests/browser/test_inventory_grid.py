"""The inventory typed as in a spreadsheet: keys, a block that is pasted, undo."""

from playwright.sync_api import expect

from relais.lib.tenancy import tenant
from relais.study.models import InventoryLine
from tests.study.conftest import a_line, a_study

PASTE = """text => {
  const data = new DataTransfer(); data.setData("text/plain", text);
  document.activeElement.dispatchEvent(
    new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def test_cells_are_typed_walked_by_keys_pasted_and_undone(live, page_as):
    paul, aix = live.world.people.paul, live.world.sites.aix
    with tenant(live.world.provider.pk):
        study = a_study(live.world)
        first, second = (
            a_line(study, aix, task, count=0, minutes_low=0, minutes_usual=0, minutes_high=0)
            for task in ("Tenir l’agenda", "Classer")
        )
    page = page_as(paul)
    page.goto(f"/studies/{study.pk}/inventory/")

    def cell(line, field):
        return page.locator(f'tr[data-line="{line.pk}"] td[data-field="{field}"]')

    def kept(line, *fields):
        with tenant(live.world.provider.pk):
            return InventoryLine.objects.values_list(*fields).get(pk=line.pk)

    # One click takes the cell, typing writes over it; going on at once is nobody's clash.
    cell(first, "count").click()
    expect(page.locator("#inventory-grid input")).to_have_count(0)
    for typed in ("2 x/semaine", None, "5", "10", "30"):
        page.keyboard.type(typed or "")
        page.keyboard.press("Tab")
    expect(page.locator(".is-waiting, .is-wrong")).to_have_count(0)
    expect(page.locator(f'tr[data-line="{first.pk}"] .derived')).not_to_have_text("0,0")
    minutes = ("minutes_low", "minutes_usual", "minutes_high")
    assert kept(first, "count", "period", *minutes) == (2, "week", 5, 10, 30)
    # What cannot be read stays, with its mend; Escape leaves a cell as it was.
    cell(first, "minutes_high").click()
    page.keyboard.type("beaucoup")
    page.keyboard.press("Enter")
    expect(cell(first, "minutes_high").locator(".cell-error")).to_be_visible()
    expect(cell(second, "minutes_high")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("F2")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("1h")
    page.keyboard.press("Enter")
    expect(cell(first, "minutes_high")).to_have_text("60")
    # Two cells by two, over both lines.
    cell(first, "task").click()
    page.evaluate(PASTE, "Trier le courrier\tSecrétaire\nArchiver\tStandardiste\n")
    expect(cell(second, "doer_role")).to_have_text("Standardiste")
    assert kept(first, "task", "doer_role") == ("Trier le courrier", "Secrétaire")
    cell(second, "task").click()
    page.keyboard.press("ControlOrMeta+z")
    expect(cell(second, "task")).to_have_text("Classer")
    assert kept(first, "task") == ("Tenir l’agenda",)

"""The planning changed with the mouse: a shift of a roster, an on-site day of the coverage."""

import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from relais.lib.tenancy import tenant
from relais.people.models import OnSiteDay
from relais.planning import rostering, shifts
from relais.planning.models import Roster
from tests.planning.plan import MONDAY


def rows(live):
    with tenant(live.world.provider.pk):
        return Roster.objects.get().rows


def test_shifts_and_on_site_days_are_dragged_onto_another_day(live, page_as):
    paul, alice = live.world.people.paul, live.world.people.alice
    with tenant(live.world.provider.pk):
        fields = {"name": "Mars", "starts_on": MONDAY, "weeks": 1, "seconds": 1}
        roster = rostering.draft(fields, by=paul)
        rostering.begin(roster)
        roster = Roster.objects.get()
    rostering.run(roster.provider_id, roster.pk, roster.version)
    before = rows(live)[str(alice.pk)]
    worked = next(day for day, kind in enumerate(before) if kind)
    free = next(day for day, kind in enumerate(before) if not kind)
    page = page_as(paul)
    page.goto(f"/planning/rosters/{roster.pk}/")
    cell = f'.roster-cell[data-person="{alice.pk}"][data-day="%s"]'
    # The choice in the middle opens where it is pressed: a shift is held by its grip.
    page.locator(cell % worked).drag_to(
        page.locator(cell % free), source_position={"x": 8, "y": 20}
    )
    expect(page.locator(cell % free)).to_have_class(re.compile("has-shift"), timeout=20_000)
    after = list(before)
    after[worked], after[free] = after[free], after[worked]
    assert rows(live)[str(alice.pk)] == after
    _an_on_site_day(live, page)


def _an_on_site_day(live, page):
    """It lands on the day and the site of the cell, and the planning is shown again."""
    people, sites = live.world.people, live.world.sites
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    with tenant(live.world.provider.pk):
        shifts.be_on_site(people.alice, sites.aix, monday, by=people.paul)
    page.goto("/planning/?view=site")
    cell = f"[data-drop-day='{monday + timedelta(days=1)}'][data-drop-site='{sites.lyon.pk}']"
    page.locator("a.on-site").drag_to(page.locator(cell))
    expect(page.locator(cell).locator("a.on-site")).to_have_text("Alice Arnaud", timeout=20_000)
    with tenant(live.world.provider.pk):
        row = OnSiteDay.objects.get()
        assert (row.day, row.site) == (monday + timedelta(days=1), sites.lyon)

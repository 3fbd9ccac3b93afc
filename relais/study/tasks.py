"""The jobs of the diagnostic. They take identifiers, may run twice, and call one flow."""

from __future__ import annotations

from django.db import close_old_connections
from procrastinate.contrib.django import app

from . import restitution, sizing, taking_sheets


@app.task(queue="rosters")
def live_sizing(provider_id: int, sizing_id: int, version: int) -> None:
    """Live the weeks of a sizing."""
    close_old_connections()
    sizing.run(provider_id, sizing_id, version)


@app.task(queue="rosters")
def take_sheet(provider_id: int, sheet_id: int, version: int) -> None:
    """Make lines of a large spreadsheet."""
    close_old_connections()
    taking_sheets.run(provider_id, sheet_id, version)


@app.task(queue="rosters")
def make_restitution(provider_id: int, restitution_id: int) -> None:
    """Make the documents of an edition."""
    close_old_connections()
    restitution.run(provider_id, restitution_id)

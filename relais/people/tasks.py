"""Jobs of people and places."""

from __future__ import annotations

from django.db import close_old_connections
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from relais.lib.tenancy import all_tenants

from . import keys, letters
from .importing import batches


# A mail server that is away for an hour must not lose a letter: 2, 4, 8 … 1024 seconds, 34 min.
@app.task(queue="letters", retry=RetryStrategy(max_attempts=10, exponential_wait=2))
def send_letter(sealed: str) -> None:
    """Hand one letter over to the mail server."""
    letters.unsealed(sealed).send()


# A batch that broke off says so on its page, and is begun again there: no retry behind the back.
@app.task(queue="imports", lock="import")
def preview_import(provider: int, batch: int) -> None:
    """Read a large file and keep what its rows will do."""
    batches.preview_in_worker(provider, batch)


@app.task(queue="imports", lock="import")
def apply_import(provider: int, batch: int, person: int | None) -> None:
    """Apply a large file."""
    batches.apply_in_worker(provider, batch, person)


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="forget_answers")
def forget_answers(timestamp: int) -> None:
    """Forget what the API answered more than a day ago."""
    close_old_connections()
    with all_tenants("forget the answers kept for calls that come again"):
        keys.forget_answers()

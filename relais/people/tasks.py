"""Jobs of people and places."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import letters
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

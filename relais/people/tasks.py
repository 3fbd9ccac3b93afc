"""Jobs of people and places."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import letters


# A mail server that is away for an hour must not lose a letter: 2, 4, 8 … 1024 seconds, 34 min.
@app.task(queue="letters", retry=RetryStrategy(max_attempts=10, exponential_wait=2))
def send_letter(sealed: str) -> None:
    """Hand one letter over to the mail server."""
    letters.unsealed(sealed).send()

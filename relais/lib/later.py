"""Work put off to a worker by its name, so that a lower floor can leave work to a higher one."""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django import app


def later(task: str, *, lock: str | None = None, **arguments: Any) -> None:
    """Have a worker do the task of that name once this transaction commits."""
    app.configure_task(task, lock=lock).defer(**arguments)

"""Work put off to a worker by its name, so that a lower floor can leave work to a higher one."""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager


def later(
    task: str, *, lock: str | None = None, queueing_lock: str | None = None, **arguments: Any
) -> None:
    """Have a worker do the task of that name once this transaction commits.

    With a `queueing_lock` one alone waits; raises `AlreadyEnqueued` for a second one.
    """
    job = app.configure_task(task, lock=lock, queueing_lock=queueing_lock)
    if not isinstance(app.connector, DjangoConnector):
        # A worker has a connection of its own for jobs: by it another worker would begin before
        # this transaction is there, and find nothing to do.
        job.job_manager = JobManager(DjangoConnector())
    job.defer(**arguments)

"""Work put off to a worker by its name, so that a lower floor can leave work to a higher one.

A worker has a connection of its own for jobs. By that one another worker would begin before the
transaction at hand is there, and find nothing to do: whatever is put off here goes by Django's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.jobs import JobDeferrer
from procrastinate.manager import JobManager


def job_manager() -> JobManager:
    """Return what puts jobs off within the transaction at hand, in a worker too."""
    if isinstance(app.connector, DjangoConnector):
        return app.job_manager
    return JobManager(DjangoConnector())


def errand(
    task: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_at: datetime | None = None,
) -> JobDeferrer:
    """Return the job of the task of that name, not before `schedule_at`, to be deferred."""
    job = app.configure_task(task, lock=lock, queueing_lock=queueing_lock, schedule_at=schedule_at)
    job.job_manager = job_manager()
    return job


def later(
    task: str, *, lock: str | None = None, queueing_lock: str | None = None, **arguments: Any
) -> None:
    """Have a worker do the task of that name once this transaction commits.

    With a `queueing_lock` one alone waits; raises `AlreadyEnqueued` for a second one.
    """
    errand(task, lock=lock, queueing_lock=queueing_lock).defer(**arguments)

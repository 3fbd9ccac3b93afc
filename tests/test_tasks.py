"""The jobs that look after the other jobs."""

import asyncio
import json
from types import SimpleNamespace

import procrastinate
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from relais import tasks


@pytest.fixture
def jobs(committed):
    """Return a function that asks the queue with SQL, in a database of the test's own."""
    with psycopg.connect(**committed, autocommit=True) as connection:
        yield lambda text, *values: connection.execute(text, values).fetchall()


def run(task, conninfo):
    async def once():
        connector = procrastinate.PsycopgConnector(conninfo=make_conninfo(**conninfo))
        app = procrastinate.App(connector=connector)
        async with app.open_async():
            await task.func(SimpleNamespace(app=app), 0)

    asyncio.run(once())


def begun(jobs, heartbeat):
    """Put a job on the queue that a worker, whose last sign is so old, has begun."""
    [(worker,)] = jobs(
        "insert into procrastinate_workers (last_heartbeat)"
        " values (now() - %s::interval) returning id",
        heartbeat,
    )
    [(job,)] = jobs(
        "insert into procrastinate_jobs (queue_name, task_name, lock, status, worker_id)"
        " values ('default', 'x', 'a lock', 'doing', %s) returning id",
        worker,
    )
    return job


def status(jobs, job):
    return jobs("select status::text from procrastinate_jobs where id = %s", job)


def test_what_a_killed_worker_was_at_is_done_again(jobs, committed):
    job = begun(jobs, "1 minute")
    run(tasks.take_up, committed)
    assert status(jobs, job) == [("todo",)]


def test_what_a_live_worker_is_at_is_left_to_it(jobs, committed):
    job = begun(jobs, "5 seconds")
    run(tasks.take_up, committed)
    assert status(jobs, job) == [("doing",)]


def test_the_worker_hears_that_a_lock_is_free(jobs, committed):
    job = begun(jobs, "1 second")
    with psycopg.connect(**committed, autocommit=True) as worker:
        worker.execute("listen procrastinate_any_queue_v1")
        jobs("select procrastinate_finish_job_v1(%s, 'succeeded', false)", job)
        heard = [json.loads(one.payload) for one in worker.notifies(timeout=5, stop_after=1)]
    assert heard == [{"type": "job_inserted", "job_id": job}]


@pytest.mark.parametrize(
    ("ended", "hours", "kept"),
    [
        ("succeeded", 71, True),
        ("succeeded", 73, False),
        ("failed", 73, True),
        ("failed", 24 * 61, False),
    ],
)
def test_old_jobs_are_forgotten_and_failed_ones_later(jobs, committed, ended, hours, kept):
    [(job,)] = jobs(
        "insert into procrastinate_jobs (queue_name, task_name, status)"
        " values ('default', 'x', %s::procrastinate_job_status) returning id",
        ended,
    )
    jobs("delete from procrastinate_events where job_id = %s returning id", job)
    jobs(
        "insert into procrastinate_events (job_id, type, at)"
        " values (%s, %s::procrastinate_job_event_type, now() - make_interval(hours => %s))"
        " returning id",
        job,
        ended,
        hours,
    )
    run(tasks.clear_away, committed)
    assert bool(status(jobs, job)) is kept

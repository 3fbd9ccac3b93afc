"""The jobs that look after the other jobs."""

from __future__ import annotations

from procrastinate import JobContext
from procrastinate.contrib.django import app

SILENT_SECONDS = 25  # a live worker gives a sign every 10
KEPT_HOURS = 72
KEPT_FAILED_HOURS = 24 * 60


@app.periodic(cron="* * * * * */10")
@app.task(queueing_lock="take_up", pass_context=True)
async def take_up(context: JobContext, timestamp: int) -> None:
    """Have done again what a killed worker was at; its locks would stay shut for ever."""
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS):
        await jobs.retry_job(job)


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="clear_away", pass_context=True)
async def clear_away(context: JobContext, timestamp: int) -> None:
    """Forget old jobs: the failed ones later, as somebody may want to see why."""
    jobs = context.app.job_manager
    await jobs.delete_old_jobs(nb_hours=KEPT_HOURS)
    await jobs.delete_old_jobs(nb_hours=KEPT_FAILED_HOURS, include_failed=True)

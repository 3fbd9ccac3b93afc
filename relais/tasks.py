"""The jobs that look after the other jobs, and the one that writes the demo's history."""

from __future__ import annotations

from django.db import close_old_connections
from django.utils import timezone
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from relais.lib.tenancy import tenant

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


@app.task(queue="demo", lock="demo history", retry=RetryStrategy(max_attempts=3, wait=5))
def live_demo_week(provider_id: int, week: int) -> None:
    """Live one week of the demo's past, and call for the next one."""
    # Only a demo needs its stories.
    from relais import demo_history

    close_old_connections()
    with tenant(provider_id):
        demo_history.live_week(week, timezone.now())
        if week + 1 < demo_history.WEEKS:
            following = live_demo_week.configure(priority=-1)
            following.defer(provider_id=provider_id, week=week + 1)
        else:
            close_demo_months.configure(priority=-1).defer(provider_id=provider_id)
            show_demo_peaks.configure(priority=-1, lock=f"peaks:{provider_id}").defer(
                provider_id=provider_id
            )
    demo_history.tell_progress(provider_id, week + 1)


@app.task(queue="demo", lock="demo study", retry=RetryStrategy(max_attempts=3, wait=5))
def live_demo_study(provider_id: int) -> None:
    """Write the demo's diagnostic."""
    from relais import demo_study

    close_old_connections()
    with tenant(provider_id):
        demo_study.live(timezone.localdate())


@app.task(queue="rosters", retry=RetryStrategy(max_attempts=3, wait=5))
def show_demo_peaks(provider_id: int) -> None:
    """Have the weeks ahead of the demo computed from its past, and a lever pulled."""
    from relais import demo_planning
    from relais.planning.tasks import compute_peaks

    compute_peaks(provider_id)
    with tenant(provider_id):
        demo_planning.pull()


@app.task(retry=RetryStrategy(max_attempts=3, wait=5))
def close_demo_months(provider_id: int) -> None:
    """Close the months of the demo, once its past is written."""
    from relais import demo_reviews

    close_old_connections()
    with tenant(provider_id):
        demo_reviews.close_months(timezone.now())

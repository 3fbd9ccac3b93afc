"""The jobs of the desk. They take identifiers, may run twice, and call one flow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import close_old_connections, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from relais.lib.tenancy import all_tenants, tenant
from relais.people.models import Provider

from . import (
    dispatching,
    filing,
    foreseeing,
    keeping_word,
    learning,
    letters,
    log_upload,
    recalculation,
    recurring,
    replanning,
    replaying,
    shares,
    sweep,
    webhooks,
)


@contextmanager
def _working(provider_id: int) -> Iterator[None]:
    """Work for one provider, on a connection that still stands."""
    close_old_connections()
    with tenant(provider_id):
        yield


@app.task(retry=RetryStrategy(max_attempts=5, wait=10))
def send_letter(provider_id: int, letter_id: int) -> None:
    """Send one letter of the outbox. Each step commits by itself."""
    close_old_connections()
    letters.send(provider_id, letter_id)


@app.task(retry=RetryStrategy(max_attempts=5, wait=10))
def send_letters(provider_id: int, letter_ids: list[int]) -> None:
    """Send some letters of the outbox, one after the other."""
    close_old_connections()
    letters.send_all(provider_id, letter_ids)


@app.periodic(cron="* * * * * */30")
@app.task(queueing_lock="send_due")
def send_due(timestamp: int) -> None:
    """Send the letters whose time has come (again)."""
    close_old_connections()
    letters.send_due()


@app.task(retry=RetryStrategy(max_attempts=5, wait=2))
def dispatch(provider_id: int, ticket_id: int) -> None:
    """Find somebody for one ticket."""
    with _working(provider_id):
        dispatching.dispatch_one(ticket_id)


@app.task(retry=RetryStrategy(max_attempts=5, wait=2))
def dispatch_these(provider_id: int, ticket_ids: list[int]) -> None:
    """Find somebody for some tickets that came in one go."""
    with _working(provider_id):
        dispatching.dispatch_these(ticket_ids)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="dispatch_waiting")
def dispatch_waiting(timestamp: int) -> None:
    """Find somebody for what waits: people come on duty, absences end."""
    close_old_connections()
    with all_tenants("see whose queue is not empty"):
        providers = list(Provider.objects.values_list("pk", flat=True))
    for provider_id in providers:
        with _working(provider_id):
            replanning.free()
            dispatching.dispatch_queue()


@app.periodic(cron="25 * * * *")
@app.task(queueing_lock="count_shares")
def count_shares(timestamp: int) -> None:
    """Count who has had more than her share."""
    close_old_connections()
    with all_tenants("see whose work is shared out"):
        providers = list(Provider.objects.all())
    for provider in providers:
        with _working(provider.pk):
            shares.count(provider)


# Named by people/cover.
@app.task(retry=RetryStrategy(max_attempts=5, wait=2))
def replan_person(provider_id: int, person_id: int) -> None:
    """Weigh anew what somebody holds who left, is late, or is back."""
    with _working(provider_id):
        replanning.replan_person(person_id)
        # Of many that change at once (a roster published) one look ahead is enough.
        with suppress(AlreadyEnqueued), transaction.atomic():
            foresee_queue.configure(queueing_lock=f"foresee:{provider_id}").defer(
                provider_id=provider_id
            )


@app.task(queue="forecasts", lock="forecast")
def foresee_queue(provider_id: int) -> None:
    """Weigh the plan of one provider anew, and say what will be late."""
    with _working(provider_id):
        replanning.improve()
    with _working(provider_id):
        foreseeing.foresee()


@app.periodic(cron="*/3 * * * *")
@app.task(queue="forecasts", lock="forecast", queueing_lock="foresee_queues")
def foresee_queues(timestamp: int) -> None:
    """Weigh every provider's plan anew, and say what will be late."""
    close_old_connections()
    with all_tenants("see whose queue is foreseen"):
        providers = list(Provider.objects.values_list("pk", flat=True))
    for provider_id in providers:
        foresee_queue.func(provider_id)


@app.periodic(cron="* * * * * */30")
@app.task(queueing_lock="sweep")
def sweep_deadlines(timestamp: int) -> None:
    """Tell the deadlines that passed."""
    close_old_connections()
    sweep.run()
    keeping_word.run()


@app.periodic(cron="* * * * * */30")
@app.task(queueing_lock="recurring")
def create_recurring(timestamp: int) -> None:
    """Let the recurring requests come in whose time has come."""
    close_old_connections()
    recurring.run()


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="recurring_refresh")
def refresh_recurring(timestamp: int) -> None:
    """Date the next ones anew where a calendar changed."""
    close_old_connections()
    recurring.refresh()


@app.periodic(cron="40 3 * * *")
@app.task(queueing_lock="clean_files")
def clean_files(timestamp: int) -> None:
    """Forget the files that nobody sent, and the bytes that a crash left behind."""
    close_old_connections()
    with all_tenants("see whose files are cleaned"):
        providers = list(Provider.objects.values_list("pk", flat=True))
    for provider_id in providers:
        filing.clean(provider_id)
    filing.sweep_store()


# Named by people/calendar_changes, which stands a floor below.
@app.task(queue="recalculations", retry=RetryStrategy(max_attempts=5, wait=5))
def recalculate_calendar(provider_id: int, change_id: int) -> None:
    """Date anew the open clocks of a calendar that changed."""
    with _working(provider_id):
        begun = recalculation.begin_for_change(change_id)
    if begun is not None:
        recalculation.run(provider_id, begun.pk)


# Named by people/organisation.
@app.task(queue="recalculations", retry=RetryStrategy(max_attempts=5, wait=5))
def recalculate_place(provider_id: int, change_id: int) -> None:
    """Date anew the open clocks of a place that follows another calendar."""
    with _working(provider_id):
        begun = recalculation.begin_for_place(change_id)
    if begun is not None:
        recalculation.run(provider_id, begun.pk)


# Named by offer/models/agreement_version.
@app.task(queue="recalculations", retry=RetryStrategy(max_attempts=5, wait=5))
def recalculate_version(provider_id: int, version_id: int) -> None:
    """Date anew the open clocks that were born on a day for which a version was signed later."""
    with _working(provider_id):
        begun = recalculation.begin_for_version(version_id)
    if begun is not None:
        recalculation.run(provider_id, begun.pk)


@app.task(queue="recalculations", retry=RetryStrategy(max_attempts=5, wait=5))
def recalculate(provider_id: int, recalculation_id: int) -> None:
    """Go on with a run that was stopped."""
    close_old_connections()
    recalculation.run(provider_id, recalculation_id)


@app.task(queue="webhooks", retry=RetryStrategy(max_attempts=3, wait=5))
def call_webhooks(provider_id: int) -> None:
    """Tell other programs what happened."""
    close_old_connections()
    if webhooks.run(provider_id) == webhooks.AT_ONCE:
        call_webhooks.configure().defer(provider_id=provider_id)


@app.periodic(cron="* * * * *")
@app.task(queue="webhooks", queueing_lock="webhooks_due")
def webhooks_due(timestamp: int) -> None:
    """Try again what was not taken, and what a dead worker left."""
    close_old_connections()
    with all_tenants("see whose calls are due"):
        providers = webhooks.providers_due()
    for provider_id in providers:
        webhooks.run(provider_id)


@app.task(queue="lessons", lock="lesson", retry=RetryStrategy(max_attempts=2, wait=30))
def teach_triage(provider_id: int) -> None:
    """Teach triage from the provider's own history."""
    with _working(provider_id):
        learning.teach(provider_id)


@app.periodic(cron="20 3 * * *")
@app.task(queue="lessons", queueing_lock="lessons_due")
def lessons_due(timestamp: int) -> None:
    """Teach every provider for whom enough has come in since the last lesson."""
    close_old_connections()
    with all_tenants("see who has a history"):
        providers = list(Provider.objects.values_list("pk", flat=True))
    for provider_id in providers:
        with _working(provider_id):
            due = learning.is_due()
        if due:
            teach_triage.configure().defer(provider_id=provider_id)


# An import that broke off says so on its page, and is begun again there: what was taken stays.
@app.task(queue="imports", lock="import")
def import_log(provider_id: int, import_id: int) -> None:
    """Live an uploaded log through."""
    close_old_connections()
    log_upload.run(provider_id, import_id)


@app.task(queue="imports")
def replay(provider_id: int, replay_id: int) -> None:
    """Dispatch a past period again by several rules."""
    close_old_connections()
    replaying.run(provider_id, replay_id)

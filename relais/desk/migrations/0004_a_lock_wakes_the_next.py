"""A job that ends frees its lock; the worker hears of it and begins the next one at once.

Without it the next job of the same lock waits for the worker's next look, seconds later.
"""

from django.db import migrations

from relais.lib.at_once import AtOnce

HEARD = """
create function relais_lock_is_free() returns trigger language plpgsql as $$
begin
    perform pg_notify('procrastinate_any_queue_v1',
        json_build_object('type', 'job_inserted', 'job_id', new.id)::text);
    return null;
end $$;
create trigger relais_lock_is_free after update of status on procrastinate_jobs
    for each row when (old.status = 'doing' and new.status <> 'doing' and new.lock is not null)
    execute function relais_lock_is_free();
"""
UNHEARD = """
drop trigger relais_lock_is_free on procrastinate_jobs;
drop function relais_lock_is_free();
"""


class Migration(AtOnce):
    dependencies = [
        ("desk", "0003_saved_views"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [migrations.RunSQL(HEARD, UNHEARD)]

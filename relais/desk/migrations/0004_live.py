"""Open pages are told of changes; subjects are found without accents; running clocks by index."""

from django.db import migrations, models

import relais.lib.text

TELL = """
create or replace function desk_tell() returns trigger language plpgsql as $$
declare told record;
begin
  for told in
    select provider_id, array_agg(distinct ticket_id) as tickets
    from fresh where ticket_id is not null group by provider_id
  loop
    perform pg_notify('relais_live', json_build_object('provider', told.provider_id, 'tickets',
      case when cardinality(told.tickets) > 100 then '{-1}'::bigint[] else told.tickets end)::text);
  end loop;
  return null;
end $$;
create trigger desk_event_tell after insert on desk_event
  referencing new table as fresh for each statement execute function desk_tell();
create or replace function desk_tell_inbox() returns trigger language plpgsql as $$
declare told record;
begin
  for told in select distinct provider_id from fresh where ticket_id is null loop
    perform pg_notify('relais_live',
      json_build_object('provider', told.provider_id, 'tickets', '{0}'::bigint[])::text);
  end loop;
  return null;
end $$;
create trigger desk_message_tell after insert on desk_message
  referencing new table as fresh for each statement execute function desk_tell_inbox();
create trigger desk_message_told after update on desk_message
  referencing new table as fresh for each statement execute function desk_tell_inbox();
"""
HUSH = """
drop trigger desk_event_tell on desk_event;
drop trigger desk_message_tell on desk_message;
drop trigger desk_message_told on desk_message;
drop function desk_tell();
drop function desk_tell_inbox();
"""


class Migration(migrations.Migration):
    dependencies = [("desk", "0003_more_quarantine_reasons")]

    operations = [
        migrations.RunSQL(TELL, HUSH),
        migrations.AddField(
            model_name="ticket",
            name="subject_key",
            field=models.GeneratedField(
                db_persist=True,
                expression=relais.lib.text.FrenchKey(models.F("subject")),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("stopped_at", None)),
                fields=["provider", "due_at"],
                name="desk_clock_running",
            ),
        ),
    ]

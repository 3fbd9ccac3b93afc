"""What SQL alone can say: open pages are told of changes, and what happened is only added to."""

from django.db import migrations

from relais.lib.at_once import AtOnce

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
# What happened, and what a deadline was, is never changed nor dropped, not even by a fault of ours.
TABLES = "desk_event, desk_deadlinechange, desk_standingevent, desk_steeringattempt"
APPEND_ONLY = f"revoke update, delete, truncate on {TABLES} from relais_app, relais_ops"
APPEND_ONLY_UNDONE = f"grant update, delete on {TABLES} to relais_app, relais_ops"


class Migration(AtOnce):
    replaces = [("desk", "0004_live")]

    dependencies = [("desk", "0001_squashed_0016_recurrences_begin")]

    operations = [
        migrations.RunSQL(TELL, HUSH),
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_UNDONE),
    ]

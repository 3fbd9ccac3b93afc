"""What SQL alone can say: what both sides signed stands, and what happened is only added to."""

from django.db import migrations

from relais.lib.at_once import AtOnce

# What happened is never changed nor dropped, not even by a fault of ours.
APPEND_ONLY = (
    "revoke update, delete, truncate on offer_agreementevent, offer_offerevent"
    " from relais_app, relais_ops"
)
APPEND_ONLY_UNDONE = (
    "grant update, delete on offer_agreementevent, offer_offerevent to relais_app, relais_ops"
)
# What both sides signed is not changed by anybody, nor by hand.
LINES = (
    "offer_agreementscope",
    "offer_agreementtarget",
    "offer_agreementclause",
    "offer_agreementcredit",
)
# A later version cuts the days short on which a signed one holds: the one thing that may move.
VERSION_STANDS = """
create function offer_version_stands() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'version % is signed: it cannot be deleted', old.id
      using errcode = 'restrict_violation';
  end if;
  if to_jsonb(new) - array['period', 'revision'] <> to_jsonb(old) - array['period', 'revision'] then
    raise exception 'version % is signed: only its period may change', old.id
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger offer_version_stands before update or delete on offer_agreementversion
  for each row when (old.state = 'signed') execute function offer_version_stands();
"""
LINE_STANDS = """
create function offer_line_stands() returns trigger language plpgsql as $$
declare
  versions bigint[];
begin
  if tg_op = 'UPDATE' then
    if tg_table_name = 'offer_agreementscope'
       and to_jsonb(new) - array['period'] = to_jsonb(old) - array['period'] then
      return new;
    end if;
    versions := array[old.version_id, new.version_id];
  elsif tg_op = 'DELETE' then
    versions := array[old.version_id];
  else
    versions := array[new.version_id];
  end if;
  if exists (
    select from offer_agreementversion where id = any (versions) and state = 'signed'
  ) then
    raise exception 'version % is signed: its lines cannot change', versions[1]
      using errcode = 'restrict_violation';
  end if;
  return coalesce(new, old);
end $$;
"""
ON_LINES = """
create trigger {table}_stands before insert or update or delete on {table}
  for each row execute function offer_line_stands();
"""
UNDONE = """
drop trigger offer_version_stands on offer_agreementversion;
drop function offer_version_stands();
drop function offer_line_stands() cascade;
"""


class Migration(AtOnce):
    replaces = [("offer", "0004_signed_lines_stand")]

    dependencies = [("offer", "0001_squashed_0006_signature_taken_back")]

    operations = [
        migrations.RunSQL(
            VERSION_STANDS + LINE_STANDS + "".join(ON_LINES.format(table=table) for table in LINES),
            UNDONE,
        ),
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_UNDONE),
    ]

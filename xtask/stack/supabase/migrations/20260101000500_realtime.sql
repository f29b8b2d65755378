-- The tables whose changes Realtime tells. A project has the publication, and can change it in its settings as well.
alter publication supabase_realtime add table
  planets, countries, characters, messages, instruments, users, notes, exact, vals;

-- Told with their whole old rows, and not with their keys alone.
alter table characters replica identity full;

-- Who may use private channels, beside the service role: signed-in users, to read and write. The embedded stack's Realtime
-- is no part of its database and has this rule built in.
do $$
begin
  if to_regclass('realtime.messages') is null then
    return;
  end if;
  execute 'drop policy if exists "users read private channels" on realtime.messages';
  execute 'create policy "users read private channels" on realtime.messages for select to authenticated using (true)';
  execute 'drop policy if exists "users write to private channels" on realtime.messages';
  execute 'create policy "users write to private channels" on realtime.messages for insert to authenticated
    with check (true)';
end
$$;

-- What live tests let the database broadcast.
create function announce(topic text, event text, payload jsonb, private boolean) returns void
language sql security definer
set search_path = ''
as $$ select realtime.send(payload, event, topic, private) $$;

create function announce_bytes(topic text, event text, payload bytea, private boolean) returns void
language sql security definer
set search_path = ''
as $$ select realtime.send_binary(payload, event, topic, private) $$;

revoke all on function announce, announce_bytes from public;
grant execute on function announce, announce_bytes to service_role;

-- Changes as broadcasts, in the way that scales.
create function broadcast_team() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform realtime.broadcast_changes('teams', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
  return null;
end
$$;

create trigger broadcast_team after insert or update or delete on teams
for each row execute function broadcast_team();

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

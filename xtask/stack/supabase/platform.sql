-- What a Supabase project has before its first migration, as far as this stack needs it; @supabase/lite
-- fills the schema "auth" afterwards. Not a migration: a real project has all this already.

create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;

create schema auth;

create publication supabase_realtime;

grant usage on schema public, auth to anon, authenticated, service_role;

-- How the database speaks to this stack's Realtime: by notifications, each a piece of a line of JSON.
create schema stack;
create sequence stack.lines;

-- A notification holds less than 8,000 bytes, so that pieces have 1,900 characters of at most four bytes each. The
-- number of the line also keeps equal lines from being taken for one.
create function stack.tell(line text) returns void
language plpgsql security definer
set search_path = ''
as $$
declare
  number bigint := nextval('stack.lines');
  pieces int := (length(line) + 1899) / 1900;
begin
  for piece in 1 .. pieces loop
    perform pg_notify(
      'stack', concat_ws(' ', number, piece, pieces, substr(line, (piece - 1) * 1900 + 1, 1900))
    );
  end loop;
end
$$;

-- Broadcasts from the database, with the names and arguments that they have on a project.
create schema realtime;
grant usage on schema realtime to anon, authenticated, service_role;

create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql security definer
set search_path = ''
as $$
begin
  perform stack.tell(json_build_object('broadcast', json_build_object(
    'payload', payload, 'event', event, 'topic', topic, 'private', private
  ))::text);
end
$$;

create function realtime.send_binary(payload bytea, event text, topic text, private boolean default true) returns void
language plpgsql security definer
set search_path = ''
as $$
begin
  perform stack.tell(json_build_object('binary', json_build_object(
    'payload', encode(payload, 'hex'), 'event', event, 'topic', topic, 'private', private
  ))::text);
end
$$;

create function realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text, new record, old record,
  level text default 'ROW'
) returns void
language plpgsql security definer
set search_path = ''
as $$
begin
  if level = 'STATEMENT' then
    raise exception 'function can only be triggered for each row, not for each statement';
  end if;
  perform realtime.send(
    jsonb_build_object(
      'old_record', to_jsonb(old), 'record', to_jsonb(new), 'operation', operation, 'table', table_name,
      'schema', table_schema
    ),
    event_name, topic_name
  );
end
$$;

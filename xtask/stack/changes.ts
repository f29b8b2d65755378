/**
 * Tells Realtime, which runs in the supervisor, what changes in the tables of the publication
 * `supabase_realtime`, and what the database broadcasts: triggers and functions notify, and what they
 * say is passed on, a line of JSON each.
 *
 * A real Realtime reads the write-ahead log; a trigger sees the same rows, but not what is changed
 * while triggers are off.
 */

import type { Database } from "./database.ts";

/** Announces the changes of a row. `platform.sql` has the function that splits a line into notifications. */
const TRIGGERS = `
  create or replace function stack.announce() returns trigger
  language plpgsql security definer
  set search_path = ''
  as $$
  begin
    perform stack.tell(json_build_object('change', json_build_object(
      'schema', tg_table_schema,
      'table', tg_table_name,
      'committed_at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'record', case when tg_op <> 'DELETE' then to_jsonb(new) end,
      'old_record', case when tg_op <> 'INSERT' then to_jsonb(old) end
    ))::text);
    return null;
  end
  $$;

  do $$
  declare
    published record;
  begin
    for published in
      select format('%I.%I', schemaname, tablename) as name
      from pg_publication_tables where pubname = 'supabase_realtime'
    loop
      execute format(
        'create or replace trigger stack_announce after insert or update or delete on %s '
          'for each row execute function stack.announce()',
        published.name
      );
    end loop;
  end
  $$;
`;

/** What the supervisor has to know of a table. */
const TABLES = `
  select json_build_object('tables', coalesce(json_agg(published), '[]'))::text as line from (
  select
    namespace.nspname as schema,
    class.relname as name,
    class.relreplident = 'f' as replica_identity_full,
    class.relrowsecurity as row_level_security,
    (
      select json_agg(
        json_build_object(
          'name', attname,
          'type', type.typname,
          'key', coalesce(attnum = any (index.indkey), false),
          'readers', (
            select coalesce(json_agg(role), '[]')
            from unnest(array['anon', 'authenticated', 'service_role']) as role
            where has_column_privilege(role, class.oid, attnum, 'select')
          )
        )
        order by attnum
      )
      from pg_attribute
      join pg_type type on type.oid = atttypid
      where attrelid = class.oid and attnum > 0 and not attisdropped
    ) as columns
  from pg_publication_tables published
  join pg_namespace namespace on namespace.nspname = published.schemaname
  join pg_class class on class.relnamespace = namespace.oid and class.relname = published.tablename
  left join pg_index index on index.indrelid = class.oid and index.indisprimary
  where published.pubname = 'supabase_realtime'
  order by 1, 2
  ) as published
`;

/** Begins to tell the supervisor, which listens on the port. */
export async function tell(database: Database, port: number): Promise<void> {
  await database.exec(TRIGGERS);
  const [{ line: tables }] = await database.query<{ line: string }>(TABLES);
  const supervisor = await Deno.connect({ hostname: "127.0.0.1", port });
  const writer = supervisor.writable.getWriter();
  const encoder = new TextEncoder();
  const write = (line: string) => writer.write(encoder.encode(`${line}\n`));
  // Line breaks stand between rows only; inside of names they would be escaped.
  await write(tables.replaceAll("\n", " "));

  const pieces: string[] = [];
  // Written in the order of the notifications: the writer keeps a queue.
  await database.listen("stack", (notification) => {
    const parts = notification.match(/^(\d+) (\d+) (\d+) (.*)$/s) ?? unreadable(notification);
    const [, number, piece, count, text] = parts;
    if (piece === "1") pieces.length = 0;
    pieces.push(text);
    if (piece !== count) return;
    if (pieces.length !== Number(count)) unreadable(`line ${number}`);
    // Postgres writes no line break into the JSON of a row.
    write(pieces.join("")).catch((error) => {
      console.error("the supervisor hears of no more changes:", error);
    });
  });
}

function unreadable(text: string): never {
  throw new Error(`a notification that the database does not send: ${text}`);
}

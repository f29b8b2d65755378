/** The database as a PostgreSQL server that the supervisor has started. */

// @ts-types="../../.stack/node_modules/@supabase/lite/dist/db/postgres/PostgresConnection.d.ts"
import { createPostgresConnection } from "@supabase/lite/postgres";
// @ts-types="../../.stack/node_modules/postgres/types/index.d.ts"
import postgres from "postgres";
import { type Database } from "./database.ts";
import type { Server } from "./settings.ts";
import { arrayParser, OID, parsers } from "./values.ts";

/** The database of the stack; the one that every server has is only used to make and drop it. */
const NAME = "stack";

/** Notices, such as of tables that are there already, say nothing that anybody waits for. */
const QUIET = { onnotice: () => {} };

/** What postgres.js keeps inside: how it reads and writes each type. */
interface Types {
  parsers: Record<number, (text: string) => unknown>;
  serializers: Record<number, (value: unknown) => unknown>;
}

/** Opens the database, on request with nothing in it. */
export async function open(server: Server, anew: boolean): Promise<Database> {
  const password = (await Deno.readTextFile(server.passwordFile)).trim();
  const url = (name: string) => `postgres://postgres:${password}@127.0.0.1:${server.port}/${name}`;
  if (anew) await recreate(url("postgres"));
  const connection = createPostgresConnection({ url: url(NAME), postgresOptions: QUIET });
  const driver = connection.driver;
  return {
    connection,
    oneAtATime: false,
    exec: async (sql) => void await driver.unsafe(sql).simple(),
    execWhole: async (sql) =>
      void await driver.begin((transaction) => transaction.unsafe(sql).simple()),
    query: async <T>(sql: string) => [...await driver.unsafe(sql)] as T[],
    listen: async (channel, hear) => void await driver.listen(channel, hear),
    answerExactly: async () => {
      // This also makes the driver read the types of arrays, which are then replaced.
      const rows = await driver.unsafe(
        "select oid::int as element, typarray::int as array from pg_catalog.pg_type where typarray <> 0",
      );
      const types = driver.options as unknown as Types;
      Object.assign(types.parsers, parsers);
      const bytes = types.serializers[OID.bytea];
      types.serializers[OID.bytea] = (value) => typeof value === "string" ? value : bytes(value);
      types.serializers[OID.bool] = String;
      // `requests.ts` writes a long number with an underscore, which PostgreSQL reads from version 16 on.
      const digits = (value: unknown) => String(value).replaceAll(/(?<=\d)_(?=\d)/g, "");
      types.serializers[OID.int8] = digits;
      types.serializers[OID.numeric] = digits;
      // What lite has as text is JSON already, as PGlite takes it.
      const json = (value: unknown) => typeof value === "string" ? value : JSON.stringify(value);
      types.serializers[OID.json] = json;
      types.serializers[OID.jsonb] = json;
      for (const { element, array } of rows) {
        types.parsers[array] = arrayParser(types.parsers[element]);
      }
    },
  };
}

/** Drops the database with everything in it, and the roles of a project, which belong to the whole server. */
async function recreate(url: string): Promise<void> {
  const sql = postgres(url, { ...QUIET, max: 1 });
  try {
    await sql.unsafe(`drop database if exists ${NAME} with (force)`);
    await sql.unsafe("drop role if exists anon, authenticated, service_role");
    await sql.unsafe(`create database ${NAME}`);
  } finally {
    await sql.end();
  }
}

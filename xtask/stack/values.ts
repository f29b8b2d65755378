/**
 * Makes lite answer with exactly the values that Postgres holds.
 *
 * lite builds its JSON from JavaScript values, so what JavaScript cannot hold is lost on the way: digits
 * of large or long numbers, NaN and the infinities, NULL inside arrays, bytes; and times come in
 * Postgres' own notation. PostgREST lets Postgres write the JSON. The parsers here give the same, for
 * the tables as well as for auth, whose clients expect RFC 3339.
 */

// @ts-types="../../.stack/node_modules/@supabase/lite/dist/db/postgres/pglite/PgliteConnection.d.ts"
import type { PgliteConnection } from "@supabase/lite/pglite";

declare global {
  // V8 has both already; TypeScript's library does not know them yet.
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown;
    rawJSON(text: string): unknown;
  }
}

/** A number that JavaScript would print in another way; prints as it was written. */
export interface Exact {
  toJSON(): unknown;
  toString(): string;
}

type Parser = (text: string) => unknown;

/** Postgres' fixed numbers for its own types. */
const OID = {
  bool: 16,
  bytea: 17,
  int8: 20,
  json: 114,
  float4: 700,
  float8: 701,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  jsonb: 3802,
};

/** Installs the parsers in a database whose schema is complete. */
export async function answerExactly(database: PgliteConnection["driver"]): Promise<void> {
  await database.waitReady;
  const parsers: Record<number, Parser> = database.parsers;
  parsers[OID.bytea] = (text) => text;
  parsers[OID.int8] = number;
  parsers[OID.numeric] = number;
  parsers[OID.float4] = float;
  parsers[OID.float8] = float;
  parsers[OID.timestamp] = time;
  parsers[OID.timestamptz] = time;
  parsers[OID.json] = json;
  parsers[OID.jsonb] = json;

  // What clients send is text. PGlite insists on JavaScript's own values for these two types.
  const bytes = database.serializers[OID.bytea];
  database.serializers[OID.bytea] = (value) => typeof value === "string" ? value : bytes(value);
  database.serializers[OID.bool] = String;

  const arrays = await database.query<{ element: number; array: number }>(
    "select oid as element, typarray as array from pg_catalog.pg_type where typarray <> 0",
  );
  for (const { element, array } of arrays.rows) {
    const parser = parsers[element] ?? ((text: string) => text);
    parsers[array] = (text) => arrayOf(text, parser);
  }
}

/** A number as JavaScript's own if that prints the same, else as an object that prints as it was. */
function number(text: string): unknown {
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  return String(value) === text ? value : exactly(text);
}

/** Both are functions of the object itself, because lite copies objects property by property. */
function exactly(text: string): Exact {
  return { toJSON: () => JSON.rawJSON(text), toString: () => text };
}

/** JSON has no NaN and no infinity; Postgres writes them as strings. */
function float(text: string): unknown {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}

/** Reads JSON without changing its numbers. */
export function json(text: string): unknown {
  return JSON.parse(
    text,
    (_key, value, { source }) => typeof value === "number" ? number(source ?? "") : value,
  );
}

/** `2026-01-31 12:34:56.789+00` as `2026-01-31T12:34:56.789+00:00`; `infinity` as it is. */
function time(text: string): string {
  const pattern =
    /^(\d+-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:([+-]\d\d)(:\d\d(?::\d\d)?)?)?( BC)?$/;
  const match = pattern.exec(text);
  if (match === null) return text;
  const [, date, clock, hours = "", minutes = hours && ":00", era = ""] = match;
  return `${date}T${clock}${hours}${minutes}${era}`;
}

/** Reads an array as Postgres prints it, such as `{1,NULL,"a \"b\""}` or `[0:1]={{1},{2}}`. */
function arrayOf(text: string, parser: Parser): unknown[] {
  let at = text.indexOf("{");

  function list(): unknown[] {
    const items: unknown[] = [];
    at += 1;
    while (text[at] !== "}") {
      if (at >= text.length) throw new Error(`not an array: ${text}`);
      items.push(text[at] === "{" ? list() : text[at] === '"' ? quoted() : plain());
      if (text[at] === ",") at += 1;
    }
    at += 1;
    return items;
  }

  function quoted(): unknown {
    let item = "";
    for (at += 1; text[at] !== '"'; at += 1) {
      if (text[at] === "\\") at += 1;
      item += text[at];
    }
    at += 1;
    return parser(item);
  }

  function plain(): unknown {
    const start = at;
    while (at < text.length && text[at] !== "," && text[at] !== "}") at += 1;
    const item = text.slice(start, at);
    return item === "NULL" ? null : parser(item);
  }

  return list();
}

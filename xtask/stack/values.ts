/**
 * Makes lite answer with exactly the values that Postgres holds.
 *
 * lite builds its JSON from JavaScript values, so what JavaScript cannot hold is lost on the way: digits
 * of large or long numbers, NaN and the infinities, NULL inside arrays, bytes; and times come in
 * Postgres' own notation. PostgREST lets Postgres write the JSON. The parsers here give the same, for
 * the tables as well as for auth, whose clients expect RFC 3339.
 */

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
export const OID = {
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

/** How the drivers read values, by their types' numbers. */
export const parsers: Record<number, Parser> = {
  [OID.bytea]: (text) => text,
  [OID.int8]: number,
  [OID.numeric]: number,
  [OID.float4]: float,
  [OID.float8]: float,
  [OID.timestamp]: time,
  [OID.timestamptz]: time,
  [OID.json]: json,
  [OID.jsonb]: json,
};

/** How to read arrays whose elements are read so; as text if it is not said how. */
export function arrayParser(element: Parser = (text) => text): Parser {
  return (text) => arrayOf(text, element);
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

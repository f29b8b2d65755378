/**
 * Says what a request means in words that lite does not misread.
 *
 * lite guesses the type of a value from its text, before it knows the column: `name=eq.1.50` would look
 * for 1.5, `name=eq.null` for no value at all, and a bigint would lose its last digits. A value in quotes
 * is taken as it is, and Postgres then reads it as the column's type. What is inside `or` and `and`, and
 * numbers inside a column's JSON, are left as they are.
 */

import { type Exact, json } from "./values.ts";

/** `eq.value`, `not.gte.value`: the operators that compare with one value. */
const COMPARISON = /^((?:not\.)?(?:eq|neq|gt|gte|lt|lte)\.)(.*)$/s;

/** `in.(a,b)`, with simple values only; quoted ones are right already. */
const LIST = /^((?:not\.)?in\.\()([^"()]*)\)$/s;

/** The same request as lite should read it. */
export async function readable(request: Request): Promise<Request> {
  const url = new URL(request.url);
  if (request.method === "POST" && url.pathname === "/auth/v1/verify") return verification(request);
  if (!url.pathname.startsWith("/rest/v1/")) return request;
  // The parameters of a function's GET are no filters.
  if (!url.pathname.startsWith("/rest/v1/rpc/")) quoteFilters(url.searchParams);

  const type = request.headers.get("content-type") ?? "";
  if (request.body === null || !type.includes("json")) return new Request(url, request);
  const body = exactRows(await request.text());
  return new Request(url, { method: request.method, headers: request.headers, body });
}

/**
 * A code or hash from an email, whatever it was sent for, has the type `email`. lite knows only the older type of each; as
 * addresses count as confirmed here, the one that can be meant is that of signing in.
 */
async function verification(request: Request): Promise<Request> {
  const text = await request.text();
  const { method, headers, url } = request;
  try {
    const proof = JSON.parse(text);
    if (proof?.type === "email") {
      return new Request(url, {
        method,
        headers,
        body: JSON.stringify({ ...proof, type: "magiclink" }),
      });
    }
  } catch { /* lite finds the words for what is wrong with it */ }
  return new Request(url, { method, headers, body: text });
}

function quoteFilters(parameters: URLSearchParams): void {
  const entries = [...parameters];
  for (const [name] of entries) parameters.delete(name);
  for (const [name, value] of entries) {
    // A step into JSON compares with JSON, where quotes have a meaning of their own.
    parameters.append(name, name.includes("->") ? value : quoteFilter(value));
  }
}

function quoteFilter(filter: string): string {
  const comparison = COMPARISON.exec(filter);
  if (comparison !== null) return comparison[1] + quoteIfMisread(comparison[2]);
  const list = LIST.exec(filter);
  if (list !== null) return `${list[1]}${list[2].split(",").map(quoteIfMisread).join(",")})`;
  return filter;
}

function quoteIfMisread(value: string): string {
  const misread = /^(null|not_null|unknown|true|false)$/i.test(value.trim()) ||
    /^(".*"|\{.*\})$/s.test(value.trim()) ||
    value.trim() !== "" && Number.isFinite(Number(value)) && String(Number(value)) !== value;
  return misread ? `"${value}"` : value;
}

/** The rows of a body, with the numbers as sent as far as lite lets them through. */
function exactRows(text: string): string {
  // Shorter numbers are never more than JavaScript's.
  if (!/\d{9}/.test(text)) return text;
  try {
    const body = json(text);
    return JSON.stringify(Array.isArray(body) ? body.map(exactRow) : exactRow(body));
  } catch {
    return text; // lite finds the words for what is wrong with it
  }
}

function exactRow(row: unknown): unknown {
  if (row === null || typeof row !== "object" || Array.isArray(row)) return row;
  const columns = Object.entries(row);
  return Object.fromEntries(
    columns.map(([name, value]) => [name, isExact(value) ? exactColumn(value) : value]),
  );
}

/**
 * A number that JavaScript cannot hold, as a string. lite would still turn one that looks like a number
 * into JavaScript's; Postgres allows an underscore between digits, JavaScript's conversion does not.
 */
function exactColumn(value: Exact): unknown {
  const text = value.toString();
  if (digits(text) === digits(String(Number(text)))) return Number(text);
  return text.replace(/\d(?=\d)/, "$&_");
}

/** The significant digits of a number, to see whether two texts mean the same one. */
function digits(text: string): string {
  return text.replace(/[eE].*$/, "").replace(/[-+.]/g, "").replace(/^0+|0+$/g, "");
}

function isExact(value: unknown): value is Exact {
  return typeof value === "object" && value !== null && "toJSON" in value &&
    typeof value.toJSON === "function";
}

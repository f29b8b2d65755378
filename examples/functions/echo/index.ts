// Answers with what it was sent, in the same form: JSON, text, bytes, form data, or a stream as it comes.
// Below `/echo/describe` it tells instead how the request looked: method, path, query, headers, body.

import { forPages } from "../_shared/cors.ts";

/** Headers that a client decides over; the rest is the network's. */
const TOLD = ["content-type", "x-region", "x-client-info", "authorization", "apikey", "x-custom", "traceparent"];

Deno.serve(forPages(async (req) => {
  const url = new URL(req.url);
  const type = req.headers.get("content-type") ?? "";
  if (url.pathname.startsWith("/echo/describe")) {
    return Response.json(await describe(req, url, type));
  }

  if (type.startsWith("multipart/form-data")) {
    return new Response(await req.formData());
  }
  const headers: Record<string, string> = type === "" ? {} : { "content-type": type };
  if (req.body === null) return new Response(null, { status: 204 });
  return new Response(req.body, { headers });
}));

async function describe(req: Request, url: URL, type: string): Promise<unknown> {
  const headers = Object.fromEntries(
    TOLD.map((name) => [name, req.headers.get(name)]).filter(([, value]) => value !== null),
  );
  return {
    method: req.method,
    path: url.pathname,
    query: [...url.searchParams],
    headers,
    body: await describeBody(req, type),
  };
}

async function describeBody(req: Request, type: string): Promise<unknown> {
  if (req.body === null) return null;
  if (type.startsWith("application/json")) return { kind: "json", value: await req.json() };
  if (type.startsWith("text/")) return { kind: "text", value: await req.text() };
  if (type.startsWith("multipart/form-data")) {
    const fields = [...await req.formData()].map(async ([name, value]) =>
      typeof value === "string" ? { name, value } : {
        name,
        file: value.name,
        type: value.type,
        length: (await value.arrayBuffer()).byteLength,
      }
    );
    return { kind: "form", fields: await Promise.all(fields) };
  }
  // Counted piece by piece, so that a stream of any length can be described.
  let [length, sum] = [0, 0];
  for await (const piece of req.body) {
    length += piece.length;
    for (const byte of piece) sum = (sum + byte) % 65_536;
  }
  return { kind: "bytes", length, sum };
}

// Fails on request: `?status=418&as=text`. The body is JSON, text, a page, bytes or nothing.

import { forPages } from "../_shared/cors.ts";

const BODIES: Record<string, [string | null, BodyInit | null]> = {
  json: [
    "application/json",
    JSON.stringify({ error: "It went wrong.", code: "example_error", details: { try: 1 } }),
  ],
  text: ["text/plain;charset=UTF-8", "It went wrong."],
  html: ["text/html;charset=UTF-8", "<!doctype html><h1>It went wrong.</h1>"],
  bytes: ["application/octet-stream", new Uint8Array([0, 159, 146, 150])],
  empty: [null, null],
};

Deno.serve(forPages((req) => {
  const query = new URL(req.url).searchParams;
  const status = Number(query.get("status") ?? 500);
  const [type, body] = BODIES[query.get("as") ?? "json"] ?? BODIES.json;
  const headers = new Headers({ "x-example": "kept" });
  if (type !== null) headers.set("content-type", type);
  return new Response(status === 204 ? null : body, { status, headers });
}));

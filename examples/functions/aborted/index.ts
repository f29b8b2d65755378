// `?wait=name` answers after a minute, unless the client goes away before; `?asked=name` tells whether it did.

import { forPages } from "../_shared/cors.ts";

const MINUTE_MS = 60_000;

const gone = new Set<string>();

Deno.serve(forPages(async (req) => {
  const query = new URL(req.url).searchParams;
  const asked = query.get("asked");
  if (asked !== null) return Response.json(gone.has(asked));

  const name = query.get("wait") ?? "";
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, MINUTE_MS);
    req.signal.addEventListener("abort", () => {
      gone.add(name);
      clearTimeout(timer);
      resolve();
    });
  });
  return new Response("nobody went away");
}));

// Lets pages of one other origin call it, with whatever headers they ask for.

const ORIGIN = "https://example.com";

Deno.serve((req) => {
  const headers = new Headers({ "access-control-allow-origin": ORIGIN, vary: "origin" });
  if (req.method === "OPTIONS") {
    headers.set("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE");
    headers.set(
      "access-control-allow-headers",
      req.headers.get("access-control-request-headers") ?? "*",
    );
    return new Response(null, { status: 204, headers });
  }
  return Response.json({ origin: req.headers.get("origin"), method: req.method }, { headers });
});

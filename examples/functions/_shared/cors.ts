// Lets pages of every origin call a function.

const headers = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers":
    "authorization, x-client-info, apikey, content-type, x-region, last-event-id",
  "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
};

type Handler = (request: Request) => Response | Promise<Response>;

/** The same function, for pages as well: it answers a browser that asks first, and lets the page read what comes. */
export function forPages(handler: Handler): Handler {
  return async (request) => {
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers });
    const answer = await handler(request);
    for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value);
    return answer;
  };
}

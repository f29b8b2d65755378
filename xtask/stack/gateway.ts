/**
 * One handler for all services of this program. Storage and Realtime are answered before a request comes here. Only known
 * prefixes are passed on: lite answers any other GET with the page of its admin interface and status 200.
 */

import { PREFIX } from "./provider.ts";

export type Handler = (request: Request, peer: string) => Response | Promise<Response>;

/** Who answers what. */
export interface Services {
  /** Database and auth. */
  lite: Handler;
  functions: Handler;
  /** The provider `github` that users sign in by. */
  provider: Handler;
  /** What `GET /__stack` tells: enough for a second start to recognise this one. */
  about(): unknown;
  /** What `GET /__mail` tells: the captured mails. */
  mail(): unknown;
}

function notFound(message: string): Response {
  return Response.json({ message }, {
    status: 404,
    headers: { "access-control-allow-origin": "*" },
  });
}

/** Passes an answer of lite on, unless it is the page of routes that it does not have: redirects have one, too. */
async function withoutPages(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer;
  const page = response.headers.get("content-type")?.includes("text/html");
  if (!page || response.headers.has("location")) return response;
  await response.body?.cancel();
  return notFound("This stack does not have such a route.");
}

/** Finds the service that a request is meant for and answers with it. */
export async function route(services: Services, request: Request, peer: string): Promise<Response> {
  const path = new URL(request.url).pathname;
  const [, first, second] = path.split("/");
  if (second === "v1") {
    switch (first) {
      case "rest":
      case "auth":
        return await withoutPages(services.lite(request, peer));
      case "functions":
        return await services.functions(request, peer);
    }
  }
  if (path.startsWith(`${PREFIX}/`)) return await services.provider(request, peer);
  switch (path) {
    case "/__stack":
      return Response.json(services.about());
    case "/__mail":
      return Response.json(services.mail());
  }
  return notFound(
    "Nothing is served here; paths begin with " +
      "/rest/v1, /auth/v1, /storage/v1, /functions/v1 or /realtime/v1.",
  );
}

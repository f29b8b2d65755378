/**
 * Serves Edge Functions from `<folder>/<name>/index.ts`, written as for Supabase: each calls
 * `Deno.serve` while it is loaded. Here that call does not open a port but tells us the handler.
 *
 * Tokens are checked for the functions that the settings name, as with `verify_jwt = true`; the others get
 * every request. Functions share this process, which can reach nothing but this machine's loopback address:
 * imports from the network (`jsr:`, `npm:`) are refused.
 */

import { isValid } from "./tokens.ts";

type Handler = (request: Request) => Response | Promise<Response>;

interface Loaded {
  modified: number;
  handler: Handler;
}

/** Doubles as protection: a name that fits cannot leave the functions' folder. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

/** How browsers are told that they may read an answer the platform, not the function, gives. */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, x-client-info, apikey, content-type, x-region",
};

function platformError(status: number, code: string, message: string): Response {
  return Response.json({ code, message }, {
    status,
    headers: { ...CORS, "sb-error-code": code },
  });
}

/** What the platform says before a function is asked: without a token, or with a wrong one. */
function unauthorized(msg: string): Response {
  return Response.json({ msg }, { status: 401, headers: CORS });
}

/** All functions of one folder. */
export class Functions {
  #folder: string;
  #protected: Set<string>;
  #jwtSecret: string;
  #loaded = new Map<string, Loaded>();
  /** Loads happen one after the other: `Deno.serve` is replaced for the whole process meanwhile. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(folder: string, protectedNames: string[], jwtSecret: string) {
    this.#folder = folder;
    this.#protected = new Set(protectedNames);
    this.#jwtSecret = jwtSecret;
  }

  /** Answers a request to `/functions/v1/<name>` or below it, and says in which region that happened. */
  async fetch(request: Request): Promise<Response> {
    const answer = await this.#answer(request);
    const wanted = new URL(request.url).searchParams.get("forceFunctionRegion");
    const headers = new Headers(answer.headers);
    headers.set("x-sb-edge-region", request.headers.get("x-region") ?? wanted ?? "local");
    return new Response(answer.body, {
      status: answer.status,
      statusText: answer.statusText,
      headers,
    });
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const name = url.pathname.split("/")[3] ?? "";
    const file = `${this.#folder}/${name}/index.ts`;
    const modified = NAME.test(name) ? await modificationTime(file) : undefined;
    if (modified === undefined) {
      return platformError(404, "NOT_FOUND", "Requested function was not found");
    }

    if (this.#protected.has(name) && request.method !== "OPTIONS") {
      const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");
      if (scheme === "") return unauthorized("Error: Missing authorization header");
      if (scheme.toLowerCase() !== "bearer" || !await isValid(token ?? "", this.#jwtSecret)) {
        return unauthorized("Invalid JWT");
      }
    }

    let handler: Handler;
    try {
      handler = await this.#load(name, file, modified);
    } catch (error) {
      console.error(`function ${name} does not start:`, error);
      return platformError(503, "BOOT_ERROR", "Function failed to start (please check logs)");
    }

    // A function sees its own name as the first segment, not where the platform mounted it.
    url.pathname = url.pathname.replace("/functions/v1", "");
    try {
      return await handler(new Request(url, request));
    } catch (error) {
      console.error(`function ${name} threw:`, error);
      return platformError(
        500,
        "WORKER_ERROR",
        "Function exited due to an error (please check logs)",
      );
    }
  }

  /** The handler of a function, loaded again whenever its file has changed. */
  #load(name: string, file: string, modified: number): Promise<Handler> {
    const next = this.#queue.then(async () => {
      const loaded = this.#loaded.get(name);
      if (loaded?.modified === modified) return loaded.handler;
      const handler = await importHandler(file, modified);
      this.#loaded.set(name, { modified, handler });
      return handler;
    });
    this.#queue = next.catch(() => {});
    return next;
  }
}

async function modificationTime(file: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(file)).mtime?.getTime() ?? 0;
  } catch {
    return undefined;
  }
}

/** Imports a function's source and returns what it passed to `Deno.serve`. */
async function importHandler(file: string, modified: number): Promise<Handler> {
  const { promise: finished } = Promise.withResolvers<void>();
  const served: Handler[] = [];
  const serve = (...args: unknown[]) => {
    const found = args.find((arg) => typeof arg === "function") ??
      (args[0] as { handler?: Handler } | undefined)?.handler;
    if (typeof found !== "function") throw new TypeError("Deno.serve was called without a handler");
    served.push(found as Handler);
    const nothing = () => {};
    const addr = { transport: "tcp", hostname: "127.0.0.1", port: 0 };
    return { finished, shutdown: async () => {}, ref: nothing, unref: nothing, addr };
  };

  const realServe = Deno.serve;
  Deno.serve = serve as unknown as typeof Deno.serve;
  try {
    // The query makes the module loader read a changed file again.
    const url = new URL(`file://${file.startsWith("/") ? "" : "/"}${file.replaceAll("\\", "/")}`);
    url.search = `?modified=${modified}`;
    await import(url.href);
  } finally {
    Deno.serve = realServe;
  }
  const handler = served.at(-1);
  if (handler === undefined) throw new Error(`${file} never called Deno.serve`);
  return handler;
}

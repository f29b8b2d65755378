/**
 * Database, auth and functions of a Supabase project in one process, for development and tests. `cargo xtask
 * stack` starts it and stands in front of it; it serves until its standard input ends, which happens however the
 * supervisor goes.
 */

import { tell } from "./changes.ts";
import { lockData, plan } from "./database.ts";
import { Functions } from "./functions.ts";
import { route, type Services } from "./gateway.ts";
import * as lite from "./lite.ts";
import { Mailbox } from "./mail.ts";
import { Provider } from "./provider.ts";
import { settings as readSettings } from "./settings.ts";

/** Requests under way get this long to end before the process does. */
const SHUTDOWN_PATIENCE_MS = 2_000;

const STOP_SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

const settings = readSettings();

/** What there is of the stack so far: requests and the end may come while it still starts. */
const running: { services?: Services; stop?: () => Promise<void>; ending?: true } = {};

// What a function leaves unhandled must not end the database. Our own failures are caught below.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  console.error("unhandled rejection:", event.reason);
});
globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  console.error("uncaught error:", event.error);
});

// From the beginning, so that also a start whose supervisor has gone comes to its end. Signals count as
// well: Ctrl-C, for one, reaches every process of a terminal.
untilEndOfInput().then(end);
for (const signal of STOP_SIGNALS) Deno.addSignalListener(signal, end);

await start().catch((error) => {
  console.error(error);
  Deno.exit(1);
});

async function start(): Promise<void> {
  await lockData(settings.dataDir);

  const server = listen();
  const url = settings.url;
  // As for a hosted function, which finds its project through these.
  Deno.env.set("SUPABASE_URL", url);
  Deno.env.set("SUPABASE_ANON_KEY", settings.anonKey);
  Deno.env.set("SUPABASE_SERVICE_ROLE_KEY", settings.serviceRoleKey);

  const build = await plan(settings);
  const mailbox = new Mailbox();
  const provider = new Provider(url);
  const functions = new Functions(
    settings.functionsDir,
    settings.protectedFunctions,
    settings.jwtSecret,
  );
  const database = await lite.start(settings, build, url, mailbox, provider.registration);
  await tell(database.database, settings.changesPort);
  const state = {
    stack: "supabase-rs",
    url,
    port: server.addr.port,
    pid: Deno.pid,
    data: settings.dataDir,
    created: build.reason ?? null,
  };
  running.services = {
    lite: database.answer,
    functions: (request) => functions.fetch(request),
    provider: (request) => provider.answer(request),
    about: () => state,
    mail: () => mailbox.list(),
  };
  running.stop = async () => {
    await Deno.remove(settings.stateFile).catch(() => {});
    const patience = new Promise((resolve) => setTimeout(resolve, SHUTDOWN_PATIENCE_MS));
    await Promise.race([server.shutdown(), patience]);
    await database.close();
  };
  await announce(state);
}

async function untilEndOfInput(): Promise<void> {
  for await (const _ of Deno.stdin.readable) { /* nothing is ever sent */ }
}

async function end(): Promise<void> {
  if (running.ending) return;
  running.ending = true;
  await running.stop?.();
  Deno.exit(0);
}

function listen(): Deno.HttpServer<Deno.NetAddr> {
  const options = {
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }: Deno.NetAddr) => console.log(`listening on port ${port}`),
  };
  return Deno.serve(
    options,
    (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) =>
      running.services === undefined
        ? Response.json({ message: "The stack is still starting." }, { status: 503 })
        : route(running.services, request, info.remoteAddr.hostname),
  );
}

/** Writes the state file in one step, so that nobody ever reads half of it. */
async function announce(state: unknown): Promise<void> {
  const draft = `${settings.dataDir}/state`;
  await Deno.writeTextFile(draft, JSON.stringify(state));
  await Deno.rename(draft, settings.stateFile);
}

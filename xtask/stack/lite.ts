/** Database and auth, answered by Supabase's own `@supabase/lite` inside this process. */

// @ts-types="../../.stack/node_modules/@supabase/lite/dist/index.d.ts"
import { App } from "@supabase/lite";
import { type Database, migrate, open, type Plan } from "./database.ts";
import type { Handler } from "./gateway.ts";
import type { Mailbox } from "./mail.ts";
import type { Registration } from "./provider.ts";
import { readable } from "./requests.ts";
import type { Settings } from "./settings.ts";

/** Both services, and how to end them. */
export interface Lite {
  answer: Handler;
  database: Database;
  /** Writes what is still in memory and closes the database. */
  close(): Promise<void>;
}

/** Opens (and, when planned, makes) the database and starts both services on it. */
export async function start(
  settings: Settings,
  plan: Plan,
  url: string,
  mailbox: Mailbox,
  github: Registration,
): Promise<Lite> {
  const database = await open(settings, plan);
  const { connection } = database;
  let app = newApp(settings, connection, url, mailbox, github);
  if (plan.reason !== undefined) {
    // The schema `auth` comes first: policies in the migrations name its functions.
    await app.ensureSystemSchema();
    await migrate(settings.dataDir, plan, database);
    // lite reads the schema once, so the app that saw an empty database cannot serve the tables.
    await connection.clearSchemaCache();
    app = newApp(settings, connection, url, mailbox, github);
  }
  await database.answerExactly();
  await app.init();

  const answer: Handler = async (request, peer) =>
    app.fetch(await readable(request), { peerAddress: peer });
  return {
    answer: database.oneAtATime ? oneAfterTheOther(answer) : answer,
    database,
    close: () => connection.close(),
  };
}

/**
 * Requests wait for each other: PGlite has one connection, and where two of them are under way, one's
 * statements stand in the transaction of the other. What that one undoes is gone, such as the session whose token was
 * already given away, and what fails in it fails both.
 */
function oneAfterTheOther(answer: Handler): Handler {
  let last: Promise<unknown> = Promise.resolve();
  return (request, peer) => {
    const next = last.then(() => answer(request, peer));
    last = next.catch(() => {});
    return next;
  };
}

function newApp(
  settings: Settings,
  connection: Database["connection"],
  url: string,
  mailbox: Mailbox,
  github: Registration,
): App {
  return new App({
    connection,
    api: { schemas: ["public", "myschema"], max_rows: 1000 },
    auth: {
      enabled: true,
      enable_signup: true,
      site_url: url,
      additional_redirect_urls: ["http://localhost:3000/**"],
      external: { github: { ...github } },
      jwt_secret: settings.jwtSecret,
      publishable_key: settings.anonKey,
      secret_key: settings.serviceRoleKey,
    },
    options: {
      drivers: { email: mailbox },
      // Otherwise a request without any key would be served as service_role.
      server: { admin: false },
    },
  });
}

/**
 * The database of the stack: opens it, or makes it when there is none that fits.
 *
 * `<dataDir>/built-from` names what it was built from and is written last, so a database whose making was interrupted
 * counts as none.
 */

// @ts-types="../../.stack/node_modules/@supabase/lite/dist/index.d.ts"
import type { Connection } from "@supabase/lite";
import * as pglite from "./pglite.ts";
import * as postgres from "./postgres.ts";
import type { Settings } from "./settings.ts";

/** A database of either kind. */
export interface Database {
  /** What lite speaks through. */
  connection: Connection;
  /** Whether all that speak to it share one connection. */
  oneAtATime: boolean;
  /** Runs statements. */
  exec(sql: string): Promise<void>;
  /** Runs statements, all of them or none. */
  execWhole(sql: string): Promise<void>;
  query<T>(sql: string): Promise<T[]>;
  /** Hears the notifications of a channel from now on. */
  listen(channel: string, hear: (notification: string) => void): Promise<void>;
  /** Makes it tell exactly the values that it holds; its schema is complete by then. */
  answerExactly(): Promise<void>;
}

/** Why a database had to be made; told to the user, who may have had rows in the former one. */
export type Reason =
  | "there was none yet"
  | "a reset was asked for"
  | "its migrations or packages changed";

/** How long a predecessor may take to let go of the data before we give up. */
const LOCK_PATIENCE_MS = 10_000;

/** How the supervisor knows this end from other ones. */
const EXIT_DATA_IN_USE = 75;

interface Script {
  name: string;
  sql: string;
}

/** Everything a database is made from. */
export interface Plan {
  /** What a Supabase project has before its first migration. */
  platform: Script;
  migrations: Script[];
  fingerprint: string;
  /** Set when the database has to be made. */
  reason?: Reason;
}

/**
 * Makes this process the only one that uses the data folder. The lock is the operating system's: it goes
 * when the process goes, however that happens.
 */
export async function lockData(dataDir: string): Promise<void> {
  await Deno.mkdir(dataDir, { recursive: true });
  const file = await Deno.open(`${dataDir}/lock`, { create: true, write: true });
  for (let waited = 0; !await file.tryLock(true); waited += 100) {
    if (waited >= LOCK_PATIENCE_MS) {
      console.error(`another process uses ${dataDir}`);
      Deno.exit(EXIT_DATA_IN_USE);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Reads the SQL and finds out whether the database on disk was built from it. */
export async function plan(settings: Settings): Promise<Plan> {
  const platform = await script(settings.schemaDir, "platform.sql");
  const folder = `${settings.schemaDir}/migrations`;
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isFile && entry.name.endsWith(".sql")) names.push(entry.name);
  }
  names.sort();
  const migrations = await Promise.all(names.map((name) => script(folder, name)));

  const packages = await Deno.readTextFile(settings.packageLock);
  const fingerprint = await sha256(JSON.stringify([platform, migrations, packages]));
  const built = await textOrNothing(`${settings.dataDir}/built-from`);
  const reason = built === undefined
    ? "there was none yet"
    : settings.reset
    ? "a reset was asked for"
    : built !== fingerprint
    ? "its migrations or packages changed"
    : undefined;
  return { platform, migrations, fingerprint, reason };
}

/** Opens the database; when it has to be made, removes what is there first. */
export async function open(settings: Settings, plan: Plan): Promise<Database> {
  const anew = plan.reason !== undefined;
  if (anew) await remove(`${settings.dataDir}/built-from`);
  const database = settings.server === undefined
    ? await pglite.open(settings.dataDir, anew)
    : await postgres.open(settings.server, anew);
  if (anew) await database.exec(plan.platform.sql);
  return database;
}

/** Applies the migrations to a database that `open` made, each in a transaction of its own. */
export async function migrate(dataDir: string, plan: Plan, database: Database) {
  for (const { name, sql } of plan.migrations) {
    try {
      await database.execWhole(sql);
    } catch (error) {
      throw new Error(
        `the migration ${name} fails: ${error instanceof Error ? error.message : error}`,
      );
    }
  }
  await Deno.writeTextFile(`${dataDir}/built-from`, plan.fingerprint);
}

async function script(folder: string, name: string): Promise<Script> {
  return { name, sql: await Deno.readTextFile(`${folder}/${name}`) };
}

async function textOrNothing(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Removes a file or folder, if it is there. */
export async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

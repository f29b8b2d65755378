/** Everything the supervisor decides for this process; it arrives as one JSON argument. */
export interface Settings {
  /** The port to try first. A free one is taken when it is in use, or when this is 0. */
  port: number;
  /** Make the database anew even if the one on disk would do. */
  reset: boolean;
  /** Folder of this database: Postgres' own files, the lock, and the mark that says what it was built from. */
  dataDir: string;
  /** Where to say, once the stack serves, at which address it does. */
  stateFile: string;
  /** Folder with `platform.sql` and `migrations/`. */
  schemaDir: string;
  /** Folder with one sub-folder for each Edge Function. */
  functionsDir: string;
  /** The npm lock: a database written by another version of its engine is not reused. */
  packageLock: string;
  anonKey: string;
  serviceRoleKey: string;
  jwtSecret: string;
}

/** Reads the settings from the command line. */
export function settings(): Settings {
  const argument = Deno.args[0];
  if (argument === undefined) {
    throw new Error("this program is started by `cargo xtask stack`, which passes its settings");
  }
  return JSON.parse(argument);
}

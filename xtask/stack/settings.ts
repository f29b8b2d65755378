/** A PostgreSQL server on 127.0.0.1 whose superuser is `postgres`. */
export interface Server {
  port: number;
  /** The file that holds the superuser's password. */
  passwordFile: string;
}

/** Everything the supervisor decides for this process; it arrives as one JSON argument. */
export interface Settings {
  /** The stack's address. The supervisor has it, and passes on to us what is not its own to answer. */
  url: string;
  /** Where the supervisor listens for changes of rows. */
  changesPort: number;
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
  /** Which of them ask for a token, as `verify_jwt = true` in a project's `config.toml`. */
  protectedFunctions: string[];
  /** The PostgreSQL server that has the database, if it is not PGlite. */
  server?: Server;
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

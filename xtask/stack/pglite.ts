/** The database as PGlite: PostgreSQL compiled to WebAssembly, inside this process, with its files in the data folder. */

// @ts-types="../../.stack/node_modules/@supabase/lite/dist/db/postgres/pglite/PgliteConnection.d.ts"
import { createPgliteConnection } from "@supabase/lite/pglite";
import { type Database, remove } from "./database.ts";
import { arrayParser, OID, parsers } from "./values.ts";

/** Opens the database, on request with nothing in it. */
export async function open(dataDir: string, anew: boolean): Promise<Database> {
  const files = `${dataDir}/postgres`;
  if (anew) await remove(files);
  const connection = await createPgliteConnection({ url: files });
  const driver = connection.driver;
  return {
    connection,
    oneAtATime: true,
    exec: async (sql) => void await driver.exec(sql),
    execWhole: async (sql) => void await driver.transaction((transaction) => transaction.exec(sql)),
    query: async <T>(sql: string) => (await driver.query<T>(sql)).rows,
    listen: async (channel, hear) => void await driver.listen(channel, hear),
    answerExactly: async () => {
      await driver.waitReady;
      Object.assign(driver.parsers, parsers);
      // What clients send is text. PGlite insists on JavaScript's own values for these two types.
      const bytes = driver.serializers[OID.bytea];
      driver.serializers[OID.bytea] = (value) => typeof value === "string" ? value : bytes(value);
      driver.serializers[OID.bool] = String;
      const { rows } = await driver.query<{ element: number; array: number }>(
        "select oid as element, typarray as array from pg_catalog.pg_type where typarray <> 0",
      );
      for (const { element, array } of rows) {
        driver.parsers[array] = arrayParser(driver.parsers[element]);
      }
    },
  };
}

import { randomBytes } from "node:crypto";
import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { query } from "../../../../tools/postgres.js";
import { createLedger } from "../../src/index.js";

describe("createLedger refuses", () => {
  it.each(["LATIN1", "SQL_ASCII"])("a database in %s, which can't keep every id", async (encoding) => {
    const server = inject("databaseUrl");
    const name = `unusable_${randomBytes(6).toString("hex")}`;
    await query(
      server,
      `CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LOCALE_PROVIDER libc LOCALE 'C'`,
    );
    const url = new URL(server);
    url.pathname = `/${name}`;
    await expect(createLedger({ database: { url: url.href } })).rejects.toMatchObject({
      code: "unavailable",
      message: `The database has the encoding ${encoding}, which can't keep every character. Create one with ENCODING 'UTF8' TEMPLATE template0.`,
    });
    expect(await query(url.href, "SELECT to_regnamespace('credits') AS schema")).toEqual([{ schema: null }]);
    await query(server, `DROP DATABASE ${name} WITH (FORCE)`);
  });

  it.each([0, 1, 31, 33])("a secret of %i bytes, which others may guess", async (bytes) => {
    const { url, drop } = await createHostileDatabase("secret");
    const ledger = await createLedger({ database: { url } });
    await ledger.close();
    const client = new pg.Client(url);
    await client.connect();
    await client.query("UPDATE credits.secrets SET value = $1", [Buffer.alloc(bytes, 1)]);
    await client.end();
    await expect(createLedger({ database: { url } })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(new RegExp(`"account-tokens" has ${bytes} bytes instead of 32`)),
    });
    await drop();
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createDatabase } from "../../../../tools/postgres.js";
import { instantFromMillis } from "../../src/ledger/instant.js";
import { putAccount } from "../../src/store/accounts.js";
import type { Database } from "../../src/store/database.js";
import { migrate } from "../../src/store/migrate.js";
import { openPostgres } from "../../src/store/postgres.js";
import { verify } from "../../src/store/verify/verify.js";
import { createWriter } from "../../src/writer/writer.js";
import { grantOf, spendOf, usageOf } from "../commands.js";
import { readAll } from "../properties/read-all.js";

const now = () => instantFromMillis(Date.now());

describe("on a PostgreSQL server", () => {
  let url: string;
  let drop: () => Promise<void>;
  const opened: Database[] = [];

  beforeAll(async () => {
    ({ url, drop } = await createDatabase(inject("databaseUrl"), "servers"));
  });

  afterAll(async () => {
    await Promise.all(opened.map((database) => database.close()));
    await drop();
  });

  function open(): Database {
    const database = openPostgres({ url });
    opened.push(database);
    return database;
  }

  it("migrates once when eight processes start at the same time", async () => {
    const applied = await Promise.all(Array.from({ length: 8 }, () => migrate(open())));
    expect(applied.flat().sort()).toEqual(["0001_ledger", "0002_access"]);
  });

  it("keeps two servers on one hot account within what the account covers, and answers every command once", async () => {
    const servers = [open(), open()].map((database) => createWriter({ database, now }));
    await putAccount(open(), "hot", {}, now());
    await servers[0]?.submit(grantOf("hot", "start", "500"));
    const outcomes = await Promise.all(
      Array.from({ length: 2_000 }, (_, index) =>
        servers[index % 2]?.submit(spendOf("hot", `key-${index % 1_500}`, "1")),
      ),
    );
    const posted = outcomes.filter((outcome) => outcome?.refusal === null && !outcome.repeated);
    expect(posted).toHaveLength(500);
    const { account, entries } = await readAll(open(), "hot");
    expect(account.balance).toBe(0n);
    expect(new Set(entries.map((entry) => entry.key)).size).toBe(501);
    await Promise.all(servers.map((server) => server.close()));
  });

  it("does not deadlock when two servers share many accounts in any order", async () => {
    const servers = [open(), open()].map((database) => createWriter({ database, now }));
    const accounts = Array.from({ length: 40 }, (_, index) => `shared-${index}`);
    const database = open();
    await Promise.all(accounts.map((account) => putAccount(database, account, {}, now())));
    await Promise.all(
      Array.from({ length: 3_000 }, (_, index) => {
        const account = accounts[(index * 17) % accounts.length] as string;
        return servers[index % 2]?.submit(usageOf(account, `u-${index}`, "0.5"));
      }),
    );
    const { entries } = await verify(database, {}).then((result) => {
      expect(result.violations).toEqual([]);
      return result;
    });
    expect(entries).toBe(501 + 3_000);
    await Promise.all(servers.map((server) => server.close()));
  });

  it("loses and doubles nothing while its connections are killed", async () => {
    const database = open();
    const writer = createWriter({ database, now });
    await putAccount(database, "killed", {}, now());
    const killer = new pg.Client({ connectionString: url });
    await killer.connect();
    let isDone = false;
    let kills = 0;
    const killing = (async () => {
      while (!isDone) {
        const { rowCount } = await killer.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'credit-activity' AND datname = current_database()",
        );
        kills += rowCount ?? 0;
        await sleep(60);
      }
    })();
    try {
      for (let round = 0; round < 100; round++) {
        await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            writer.submit(usageOf("killed", `u-${round}-${index}`, "1")),
          ),
        );
      }
    } finally {
      isDone = true;
      await killing;
      await killer.end();
    }
    expect(kills).toBeGreaterThan(5);
    const { entries, account } = await readAll(open(), "killed");
    expect(entries).toHaveLength(1_000);
    expect(account.balance).toBe(-1_000_000_000n);
    await writer.close();
  });

  it("says that the database can't be reached, and that the key makes a further try safe", async () => {
    const writer = createWriter({
      database: openPostgres({ url: "postgres://nobody@127.0.0.1:9/none" }),
      now,
    });
    await expect(writer.submit(spendOf("x", "k", "1"))).rejects.toThrow(/send it again with the same key/);
  });
});

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addSeconds, type Instant } from "../../src/core/instant.js";
import type { Database } from "../../src/db/port.js";
import { openPostgres } from "../../src/db/postgres/open.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { createSweepLease, sweepDue } from "../../src/jobs/sweep.js";
import { toGrant } from "../commands.js";
import { openTestDatabase, putAccount, runScript, type TestDatabase } from "../databases.js";

const NOW = 1_795_341_900_000_000 as Instant;
const LATER = addSeconds(NOW, 3_600);

it("a sweep touches all accounts but those that can't be touched, which it names", async () => {
  const test = await openTestDatabase("pglite");
  const before = createEngine({ database: test.database, now: () => NOW });
  const names = Array.from({ length: 40 }, (_, index) => `account-${index}`);
  for (const account of names) {
    await putAccount(test.database, account, {}, NOW);
    await before.submit(toGrant(account, "g", "1", { expiresAt: addSeconds(NOW, 60) }));
  }
  await before.close();
  await runScript(
    test.database,
    "UPDATE credits.accounts SET open_window = '[' WHERE account IN ('account-0', 'account-7')",
  );
  const engine = createEngine({ database: test.database, now: () => LATER });
  const sweep = () => sweepDue(test.database, engine, createSweepLease(test.database), LATER);
  await expect(sweep()).rejects.toThrow(/^2 due accounts could not be touched: account-\d, account-\d\.$/);
  const due = () =>
    test.database.query("SELECT account FROM credits.accounts WHERE due_at IS NOT NULL ORDER BY 1");
  expect(await due()).toEqual([{ account: "account-0" }, { account: "account-7" }]);
  await runScript(test.database, "UPDATE credits.accounts SET open_window = NULL");
  expect(await sweep()).toBe(2);
  expect(await sweep()).toBe(0);
  await engine.close();
  await test.drop();
});

describe("sweeps of two servers on one database", () => {
  let test: TestDatabase;
  let other: Database;
  /** Accounts that any of the servers has touched, with repetitions. */
  let touched: string[];
  const ACCOUNTS = 1_200;

  beforeEach(async () => {
    test = await openTestDatabase("postgres");
    other = openPostgres({ url: test.url as string });
    touched = [];
    await runScript(
      test.database,
      `INSERT INTO credits.accounts (account, created_at, updated_at)
       SELECT 'account-' || n, now(), now() FROM generate_series(1, ${ACCOUNTS}) n`,
    );
    const engine = createEngine({ database: test.database, now: () => NOW });
    const grants = Array.from({ length: ACCOUNTS }, (_, index) =>
      toGrant(`account-${index + 1}`, "g", "1", { expiresAt: addSeconds(NOW, 60) }),
    );
    await engine.submitAll(grants);
    await engine.close();
  });

  afterEach(async () => {
    await other.close();
    await test.drop();
  });

  function createServer(database: Database): { sweep(): Promise<number>; close(): Promise<void> } {
    const engine = createEngine({ database, now: () => LATER });
    const counting: Engine = {
      ...engine,
      submit: (command) => {
        touched.push(command.account);
        return engine.submit(command);
      },
    };
    const lease = createSweepLease(database);
    return { sweep: () => sweepDue(database, counting, lease, LATER), close: () => engine.close() };
  }

  it("touch each account once, and report that", async () => {
    const servers = [createServer(test.database), createServer(other)];
    const counts = await Promise.all(servers.map((server) => server.sweep()));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(ACCOUNTS);
    expect([touched.length, new Set(touched).size]).toEqual([ACCOUNTS, ACCOUNTS]);
    expect(await Promise.all(servers.map((server) => server.sweep()))).toEqual([0, 0]);
    await Promise.all(servers.map((server) => server.close()));
  });

  it("go on where a server is gone, once its lease has ended", async () => {
    const gone = createSweepLease(other);
    expect(await gone.take()).toBe(true);
    const server = createServer(test.database);
    expect(await server.sweep()).toBe(0);
    const passSeconds = (seconds: number) =>
      runScript(test.database, `UPDATE credits.leases SET expires_at = expires_at - interval '${seconds} s'`);
    await passSeconds(5);
    expect(await server.sweep()).toBe(0);
    await passSeconds(10);
    expect(await server.sweep()).toBe(ACCOUNTS);
    await server.close();
  });
});

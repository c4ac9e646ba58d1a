import { afterEach, beforeEach, expect, it } from "vitest";
import { addSeconds, type Instant } from "../../src/core/instant.js";
import type { Connection, Database } from "../../src/db/port.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { readAccount } from "../../src/queries/account.js";
import { verify } from "../../src/verify/verify.js";
import { toGrant, toHold, toSettle, toSpend, toUsage } from "../commands.js";
import { openTestDatabase, putAccount, runScript, type TestDatabase } from "../databases.js";

const NOW = 1_795_341_900_000_000 as Instant;
const MANY = 600;

let test: TestDatabase;
let servers: Engine[];
/** The grants and holds that the servers have read. */
let read: number;

beforeEach(async () => {
  test = await openTestDatabase("postgres");
  read = 0;
  servers = [1, 2].map(() => createEngine({ database: counted(test.database), now: () => NOW }));
  await putAccount(test.database, "a", {}, NOW);
  const grants = Array.from({ length: MANY }, (_, index) =>
    toGrant("a", `g-${index}`, "1", { expiresAt: addSeconds(NOW, 3_600 + index) }),
  );
  const holds = Array.from({ length: MANY }, (_, index) => toHold("a", `h-${index}`, "0.5"));
  await submitTo(0, ...grants, ...holds);
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await test.drop();
});

const submitTo = (server: number, ...commands: Parameters<Engine["submitAll"]>[0]) =>
  (servers[server] as Engine).submitAll(commands);

/** Counts the grants and holds that are read of a database. */
function counted(database: Database): Database {
  const count = async <Row>(sql: string, rows: Promise<Row[]>): Promise<Row[]> => {
    const found = await rows;
    if (/FROM .*credits\.(grants|holds)|JOIN credits\.(grants|holds)/s.test(sql) && !sql.startsWith("WITH"))
      read += found.length;
    return found;
  };
  return {
    ...database,
    write: (sql, params) => count(sql, database.write(sql, params)),
    transaction: (pool, work) =>
      database.transaction(pool, (connection) => {
        const query: Connection["query"] = (sql, params) => count(sql, connection.query(sql, params));
        return work({ ...connection, query });
      }),
  };
}

it("two servers in turns read what the other has changed, however many grants and holds there are", async () => {
  await submitTo(1, toSpend("a", "first", "0.001"));
  expect(read).toBeGreaterThanOrEqual(2 * MANY);
  // Each server finds out once that another one changes the account.
  await submitTo(0, toSpend("a", "second", "0.001"));
  await submitTo(1, toSpend("a", "third", "0.001"));
  read = 0;
  const rounds = 30;
  for (let round = 0; round < rounds; round++) {
    for (const server of [1, 0]) {
      const commands = [
        toSpend("a", `s-${round}-${server}`, "0.7"),
        toHold("a", `n-${round}-${server}`, "0.1"),
        toSettle("a", `t-${round}-${server}`, `hold-h-${2 * round + server}`, "0.4"),
        toGrant("a", `m-${round}-${server}`, "2", { priority: 1 }),
      ];
      const outcomes = await submitTo(server, ...commands);
      expect(outcomes.map((outcome) => outcome instanceof Error || outcome.refusal)).toEqual([
        ...[null, null, null, null],
      ]);
    }
  }
  // Each turn changes a hold, opens another one, settles and draws on a few grants.
  expect(read).toBeLessThan(2 * rounds * 10);
  expect(await readAccount(test.database, "a", NOW)).toMatchObject({ held: 300_000_000n - 24_000_000n });
  expect((await verify(test.database, {})).violations).toEqual([]);
});

it("an account whose books a person has changed under a cached one is read whole", async () => {
  await submitTo(1, toSpend("a", "first", "0.001"));
  await submitTo(0, toSpend("a", "second", "0.001"));
  // The person does not number the change.
  await runScript(
    test.database,
    `UPDATE credits.grants SET remaining = remaining - 100000 WHERE account = 'a' AND seq = 500;
     UPDATE credits.accounts SET balance = balance - 100000, version = version + 1 WHERE account = 'a'`,
  );
  const [outcome] = await submitTo(0, toUsage("a", "third", "0.001"));
  expect(outcome).toMatchObject({ refusal: null });
  expect((await readAccount(test.database, "a", NOW))?.balance).toBe(600_000_000n - 100_000n - 3_000n);
});

it("a server whose commit a failover has lost reads all again, though another change has its number", async () => {
  for (const index of [1, 0, 1, 0])
    await submitTo(index, toUsage("a", `u-${index}-${Math.random()}`, "0.001"));
  await runScript(
    test.database,
    "CREATE TABLE public.lost AS SELECT * FROM credits.accounts WHERE account = 'a'",
  );
  await submitTo(0, toHold("a", "lost", "5"));
  await runScript(
    test.database,
    `DELETE FROM credits.holds WHERE account = 'a' AND hold = 'hold-lost';
     DELETE FROM credits.accounts WHERE account = 'a';
     INSERT INTO credits.accounts SELECT * FROM public.lost; DROP TABLE public.lost`,
  );
  await submitTo(1, toHold("a", "kept", "5"));
  const [settlement] = await submitTo(0, toSettle("a", "settle", "hold-lost", "5"));
  expect(settlement).toMatchObject({ refusal: { code: "hold_not_found" } });
  expect((await verify(test.database, {})).violations).toEqual([]);
  const [kept] = await submitTo(0, toSettle("a", "settle", "hold-kept", "5"));
  expect(kept).toMatchObject({ refusal: null });
  expect((await verify(test.database, {})).violations).toEqual([]);
});

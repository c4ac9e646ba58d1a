import { CompiledQuery, Kysely, PostgresDialect, type Transaction } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { type Database, query } from "../../../../tools/postgres.js";
import { toColumnType } from "../../src/db/caller.js";
import {
  createLedger,
  InsufficientCreditsError,
  InvalidRequestError,
  KeyConflictError,
  type LocalLedger,
  type TransactionClient,
  type TransactionLedger,
} from "../../src/index.js";

const SCHEMA = "credits_app";

let database: Database;
let pool: pg.Pool;
let ledger: LocalLedger;
/** Another server of the same ledger. */
let other: LocalLedger;

beforeAll(async () => {
  database = await createHostileDatabase("within");
  pool = new pg.Pool({ connectionString: database.url, max: 8 });
  ledger = await createLedger({ database: { pool, schema: SCHEMA } });
  other = await createLedger({ database: { url: database.url, schema: SCHEMA, connections: 4 } });
  await query(
    database.url,
    "CREATE TABLE public.orders (id bigint GENERATED ALWAYS AS IDENTITY, account text, credits numeric)",
  );
});
afterAll(async () => {
  await ledger.close();
  await other.close();
  await pool.end();
  await database.drop();
});

const thrown = (work: Promise<unknown>): Promise<Error & { code?: string }> =>
  work.then(
    () => {
      throw new Error("It did not fail.");
    },
    (error) => error,
  );

/** Runs work in a transaction, which it may undo by throwing. */
async function transact<T>(
  work: (tx: TransactionLedger, client: pg.PoolClient) => Promise<T>,
  begin = "BEGIN",
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query(begin);
    const result = await work(ledger.within(client), client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

class Undo extends Error {}

/** Begins a transaction that waits for others, whatever the database's default is. */
const COMMITTED = "BEGIN ISOLATION LEVEL READ COMMITTED";

const undone = (work: Parameters<typeof transact>[0], begin?: string) =>
  transact(async (...args) => {
    await work(...args);
    throw new Undo();
  }, begin).catch((error) => {
    if (!(error instanceof Undo)) throw error;
  });

async function open(account: string): Promise<string> {
  await ledger.putAccount(account);
  await ledger.grant(account, { kind: "purchase", credits: 100 });
  return account;
}

const order = (client: pg.PoolClient, account: string) =>
  client.query("INSERT INTO public.orders (account, credits) VALUES ($1, 1)", [account]);
const countOrders = async (account: string) =>
  (await pool.query("SELECT FROM public.orders WHERE account = $1", [account])).rowCount;
const readBalance = async (account: string) => [
  (await ledger.getAccount(account)).balance,
  (await other.getAccount(account)).balance,
];
const expectSound = async () => expect((await other.verify()).violations).toEqual([]);

describe("a spend inside a transaction", () => {
  it("commits and rolls back with the application's row", async () => {
    const account = await open("both");
    await transact(async (tx, client) => {
      await order(client, account);
      const { entry, repeated } = await tx.spend(account, { credits: 10, project: { id: "p", label: "P" } });
      expect([entry.balance, entry.project?.label, repeated]).toEqual(["90", "P", false]);
      expect(await tx.getAccount(account)).toMatchObject({ balance: "90" });
      expect(await readBalance(account)).toEqual(["100", "100"]);
    });
    expect([await readBalance(account), await countOrders(account)]).toEqual([["90", "90"], 1]);
    await undone(async (tx, client) => {
      await tx.spend(account, { credits: 20 });
      await order(client, account);
    });
    expect([await readBalance(account), await countOrders(account)]).toEqual([["90", "90"], 1]);
    await expectSound();
  });

  it("leaves no server with an account that is not current", async () => {
    const account = await open("cached");
    for (let round = 0; round < 6; round++) {
      await ledger.spend(account, { credits: 1 });
      await other.spend(account, { credits: 1 });
      const spend = async (tx: TransactionLedger) => {
        await tx.spend(account, { credits: 1 });
        await tx.grant(account, { kind: "bonus", credits: 2, expiresAt: new Date(Date.now() + 3_600_000) });
      };
      await (round % 2 === 0 ? transact(spend) : undone(spend));
      await Promise.all([ledger.spend(account, { credits: 1 }), other.spend(account, { credits: 1 })]);
    }
    expect(await readBalance(account)).toEqual(["79", "79"]);
    await expectSound();
  });

  it("goes on beside large batches of several servers on the account, and beside many rollbacks", async () => {
    const account = await open("busy");
    await ledger.grant(account, { kind: "purchase", credits: 100_000 });
    const report = (server: LocalLedger, name: string) =>
      server.usage(
        Array.from({ length: 400 }, (_, index) => ({
          id: `${name}-${index}`,
          account,
          kind: "ai_usage",
          credits: 1,
        })),
      );
    const transactions = Array.from({ length: 60 }, async (_, index) => {
      const spend = (tx: TransactionLedger) => tx.spend(account, { credits: 10 }, { key: `busy-${index}` });
      await (index % 3 === 0 ? transact(spend, COMMITTED) : undone(spend, COMMITTED));
    });
    const reports = [0, 1, 2, 3].flatMap((round) => [
      report(ledger, `ledger-${round}`),
      report(other, `other-${round}`),
    ]);
    const results = await Promise.all(reports);
    await Promise.all(transactions);
    for (const { results: each } of results)
      expect(each.filter(({ status }) => status !== "posted")).toEqual([]);
    const left = String(100_100 - 8 * 400 - 20 * 10);
    expect(await readBalance(account)).toEqual([left, left]);
    await expectSound();
  });

  it("is refused without harm to the transaction", async () => {
    const account = await open("refused");
    await transact(async (tx, client) => {
      await order(client, account);
      const error = await thrown(tx.spend(account, { credits: 500 }));
      expect(error).toBeInstanceOf(InsufficientCreditsError);
      expect(await thrown(tx.spend("nobody", { credits: 1 }))).toMatchObject({ code: "account_not_found" });
      expect(await thrown(tx.spend(account, { credits: -1 }))).toMatchObject({ code: "invalid_amount" });
      expect(await thrown(tx.spend(account, { credits: "x" } as never))).toBeInstanceOf(InvalidRequestError);
      await tx.spend(account, { credits: 5 });
      await order(client, account);
    });
    expect([await readBalance(account), await countOrders(account)]).toEqual([["95", "95"], 2]);
  });

  it("counts once per key, inside and outside", async () => {
    const account = await open("keys");
    const spend = (on: TransactionLedger, credits: number, key = "k") =>
      on.spend(account, { credits }, { key });
    await undone(async (tx) => expect((await spend(tx, 1)).repeated).toBe(false));
    await transact(async (tx) => {
      expect((await spend(tx, 1)).repeated).toBe(false);
      expect((await spend(tx, 1)).repeated).toBe(true);
      expect(await thrown(spend(tx, 2))).toBeInstanceOf(KeyConflictError);
    });
    expect((await spend(ledger, 1)).repeated).toBe(true);
    await spend(other, 3, "outside");
    await transact(async (tx) => {
      expect((await spend(tx, 3, "outside")).repeated).toBe(true);
      expect(await thrown(spend(tx, 1, "outside"))).toBeInstanceOf(KeyConflictError);
    });
    expect(await readBalance(account)).toEqual(["96", "96"]);
  });

  it("is undone to a savepoint, and the next one goes on from there", async () => {
    const account = await open("savepoints");
    await transact(async (tx, client) => {
      await tx.spend(account, { credits: 1 }, { key: "a" });
      await client.query("SAVEPOINT s");
      await tx.spend(account, { credits: 50 }, { key: "b" });
      await thrown(client.query("SELECT 1/0"));
      expect(await thrown(tx.spend(account, { credits: 1 }))).toMatchObject({ code: "25P02" });
      await client.query("ROLLBACK TO SAVEPOINT s");
      const { entry, repeated } = await tx.spend(account, { credits: 2 }, { key: "b" });
      expect([entry.balance, repeated]).toEqual(["97", false]);
    });
    expect(await readBalance(account)).toEqual(["97", "97"]);
    await expectSound();
  });

  it("may run at once with others of the same client", async () => {
    const account = await open("at-once");
    await transact(async (tx, client) => {
      const again = ledger.within(client);
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => (n % 2 ? tx : again).spend(account, { credits: 1 })),
      );
    });
    expect(await readBalance(account)).toEqual(["80", "80"]);
  });
});

it("has every command", async () => {
  const account = "commands";
  await transact(async (tx) => {
    await tx.putAccount(account, { name: "Name", overdraftLimit: 5, metadata: { a: "b" } });
    await tx.putAccount(account, { timeZone: "Europe/Berlin" });
    const { entry: grant } = await tx.grant(account, { kind: "purchase", credits: "9007199254.740993" });
    await tx.adjust(account, { credits: "-9007199154.740993", description: "x" });
    const { entry: bonus } = await tx.grant(account, {
      kind: "bonus",
      credits: 10,
      expiresAt: "2100-01-01T00:00:00Z",
    });
    await tx.extendGrant(account, { grant: bonus.seq, expiresAt: "2101-01-01T00:00:00Z" });
    const { entry: wrong } = await tx.grant(account, { kind: "manual_grant", credits: 3 });
    await tx.voidGrant(account, { grant: wrong.seq, description: "x" });
    const { entry } = await tx.spend(account, {
      credits: 20,
      description: 'It\'s "100 %" \\ {}',
      metadata: { a: "1", b: "NULL" },
      quantities: { tokens: 5 },
      project: { id: "p", label: "P" },
      estimated: true,
    });
    expect(entry).toMatchObject({ description: 'It\'s "100 %" \\ {}', metadata: { a: "1", b: "NULL" } });
    await tx.refund(account, { entry: entry.seq, credits: 5 });
    const { hold } = await tx.hold(account, { credits: 10, task: "t" });
    const { hold: second } = await tx.hold(account, { credits: 1 });
    expect(await tx.getHold(account, hold.id)).toMatchObject({ status: "open", credits: "10" });
    expect(await tx.getAccount(account)).toMatchObject({ held: "11", name: "Name", metadata: { a: "b" } });
    await tx.extend(account, hold.id, { expiresIn: 7_200 });
    await tx.settle(account, hold.id, { credits: 7 });
    await tx.release(account, second.id);
    await tx.writeOff(account, { credits: 1, description: "x" });
    const event = { account, kind: "ai_usage", credits: 1 };
    const { results } = await tx.usage([
      { ...event, id: "u1" },
      { ...event, id: "u1" },
      { ...event, id: "u2", account: "nobody" },
    ]);
    expect(results.map(({ status }) => status)).toEqual(["posted", "duplicate", "refused"]);
    expect(grant.credits).toBe("9007199254.740993");
  });
  expect(await ledger.getAccount(account)).toMatchObject({
    balance: "86",
    timeZone: "Europe/Berlin",
    held: "0",
  });
  await transact((tx) => tx.closeAccount(account));
  expect(await thrown(transact((tx) => tx.spend(account, { credits: 1 })))).toMatchObject({
    code: "account_closed",
  });
  await expectSound();
});

describe("a call that the application does not wait for", () => {
  it("writes nothing once the transaction has ended", async () => {
    const account = await open("left");
    const client = await pool.connect();
    try {
      for (const end of ["ROLLBACK", "COMMIT", "ROLLBACK; BEGIN"]) {
        await client.query("BEGIN");
        const tx = ledger.within(client);
        // The first refusal ends the wait for all of them.
        const calls = [
          tx.spend(account, { credits: 500 }),
          tx.spend(account, { credits: 1 }),
          tx.putAccount(account, { name: "left" }),
          tx.spend(account, { credits: 2 }),
        ];
        await thrown(Promise.all(calls));
        await client.query(end);
        const left = await Promise.allSettled(calls.slice(1));
        expect(left.some(({ status }) => status === "rejected")).toBe(true);
        for (const result of left)
          if (result.status === "rejected") expect(["bad_request", "25P02"]).toContain(result.reason.code);
        expect(await thrown(tx.spend(account, { credits: 1 }))).toHaveProperty("code");
        await client.query("ROLLBACK");
      }
    } finally {
      client.release(true);
    }
    expect(["100", "99"]).toContain((await ledger.getAccount(account)).balance);
    expect(await ledger.getAccount(account)).toMatchObject({ name: null });
    await expectSound();
  });

  it("is not given up by its signal", async () => {
    const account = await open("signal");
    await transact(async (tx) => {
      const aborter = new AbortController();
      const call = tx.spend(account, { credits: 1 }, { signal: aborter.signal });
      await Promise.resolve();
      setTimeout(() => aborter.abort(), 1);
      expect((await call).entry.balance).toBe("99");
      const aborted = { signal: AbortSignal.abort(new Error("aborted")) };
      expect((await thrown(tx.spend(account, { credits: 1 }, aborted))).message).toBe("aborted");
    });
    expect(await readBalance(account)).toEqual(["99", "99"]);
  });
});

describe("the isolation of the transaction", () => {
  it.each(["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])("may be %s", async (level) => {
    const account = await open(level);
    const begin = `BEGIN ISOLATION LEVEL ${level}`;
    await transact(async (tx) => {
      await tx.spend(account, { credits: 1 });
      await tx.spend(account, { credits: 1 });
    }, begin);
    const late = transact(async (tx, client) => {
      await client.query("SELECT FROM public.orders");
      await other.spend(account, { credits: 10 });
      return tx.spend(account, { credits: 1 });
    }, begin);
    // A transaction with one snapshot can't decide from what was written after it.
    if (level === "READ COMMITTED") expect((await late).entry.balance).toBe("87");
    else expect(await thrown(late)).toMatchObject({ code: "40001", severity: "ERROR" });
    await expectSound();
  });
});

describe("a client", () => {
  it("has to be in a transaction", async () => {
    const account = await open("outside");
    for (const client of [pool, { query: (text: string, values: unknown[]) => pool.query(text, values) }]) {
      const error = await thrown(ledger.within(client).spend(account, { credits: 1 }));
      expect(error).toBeInstanceOf(InvalidRequestError);
      expect(error.message).toMatch(/^The client is not in a transaction, .* and nothing was done\./);
      await thrown(ledger.within(client).putAccount(account, { name: "x" }));
    }
    expect(await ledger.getAccount(account)).toMatchObject({ balance: "100", name: null });
    for (const client of [undefined, null, {}, "x"])
      expect(() => ledger.within(client as never)).toThrow(/^client has no method query\. Give a client/);
  });

  it("may have any parsers and no more than query", async () => {
    const account = await open("minimal");
    const types = { getTypeParser: () => (string: string) => string };
    await transact(async (_, client) => {
      const minimal = {
        query: async (text: string, values: unknown[]) => {
          for (const value of values) expect(value === null || typeof value === "string").toBe(true);
          const { rows } = await client.query({ text, values, types } as pg.QueryConfig);
          return { rows: rows.map((row) => ({ ...row })) };
        },
      };
      const tx = ledger.within(minimal);
      await tx.spend(account, { credits: 1 });
    });
    expect(await readBalance(account)).toEqual(["99", "99"]);
  });

  it("may be a transaction of Kysely", async () => {
    const account = await open("kysely");
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    const toClient = (trx: Transaction<unknown>): TransactionClient => ({
      query: (text, values) => trx.executeQuery(CompiledQuery.raw(text, values)),
    });
    for (const level of ["read committed", "serializable"] as const) {
      await db
        .transaction()
        .setIsolationLevel(level)
        .execute(async (trx) => {
          await ledger.within(toClient(trx)).spend(account, { credits: 1 });
          await trx.executeQuery(
            CompiledQuery.raw("INSERT INTO public.orders (account) VALUES ($1)", [account]),
          );
        });
    }
    expect([await readBalance(account), await countOrders(account)]).toEqual([["98", "98"], 2]);
  });

  it("has to be the same object for calls at once", async () => {
    const account = await open("wrapped");
    await undone(async (_, client) => {
      const wrap = () => ledger.within({ query: (text, values) => client.query(text, values) });
      const spends = [wrap(), wrap(), wrap()].map((tx) => tx.spend(account, { credits: 1 }));
      const failed = (await Promise.allSettled(spends)).flatMap((one) =>
        one.status === "rejected" ? [one.reason] : [],
      );
      expect(failed[0]).toBeInstanceOf(InvalidRequestError);
      expect(failed[0].message).toMatch(/^Two calls were at work in one transaction at once, .* repeat the/);
    });
    expect(await readBalance(account)).toEqual(["100", "100"]);
  });

  it("has to return rows that are objects", async () => {
    const account = await open("arrays");
    await undone(async (_, client) => {
      const clients = [
        { query: (text: string, values: unknown[]) => client.query({ text, values, rowMode: "array" }) },
        { query: async (text: string, values: unknown[]) => (await client.query(text, values)).rows },
      ];
      for (const wrapper of clients) {
        const spent = ledger.within(wrapper as unknown as TransactionClient).spend(account, { credits: 1 });
        const error = await thrown(spent);
        expect(error).toBeInstanceOf(InvalidRequestError);
        expect(error.message).toMatch(/^client does not return rows that are objects\. Give one /);
      }
    });
  });

  it("can't be used once the ledger is closed", async () => {
    const account = await open("closed");
    const own = await createLedger({ database: { pool, schema: SCHEMA } });
    await transact(async (_, client) => {
      const before = own.within(client);
      await own.close();
      for (const tx of [before, own.within(client)]) {
        for (const call of [() => tx.spend(account, { credits: 1 }), () => tx.getAccount(account)]) {
          const error = await thrown(call());
          expect(error).toMatchObject({ code: "unavailable", message: expect.stringMatching(/is closed/) });
        }
      }
    });
    expect(await readBalance(account)).toEqual(["100", "100"]);
  });

  it("of an embedded database there is none", async () => {
    const embedded = await createLedger({ database: { memory: true } });
    expect(() => embedded.within({ query: async () => ({ rows: [] }) })).toThrow(
      "The embedded database takes no transactions of others. Use PostgreSQL.",
    );
    await embedded.close();
  });

  it("rejects with its own errors, so that the application can repeat the transaction", async () => {
    const [a, b] = [await open("deadlock-a"), await open("deadlock-b")];
    const spendBoth = (first: string, second: string) =>
      transact(async (tx) => {
        await tx.spend(first, { credits: 1 });
        await new Promise((resolve) => setTimeout(resolve, 300));
        await tx.spend(second, { credits: 1 });
      });
    const results = await Promise.allSettled([spendBoth(a, b), spendBoth(b, a)]);
    const failed = results.filter((result) => result.status === "rejected");
    expect(failed).toMatchObject([{ reason: { code: "40P01" } }]);
    expect(await readBalance(a)).toEqual(["99", "99"]);
    await expectSound();
  });
});

it("types each column as its table does", async () => {
  const columns = await query(
    database.url,
    `SELECT DISTINCT table_name, column_name, data_type FROM information_schema.columns
     WHERE table_schema = '${SCHEMA}' AND table_name IN ('accounts', 'entries', 'grants', 'holds', 'hold_extensions', 'labels')`,
  );
  const types: Record<string, string> = {
    "timestamp with time zone": "timestamptz",
    bytea: "bytea",
    jsonb: "json",
    boolean: "boolean",
    smallint: "number",
    integer: "number",
    bigint: "bigint",
    numeric: "bigint",
    ARRAY: "bigints",
    text: "text",
  };
  const differing = columns.filter(
    ({ column_name, data_type }) => toColumnType(String(column_name)) !== types[String(data_type)],
  );
  // An account's version is a whole number of 53 bits. What remains of its grants is JSON, which the parser leaves alone.
  expect(differing).toMatchObject([
    { table_name: "accounts", column_name: "remaining" },
    { table_name: "accounts", column_name: "version" },
  ]);
});

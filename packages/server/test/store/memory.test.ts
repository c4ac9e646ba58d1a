import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createDatabase } from "../../../../tools/postgres.js";
import { instantFromMillis } from "../../src/ledger/instant.js";
import { putAccount } from "../../src/store/accounts.js";
import type { Database, Step } from "../../src/store/database.js";
import { migrate } from "../../src/store/migrate.js";
import { openPostgres } from "../../src/store/postgres.js";
import { verify } from "../../src/store/verify/verify.js";
import { createWriter } from "../../src/writer/writer.js";
import { grantOf, spendOf, usageOf } from "../commands.js";
import { readAll } from "../properties/read-all.js";

const now = () => instantFromMillis(Date.now());

describe("what a server remembers of an account", () => {
  let url: string;
  let drop: () => Promise<void>;
  const opened: Database[] = [];

  beforeAll(async () => {
    ({ url, drop } = await createDatabase(inject("databaseUrl"), "memory"));
    await migrate(open());
  });

  afterAll(async () => {
    expect((await verify(open(), {})).violations).toEqual([]);
    await Promise.all(opened.map((database) => database.close()));
    await drop();
  });

  function open(): Database {
    const database = openPostgres({ url });
    opened.push(database);
    return database;
  }

  /** A server, and how many statements it has run to write. */
  function serve() {
    const database = open();
    const ran: Step[][] = [];
    let locked = 0;
    const watched: Database = {
      ...database,
      run: (steps) => {
        ran.push([...steps]);
        return database.run(steps);
      },
      transaction: (work, mode) => {
        locked += 1;
        return database.transaction(work, mode);
      },
    };
    const writer = createWriter({ database: watched, now });
    const trips = () => ({ ran: ran.length, locked });
    return { writer, trips };
  }

  it("makes a second command one round trip, without locking or reading first", async () => {
    const { writer, trips } = serve();
    await putAccount(open(), "one-trip", {}, now());
    await writer.submit(grantOf("one-trip", "g", "5"));
    const before = trips().ran;
    await writer.submit(spendOf("one-trip", "s", "1"));
    expect(trips()).toEqual({ ran: before + 1, locked: 0 });
    await writer.close();
  });

  it("is not relied on when another server has added credits: a spend they cover is not refused", async () => {
    const [one, other] = [serve(), serve()];
    await putAccount(open(), "stale", {}, now());
    expect((await one.writer.submit(spendOf("stale", "s1", "5"))).refusal?.code).toBe("insufficient_credits");
    await other.writer.submit(grantOf("stale", "g", "5"));
    expect((await one.writer.submit(spendOf("stale", "s2", "5"))).refusal).toBeNull();
    expect((await other.writer.submit(spendOf("stale", "s3", "5"))).refusal?.code).toBe(
      "insufficient_credits",
    );
    await Promise.all([one.writer.close(), other.writer.close()]);
  });

  it("is not relied on when another server has changed what may be spent", async () => {
    const { writer } = serve();
    const database = open();
    await putAccount(database, "limit", {}, now());
    await writer.submit(grantOf("limit", "g", "5"));
    await putAccount(database, "limit", { overdraftLimit: spendOf("limit", "", "10").credits }, now());
    expect((await writer.submit(spendOf("limit", "s1", "15"))).refusal).toBeNull();
    await putAccount(database, "limit", { overdraftLimit: spendOf("limit", "", "0").credits }, now());
    expect((await writer.submit(spendOf("limit", "s2", "0.1"))).refusal?.code).toBe("insufficient_credits");
    await writer.close();
  });

  it("does not hide the first answer of a key behind a refusal that is due now", async () => {
    const { writer } = serve();
    await putAccount(open(), "again", {}, now());
    await writer.submit(grantOf("again", "g", "5"));
    const first = await writer.submit(spendOf("again", "s", "5"));
    const again = await writer.submit(spendOf("again", "s", "5"));
    expect(first).toMatchObject({ refusal: null, repeated: false });
    expect(again).toEqual({ ...first, repeated: true });
    expect((await writer.submit(spendOf("again", "s", "4"))).refusal?.code).toBe("key_conflict");
    await writer.close();
  });

  it("keeps keys unique across entries and holds, whichever came first", async () => {
    const { writer } = serve();
    await putAccount(open(), "keys", {}, now());
    await writer.submit(grantOf("keys", "g", "50"));
    const { op: _, originalCredits: _original, metadata: _metadata, ...spend } = spendOf("keys", "h", "5");
    const hold = { ...spend, op: "hold" as const, hold: "hold_1", expiresInSeconds: 60 };
    expect((await writer.submit(spendOf("keys", "s", "1"))).refusal).toBeNull();
    expect((await writer.submit({ ...hold, key: "s" })).refusal?.code).toBe("key_conflict");
    expect((await writer.submit(hold)).refusal).toBeNull();
    expect((await writer.submit(spendOf("keys", "h", "5"))).refusal?.code).toBe("key_conflict");
    const release = { op: "release" as const, account: "keys", key: "r", hold: "hold_1" };
    expect((await writer.submit(release)).refusal).toBeNull();
    expect((await writer.submit(spendOf("keys", "r", "5"))).refusal?.code).toBe("key_conflict");
    expect((await writer.submit({ ...hold, hold: "hold_2", key: "r" })).refusal?.code).toBe("key_conflict");
    expect(await writer.submit(release)).toMatchObject({ repeated: true });
    await writer.close();
  });

  it("answers repeats among new commands, each once", async () => {
    const { writer } = serve();
    await putAccount(open(), "mixed", {}, now());
    const commands = Array.from({ length: 300 }, (_, index) => usageOf("mixed", `u-${index}`, "1"));
    await writer.submitAll(commands.slice(0, 200));
    const outcomes = await writer.submitAll(commands.slice(100));
    const repeated = outcomes.map((outcome) => outcome.refusal === null && outcome.repeated);
    expect(repeated).toEqual(Array.from({ length: 200 }, (_, index) => index < 100));
    expect((await readAll(open(), "mixed")).entries).toHaveLength(300);
    await writer.close();
  });

  it("gives way to locks while two servers write to one account, and comes back", async () => {
    const servers = [serve(), serve()];
    await putAccount(open(), "shared", {}, now());
    for (let index = 0; index < 20; index++) {
      await servers[index % 2]?.writer.submit(usageOf("shared", `u-${index}`, "1"));
    }
    const locked = servers.map(({ trips }) => trips().locked);
    expect(Math.min(...locked)).toBeGreaterThan(5);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const [one] = servers;
    for (const key of ["v-1", "v-2", "v-3"]) await one?.writer.submit(usageOf("shared", key, "1"));
    expect(one?.trips().locked).toBeLessThanOrEqual((locked[0] ?? 0) + 1);
    expect((await readAll(open(), "shared")).entries).toHaveLength(23);
    await Promise.all(servers.map(({ writer }) => writer.close()));
  });

  async function sql(text: string): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  }

  it("is not relied on when somebody has set the overdraft limit by hand", async () => {
    const { writer } = serve();
    await putAccount(open(), "by-hand", { overdraftLimit: spendOf("by-hand", "", "1000").credits }, now());
    expect((await writer.submit(spendOf("by-hand", "s1", "10"))).refusal).toBeNull();
    await sql("UPDATE credits.accounts SET overdraft_limit = 10000000 WHERE account = 'by-hand'");
    expect((await writer.submit(spendOf("by-hand", "s2", "500"))).refusal?.code).toBe("insufficient_credits");
    await writer.close();
  });

  it("is not relied on after a failover that lost a commit, though another has come in its place", async () => {
    const [one, other] = [serve(), serve()];
    await putAccount(open(), "failover", {}, now());
    await one.writer.submit(grantOf("failover", "g", "100"));
    await sql("CREATE TABLE public.lost AS SELECT * FROM credits.accounts WHERE account = 'failover'");
    await one.writer.submit(spendOf("failover", "s1", "90"));
    await sql(`ALTER TABLE credits.entries DISABLE TRIGGER append_only;
      DELETE FROM credits.entries WHERE account = 'failover' AND key = 's1';
      ALTER TABLE credits.entries ENABLE ALWAYS TRIGGER append_only;
      DELETE FROM credits.accounts WHERE account = 'failover';
      INSERT INTO credits.accounts SELECT * FROM public.lost; DROP TABLE public.lost`);
    await other.writer.submit(spendOf("failover", "s2", "40"));
    const third = await one.writer.submit(spendOf("failover", "s3", "60"));
    expect(third).toMatchObject({ refusal: null, entry: { seq: 3, balance: 0n } });
    await Promise.all([one.writer.close(), other.writer.close()]);
  });

  it("goes on with the other accounts while something else holds the lock of one", async () => {
    const { writer } = serve();
    const free = Array.from({ length: 10 }, (_, index) => `free-${index}`);
    for (const account of ["held", ...free]) await putAccount(open(), account, {}, now());
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query("BEGIN; SELECT FROM credits.accounts WHERE account = 'held' FOR UPDATE");
    const held = Promise.allSettled(
      Array.from({ length: 300 }, (_, index) => writer.submit(usageOf("held", `u-${index}`, "1"))),
    );
    const others = free.map((account) => writer.submit(usageOf(account, "u", "1")));
    const began = performance.now();
    expect((await Promise.all(others)).every((outcome) => outcome.refusal === null)).toBe(true);
    const failed = await held;
    expect(
      failed.every((one) => one.status === "rejected" && /locked by something else/.test(String(one.reason))),
    ).toBe(true);
    expect(performance.now() - began).toBeLessThan(9_000);
    const again = performance.now();
    await expect(writer.submit(usageOf("held", "u-again", "1"))).rejects.toThrow(/locked by something else/);
    expect(performance.now() - again).toBeLessThan(1_000);
    await holder.query("ROLLBACK");
    await holder.end();
    expect((await writer.submit(usageOf("held", "u-0", "1"))).refusal).toBeNull();
    await writer.close();
  }, 30_000);

  it("prepares statements anew on a connection where some could not be prepared", async () => {
    const database = openPostgres({ url, connections: 2 });
    opened.push(database);
    const writer = createWriter({ database, now });
    await putAccount(open(), "prepared", {}, now());
    await sql("ALTER TABLE credits.holds RENAME TO holds_away");
    await expect(writer.submit(usageOf("prepared", "u-1", "1"))).rejects.toThrow(/holds/);
    await sql("ALTER TABLE credits.holds_away RENAME TO holds");
    for (const key of ["u-1", "u-2", "u-3"]) {
      expect((await writer.submit(usageOf("prepared", key, "1"))).refusal).toBeNull();
    }
    await writer.close();
  });
});

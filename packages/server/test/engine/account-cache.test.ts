import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { instantFromMillis } from "../../src/core/instant.js";
import { migrate } from "../../src/db/migrations.js";
import type { Database } from "../../src/db/port.js";
import { openPostgres } from "../../src/db/postgres/open.js";
import { createEngine } from "../../src/engine/engine.js";
import { verify } from "../../src/verify/verify.js";
import { credits, toGrant, toHold, toRelease, toSpend, toUsage } from "../commands.js";
import { putAccount } from "../databases.js";
import { readAll } from "../properties/read-all.js";

const now = () => instantFromMillis(Date.now());

describe("a cached account", () => {
  let url: string;
  let drop: () => Promise<void>;
  const opened: Database[] = [];

  beforeAll(async () => {
    ({ url, drop } = await createHostileDatabase("cache"));
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

  /** Makes a server that counts its round trips. */
  function serve() {
    const database = open();
    const written: string[] = [];
    let locked = 0;
    const watched: Database = {
      ...database,
      write: (sql, params) => {
        written.push(sql);
        return database.write(sql, params);
      },
      transaction: (mode, work) => {
        locked += 1;
        return database.transaction(mode, work);
      },
    };
    const engine = createEngine({ database: watched, now });
    const trips = () => ({ written: written.length, locked });
    return { engine, trips };
  }

  it("makes a second command one round trip, without locking or reading first", async () => {
    const { engine, trips } = serve();
    await putAccount(open(), "one-trip", {}, now());
    await engine.submit(toGrant("one-trip", "g", "5"));
    const before = trips().written;
    await engine.submit(toSpend("one-trip", "s", "1"));
    expect(trips()).toEqual({ written: before + 1, locked: 0 });
    await engine.close();
  });

  it("is not relied on when another server has added credits: a spend they cover is not refused", async () => {
    const [one, other] = [serve(), serve()];
    await putAccount(open(), "stale", {}, now());
    expect((await one.engine.submit(toSpend("stale", "s1", "5"))).refusal?.code).toBe("insufficient_credits");
    await other.engine.submit(toGrant("stale", "g", "5"));
    expect((await one.engine.submit(toSpend("stale", "s2", "5"))).refusal).toBeNull();
    expect((await other.engine.submit(toSpend("stale", "s3", "5"))).refusal?.code).toBe(
      "insufficient_credits",
    );
    await Promise.all([one.engine.close(), other.engine.close()]);
  });

  it("is not relied on when another server has changed what may be spent", async () => {
    const { engine } = serve();
    const database = open();
    await putAccount(database, "limit", {}, now());
    await engine.submit(toGrant("limit", "g", "5"));
    await putAccount(database, "limit", { overdraftLimit: credits("10") }, now());
    expect((await engine.submit(toSpend("limit", "s1", "15"))).refusal).toBeNull();
    await putAccount(database, "limit", { overdraftLimit: credits("0") }, now());
    expect((await engine.submit(toSpend("limit", "s2", "0.1"))).refusal?.code).toBe("insufficient_credits");
    await engine.close();
  });

  it("does not hide the first response to a key behind a refusal that is due now", async () => {
    const { engine } = serve();
    await putAccount(open(), "again", {}, now());
    await engine.submit(toGrant("again", "g", "5"));
    const first = await engine.submit(toSpend("again", "s", "5"));
    const again = await engine.submit(toSpend("again", "s", "5"));
    expect(first).toMatchObject({ refusal: null, repeated: false });
    expect(again).toEqual({ ...first, repeated: true });
    expect((await engine.submit(toSpend("again", "s", "4"))).refusal?.code).toBe("key_conflict");
    await engine.close();
  });

  it("keeps keys unique across entries and holds, whichever came first", async () => {
    const { engine } = serve();
    await putAccount(open(), "keys", {}, now());
    await engine.submit(toGrant("keys", "g", "50"));
    const hold = toHold("keys", "h", "5", { expiresIn: 60 });
    expect((await engine.submit(toSpend("keys", "s", "1"))).refusal).toBeNull();
    expect((await engine.submit({ ...hold, key: "s" })).refusal?.code).toBe("key_conflict");
    expect((await engine.submit(hold)).refusal).toBeNull();
    expect((await engine.submit(toSpend("keys", "h", "5"))).refusal?.code).toBe("key_conflict");
    const release = toRelease("keys", "r", "hold-h");
    expect((await engine.submit(release)).refusal).toBeNull();
    expect((await engine.submit(toSpend("keys", "r", "5"))).refusal?.code).toBe("key_conflict");
    expect((await engine.submit({ ...hold, hold: "hold-other", key: "r" })).refusal?.code).toBe(
      "key_conflict",
    );
    expect(await engine.submit(release)).toMatchObject({ repeated: true });
    await engine.close();
  });

  it("repeats responses among new commands, each once", async () => {
    const { engine } = serve();
    await putAccount(open(), "mixed", {}, now());
    const commands = Array.from({ length: 300 }, (_, index) => toUsage("mixed", `u-${index}`, "1"));
    await engine.submitAll(commands.slice(0, 200));
    const outcomes = await engine.submitAll(commands.slice(100));
    const repeated = outcomes.map((outcome) => "repeated" in outcome && outcome.repeated);
    expect(repeated).toEqual(Array.from({ length: 200 }, (_, index) => index < 100));
    expect((await readAll(open(), "mixed")).entries).toHaveLength(300);
    await engine.close();
  });

  it("gives way to locks while two servers write to one account, and comes back", async () => {
    const servers = [serve(), serve()];
    await putAccount(open(), "shared", {}, now());
    for (let index = 0; index < 20; index++) {
      await servers[index % 2]?.engine.submit(toUsage("shared", `u-${index}`, "1"));
    }
    const locked = servers.map(({ trips }) => trips().locked);
    expect(Math.min(...locked)).toBeGreaterThan(5);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const [one] = servers;
    for (const key of ["v-1", "v-2", "v-3"]) await one?.engine.submit(toUsage("shared", key, "1"));
    expect(one?.trips().locked).toBeLessThanOrEqual((locked[0] ?? 0) + 1);
    expect((await readAll(open(), "shared")).entries).toHaveLength(23);
    await Promise.all(servers.map(({ engine }) => engine.close()));
  });

  async function run(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }

  it("is not relied on when a person has set the overdraft limit by hand", async () => {
    const { engine } = serve();
    await putAccount(open(), "by-hand", { overdraftLimit: credits("1000") }, now());
    expect((await engine.submit(toSpend("by-hand", "s1", "10"))).refusal).toBeNull();
    await run(`
      UPDATE credits.accounts SET overdraft_limit = 10000000,
        record_hash = credits.hash_record('account', account, '10000000') WHERE account = 'by-hand'`);
    expect((await engine.submit(toSpend("by-hand", "s2", "500"))).refusal?.code).toBe("insufficient_credits");
    await engine.close();
  });

  it("is not relied on after a failover that lost a commit, though another has come in its place", async () => {
    const [one, other] = [serve(), serve()];
    await putAccount(open(), "failover", {}, now());
    await one.engine.submit(toGrant("failover", "g", "100"));
    await run("CREATE TABLE public.lost AS SELECT * FROM credits.accounts WHERE account = 'failover'");
    await one.engine.submit(toSpend("failover", "s1", "90"));
    await run(`ALTER TABLE credits.entries DISABLE TRIGGER append_only;
      DELETE FROM credits.entries WHERE account = 'failover' AND key = 's1';
      ALTER TABLE credits.entries ENABLE ALWAYS TRIGGER append_only;
      DELETE FROM credits.accounts WHERE account = 'failover';
      INSERT INTO credits.accounts SELECT * FROM public.lost; DROP TABLE public.lost`);
    await other.engine.submit(toSpend("failover", "s2", "40"));
    const third = await one.engine.submit(toSpend("failover", "s3", "60"));
    expect(third).toMatchObject({ refusal: null, entry: { seq: 3, balance: 0n } });
    await Promise.all([one.engine.close(), other.engine.close()]);
  });

  it("does not hold up the other accounts while another session has locked one", async () => {
    const { engine } = serve();
    const free = Array.from({ length: 10 }, (_, index) => `free-${index}`);
    for (const account of ["held", ...free]) await putAccount(open(), account, {}, now());
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query("BEGIN; SELECT FROM credits.accounts WHERE account = 'held' FOR UPDATE");
    const held = Promise.allSettled(
      Array.from({ length: 300 }, (_, index) => engine.submit(toUsage("held", `u-${index}`, "1"))),
    );
    const others = free.map((account) => engine.submit(toUsage(account, "u", "1")));
    const began = performance.now();
    expect((await Promise.all(others)).every((outcome) => outcome.refusal === null)).toBe(true);
    const failed = await held;
    expect(
      failed.every(
        (one) => one.status === "rejected" && /locked by another session/.test(String(one.reason)),
      ),
    ).toBe(true);
    expect(performance.now() - began).toBeLessThan(9_000);
    const again = performance.now();
    await expect(engine.submit(toUsage("held", "u-again", "1"))).rejects.toThrow(/locked by another session/);
    expect(performance.now() - again).toBeLessThan(1_000);
    await holder.query("ROLLBACK");
    await holder.end();
    expect((await engine.submit(toUsage("held", "u-0", "1"))).refusal).toBeNull();
    await engine.close();
  }, 30_000);

  it("is not harmed by a statement that could not be prepared on its connection", async () => {
    const database = openPostgres({ url, connections: 2 });
    opened.push(database);
    const engine = createEngine({ database, now });
    await putAccount(open(), "prepared", {}, now());
    await run("ALTER TABLE credits.holds RENAME TO holds_away");
    await expect(engine.submit(toUsage("prepared", "u-1", "1"))).rejects.toThrow(/holds/);
    await run("ALTER TABLE credits.holds_away RENAME TO holds");
    for (const key of ["u-1", "u-2", "u-3"]) {
      expect((await engine.submit(toUsage("prepared", key, "1"))).refusal).toBeNull();
    }
    await engine.close();
  });
});

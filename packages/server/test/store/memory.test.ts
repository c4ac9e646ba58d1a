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
});

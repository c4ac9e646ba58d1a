import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { addSeconds, type Instant } from "../../src/core/instant.js";
import { DatabaseClock } from "../../src/db/clock.js";
import { createLedger, type LedgerOptions, type LocalLedger } from "../../src/index.js";

const HOUR = 3_600;

/** The real clock of the process. */
const realNow = Date.now;

/** Sets the process's clock some seconds ahead, or behind if they are negative. */
const setClock = (seconds: number) =>
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + seconds * 1000);

const inSeconds = (seconds: number) => new Date(realNow() + seconds * 1000);

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a server whose clock differs from the database's", () => {
  let url: string;
  let drop: () => Promise<void>;
  const opened: LocalLedger[] = [];

  beforeEach(async () => {
    ({ url, drop } = await createHostileDatabase("clock"));
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((ledger) => ledger.close()));
    await drop();
  });

  async function open(options: Partial<LedgerOptions> = {}): Promise<LocalLedger> {
    const ledger = await createLedger({ database: { url }, ...options });
    opened.push(ledger);
    return ledger;
  }

  it("expires no grant and closes no hold early, and dates entries by the database's time", async () => {
    const right = await open();
    await right.putAccount("a");
    await right.grant("a", { kind: "bonus", credits: "10", expiresAt: inSeconds(600) });
    const { hold } = await right.hold("a", { credits: "4", expiresIn: 600 });
    setClock(HOUR);
    const ahead = await open({ clockOffsetMax: 2 * HOUR });
    expect(await ahead.sweep()).toBe(0);
    const { entry } = await ahead.spend("a", { credits: "1" });
    expect(Date.parse(entry.recordedAt)).toBeLessThanOrEqual(realNow() + 1_000);
    expect(await ahead.getAccount("a")).toMatchObject({ balance: "9", held: "4", available: "5" });
    await ahead.settle("a", hold.id, { credits: "4" });
    const { entries } = await right.entries("a");
    expect(entries.map(({ kind }) => kind)).not.toContain("expiry");
  });

  it("lets nobody spend what has expired by the database's time", async () => {
    setClock(-HOUR);
    const behind = await open({ clockOffsetMax: 2 * HOUR });
    await behind.putAccount("a");
    await behind.grant("a", { kind: "bonus", credits: "10", expiresAt: inSeconds(2) });
    await vi.waitFor(async () => expect((await behind.getAccount("a")).available).toBe("0"), {
      timeout: 20_000,
      interval: 200,
    });
    const spent = behind.spend("a", { credits: "1" });
    await expect(spent).rejects.toMatchObject({ code: "insufficient_credits" });
  });

  it("takes no commands when they differ by more than a minute, and states why", async () => {
    setClock(75);
    const ledger = await open();
    await ledger.putAccount("a");
    const refused = {
      code: "unavailable",
      message: expect.stringMatching(/clock of this process is 7\d\.\d s ahead of the database's.*NTP/),
    };
    await expect(ledger.grant("a", { kind: "bonus", credits: "1" })).rejects.toMatchObject(refused);
    await expect(
      ledger.usage([{ id: "u", account: "a", kind: "ai_usage", credits: "1" }]),
    ).rejects.toMatchObject(refused);
    await expect(ledger.sweep()).rejects.toMatchObject(refused);
    expect((await ledger.getAccount("a")).balance).toBe("0");
    const ready = await ledger.fetch(new Request("http://localhost/readyz"));
    expect([ready.status, await ready.json()]).toEqual([
      503,
      expect.objectContaining({ detail: refused.message }),
    ]);
    setClock(0);
    expect((await ledger.fetch(new Request("http://localhost/readyz"))).status).toBe(200);
    expect((await ledger.grant("a", { kind: "bonus", credits: "1" })).entry.balance).toBe("1");
  });

  it("warns once when they differ by more than a second", async () => {
    const warn = vi.fn();
    setClock(-30);
    const ledger = await open({ logger: { warn, error: vi.fn() } });
    await ledger.fetch(new Request("http://localhost/readyz"));
    const warnings = warn.mock.calls.map(([, message]) => message);
    expect(warnings).toEqual([
      expect.stringMatching(/clock of this process is \d+\.\d s behind the database's/),
    ]);
  });

  it("is not warned of when they agree, or when the ledger has another clock", async () => {
    const warn = vi.fn();
    const logger = { warn, error: vi.fn() };
    await open({ logger });
    setClock(HOUR);
    const ledger = await open({ logger, now: () => "2026-01-01T00:00:00Z" });
    await ledger.putAccount("a");
    expect((await ledger.grant("a", { kind: "bonus", credits: "1" })).entry.recordedAt).toBe(
      "2026-01-01T00:00:00.000000Z",
    );
    expect(warn).not.toHaveBeenCalled();
  });
});

describe("a pool without a free connection", () => {
  let database: Awaited<ReturnType<typeof createHostileDatabase>>;
  let pool: pg.Pool;
  let ledger: LocalLedger;

  beforeEach(async () => {
    database = await createHostileDatabase("exhausted");
    pool = new pg.Pool({ connectionString: database.url, max: 1 });
    ledger = await createLedger({ database: { pool }, sweep: false });
    await ledger.putAccount("a");
    await ledger.grant("a", { kind: "purchase", credits: 10 });
  });

  afterEach(async () => {
    await ledger.close();
    await pool.end();
    await database.drop();
  });

  it("is not waited for inside a transaction, which reads the database's clock itself", async () => {
    const client = await pool.connect();
    await client.query("BEGIN");
    setClock(30);
    const { entry } = await ledger.within(client).spend("a", { credits: 1 });
    expect(entry.balance).toBe("9");
    expect(Date.parse(entry.recordedAt)).toBeLessThanOrEqual(realNow() + 1_000);
    await client.query("COMMIT");
    setClock(2 * HOUR);
    await client.query("BEGIN");
    await expect(ledger.within(client).spend("a", { credits: 1 })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/clock of this process is .* ahead of the database's/),
    });
    await client.query("ROLLBACK");
    client.release();
  });

  it("makes a server not ready after some seconds", async () => {
    const client = await pool.connect();
    const response = await ledger.fetch(new Request("http://localhost/readyz"));
    expect([response.status, await response.json()]).toEqual([
      503,
      expect.objectContaining({
        detail: expect.stringMatching(/^The database did not respond within 5 seconds\. Check /),
      }),
    ]);
    client.release();
    expect((await ledger.fetch(new Request("http://localhost/readyz"))).status).toBe(200);
  });
});

describe("the embedded database, whose clock is that of the process", () => {
  let ledger: LocalLedger;

  beforeEach(async () => {
    ledger = await createLedger({ database: { memory: true } });
    await ledger.putAccount("a");
    await ledger.grant("a", { kind: "bonus", credits: "10", expiresAt: inSeconds(HOUR / 2) });
  });

  afterEach(() => ledger.close());

  it("reads the clock again before it decides, after the process was suspended", async () => {
    setClock(HOUR);
    await expect(ledger.spend("a", { credits: "1" })).rejects.toMatchObject({ code: "insufficient_credits" });
  });

  it("dates no entry before the previous one when the clock is set back", async () => {
    const before = await ledger.spend("a", { credits: "1" });
    setClock(-HOUR);
    const after = await ledger.spend("a", { credits: "1" });
    expect(Date.parse(after.entry.recordedAt)).toBeGreaterThanOrEqual(Date.parse(before.entry.recordedAt));
  });
});

describe("DatabaseClock", () => {
  const AT = 1_795_341_900_000_000 as Instant;
  let monotonicMs: number;

  beforeEach(() => {
    monotonicMs = 1_000;
    vi.spyOn(performance, "now").mockImplementation(() => monotonicMs);
    vi.spyOn(Date, "now").mockImplementation(() => AT / 1000 + monotonicMs);
  });

  /** Takes a reading of a round trip of some milliseconds, half of them before the database read its clock. */
  function read(clock: DatabaseClock, at: Instant, roundTripMs: number): void {
    const sentMs = monotonicMs;
    monotonicMs += roundTripMs;
    clock.take(sentMs, at);
  }

  it("counts on between two readings", () => {
    const clock = new DatabaseClock();
    read(clock, AT, 10);
    monotonicMs += 2_000;
    expect(clock.now()).toBe(addSeconds(AT, 2.005));
  });

  it("keeps the reading with the shorter round trip, unless the database's clock was set", () => {
    const clock = new DatabaseClock();
    read(clock, AT, 2);
    expect(clock.now()).toBe(addSeconds(AT, 0.001));
    read(clock, addSeconds(AT, 0.4), 1_000);
    expect(clock.now()).toBe(addSeconds(AT, 1.001));
    read(clock, addSeconds(AT, 100), 1_000);
    expect(clock.now()).toBe(addSeconds(AT, 100.5));
  });

  it("never steps back", () => {
    const clock = new DatabaseClock();
    read(clock, AT, 2);
    const before = clock.now();
    read(clock, addSeconds(AT, -50), 2);
    expect(clock.now()).toBe(before);
  });

  it("counts what a long round trip leaves open in favour of the clocks", () => {
    const clock = new DatabaseClock();
    read(clock, addSeconds(AT, 1), 4_000);
    expect(clock.offsetSeconds).toBe(0);
    const other = new DatabaseClock();
    read(other, AT, 2);
    expect(other.offsetSeconds).toBeCloseTo(5.001, 2);
  });

  it("is doubtful when the process's clock moves apart from its monotonic one", () => {
    const clock = new DatabaseClock();
    read(clock, AT, 2);
    expect(clock.isDoubtful).toBe(false);
    vi.spyOn(Date, "now").mockImplementation(() => AT / 1000 + monotonicMs + 5_000);
    expect(clock.isDoubtful).toBe(true);
  });
});

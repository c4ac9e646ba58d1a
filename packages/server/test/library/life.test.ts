import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { createLedger, InvalidRequestError, UnavailableError } from "../../src/index.js";
import { ENGINES } from "../databases.js";
import { openLibrary } from "./ledger.js";

describe.each(ENGINES)("the life of a ledger on %s", (engine) => {
  it("ends after the commands in flight, and takes no more", async () => {
    const { ledger, reopen, drop } = await openLibrary(engine);
    await ledger.putAccount("a");
    await ledger.grant("a", { kind: "purchase", credits: 100 });
    const spends = Array.from({ length: 50 }, () => ledger.spend("a", { credits: 1 }));
    const events = Array.from({ length: 50 }, (_, index) => ({ id: `u${index}`, account: "a" }));
    const usage = ledger.usage(events.map((event) => ({ ...event, kind: "ai_usage", credits: 1 })));
    const closed = ledger.close();
    expect((await Promise.all(spends)).every(({ entry }) => entry.credits === "-1")).toBe(true);
    expect((await usage).results.every(({ status }) => status === "posted")).toBe(true);
    await closed;
    await ledger.close();
    await expect(ledger.spend("a", { credits: 1 })).rejects.toThrow(UnavailableError);
    await expect(ledger.getAccount("a")).rejects.toThrow(UnavailableError);
    await expect(ledger.listKeys()).rejects.toThrow(UnavailableError);
    if (engine === "postgres") {
      const reopened = await reopen();
      expect(await reopened.getAccount("a")).toMatchObject({ balance: "0" });
      expect((await reopened.entries("a", { limit: 1 })).entries[0]?.seq).toBe(101);
    }
    await drop();
  });

  it("posts what has expired on an account that nobody touches", async () => {
    let now = new Date("2026-11-22T10:00:00Z");
    const { ledger, drop } = await openLibrary(engine, { now: () => now });
    await ledger.putAccount("a");
    const expiresAt = "2026-11-23T00:00:00.000000Z";
    await ledger.grant("a", { kind: "monthly_grant", credits: 10, expiresAt });
    await ledger.spend("a", { credits: 4 });
    await ledger.hold("a", { credits: 1, expiresIn: 60 });

    now = new Date("2026-11-22T23:59:59.999Z");
    expect(await ledger.sweep()).toBe(1);
    expect(await ledger.getAccount("a")).toMatchObject({ balance: "6", held: "0" });
    now = new Date("2026-11-23T00:00:05Z");
    expect(await ledger.getAccount("a")).toMatchObject({ balance: "6", available: "0" });
    expect(await ledger.sweep()).toBe(1);
    expect(await ledger.sweep()).toBe(0);
    const [expiry] = (await ledger.entries("a")).entries;
    expect(expiry).toMatchObject({
      ...{ seq: 3, kind: "expiry", credits: "-6", balance: "0", key: null },
      ...{ occurredAt: expiresAt, recordedAt: "2026-11-23T00:00:05.000000Z" },
    });
    expect((await ledger.activity("a")).rows[0]).toMatchObject({ kind: "expiry", credits: "-6" });
    expect((await ledger.verify()).violations).toEqual([]);
    await drop();
  });

  it.each([
    [undefined, [0]],
    [false, [1]],
  ])("posts what is due by itself, unless the option sweep is false: %j", async (sweep, touched) => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    let now = new Date("2026-11-22T10:00:00Z");
    const options = sweep === undefined ? {} : { sweep };
    const { ledger, drop } = await openLibrary(engine, { now: () => now, ...options });
    await ledger.putAccount("a");
    await ledger.grant("a", { kind: "monthly_grant", credits: 10, expiresAt: "2026-11-23T00:00:00Z" });
    now = new Date("2026-11-23T00:00:05Z");
    await vi.advanceTimersByTimeAsync(5_000);
    const isPosted = async () => (await ledger.getAccount("a")).balance === "0";
    if (sweep === undefined) await vi.waitUntil(isPosted, { timeout: 60_000 });
    else expect(await isPosted()).toBe(false);
    expect([await ledger.sweep()]).toEqual(touched);
    expect(await isPosted()).toBe(true);
    vi.useRealTimers();
    await drop();
  });
});

describe("a directory of the embedded database", () => {
  it("keeps what was committed, and is open in one ledger at a time", async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), "credits-library-"));
    try {
      const first = await createLedger({ database: { dataDir } });
      await first.putAccount("a");
      await first.adjust("a", { credits: "1.000001", description: "x" });
      const { token } = await first.createToken("a");
      await expect(createLedger({ database: { dataDir } })).rejects.toThrow(UnavailableError);
      await first.close();
      const second = await createLedger({ database: { dataDir } });
      expect(await second.getAccount("a")).toMatchObject({ balance: "1.000001" });
      const headers = { authorization: `Bearer ${token}` };
      expect((await second.fetch(new Request("http://x/v1/accounts/a", { headers }))).status).toBe(200);
      await second.close();
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  it("is refused in a sentence if the server can't be reached", async () => {
    const nowhere = createLedger({ database: { url: "postgres://nobody:hidden@127.0.0.1:1/none" } });
    const error = await nowhere.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnavailableError);
    expect((error as Error).message).toMatch(
      /"none" at 127\.0\.0\.1:1 can't be used as "nobody": .*ECONNREFUSED/,
    );
    expect((error as Error).message).not.toContain("hidden");
    const unset = createLedger({ database: { url: undefined as unknown as string } });
    await expect(unset).rejects.toThrow(InvalidRequestError);
  });
});
